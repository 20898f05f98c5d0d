package proxy_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
)

func corsHouse(t *testing.T, origins ...string) *house {
	t.Helper()
	upstream, _ := arrivals(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://upstream.example")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Vary", "Accept-Encoding")
		_, _ = io.WriteString(w, "ok")
	})
	return newHouse(t, upstream, func(s *setting) {
		s.target.CORS = &proxy.CORS{Origins: origins, Headers: []string{"X-Team"}, Expose: []string{"X-Trace"}}
		s.routes = []gate.Route{{Methods: []string{"GET", "POST"}, Path: "/items"}, {Path: "/any"}}
	})
}

func TestTSP14EveryAnswerCarriesThePolicy(t *testing.T) {
	t.Parallel()
	h := corsHouse(t, "*")
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"granted", func(*http.Request) {}, 200},
		{"401", func(r *http.Request) { r.Header.Del("X-Api-Key") }, 401},
		{"404", func(r *http.Request) { r.URL.Path = "/nowhere" }, 404},
		{"405", func(r *http.Request) { r.Method = "DELETE" }, 405},
		{"400", func(r *http.Request) { r.URL.Path = "/a//b" }, 400},
	} {
		r := h.request("GET", "/items", nil)
		r.Header.Set("Origin", "https://app.example.com")
		c.change(r)
		got := h.do(r)
		if got.StatusCode != c.status || got.Header.Get("Access-Control-Allow-Origin") != "*" || !slices.Contains(got.Header.Values("Vary"), "Origin") {
			t.Errorf("%s: %d %v", c.name, got.StatusCode, got.Header)
		}
		if got.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials are allowed", c.name)
		}
		exposed := got.Header.Get("Access-Control-Expose-Headers")
		for _, want := range []string{"X-RateLimit-Remaining", "Retry-After", "Keywright-Key-Retires", "X-Trace"} {
			if !strings.Contains(exposed, want) {
				t.Errorf("%s: %s is not exposed: %s", c.name, want, exposed)
			}
		}
	}
}

func TestTSP14PreflightNeedsNoCredential(t *testing.T) {
	t.Parallel()
	h := corsHouse(t, "*")
	r := h.request("OPTIONS", "/items", nil)
	r.Header = http.Header{"Origin": {"https://app.example.com"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"authorization"}}
	r.Host = "keywright.test"
	got := h.do(r)
	if got.StatusCode != 204 || got.text != "" || got.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD, POST" || got.Header.Get("Access-Control-Max-Age") != "600" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	allowed := got.Header.Get("Access-Control-Allow-Headers")
	if strings.Contains(allowed, "*") || !strings.Contains(allowed, "Authorization") || !strings.Contains(allowed, "Content-Type") || !strings.Contains(allowed, "X-Team") {
		t.Errorf("Access-Control-Allow-Headers: %s", allowed)
	}
	if got.Header.Get("X-RateLimit-Limit") == "" || got.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", got.Header)
	}
	r.Host = "trustifi.test"
	if got := h.do(r); !strings.Contains(strings.ToLower(got.Header.Get("Access-Control-Allow-Headers")), "x-trustifi-secret") {
		t.Errorf("both headers of a pair are named: %v", got.Header)
	}
	r.Host, r.URL.Path = "keywright.test", "/nowhere"
	if got := h.do(r); got.StatusCode != 404 || got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("a preflight for what is not there: %d %v", got.StatusCode, got.Header)
	}
	r.Host, r.URL.Path = "truestamp.test", "/items"
	if got := h.do(r); got.StatusCode != 403 || got.Header.Get("Access-Control-Allow-Origin") != "*" || got.Header.Get("Location") != "" {
		t.Errorf("TSP-09 a preflight over plain HTTP: %d %v", got.StatusCode, got.Header)
	}
}

func TestNamedOriginsOnly(t *testing.T) {
	t.Parallel()
	h := corsHouse(t, "https://app.example.com", "https://admin.example.com:8443")
	for origin, want := range map[string]string{
		"https://app.example.com": "https://app.example.com", "https://admin.example.com:8443": "https://admin.example.com:8443",
		"https://app.example.com.evil.example": "", "http://app.example.com": "", "null": "", "": "", "https://APP.example.com": "",
	} {
		for _, preflight := range []bool{false, true} {
			r := h.request("GET", "/any", nil)
			if preflight {
				r = h.request("OPTIONS", "/any", nil)
				r.Header.Set("Access-Control-Request-Method", "PUT")
			}
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			got := h.do(r)
			if have := got.Header.Get("Access-Control-Allow-Origin"); have != want || !slices.Contains(got.Header.Values("Vary"), "Origin") {
				t.Errorf("origin %q, preflight %v: %q, Vary %v", origin, preflight, have, got.Header.Values("Vary"))
			}
			if want == "" && (got.Header.Get("Access-Control-Allow-Headers") != "" || got.Header.Get("Access-Control-Expose-Headers") != "") {
				t.Errorf("origin %q is told more than it may know: %v", origin, got.Header)
			}
		}
	}
}

func TestWithoutAPolicyNobodyIsInvited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.NotFoundHandler())
	r := h.request("OPTIONS", "/items", nil)
	r.Header = http.Header{"Origin": {"https://app.example.com"}, "Access-Control-Request-Method": {"POST"}}
	if got := h.do(r); got.StatusCode != 401 || got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}
