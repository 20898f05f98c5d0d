package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

// asked stands for a Keywright elsewhere.
type asked func(context.Context, api.Verify) (api.Verdict, error)

func (a asked) Verify(ctx context.Context, v api.Verify) (api.Verdict, error) { return a(ctx, v) }

// seen is a handler that remembers what reached it.
type seen struct {
	n   atomic.Int32
	got *http.Request
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.n.Add(1)
	s.got = r
	w.WriteHeader(http.StatusOK)
}

func do(h http.Handler, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "https://api.example.com/v1/things?page=2", nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func shipped(t testing.TB, name string) *scheme.Scheme {
	t.Helper()
	all, err := schemes.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

func remote(t testing.TB, o middleware.RemoteOptions) middleware.Middleware {
	t.Helper()
	if o.Scheme == nil {
		o.Scheme = shipped(t, "keywright")
	}
	m, err := middleware.Remote(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRemoteGrantsAndRefusesAsTheServerDoes(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t)
	var behind seen
	h := s.Remote(middleware.RemoteOptions{})(&behind)
	k := s.Key("keywright", "acme", func(d *keywright.Draft) { d.Permissions = []string{"files:*"} })
	if got := do(h, k.Sign); got.Code != 200 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	who, ok := middleware.From(behind.got.Context())
	if !ok || who.Ref != "acme" || who.Key != k.ID.String() || who.Tenant != string(k.Tenant) || who.Environment != "live" || who.Scheme != "keywright" {
		t.Errorf("%+v %v", who, ok)
	}
	if !who.May("files:read") || who.May("other") {
		t.Errorf("%v", who.Permissions)
	}
	if behind.got.Header.Get("Authorization") != "" {
		t.Error("the handler sees the credential")
	}
	s.Revoke(k)
	embedded, asked := do(s.Middleware()(&seen{}), k.Sign), do(h, k.Sign)
	if asked.Code != 401 || asked.Body.String() != embedded.Body.String() || !slices.Equal(spelled(asked, "WWW-Authenticate"), spelled(embedded, "WWW-Authenticate")) {
		t.Errorf("asked: %d %s %v\nembedded: %d %s %v", asked.Code, asked.Body, asked.Header(), embedded.Code, embedded.Body, embedded.Header())
	}
	s.Cut()
	if got := do(h, s.Key("keywright", "acme").Sign); got.Code != 503 || got.Header().Get("Retry-After") == "" {
		t.Errorf("cut off: %d %v", got.Code, got.Header())
	}
	if behind.n.Load() != 1 {
		t.Errorf("the handler ran %d times", behind.n.Load())
	}
}

func TestRemoteAPIHasItsOwnRoutes(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.WithAPI(keywrighttest.API{Name: "files", Scheme: "keywright", Routes: []gate.Route{
		{Path: "/open", Open: true}, {Methods: []string{"GET"}, Path: "/v1/things", Need: keywright.Need{Permissions: []string{"things:read"}}},
	}}))
	var behind seen
	h := s.Remote(middleware.RemoteOptions{API: "files", Count: true})(&behind)
	k, poor := s.Key("keywright", "acme"), s.Key("keywright", "acme", func(d *keywright.Draft) { d.Permissions = []string{"x"} })
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"granted": {k.Sign, 200}, "without the permission": {poor.Sign, 403}, "without a key": {nil, 401},
		"another method": {func(r *http.Request) { k.Sign(r); r.Method = "DELETE" }, 405}, "no such route": {func(r *http.Request) { k.Sign(r); r.RequestURI = "/nowhere" }, 404},
		"an open route": {func(r *http.Request) { r.RequestURI = "/open" }, 200},
	} {
		if got := do(h, c.change); got.Code != c.status {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

func TestRemoteFailsClosed(t *testing.T) {
	t.Parallel()
	k := keywrighttest.New(t).Key("keywright", "acme")
	tenant := &api.Tenant{ID: "ten_1"}
	for name, verdict := range map[string]api.Verdict{
		"nothing at all": {}, "granted without a reason": {Granted: true, Tenant: tenant}, "a reason without the grant": {Reason: "granted", Tenant: tenant},
		"a reason from the future": {Reason: "phase_of_the_moon"}, "granted for a fault": {Granted: true, Reason: "revoked", Tenant: tenant}, "granted to nobody": {Granted: true, Reason: "granted"},
	} {
		var behind seen
		h := remote(t, middleware.RemoteOptions{Verifier: asked(func(context.Context, api.Verify) (api.Verdict, error) { return verdict, nil })})(&behind)
		if got := do(h, k.Sign); got.Code != 503 || behind.n.Load() != 0 {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	h := remote(t, middleware.RemoteOptions{Verifier: asked(func(context.Context, api.Verify) (api.Verdict, error) {
		return api.Verdict{Granted: true, Reason: "granted", Tenant: tenant}, errors.New("half an answer")
	})})(&seen{})
	if got := do(h, k.Sign); got.Code != 503 {
		t.Errorf("an error: %d", got.Code)
	}
}

func TestRemoteWaitsNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	k := keywrighttest.New(t).Key("keywright", "acme")
	keywrightScheme := shipped(t, "keywright")
	synctest.Test(t, func(t *testing.T) {
		h := remote(t, middleware.RemoteOptions{Scheme: keywrightScheme, Timeout: time.Second, MaxAsking: 1, Verifier: asked(func(ctx context.Context, _ api.Verify) (api.Verdict, error) {
			<-ctx.Done()
			return api.Verdict{}, ctx.Err()
		})})(&seen{})
		start := time.Now()
		second := make(chan int)
		go func() { second <- do(h, k.Sign).Code }()
		first := do(h, k.Sign).Code
		if other := <-second; first != 503 || other != 503 || time.Since(start) != time.Second {
			t.Errorf("%d %d after %s", first, other, time.Since(start))
		}
	})
}

func TestRemoteTellsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	k := keywrighttest.New(t).Key("keywright", "acme")
	var question api.Verify
	h := remote(t, middleware.RemoteOptions{Need: &api.Need{Permissions: []string{"x"}}, Verifier: asked(func(_ context.Context, v api.Verify) (api.Verdict, error) {
		question = v
		return api.Verdict{Reason: "unknown"}, nil
	})})(&seen{})
	do(h, func(r *http.Request) {
		k.Sign(r)
		r.Header.Set("Cookie", "session=private")
		r.Header.Set("X-Secret", "private")
	})
	if len(question.Headers) != 1 || question.Headers["Authorization"] == nil || question.Path != "" || question.Scheme != "keywright" ||
		question.Transport != "https" || question.Address != "192.0.2.1" || question.Need.Permissions[0] != "x" {
		t.Errorf("%+v", question)
	}
}

func TestRemoteAsksNothingAboutWhatIsMalformed(t *testing.T) {
	t.Parallel()
	h := remote(t, middleware.RemoteOptions{Verifier: asked(func(context.Context, api.Verify) (api.Verdict, error) {
		t.Error("asked")
		return api.Verdict{}, nil
	})})(&seen{})
	for _, value := range []string{"", "Bearer", "Bearer kw_live_short", "Bearer sk_other", `Bearer "quoted"`, "Token x", strings.Repeat("x", 9000)} {
		if got := do(h, func(r *http.Request) { r.Header.Set("Authorization", value) }); got.Code != 401 {
			t.Errorf("%.20q: %d", value, got.Code)
		}
	}
}

func TestRemoteOptionsAreChecked(t *testing.T) {
	t.Parallel()
	v, s := asked(nil), shipped(t, "keywright")
	for name, o := range map[string]middleware.RemoteOptions{
		"nobody to ask": {Scheme: s}, "no scheme": {Verifier: v}, "both": {Verifier: v, Scheme: s, API: "x", Need: &api.Need{}}, "count without an API": {Verifier: v, Scheme: s, Count: true},
	} {
		if _, err := middleware.Remote(o); !errors.Is(err, keywright.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := middleware.Embedded(middleware.EmbeddedOptions{}); !errors.Is(err, keywright.Invalid) {
		t.Error(err)
	}
	if _, err := middleware.Gateway(middleware.GatewayOptions{}); !errors.Is(err, keywright.Invalid) {
		t.Error(err)
	}
}
