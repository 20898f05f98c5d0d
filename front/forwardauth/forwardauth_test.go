package forwardauth_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/forwardauth"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/verify"
)

// desk is the front with one API and one key.
type desk struct {
	handler http.Handler
	key     string
	jwks    []byte
	told    []string
}

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func newDesk(t *testing.T, proxies ...string) *desk {
	t.Helper()
	all, err := schemes.Shipped()
	check(t, err)
	s := all["trusset-instance"]
	secrets, err := seal.Ephemeral(rand.Reader)
	check(t, err)
	c, err := s.Mint(rand.Reader, scheme.Minting{Ref: "AbCd1234"})
	check(t, err)
	d := &desk{jwks: secrets.Identity.JWKS()}
	_, d.key = c.Reveal()
	index := verify.New(verify.Options{})
	tenant := keywright.Tenant{ID: "ten_1", Ref: "AbCd1234", Version: 1}
	key := keywright.Key{ID: keywright.KeyID{1}, Tenant: "ten_1", Scheme: s.Name(), Permissions: []string{"*"}, Digest: secrets.Pepper.Digest(c), Version: 1,
		Addresses: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
	index.Apply(keywright.Event{Cursor: 1, At: noon(), Tenant: tenant.ID, TenantNow: &tenant})
	index.Apply(keywright.Event{Cursor: 2, At: noon(), Key: key.ID, KeyNow: &key})
	index.Refresh(0)
	g, err := gate.New(gate.Options{
		APIs:  []gate.API{{Name: "trusset", Hosts: []string{"api.test"}, Scheme: s, Routes: []gate.Route{{Methods: []string{"GET"}, Path: "/items/{id}"}}}},
		Index: index, Pepper: secrets.Pepper, Limiter: limit.New(0), Clock: noon,
	})
	check(t, err)
	o := forwardauth.Options{
		Gate: func() *gate.Gate { return g }, Identities: gate.NewIdentities(secrets.Identity, noon),
		Observe: func(_, reason string, _ int) { d.told = append(d.told, reason) },
	}
	for _, p := range proxies {
		o.Proxies = append(o.Proxies, netip.MustParsePrefix(p))
	}
	d.handler = forwardauth.New(o)
	return d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask asks as a proxy at 10.0.0.1 does.
func (d *desk) ask(query string, change func(http.Header)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/forward-auth"+query, nil)
	r.RemoteAddr = "10.0.0.1:4711"
	for name, value := range map[string]string{
		"X-Forwarded-Method": "GET", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.test", "X-Forwarded-Uri": "/items/7?x=1",
		"X-Forwarded-For": "6.6.6.6, 198.51.100.9", "X-Api-Key": d.key,
	} {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r.Header)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func TestGrantedQuestionCarriesTheIdentity(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "10.0.0.0/8")
	got := d.ask("", func(h http.Header) { h.Set("Keywright-Identity", "forged") })
	if got.Code != http.StatusNoContent || got.Header().Get("X-RateLimit-Limit") != "200" {
		t.Fatalf("%d %v", got.Code, got.Header())
	}
	v, err := seal.NewVerifier(d.jwks, "trusset", noon)
	check(t, err)
	if identity, err := v.Verify(got.Header().Get("Keywright-Identity")); err != nil || identity.Subject != "ten_1" {
		t.Errorf("%+v %v", identity, err)
	}
	if len(d.told) != 1 || d.told[0] != "granted" {
		t.Errorf("observed %v", d.told)
	}
}

func TestRefusalIsTheSchemesOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "10.0.0.0/8")
	for _, c := range []struct {
		name   string
		change func(http.Header)
		status int
		body   string
	}{
		{"no key", func(h http.Header) { h.Del("X-Api-Key") }, 401, "AUTH_REQUIRED"},
		{"two keys", func(h http.Header) { h.Add("X-Api-Key", d.key) }, 401, "AUTH_FAILED"},
		{"another method", func(h http.Header) { h.Set("X-Forwarded-Method", "DELETE") }, 405, "METHOD_NOT_ALLOWED"},
		{"another path", func(h http.Header) { h.Set("X-Forwarded-Uri", "/x") }, 404, "NOT_FOUND"},
		{"an ambiguous path", func(h http.Header) { h.Set("X-Forwarded-Uri", "/items/..%2f7") }, 400, "BAD_REQUEST"},
		{"the client's address is the last one", func(h http.Header) { h.Set("X-Forwarded-For", "198.51.100.9, 6.6.6.6") }, 403, "FORBIDDEN"},
		{"another host", func(h http.Header) { h.Set("X-Forwarded-Host", "elsewhere.test") }, 421, "misdirected"},
	} {
		plain := d.ask("", c.change)
		if plain.Code != c.status || !strings.Contains(plain.Body.String(), c.body) || !strings.Contains(plain.Header().Get("Content-Type"), "json") {
			t.Errorf("%s: %d %s", c.name, plain.Code, plain.Body)
		}
		if plain.Header().Get("Keywright-Identity") != "" {
			t.Errorf("%s: a refusal with an identity", c.name)
		}
		carried := d.ask("?nginx=1", c.change)
		if carried.Code != 403 || carried.Header().Get("Keywright-Status") != itoa(c.status) || carried.Body.Len() != 0 {
			t.Errorf("%s: nginx would get %d %v", c.name, carried.Code, carried.Header())
		}
		shown := d.ask("?render=1", func(h http.Header) { h.Set("Keywright-Refusal", carried.Header().Get("Keywright-Refusal")) })
		if shown.Code != plain.Code || shown.Body.String() != plain.Body.String() || shown.Header().Get("Www-Authenticate") != plain.Header().Get("Www-Authenticate") {
			t.Errorf("%s: the client would get %d %s", c.name, shown.Code, shown.Body)
		}
	}
}

