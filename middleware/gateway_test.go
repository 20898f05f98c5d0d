package middleware_test

import (
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/seal"
)

func signer(t testing.TB, fill byte) *seal.Signer {
	t.Helper()
	var seed [ed25519.SeedSize]byte
	seed[0] = fill
	s, err := seal.NewSigner(seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sign makes an assertion for the API "orders", which is fresh now.
func sign(t testing.TB, s *seal.Signer, permissions ...string) string {
	t.Helper()
	now := time.Now().Unix()
	token, err := s.Sign(seal.Identity{Audience: "orders", Subject: "ten_1", Ref: "acme", Key: "key_1", Scheme: "keywright", Permissions: permissions, IssuedAt: now, Expires: now + 60})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// keySet publishes a signer's keys, which the test may change.
type keySet struct {
	fetched atomic.Int32
	body    atomic.Pointer[[]byte]
	url     string
}

func publish(t testing.TB, body []byte) *keySet {
	t.Helper()
	k := &keySet{}
	k.body.Store(&body)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		k.fetched.Add(1)
		if b := *k.body.Load(); b != nil {
			_, _ = w.Write(b)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(srv.Close)
	k.url = srv.URL + middleware.JWKSPath
	return k
}

func behind(t testing.TB, k *keySet, elapsed *atomic.Int64) (*seen, http.Handler) {
	t.Helper()
	keys, err := middleware.FetchKeys(middleware.FetchOptions{URL: k.url, Audience: "orders", Elapsed: func() time.Duration { return time.Duration(elapsed.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	m, err := middleware.Gateway(middleware.GatewayOptions{Assertions: keys, Scheme: shipped(t, "keywright")})
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	return &s, m(&s)
}

func asserting(tokens ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[seal.IdentityHeader] = tokens }
}

func TestTheGatewaysWordIsTaken(t *testing.T) {
	t.Parallel()
	ours, theirs := signer(t, 1), signer(t, 2)
	k := publish(t, ours.JWKS())
	s, h := behind(t, k, &atomic.Int64{})
	got := do(h, func(r *http.Request) {
		asserting(sign(t, ours, "files:read"))(r)
		r.Header.Set("Authorization", "Bearer left-behind")
	})
	if got.Code != 200 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if who, _ := middleware.From(s.got.Context()); who.Tenant != "ten_1" || who.Ref != "acme" || who.Key != "key_1" || !who.May("files:read") {
		t.Errorf("%+v", who)
	}
	if s.got.Header.Get(seal.IdentityHeader) != "" || s.got.Header.Get("Authorization") != "" {
		t.Errorf("the handler sees %v", s.got.Header)
	}
	good := sign(t, ours)
	for name, tokens := range map[string][]string{
		"none": nil, "empty": {""}, "two": {good, good}, "another's": {sign(t, theirs)}, "junk": {"junk"}, "alg none": {"eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + "."},
	} {
		if got := do(h, asserting(tokens...)); got.Code != 401 || len(spelled(got, "WWW-Authenticate")) != 1 {
			t.Errorf("%s: %d %v", name, got.Code, got.Header())
		}
	}
	if n := k.fetched.Load(); n != 1 || s.n.Load() != 1 {
		t.Errorf("%d fetches, %d granted: bad tokens must not make a stream of requests", n, s.n.Load())
	}
}

func TestTheGatewaysWordOnAPerson(t *testing.T) {
	t.Parallel()
	ours := signer(t, 1)
	s, h := behind(t, publish(t, ours.JWKS()), &atomic.Int64{})
	now := time.Now().Unix()
	token, err := ours.Sign(seal.Identity{
		Audience: "orders", Subject: "ten_1", Login: "https://id.example.com 42", Person: "per_1", Role: "member", Email: "ada@example.com", Scheme: "truestamp", IssuedAt: now, Expires: now + 60,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := do(h, asserting(token)); got.Code != 200 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	who, _ := middleware.From(s.got.Context())
	if who.Principal == nil || who.Principal.Person != "per_1" || who.Principal.Role != "member" || who.Key != "" {
		t.Errorf("%+v", who)
	}
}

func TestTheGatewaysKeysMayChange(t *testing.T) {
	t.Parallel()
	was, is := signer(t, 1), signer(t, 2)
	k, elapsed := publish(t, was.JWKS()), &atomic.Int64{}
	_, h := behind(t, k, elapsed)
	if got := do(h, asserting(sign(t, was))); got.Code != 200 {
		t.Fatal(got.Code)
	}
	next := is.JWKS()
	k.body.Store(&next)
	if got := do(h, asserting(sign(t, is))); got.Code != 401 {
		t.Errorf("within the minute: %d", got.Code)
	}
	elapsed.Store(int64(time.Minute))
	if got := do(h, asserting(sign(t, is))); got.Code != 200 {
		t.Errorf("after it: %d", got.Code)
	}
	if got := do(h, asserting(sign(t, was))); got.Code != 401 {
		t.Errorf("a key that was taken away: %d", got.Code)
	}
	var none []byte
	k.body.Store(&none)
	elapsed.Store(int64(time.Hour))
	if got := do(h, asserting("junk")); got.Code != 401 {
		t.Errorf("%d", got.Code)
	}
	if got := do(h, asserting(sign(t, is))); got.Code != 200 {
		t.Errorf("the gateway is away, and its keys were held: %d", got.Code)
	}
}

func TestWithoutKeysNothingPasses(t *testing.T) {
	t.Parallel()
	ours := signer(t, 1)
	k, elapsed := publish(t, nil), &atomic.Int64{}
	s, h := behind(t, k, elapsed)
	for range 3 {
		if got := do(h, asserting(sign(t, ours))); got.Code != 503 || got.Header().Get("Retry-After") == "" {
			t.Errorf("%d %v", got.Code, got.Header())
		}
	}
	if k.fetched.Load() != 1 {
		t.Errorf("%d fetches within a second", k.fetched.Load())
	}
	big := append(ours.JWKS(), make([]byte, 64<<10)...)
	k.body.Store(&big)
	elapsed.Add(int64(time.Second))
	if got := do(h, asserting(sign(t, ours))); got.Code != 503 {
		t.Errorf("an endless key set: %d", got.Code)
	}
	good := ours.JWKS()
	k.body.Store(&good)
	elapsed.Add(int64(time.Second))
	if got := do(h, asserting(sign(t, ours))); got.Code != 200 || s.n.Load() != 1 {
		t.Errorf("once they are there: %d", got.Code)
	}
}

func TestKeysComeSafely(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"https://keys.example.com/x": true, "http://localhost:1/x": true, "http://127.0.0.1/x": true, "http://console.localhost/x": true, "http://[::1]/x": true,
		"http://keys.example.com/x": false, "http://10.0.0.1/x": false, "ftp://localhost/": false, "": false, "https://user:pw@keys.example.com": false,
	} {
		if _, err := middleware.FetchKeys(middleware.FetchOptions{URL: url, Audience: "orders"}); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := middleware.FetchKeys(middleware.FetchOptions{URL: "https://a"}); !errors.Is(err, keywright.Invalid) {
		t.Error("no audience")
	}
	if _, err := middleware.FetchKeys(middleware.FetchOptions{URL: "http://10.0.0.1/", Audience: "x", PlainHTTP: true}); err != nil {
		t.Error(err)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t)
	h := func(m middleware.Middleware) (http.Handler, *seen) {
		var last seen
		return m(middleware.Require("files:read", "files:list")(&last)), &last
	}
	full, poor := s.Key("keywright", "acme"), s.Key("keywright", "acme", func(d *keywright.Draft) { d.Permissions = []string{"files:read"} })
	v, err := seal.NewVerifier(signer(t, 1).JWKS(), "orders", nil)
	if err != nil {
		t.Fatal(err)
	}
	plainly, err := middleware.Gateway(middleware.GatewayOptions{Assertions: middleware.Fixed(v)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m         middleware.Middleware
		yes, no   func(*http.Request)
		mediaType string
	}{
		"embedded": {s.Middleware(), full.Sign, poor.Sign, "application/problem+json"},
		"remote":   {s.Remote(middleware.RemoteOptions{}), full.Sign, poor.Sign, "application/problem+json"},
		"gateway":  {plainly, asserting(sign(t, signer(t, 1), "files:*")), asserting(sign(t, signer(t, 1), "files:read")), "application/json"},
	} {
		handler, last := h(c.m)
		if got := do(handler, c.yes); got.Code != 200 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if got := do(handler, c.no); got.Code != 403 || got.Header().Get("Content-Type") != c.mediaType || last.n.Load() != 1 {
			t.Errorf("%s without the permission: %d %v %d", name, got.Code, got.Header(), last.n.Load())
		}
	}
	var last seen
	if got := do(middleware.Require("x")(&last), full.Sign); got.Code != 401 || last.n.Load() != 0 {
		t.Errorf("without a middleware in front: %d", got.Code)
	}
}

func TestRefuseSpeaksTheScheme(t *testing.T) {
	t.Parallel()
	s := keywrighttest.New(t, keywrighttest.WithAPI(keywrighttest.API{Name: "trusset", Scheme: "trusset-instance"}))
	refuse := func(why keywright.Reason) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { middleware.Refuse(w, r, why) })
	}
	k := s.Key("trusset-instance", "demo0001")
	got := do(s.Middleware("trusset")(refuse(keywright.NoSuchRoute)), k.Sign)
	if got.Code != 404 || !strings.Contains(got.Body.String(), `"NOT_FOUND"`) || got.Header().Get("X-RateLimit-Limit") != "" && len(spelled(got, "X-RateLimit-Limit")) != 1 {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := do(s.Middleware("trusset")(refuse(keywright.Granted)), k.Sign); got.Code != 500 {
		t.Errorf("a refusal for no reason: %d", got.Code)
	}
	for _, why := range keywright.Refusals() {
		if got := do(refuse(why), nil); got.Code < 400 || got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d", why, got.Code)
		}
	}
}
