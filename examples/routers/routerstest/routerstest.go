// Package routerstest holds each router's program to the same answers. It never
// looks inside one.
package routerstest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/seal"
)

// Run asks a program that verifies in each of the three ways.
func Run(t *testing.T, routes func(middleware.Middleware) http.Handler) {
	t.Run("embedded", func(t *testing.T) {
		s := keywrighttest.New(t)
		life(t, s, routes(s.Middleware()), sign)
	})
	t.Run("remote", func(t *testing.T) {
		s := keywrighttest.New(t)
		life(t, s, routes(s.Remote(middleware.RemoteOptions{})), sign)
	})
	t.Run("gateway", func(t *testing.T) {
		s := keywrighttest.New(t)
		h := routes(s.Gateway("orders"))
		asserted := func(r *http.Request, k keywrighttest.Key) {
			r.Header.Set(seal.IdentityHeader, s.Assertion("orders", k))
		}
		full, poor := keys(s)
		expect(t, h, "/v1/files/7", 200, "acme", func(r *http.Request) { asserted(r, full) })
		expect(t, h, "/v1/files/7", 403, "", func(r *http.Request) { asserted(r, poor) })
		expect(t, h, "/v1/files/7", 401, "", func(r *http.Request) { full.Sign(r) })
		expect(t, h, "/v1/me", 401, "", func(*http.Request) {})
	})
}

func sign(r *http.Request, k keywrighttest.Key) { k.Sign(r) }

func keys(s *keywrighttest.Server) (full, poor keywrighttest.Key) {
	return s.Key("keywright", "acme"), s.Key("keywright", "acme", func(d *keywright.Draft) { d.Permissions = []string{"other"} })
}

func life(t *testing.T, s *keywrighttest.Server, h http.Handler, sign func(*http.Request, keywrighttest.Key)) {
	t.Helper()
	full, poor := keys(s)
	with := func(k keywrighttest.Key) func(*http.Request) { return func(r *http.Request) { sign(r, k) } }
	expect(t, h, "/health", 204, "", func(*http.Request) {})
	expect(t, h, "/v1/me", 200, "acme", with(full))
	expect(t, h, "/v1/me", 200, "acme", with(poor))
	expect(t, h, "/v1/files/7", 200, "acme", with(full))
	expect(t, h, "/v1/files/7", 403, "", with(poor))
	expect(t, h, "/v1/me", 401, "", func(*http.Request) {})
	expect(t, h, "/v1/files/7", 401, "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer junk") })
	s.Revoke(full)
	expect(t, h, "/v1/me", 401, "", with(full))
}

// expect asks over a real listener: a status, and who the handler says it is.
func expect(t *testing.T, h http.Handler, path string, status int, customer string, change func(*http.Request)) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	var said struct{ Customer, File string }
	if status == 200 {
		if err := json.Unmarshal(body, &said); err != nil {
			t.Errorf("%s: two answers, or none: %q", path, body)
		}
	}
	_, id, _ := strings.Cut(path, "/files/")
	if res.StatusCode != status || said.Customer != customer || (status == 200 && said.File != id) {
		t.Errorf("%s: %d %s, want %d %s", path, res.StatusCode, body, status, customer)
	}
	if status == 401 && !json.Valid(body) {
		t.Errorf("%s: the refusal is not the scheme's alone: %q", path, body)
	}
}
