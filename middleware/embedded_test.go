package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

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
	var readErr error
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		read, readErr = string(b), err
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
	_ = readErr
}

func TestEmbeddedShowsLimitsAndOpenRoutes(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.WithAPI(keywrighttest.API{Name: "a", Scheme: "keywright", Routes: []gate.Route{{Path: "/health", Open: true}, {Path: "/{rest...}"}}}))
	k := s.Key("keywright", "acme")
	var last seen
	h := s.Middleware("a")(&last)
	got := do(h, k.Sign)
	if got.Header()["X-RateLimit-Limit"] == nil || got.Header()["X-RateLimit-Remaining"] == nil {
		t.Errorf("%v", got.Header())
	}
	if got := do(h, func(r *http.Request) { r.RequestURI = "/health" }); got.Code != 200 {
		t.Errorf("an open route: %d", got.Code)
	}
	if who, ok := middleware.From(last.got.Context()); ok {
		t.Errorf("an open route has somebody: %+v", who)
	}
}
