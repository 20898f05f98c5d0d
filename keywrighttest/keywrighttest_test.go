package keywrighttest_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
)

// hello answers with whose request it is.
func hello() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := middleware.From(r.Context())
		_, _ = w.Write([]byte(who.Ref))
	})
}

// ask sends a request with a key, or without one.
func ask(h http.Handler, k *keywrighttest.Key) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "https://api.example.com/v1/things", nil)
	if k != nil {
		k.Sign(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAKeysLife(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t)
	h := s.Middleware()(hello())
	k := s.Key("keywright", "acme")
	if got := ask(h, &k); got.Code != 200 || got.Body.String() != "acme" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if got := ask(h, nil); got.Code != 401 {
		t.Errorf("without a key: %d", got.Code)
	}
	s.Pause(k)
	if got := ask(h, &k); got.Code != 401 {
		t.Errorf("paused: %d", got.Code)
	}
	s.Resume(k)
	next := s.Rotate(k)
	if a, b := ask(h, &k), ask(h, &next); a.Code != 200 || b.Code != 200 || a.Header().Get("Keywright-Key-Retires") == "" {
		t.Errorf("during the overlap: %d %d %v", a.Code, b.Code, a.Header())
	}
	s.Travel(24 * time.Hour)
	if a, b := ask(h, &k), ask(h, &next); a.Code != 401 || b.Code != 200 {
		t.Errorf("after the overlap: %d %d", a.Code, b.Code)
	}
	s.Archive("acme", true)
	if got := ask(h, &next); got.Code != 401 {
		t.Errorf("archived: %d", got.Code)
	}
	s.Archive("acme", false)
	s.Revoke(next)
	if got := ask(h, &next); got.Code != 401 {
		t.Errorf("revoked: %d", got.Code)
	}
	if v := s.Verify(next); v.Granted || v.Reason != "revoked" {
		t.Errorf("%+v", v)
	}
}

func TestEverySchemeHasAReadyKey(t *testing.T) {
	t.Parallel()
	var options []keywrighttest.Option
	names := slices.DeleteFunc(schemes.Names(), func(name string) bool {
		src, _ := schemes.Source(name)
		return !slices.Contains([]string{"keywright", "trustifi", "truestamp", "trusset-instance", "trusset-mica", "trusset-mica-management", "domain-trust", "trust-swiftly"}, name) || len(src) == 0
	})
	if len(names) != 8 {
		t.Fatalf("%v", names)
	}
	for _, name := range names {
		options = append(options, keywrighttest.WithAPI(keywrighttest.API{Name: name, Scheme: name}))
	}
	s := keywrighttest.New(t, options...)
	for _, name := range names {
		ref := "ref" + name[:5]
		s.Tenant(ref, func(d *keeper.TenantDraft) { d.Plan = "growth" })
		k := s.Key(name, ref)
		if got := ask(s.Middleware(name)(hello()), &k); got.Code != 200 || got.Body.String() != ref {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if v := s.Verify(k); !v.Granted {
			t.Errorf("%s: %s", name, v.Reason)
		}
	}
}

func TestTheWholeServerAnswers(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.At(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)))
	c := s.Client()
	made, err := c.CreateTenant(t.Context(), api.CreateTenant{Ref: "over-http"})
	if err != nil || made.CreatedAt.Year() != 2031 {
		t.Fatalf("%+v %v", made, err)
	}
	k := s.Key("keywright", "over-http", func(d *keywright.Draft) { d.Permissions = []string{"files:read"} })
	found, err := c.Key(t.Context(), k.ID.String())
	if err != nil || !slices.Equal(found.Permissions, []string{"files:read"}) {
		t.Errorf("%+v %v", found, err)
	}
	n := 0
	for _, err := range c.Events(t.Context(), client.EventFilter{Tenant: "over-http"}) {
		if err != nil {
			t.Error(err)
			break
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d events", n)
	}
	s.Cut()
	if _, err := c.Key(t.Context(), k.ID.String()); err == nil {
		t.Error("answers though it is cut off")
	}
}

func TestBehindTheGateway(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t)
	h := s.Gateway("orders")(hello())
	k := s.Key("keywright", "acme")
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(seal.IdentityHeader, s.Assertion("orders", k))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != "acme" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.Travel(time.Minute)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 401 {
		t.Errorf("after a minute: %d", w.Code)
	}
}

func TestOwnRoutesAndSchemes(t *testing.T) {
	t.Parallel()
	page, _ := schemes.Source("keywright")
	s := keywrighttest.New(t, keywrighttest.WithScheme("keywright", page), keywrighttest.WithAPI(keywrighttest.API{
		Name: "mine", Scheme: "keywright", Routes: []gate.Route{{Methods: []string{"GET"}, Path: "/v1/things", Need: keywright.Need{Permissions: []string{"things:read"}}}},
	}))
	h := s.Middleware("mine")(hello())
	may, mayNot := s.Key("keywright", "acme"), s.Key("keywright", "acme", func(d *keywright.Draft) { d.Permissions = []string{"other"} })
	if a, b := ask(h, &may), ask(h, &mayNot); a.Code != 200 || b.Code != 403 {
		t.Errorf("%d %d", a.Code, b.Code)
	}
	if _, err := keywrighttest.Start(keywrighttest.WithAPI(keywrighttest.API{Name: "x", Scheme: "nobody's"})); err == nil {
		t.Error("an API without a scheme is taken")
	}
	if _, err := keywrighttest.Start(keywrighttest.WithScheme("x", []byte("name: x"))); err == nil {
		t.Error("a page that is no scheme is taken")
	}
}

// A test that wants a server of its own should not wait for it.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := keywrighttest.Start()
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

func TestMisuseIsSaid(t *testing.T) {
	t.Parallel()
	s, err := keywrighttest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, misuse := range map[string]func(){
		"time goes back": func() { s.Travel(-1) }, "no such scheme": func() { s.Key("x", "y") }, "no such key": func() { s.Revoke(keywrighttest.Key{}) },
		"no such scheme to dress in": func() { s.Scheme("x") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: nothing was said", name)
				}
			}()
			misuse()
		}()
	}
}
