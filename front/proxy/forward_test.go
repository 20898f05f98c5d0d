package proxy_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
)

// arrival is what the upstream was sent.
func arrivals(answerWith func(http.ResponseWriter, *http.Request)) (http.Handler, <-chan *http.Request) {
	seen := make(chan *http.Request, 8)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Clone(r.Context())
		if answerWith != nil {
			answerWith(w, r)
		}
	}), seen
}

func TestCredentialIsStrippedAndIdentityAdded(t *testing.T) {
	t.Parallel()
	upstream, seen := arrivals(nil)
	h := newHouse(t, upstream)
	r := h.request("GET", "/items?x=1&y=%20;z", nil)
	for name, value := range map[string]string{
		"Keywright-Identity": "forged", "keywright-anything": "forged", "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https",
		"X-Forwarded-Host": "evil.example", "X-Forwarded-User": "root", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Original-URL": "/admin",
		"X-Rewrite-URL": "/admin", "X-HTTP-Method-Override": "DELETE", "Connection": "Keywright-Identity, X-Kept", "X-Custom": "kept",
	} {
		r.Header[name] = []string{value}
	}
	r.Header["Keywright_Identity"] = []string{"forged"}
	r.Header["KEYWRIGHT_IDENTITY"] = []string{"forged"}
	r.Header["X_Api_Key"] = []string{h.creds["trusset-instance"]}
	if got := h.do(r); got.StatusCode != 200 {
		t.Fatalf("%d %s", got.StatusCode, got.text)
	}
	got := wait(t, "the upstream", seen)
	all := fmt.Sprint(got.Header, got.URL)
	if strings.Contains(all, h.creds["trusset-instance"]) || strings.Contains(all, "forged") || strings.Contains(all, "6.6.6.6") || strings.Contains(all, "evil") {
		t.Errorf("the upstream saw %s", all)
	}
	for _, gone := range []string{"X-Forwarded-User", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "X-Real-Ip"} {
		if got.Header.Get(gone) != "" {
			t.Errorf("%s reached the upstream", gone)
		}
	}
	identity, err := h.verifier.Verify(got.Header.Get("Keywright-Identity"))
	if err != nil || identity.Subject != "ten_trusset-instance" || identity.Key != h.keys["trusset-instance"].ID.String() {
		t.Errorf("identity %+v %v", identity, err)
	}
	if got.Header.Get("X-Custom") != "kept" || got.RequestURI != "/items?x=1&y=%20;z" {
		t.Errorf("%s %s", got.RequestURI, got.Header.Get("X-Custom"))
	}
	if got.Header.Get("X-Forwarded-For") != "127.0.0.1" || got.Header.Get("X-Forwarded-Proto") != "http" || got.Header.Get("X-Forwarded-Host") != "trusset-instance.test" {
		t.Errorf("forwarded headers %v", got.Header)
	}
}

func TestOpenRouteIsToldOfNobody(t *testing.T) {
	t.Parallel()
	upstream, seen := arrivals(nil)
	h := newHouse(t, upstream)
	r := h.request("GET", "/open", nil)
	r.Header.Set("Keywright-Identity", "forged")
	h.do(r)
	got := wait(t, "the upstream", seen)
	if got.Header.Get("Keywright-Identity") != "" || got.Header.Get("X-Api-Key") != "" {
		t.Errorf("%v", got.Header)
	}
}

func TestPathGoesOnAsItCame(t *testing.T) {
	t.Parallel()
	upstream, seen := arrivals(nil)
	h := newHouse(t, upstream)
	for _, path := range []string{"/", "/a/", "/a%20b/%c3%a9", "/it%65ms", "/a:b@c", "/a,b=c&d", "/100%25", "/x?", "/x?a=b&a=c%2f..", "/x?q=a;b"} {
		h.do(h.request("GET", path, nil))
		if got := wait(t, "the upstream", seen); got.RequestURI != path {
			t.Errorf("%s arrived as %s", path, got.RequestURI)
		}
	}
}

func TestUpstreamWithAPathOfItsOwn(t *testing.T) {
	t.Parallel()
	upstream, seen := arrivals(nil)
	h := newHouse(t, upstream, func(s *setting) { s.target.Upstream += "/base%20x/" })
	h.do(h.request("GET", "/a%20b", nil))
	if got := wait(t, "the upstream", seen); got.RequestURI != "/base%20x/a%20b" {
		t.Errorf("arrived as %s", got.RequestURI)
	}
}

