package management_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
)

// FuzzStrangers sends anything to what strangers reach: registration, and the
// operations of a key, with anything as the credential. Never a 500, never an echo.
func FuzzStrangers(f *testing.F) {
	for _, body := range []string{
		`{"email":"ada@example.com"}`, `{"email":"` + canary + `"}`, `{"email":"` + canary + `@example.com "}`, `{}`, `[]`, `null`, `{"email":null}`, `{"email":["a"]}`,
		`{"overlap":"` + canary + `"}`, `{"finish":1}`, `{"reason":"` + canary + `"}`, `{"` + canary + `":1}`, "{\"email\":\"\xff\"}", strings.Repeat(`{"a":`, 40),
	} {
		for _, key := range []string{"", canary, "trusset_mica_" + strings.Repeat("0", 64), "Bearer " + canary, "Bearer trusset_mgmt_" + strings.Repeat("0", 64), "\x00"} {
			f.Add(uint8(0), body, key)
			f.Add(uint8(1), body, key)
			f.Add(uint8(2), body, key)
		}
	}
	s := newSite(f, mica())
	out := s.registered(f)
	handler := s.Server.Config.Handler
	paths := []string{"/v1/register", "/v1/key/rotate", "/v1/key/revoke", "/v1/me/keys"}
	f.Fuzz(func(t *testing.T, which uint8, body, key string) {
		s.Clock.Advance(time.Hour)
		if key == out.APIKey || strings.Contains(key, out.ManagementToken) {
			t.Skip("a real credential does real things")
		}
		r := httptest.NewRequest("POST", "https://docs.it.localhost"+paths[int(which)%len(paths)], strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if key != "" {
			r.Header["Authorization"], r.Header["X-Api-Key"], r.Header["Cookie"] = []string{key}, []string{key}, []string{"__Host-keywright-session=" + key}
			if len(body)%2 == 0 {
				delete(r.Header, "Cookie")
			}
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		a := &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
		s.conform(t, r, a)
		if a.status >= 500 {
			t.Errorf("%s %q: %d %s", r.URL.Path, body, a.status, a.body)
		}
		if a.status >= 400 && strings.Contains(string(a.body), canary) {
			t.Errorf("the refusal repeats what was sent: %s", a.body)
		}
		if strings.Contains(s.Log.String(), canary) {
			t.Error("the log holds what was sent")
		}
	})
}

// FuzzPaths: every path either names an operation as it is written, or nothing.
func FuzzPaths(f *testing.F) {
	for _, path := range []string{"/v1/me", "/v1//me", "/v1/me/", "/v1/me/keys/%2e%2e", "/v1/./me", "/v1/me/keys/a%00b", "//v1/me", "/v1/me;a", "/.well-known/keywright.json", "/v1/key/../me", "/v1/%6de"} {
		f.Add("GET", path)
		f.Add("POST", path)
	}
	s := newSite(f, mica())
	handler := s.Server.Config.Handler
	f.Fuzz(func(t *testing.T, method, path string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n\t?#") || strings.ContainsAny(method, " \r\n\t") || method == "" {
			t.Skip("no request line")
		}
		defer func() {
			if p := recover(); p != nil {
				t.Skip("httptest takes no such request") // it panics before we see it
			}
		}()
		r := httptest.NewRequest(method, path, nil)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 || (w.Code >= 300 && w.Code < 400) {
			t.Errorf("%s %q: %d", method, path, w.Code)
		}
		if w.Code < 300 {
			known := false
			for _, op := range api.SelfOperations() {
				_, fits := matches(op.Path, r.URL.Path)
				known = known || fits
			}
			if !known {
				t.Errorf("%s %q: %d, and it is no operation", method, path, w.Code)
			}
		}
	})
}
