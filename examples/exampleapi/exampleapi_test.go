package exampleapi_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/seal"
)

func api(operations ...exampleapi.Operation) exampleapi.API {
	return exampleapi.API{Name: "test", Operations: operations, Challenge: "Bearer", Dress: func(f exampleapi.Fault) (int, any) {
		return int(f.Kind), map[string]string{"error": f.Sentence()}
	}}
}

func whoami(c *exampleapi.Call) (exampleapi.Reply, error) {
	return exampleapi.Reply{Body: c.Identity.Subject + " in " + c.Identity.Environment}, nil
}

func serve(t *testing.T, o exampleapi.Options, a exampleapi.API) *exampleapi.Service {
	t.Helper()
	if o.Identify == nil {
		o.Identify = exampletest.Identify
	}
	s, err := exampleapi.New(o, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

func TestOnlyASignedIdentityIsBelieved(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 9, 30, 0, 0, time.UTC)
	ours, theirs := signer(t, 1), signer(t, 2)
	verifier, err := seal.NewVerifier(ours.JWKS(), "test", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	id := seal.Identity{Audience: "test", Subject: "ten_a", Key: "key_a", Environment: "live", IssuedAt: now.Unix(), Expires: now.Unix() + 60}
	other, old := id, id
	other.Audience = "another"
	old.IssuedAt, old.Expires = now.Unix()-60, now.Unix()
	good := token(t, ours, id)
	s := serve(t, exampleapi.Options{Identify: exampleapi.FromVerifier(verifier)},
		api(exampleapi.Operation{Route: exampleapi.Route{Method: "GET", Path: "/me"}, Handle: whoami}))
	if got := get(s, "/me", seal.IdentityHeader, good); got.Code != 200 || got.Body.String() != "\"ten_a in live\"\n" {
		t.Errorf("the good one: %d %s", got.Code, got.Body)
	}
	want := get(s, "/me").Body.String()
	for name, headers := range map[string][]string{
		"none": {}, "empty": {seal.IdentityHeader, ""}, "junk": {seal.IdentityHeader, "junk"}, "another's key": {seal.IdentityHeader, token(t, theirs, id)},
		"another audience": {seal.IdentityHeader, token(t, ours, other)}, "expired": {seal.IdentityHeader, token(t, ours, old)},
		"two lines": {seal.IdentityHeader, good, seal.IdentityHeader, good}, "wrapped": {seal.IdentityHeader, `"` + good + `"`},
		"as a bearer": {"Authorization", "Bearer " + good}, "plain headers": {"X-Tenant", "ten_a", "Keywright-Tenant", "ten_a"},
	} {
		got := get(s, "/me", headers...)
		if got.Code != 401 || got.Body.String() != want || got.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: %d %v %s", name, got.Code, got.Header(), got.Body)
		}
	}
}

func signer(t *testing.T, n byte) *seal.Signer {
	t.Helper()
	s, err := seal.NewSigner([32]byte{n})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func token(t *testing.T, s *seal.Signer, id seal.Identity) string {
	t.Helper()
	signed, err := s.Sign(id)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestWithoutIdentifyThereIsNoExample(t *testing.T) {
	t.Parallel()
	if _, err := exampleapi.New(exampleapi.Options{}, api()); err == nil {
		t.Error("an example that believes nobody knows whom was made")
	}
}

func TestAnIdentityMustNameATenantAndFitTheRoute(t *testing.T) {
	t.Parallel()
	route := exampleapi.Route{Method: "GET", Path: "/me", Scheme: "s", Environments: []string{"live"}}
	id := seal.Identity{Subject: "ten_a", Scheme: "s", Environment: "live"}
	for name, tt := range map[string]struct {
		change func(*seal.Identity)
		status int
	}{
		"fits":                {func(*seal.Identity) {}, 200},
		"no tenant":           {func(i *seal.Identity) { i.Subject = "" }, 401},
		"another scheme":      {func(i *seal.Identity) { i.Scheme = "z" }, 401},
		"another environment": {func(i *seal.Identity) { i.Environment = "test" }, 401},
	} {
		id := id
		tt.change(&id)
		s := serve(t, exampleapi.Options{Identify: func(*http.Request) (seal.Identity, error) { return id, nil }},
			api(exampleapi.Operation{Route: route, Handle: whoami}))
		if got := get(s, "/me"); got.Code != tt.status {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
}

func TestAFailureIsLoggedAndNotShown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	fails := func(*exampleapi.Call) (exampleapi.Reply, error) { return exampleapi.Reply{}, errors.New("the cause") }
	s := serve(t, exampleapi.Options{Log: slog.New(slog.NewTextHandler(&log, nil))},
		api(exampleapi.Operation{Route: exampleapi.Route{Method: "GET", Path: "/x", Open: true}, Handle: fails}))
	if got := get(s, "/x"); got.Code != 500 || strings.Contains(got.Body.String(), "cause") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if !strings.Contains(log.String(), "the cause") {
		t.Errorf("the log says %q", log.String())
	}
}

const things exampleapi.RecordKind = "thing"

func TestRecordsSurviveARestartInAPrivateFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	scope := exampleapi.Scope{Tenant: "a"}
	first := serve(t, exampleapi.Options{Dir: dir}, api())
	if err := first.Records(t.Context(), func(tx exampleapi.Tx) error { _, err := tx.Add(scope, things, "1", "kept"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Records(t.Context(), func(exampleapi.Tx) error { return nil }); err == nil {
		t.Error("a closed example still answers")
	}
	var got string
	err := serve(t, exampleapi.Options{Dir: dir}, api()).Records(t.Context(), func(tx exampleapi.Tx) error {
		_, err := tx.Get(scope, things, "1", &got)
		return err
	})
	if err != nil || got != "kept" {
		t.Errorf("after a restart: %q %v", got, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v %v", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != fs.FileMode(0o700) {
		t.Errorf("the folder is %v %v", info.Mode(), err)
	}
}

func TestRecordsAreAllOrNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, exampleapi.Options{}, api())
	scope := exampleapi.Scope{Tenant: "a"}
	stop := errors.New("stop")
	err := s.Records(t.Context(), func(tx exampleapi.Tx) error {
		if _, err := tx.Add(scope, things, "1", "x"); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if n := count(t, s, scope); n != 0 {
		t.Errorf("%d records of a change that failed", n)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err = s.Records(gone, func(tx exampleapi.Tx) error { _, err := tx.Add(scope, things, "1", "x"); return err })
	if err == nil || count(t, s, scope) != 0 {
		t.Errorf("a request that is gone still wrote: %v", err)
	}
}

func count(t *testing.T, s *exampleapi.Service, scope exampleapi.Scope) (n int) {
	t.Helper()
	if err := s.Records(t.Context(), func(tx exampleapi.Tx) (err error) { n, err = tx.Count(scope, things); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRecordsAreBoundedPerOwnerEvenInASharedScope(t *testing.T) {
	t.Parallel()
	a := api()
	a.Bounds = map[exampleapi.RecordKind]int{things: 2}
	s := serve(t, exampleapi.Options{}, a)
	add := func(owner, id string) error {
		return s.Records(t.Context(), func(tx exampleapi.Tx) error {
			_, err := tx.Add(exampleapi.Scope{Tenant: "shared", Owner: owner}, things, id, "x")
			return err
		})
	}
	for _, id := range []string{"1", "2"} {
		if err := add("a", id); err != nil {
			t.Fatal(err)
		}
	}
	var full exampleapi.Fault
	if err := add("a", "3"); !errors.As(err, &full) || full.Kind != exampleapi.Full {
		t.Errorf("a third: %v", err)
	}
	if err := add("b", "3"); err != nil {
		t.Errorf("another owner's first: %v", err)
	}
}

func TestScopesDoNotOverlap(t *testing.T) {
	t.Parallel()
	s := serve(t, exampleapi.Options{}, api())
	one := exampleapi.Scope{Tenant: "a", Environment: "b"}
	if err := s.Records(t.Context(), func(tx exampleapi.Tx) error { _, err := tx.Add(one, things, "1", "x"); return err }); err != nil {
		t.Fatal(err)
	}
	for _, other := range []exampleapi.Scope{{Tenant: "a"}, {Tenant: "b", Environment: "b"}, {Tenant: "ab"}, {}, {Tenant: "%", Environment: "%"}} {
		err := s.Records(t.Context(), func(tx exampleapi.Tx) error {
			var got string
			found, err := tx.Get(other, things, "1", &got)
			set, setErr := tx.Set(other, things, "1", "y")
			deleted, delErr := tx.Delete(other, things, "1")
			if found || set || deleted {
				t.Errorf("%+v reaches the record: %v %v %v", other, found, set, deleted)
			}
			return errors.Join(err, setErr, delErr)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, s, one); n != 1 {
		t.Errorf("there are %d records, want 1", n)
	}
}

func TestEmailAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a@b.com": "a@b.com", "A.b+c@B.Com": "A.b+c@b.com"} {
		if got, err := exampleapi.Email("email", in); got != want || err != nil {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "a", "@b", "a@", "a b@c.d", "<a@b.com>", "A <a@b.com>", "a@b.com\r\nBcc: x@y.z", "a@b.com,c@d.com", " a@b.com", strings.Repeat("a", 250) + "@b.com"} {
		if got, err := exampleapi.Email("email", in); err == nil {
			t.Errorf("%q was taken as %q", in, got)
		}
	}
}