func TestAmbiguousPathsNeverArrive(t *testing.T) {
	t.Parallel()
	upstream, seen := arrivals(nil)
	h := newHouse(t, upstream)
	for _, path := range []string{"//a", "/a//b", "/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a;b", "/a%5cb", "/a\\b", "/%2e", "/a%00", "*", "/a%zz"} {
		got := raw(t, h.address(), "GET "+path+" HTTP/1.1\r\nHost: trusset-instance.test\r\nX-API-Key: "+h.creds["trusset-instance"]+"\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%s: %.60q", path, got)
		}
	}
	select {
	case r := <-seen:
		t.Errorf("%s arrived", r.RequestURI)
	default:
	}
}

func TestResponseHeadersAreOurs(t *testing.T) {
	t.Parallel()
	upstream, _ := arrivals(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "9999")
		w.Header().Set("X-RateLimit-Remaining", "9999")
		w.Header().Set("Keywright-Identity", r.Header.Get("Keywright-Identity"))
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Link", `</items?page=2>; rel="next"`)
		w.Header().Set("X-Custom", "kept")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	h := newHouse(t, upstream)
	h.change("trusset-instance", func(k *keywright.Key) { k.Retires = noon().Add(time.Hour) })
	got := h.do(h.request("GET", "/items", nil))
	if got.StatusCode != 503 || got.Header.Get("X-RateLimit-Limit") != "200" || len(got.Header["X-Ratelimit-Remaining"]) != 1 || got.Header.Get("X-Custom") != "kept" || got.Header.Get("Retry-After") != "7" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	if got.Header.Get("Keywright-Identity") != "" {
		t.Error("the client was shown the identity")
	}
	if got.Header.Get("Keywright-Key-Retires") != "2026-11-21T13:00:00Z" || len(got.Header["Link"]) != 2 {
		t.Errorf("a retiring key's answer: %v", got.Header)
	}
}

func TestUpstreamFailuresAreDressed(t *testing.T) {
	t.Parallel()
	for name, upstream := range map[string]http.HandlerFunc{
		"it hangs up":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"it does not answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"it answers what is no HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "what?\r\n\r\n")
				_ = conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, upstream, func(s *setting) { s.target.Timeout = 100 * time.Millisecond })
			got := h.do(h.request("GET", "/items?secret=hunter2", nil))
			if got.StatusCode != 502 || !strings.Contains(got.text, `"UPSTREAM_ERROR"`) || got.Header.Get("X-RateLimit-Limit") != "200" {
				t.Errorf("%d %s %v", got.StatusCode, got.text, got.Header)
			}
			if log := h.log.String(); strings.Contains(log, "hunter2") || strings.Contains(log, h.creds["trusset-instance"]) {
				t.Errorf("the log says %s", log)
			}
			if reason := wait(t, "the observer", h.reasons); reason != "upstream_failed" {
				t.Errorf("observed as %s", reason)
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil, func(s *setting) { s.target.Upstream = "http://127.0.0.1:1" })
		if got := h.do(h.request("GET", "/items", nil)); got.StatusCode != 502 || !strings.Contains(got.text, `"UPSTREAM_ERROR"`) {
			t.Errorf("%d %s", got.StatusCode, got.text)
		}
	})
	t.Run("it panics in this process", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil, func(s *setting) {
			s.target.Local = tripper(func(*http.Request) (*http.Response, error) { panic("hunter2") })
		})
		if got := h.do(h.request("GET", "/items", nil)); got.StatusCode != 500 || !strings.Contains(got.text, `"AUTH_ERROR"`) {
			t.Errorf("%d %s", got.StatusCode, got.text)
		}
		if strings.Contains(h.log.String(), "hunter2") {
			t.Error("the log repeats what was panicked with")
		}
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnswerThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	t.Parallel()
	upstream, _ := arrivals(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	h := newHouse(t, upstream)
	res, err := http.DefaultClient.Do(h.request("GET", "/items", nil))
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("half an answer was whole: %q", body)
	}
}

