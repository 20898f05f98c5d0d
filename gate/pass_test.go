package gate

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

func TestPassAnswersInOrder(t *testing.T) {
	t.Parallel()
	archived := func(w *world, _ *scheme.View) { w.index.tenant.Archived = true }
	for _, c := range []struct {
		name         string
		method, path string
		change       func(*world, *scheme.View)
		want         keywright.Reason
		status       int
	}{
		{"granted", "GET", "/customers/api/manage", nil, keywright.Granted, 0},
		{"HEAD goes where GET goes", "HEAD", "/items/7", nil, keywright.Granted, 0},
		{"TRS-19 a service that is off", "GET", "/trading/api/orders", nil, keywright.ServiceNotEnabled, 403},
		{"TRS-20 no header", "GET", "/items/7", func(_ *world, v *scheme.View) { delete(v.Header, "X-Api-Key") }, keywright.Missing, 401},
		{"TRS-21 malformed", "GET", "/items/7", func(_ *world, v *scheme.View) { v.Header["X-Api-Key"][0] += "0" }, keywright.Malformed, 401},
		{"TRS-22 not found", "GET", "/items/7", func(w *world, _ *scheme.View) { clear(w.index.keys) }, keywright.Unknown, 401},
		{"TRS-23 expired", "GET", "/items/7", func(w *world, _ *scheme.View) { w.key.Expires = noon }, keywright.Expired, 401},
		{"TRS-24 an archived instance with the service off is 401, not 403", "GET", "/trading/api/orders", archived, keywright.TenantArchived, 401},
		{"TRS-25 a stale view refuses", "GET", "/items/7", func(w *world, _ *scheme.View) { w.index.stale = true }, keywright.Failure, 500},
		{"no such route", "GET", "/nowhere", nil, keywright.NoSuchRoute, 404},
		{"wrong method", "DELETE", "/customers/api/manage", nil, keywright.WrongMethod, 405},
		{"ambiguous path", "GET", "/items/../health", nil, keywright.BadRequest, 400},
		{"an open route reads no credential", "GET", "/health", func(_ *world, v *scheme.View) { v.Header["X-Api-Key"] = []string{"junk"} }, keywright.Granted, 0},
		{"another scheme's key on a route of its own", "GET", "/mica", nil, keywright.Foreign, 401},
		{"two lines of the credential", "GET", "/items/7", func(w *world, v *scheme.View) { v.Header["X-Api-Key"] = []string{w.secret, w.secret} }, keywright.Malformed, 401},
		{"limited", "GET", "/items/7", func(w *world, _ *scheme.View) { w.limits.full = keywright.Limited }, keywright.Limited, 429},
		{"limited is 429, never 401, for a bad key too", "GET", "/items/7", func(w *world, v *scheme.View) {
			w.limits.full = keywright.Limited
			v.Header["X-Api-Key"][0] = "trusset_x"
		}, keywright.Limited, 429},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v := w.view(c.method, c.path)
			if c.change != nil {
				c.change(w, v)
			}
			got := w.gate.Pass(v, "")
			if got.Reason() != c.want {
				t.Fatalf("reason %v, want %v", got.Reason(), c.want)
			}
			if (got.Answer == nil) != (c.want == keywright.Granted) || (got.Answer != nil && got.Answer.Status != c.status) {
				t.Fatalf("answer %+v, want status %d", got.Answer, c.status)
			}
			if len(w.limits.taken) != 1 {
				t.Fatalf("one request was counted %d times", len(w.limits.taken))
			}
			if headersOf(&got)["X-Ratelimit-Limit"] == "" && headersOf(&got)["X-RateLimit-Limit"] == "" && c.path != "/mica" {
				t.Fatalf("no limit headers: %v", headersOf(&got))
			}
		})
	}
}

func TestPassTransportComesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, API{Name: "stamp", Scheme: shipped(t, "truestamp"), Routes: []Route{{Path: "/v1/health", Open: true}, {Methods: []string{"GET"}, Path: "/v1/items"}}})
	for _, path := range []string{"/v1/health", "/v1/items", "/nowhere", "/v1/../x"} {
		got := w.gate.Pass(w.view("GET", path), "stamp")
		if got.Reason() != keywright.InsecureTransport || got.Answer.Status != 403 {
			t.Errorf("TSP-09 %s over plain HTTP: %v %v", path, got.Reason(), got.Answer)
		}
	}
	v := w.view("GET", "/v1/health")
	v.TLS = true
	if got := w.gate.Pass(v, "stamp"); got.Answer != nil {
		t.Errorf("over TLS: %v", got.Reason())
	}
}

func TestPassCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.view("GET", "/items/7")
	w.gate.Pass(v, "")
	v.Header["X-Api-Key"] = []string{"trusset_no"}
	bad := w.gate.Pass(v, "")
	if got := w.limits.taken[0]; got.key != w.key.ID || got.from != v.Address {
		t.Errorf("a granted request counts on key and address, not %v", got)
	}
	if got := w.limits.taken[1]; !got.key.IsZero() || got.from != v.Address {
		t.Errorf("a bad key counts on the address alone, not %v", got)
	}
	for i, rule := range shipped(t, "trusset-instance").Limits() {
		if told := bad.Allowances[i].Limit > 0; told != (rule.Per == keywright.PerAddress) {
			t.Errorf("a refusal shows the address's window only; %s is told: %v", rule.Name, told)
		}
	}
	w.gate.address = false
	bad = w.gate.Pass(v, "")
	h := headersOf(&bad)
	if got := w.limits.taken[2]; got.from.IsValid() {
		t.Errorf("with address limits off, the address was counted: %v", got)
	}
	if h["X-RateLimit-Remaining"] != h["X-RateLimit-Limit"] {
		t.Errorf("with address limits off Remaining is Limit: %v", h)
	}
}

func TestRetiringKeySaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.key.Retires = noon.Add(time.Hour)
	v := w.view("GET", "/items/7")
	got := w.gate.Pass(v, "")
	h := headersOf(&got)
	if h[RetiresHeader] != "2026-11-21T13:00:00Z" || h["Link"] != `<https://docs.example.com/rotation>; rel="help"` {
		t.Errorf("TRS-14 a retiring key's answer: %v", h)
	}
	w.now = noon.Add(time.Hour - 1)
	if got := w.gate.Pass(v, ""); got.Reason() != keywright.Granted {
		t.Errorf("TRS-15 a nanosecond before the end of its overlap: %v", got.Reason())
	}
	w.now = noon.Add(time.Hour)
	got = w.gate.Pass(v, "")
	if h = headersOf(&got); got.Reason() != keywright.Retired || h[RetiresHeader] != "" || h["Link"] != "" {
		t.Errorf("at the end of its overlap: %v %v", got.Reason(), h)
	}
}

func TestUnknownHostIsMisdirected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.view("GET", "/items/7")
	v.Host = "elsewhere.example"
	got := w.gate.Pass(v, "")
	if got.Answer == nil || got.Answer.Status != http.StatusMisdirectedRequest || got.API != nil {
		t.Fatalf("%+v", got)
	}
	got.Headers(func(name, _ string) { t.Error("header", name) })
	if got := w.gate.Pass(v, "trusset"); got.Answer != nil {
		t.Errorf("a listener that belongs to an API asks no host: %v", got.Reason())
	}
	if got := w.gate.Pass(v, "nobody"); got.Answer == nil {
		t.Error("an unknown API's name passed")
	}
}

func TestWrongMethodSaysWhatThePathTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.gate.Pass(w.view("PUT", "/customers/api/manage"), "")
	if h := headersOf(&got); h["Allow"] != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", h["Allow"])
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.gate.Pass(w.view("POST", "/customers/api/manage"), "")
	got.Refuse(keywright.TooLarge)
	if got.Reason() != keywright.TooLarge || got.Answer.Status != 413 {
		t.Errorf("%v %v", got.Reason(), got.Answer)
	}
}

func TestStillAsksWithoutCounting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.view("GET", "/items/7")
	was := w.gate.Pass(v, "")
	if !w.gate.Still(v, &was) {
		t.Fatal("a live key's stream would be cut")
	}
	w.limits.full = keywright.Limited
	if !w.gate.Still(v, &was) {
		t.Error("a full window cuts a stream that had passed")
	}
	for name, change := range map[string]func(){
		"revoked":         func() { w.key.RevokedAt = noon },
		"expired":         func() { w.key.Expires = noon },
		"tenant archived": func() { w.index.tenant.Archived = true },
		"stale":           func() { w.index.stale = true },
		"another key's":   func() { w.key.ID[0]++ },
	} {
		key, tenant := *w.key, *w.index.tenant
		change()
		if w.gate.Still(v, &was) {
			t.Errorf("%s: the stream goes on", name)
		}
		*w.key, *w.index.tenant, w.index.stale = key, tenant, false
	}
	if len(w.limits.taken) != 1 {
		t.Errorf("asking again counted: %d", len(w.limits.taken))
	}
	empty, err := New(Options{Index: w.index, Pepper: fakePepper{}, Clock: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	if empty.Still(v, &was) {
		t.Error("a reload took the API away, and its stream goes on")
	}
}

func TestPreflightNeedsNoCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.view("OPTIONS", "/customers/api/manage")
	v.Header = nil
	got, methods := w.gate.Preflight(v, "POST", "")
	if got.Answer != nil || !slices.Equal(methods, []string{"GET", "HEAD", "POST"}) {
		t.Errorf("%v %v", got.Reason(), methods)
	}
	if got := w.limits.taken[0]; !got.key.IsZero() || got.from.IsValid() {
		t.Errorf("a preflight was counted: %v", got)
	}
	v.Path = "/nowhere"
	if got, _ := w.gate.Preflight(v, "POST", ""); got.Reason() != keywright.NoSuchRoute {
		t.Errorf("%v", got.Reason())
	}
}

// No allocation on the hot path.
func TestPassAllocatesNothingWhenGranted(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/customers/api/manage", "/items/7", "/files/a/b/c"} {
		v := w.view("GET", path)
		w.limits.taken = make([]taken, 1000)
		if n := testing.AllocsPerRun(200, func() {
			if got := w.gate.Pass(v, ""); got.Answer != nil {
				t.Fatal(got.Reason())
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func BenchmarkPass(b *testing.B) {
	w := newWorld(b)
	v := w.view("GET", "/customers/api/manage")
	w.limits.taken = make([]taken, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if got := w.gate.Pass(v, ""); got.Answer != nil {
			b.Fatal(got.Reason())
		}
	}
}
