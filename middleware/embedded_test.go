package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
)

func TestEmbeddedBoundsBodies(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.WithAPI(keywrighttest.API{Name: "tsp", Scheme: "truestamp", Routes: []gate.Route{
		{Path: "/small", MaxBody: 10}, {Path: "/{rest...}"},
	}}))
	k := s.Key("truestamp", "ada")
	var read string
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		read = string(b)
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	send := func(m middleware.Middleware, path, body string, known bool) int {
		read = ""
		return do(m(next), func(r *http.Request) {
			k.Sign(r)
			r.Method, r.RequestURI, r.Body, r.ContentLength = "POST", path, io.NopCloser(strings.NewReader(body)), -1
			r.Header.Set("Content-Type", "application/json")
			if known {
				r.ContentLength = int64(len(body))
			}
		}).Code
	}
	m := s.Middleware("tsp")
	if got := send(m, "/x", `{"a":1}`, true); got != 200 || read != `{"a":1}` {
		t.Errorf("an object: %d %q", got, read)
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"an array": {"/x", "[]", 400}, "no JSON": {"/x", "{", 400}, "too large": {"/small", `{"a":"12345"}`, 413}, "far too large": {"/x", `{"a":"` + strings.Repeat("x", middleware.DefaultMaxBody) + `"}`, 413},
	} {
		for _, known := range []bool{true, false} {
			if got := send(m, c.path, c.body, known); got != c.status || read != "" {
				t.Errorf("%s (length known: %v): %d, and the handler read %.20q", name, known, got, read)
			}
		}
	}
	unbounded, err := middleware.Embedded(middleware.EmbeddedOptions{Gate: s.Gate(), API: "tsp", MaxBody: -1})
	if err != nil {
		t.Fatal(err)
	}
	if got := send(unbounded, "/x", `{"a":"`+strings.Repeat("x", middleware.DefaultMaxBody)+`"}`, false); got != 413 {
		t.Errorf("a body that is read whole is always bounded: %d", got)
	}
}

func TestEmbeddedShowsLimitsAndOpenRoutes(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.WithAPI(keywrighttest.API{Name: "a", Scheme: "keywright", Routes: []gate.Route{{Path: "/health", Open: true}, {Path: "/{rest...}"}}}))
	k := s.Key("keywright", "acme")
	var last seen
	h := s.Middleware("a")(&last)
	got := do(h, k.Sign)
	if spelled(got, "X-RateLimit-Limit") == nil || spelled(got, "X-RateLimit-Remaining") == nil {
		t.Errorf("%v", got.Header())
	}
	if got := do(h, func(r *http.Request) { r.RequestURI = "/health" }); got.Code != 200 {
		t.Errorf("an open route: %d", got.Code)
	}
	if who, ok := middleware.From(last.got.Context()); ok {
		t.Errorf("an open route has somebody: %+v", who)
	}
}

// tokens takes one token, of one person.
type tokens struct{ tenant *keywright.Tenant }

func (t tokens) VerifyToken(_ time.Time, token string, _ *keywright.Need) keywright.Decision {
	if token != "a.good.token" {
		return keywright.Decision{Reason: keywright.Unknown}
	}
	who := &keywright.Principal{Issuer: "https://id.example.com", ID: "42", Person: "per_1", Role: "admin", Email: "ada@example.com", Counts: keywright.KeyID{9}}
	return keywright.Decision{Reason: keywright.Granted, Tenant: t.tenant, Permissions: []string{"items:*"}, Principal: who}
}

func TestTSP16TSP22ATokenInAKeysPlaceIsAPerson(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.WithAPI(keywrighttest.API{Name: "tsp", Scheme: "truestamp", Tokens: tokens{&keywright.Tenant{ID: "ten_1", Ref: "ada"}}}))
	var embedded, asked seen
	for name, c := range map[string]struct {
		h    http.Handler
		seen *seen
	}{
		"embedded": {s.Middleware("tsp")(&embedded), &embedded},
		"remote":   {s.Remote(middleware.RemoteOptions{API: "tsp", Scheme: s.Scheme("truestamp")})(&asked), &asked},
	} {
		bearer := func(token string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
		}
		if got := do(c.h, bearer("a.bad.token")); got.Code != 401 {
			t.Errorf("%s: a bad token: %d", name, got.Code)
		}
		if got := do(c.h, bearer("a.good.token")); got.Code != 200 {
			t.Fatalf("%s: %d %s", name, got.Code, got.Body)
		}
		who, ok := middleware.From(c.seen.got.Context())
		if !ok || who.Ref != "ada" || who.Key != "" || c.seen.got.Header.Get("Authorization") != "" {
			t.Errorf("%s: %+v", name, who)
		}
	}
	who, _ := middleware.From(embedded.got.Context())
	if want := (middleware.Principal{Login: "https://id.example.com 42", Person: "per_1", Role: "admin", Email: "ada@example.com"}); who.Principal == nil || *who.Principal != want || !who.May("items:read") {
		t.Errorf("%+v", who)
	}
	// The verify endpoint says whose a token is and not what it may do: it may nothing.
	if who, _ := middleware.From(asked.got.Context()); who.May("items:read") || who.Principal != nil {
		t.Errorf("%+v", who)
	}
}

func TestABodyIsReadOnce(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t)
	k := s.Key("keywright", "acme")
	h := s.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	got := do(h, func(r *http.Request) {
		k.Sign(r)
		r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader("hello")), 5
	})
	if got.Code != 200 || got.Body.String() != "hello" {
		t.Errorf("%d %q", got.Code, got.Body)
	}
}

// spelled returns the lines of a header under the very spelling that its scheme
// gives it, which is what goes over the wire.
func spelled(got *httptest.ResponseRecorder, name string) []string { return got.Header()[name] }