func TestLocalUpstream(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil, func(s *setting) {
		s.target.Local = tripper(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Keywright-Identity") == "" || r.Header.Get("X-Api-Key") != "" {
				return nil, errors.New("not as it should be")
			}
			return &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("local")), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
		})
	})
	if got := h.do(h.request("GET", "/items", nil)); got.StatusCode != 201 || got.text != "local" {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}

func TestBigBodiesStream(t *testing.T) {
	t.Parallel()
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = fmt.Fprintf(w, "%d %x", n, sum.Sum(nil))
	})
	h := newHouse(t, upstream)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	want := fmt.Sprintf("%d %x", len(body), sha256.Sum256(body))
	for name, reader := range map[string]io.Reader{"of known length": bytes.NewReader(body), "chunked": struct{ io.Reader }{bytes.NewReader(body)}} {
		if got := h.do(h.request("POST", "/upload", reader)); got.text != want {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})
	h := newHouse(t, upstream, func(s *setting) { s.maxBody = 1 << 20 })
	for _, c := range []struct {
		path  string
		size  int
		chunk bool
		want  int
	}{
		{"/x", 1 << 20, false, 200}, {"/x", 1 << 20, true, 200}, {"/x", 1<<20 + 1, false, 413}, {"/x", 1<<20 + 1, true, 413},
		{"/x", 8 << 20, false, 413}, {"/x", 8 << 20, true, 413},
		{"/small", 16, true, 200}, {"/small", 17, true, 413}, {"/small", 17, false, 413},
	} {
		var body io.Reader = strings.NewReader(strings.Repeat("x", c.size))
		if c.chunk {
			body = struct{ io.Reader }{body}
		}
		got := h.do(h.request("POST", c.path, body))
		if got.StatusCode != c.want || (c.want == 413 && !strings.Contains(got.text, "PAYLOAD_TOO_LARGE")) {
			t.Errorf("%d bytes to %s, chunked %v: %d %s", c.size, c.path, c.chunk, got.StatusCode, got.text)
		}
	}
}

func TestObjectsOnlyWhereTheSchemeAsks(t *testing.T) {
	t.Parallel()
	upstream, _ := arrivals(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	h := newHouse(t, upstream, func(s *setting) { s.routes = []gate.Route{{Path: "/{rest...}"}}; s.maxBody = 64 })
	secure := h.proxy.On("truestamp")
	for body, want := range map[string]int{
		`{"a":1}`: 200, " \n{}": 200, `[1]`: 400, `"x"`: 400, `{"a":`: 400, `{} {}`: 400, "{\"a\":\"\xff\"}": 400, "null": 400,
		`{"a":"` + strings.Repeat("x", 64) + `"}`: 413,
	} {
		for _, chunked := range []bool{false, true} {
			got := asTLS(t, secure, h, "POST", body, chunked)
			if got.code != want || (want == 200 && got.body != body) || (want != 200 && !strings.Contains(got.body, "\n  \"message\": ")) {
				t.Errorf("TSP-34 %q, chunked %v: %d %s", body, chunked, got.code, got.body)
			}
		}
	}
}

func TestConfigurationFaultsAreNamed(t *testing.T) {
	t.Parallel()
	for field, target := range map[string]proxy.Target{
		"targets.a.upstream":     {Upstream: "ftp://x"},
		"targets.a.timeout":      {Upstream: "http://x", Timeout: -1},
		"targets.a.cors.origins": {Upstream: "http://x", CORS: &proxy.CORS{}},
		"targets.a.cors.headers": {Upstream: "http://x", CORS: &proxy.CORS{Origins: []string{"*"}, Headers: []string{"*"}}},
	} {
		_, err := proxy.New(proxy.Options{Gate: func() *gate.Gate { return nil }, Targets: map[string]proxy.Target{"a": target}})
		var e *keywright.Error
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, origin := range []string{"app.example.com", "https://app.example.com/", "https://*.example.com", "null", "HTTPS://app.example.com", "https://u@app.example.com"} {
		_, err := proxy.New(proxy.Options{Gate: func() *gate.Gate { return nil }, Targets: map[string]proxy.Target{"a": {Upstream: "http://x", CORS: &proxy.CORS{Origins: []string{origin}}}}})
		if err == nil {
			t.Errorf("the origin %q was accepted", origin)
		}
	}
}