func itoa(n int) string {
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

func TestDoubtfulQuestionsAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "10.0.0.0/8")
	changes := map[string]func(http.Header){
		"a protocol of its own":     func(h http.Header) { h.Set("X-Forwarded-Proto", "gopher") },
		"two protocols":             func(h http.Header) { h.Set("X-Forwarded-Proto", "https, http") },
		"two hosts in one line":     func(h http.Header) { h.Set("X-Forwarded-Host", "api.test, elsewhere.test") },
		"a whole URL":               func(h http.Header) { h.Set("X-Forwarded-Uri", "https://api.test/items/7") },
		"a space in the URI":        func(h http.Header) { h.Set("X-Forwarded-Uri", "/items/7 x") },
		"an address that is none":   func(h http.Header) { h.Set("X-Forwarded-For", "198.51.100.9, unknown") },
		"a list that ends in comma": func(h http.Header) { h.Set("X-Forwarded-For", "198.51.100.9,") },
	}
	for _, name := range []string{"X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-For"} {
		changes["no "+name] = func(h http.Header) { h.Del(name) }
		changes["an empty "+name] = func(h http.Header) { h.Set(name, "") }
		changes["two lines of "+name] = func(h http.Header) { h.Add(name, h.Get(name)) }
	}
	for name, change := range changes {
		if got := d.ask("", change); got.Code != 400 || got.Header().Get("Keywright-Identity") != "" {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if got := d.ask("?nginx=1", change); got.Code != 403 {
			t.Errorf("%s: nginx would get %d", name, got.Code)
		}
	}
}

func TestOnlyNamedProxiesMayAsk(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*desk{"others": newDesk(t, "192.0.2.0/24"), "nobody": newDesk(t)} {
		if got := d.ask("", nil); got.Code != 403 || got.Header().Get("Keywright-Identity") != "" || len(d.told) != 0 {
			t.Errorf("%s may ask: %d %v", name, got.Code, d.told)
		}
	}
}

func TestRenderMakesNothingButRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "10.0.0.0/8")
	pack := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, text := range []string{"", "!!!", pack("{"), pack(`{"s":200,"b":"welcome"}`), pack(`{"s":302,"h":[{"Name":"Location","Value":"https://evil.example"}]}`), strings.Repeat("A", 40<<10)} {
		got := d.ask("?render=1", func(h http.Header) { h.Set("Keywright-Refusal", text) })
		if got.Code != 403 || got.Header().Get("Location") != "" || got.Header().Get("Keywright-Identity") != "" {
			t.Errorf("%.40q: %d %v", text, got.Code, got.Header())
		}
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add("GET", "https", "api.test", "/items/7", "198.51.100.9")
	f.Add("", "http,https", "[::1]:80", "//", "fe80::1%eth0")
	f.Fuzz(func(t *testing.T, method, proto, host, uri, address string) {
		d := newDesk(t, "10.0.0.0/8")
		got := d.ask("", func(h http.Header) {
			h.Del("X-Api-Key")
			for name, value := range map[string]string{"Method": method, "Proto": proto, "Host": host, "Uri": uri, "For": address} {
				h["X-Forwarded-"+name] = []string{value}
			}
		})
		if got.Code < 400 || got.Code >= 500 {
			t.Fatalf("without a key: %d", got.Code)
		}
	})
}
