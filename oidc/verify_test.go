package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func TestTSP16_AGoodTokenPasses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d := h.verify(h.idp.token(t, h.idp.claims(), nil), "items:read", "base")
	if !d.Granted() || d.Tenant.ID != "ten_acme" || !d.Key.IsZero() || !d.Dies.Equal(noon.Add(10*time.Minute)) {
		t.Fatalf("%+v", d)
	}
	if want := []string{"base", "items:read", "items:write"}; !slices.Equal(d.Permissions, want) {
		t.Errorf("permissions %v", d.Permissions)
	}
	if who := d.Principal; who.ID != "ada" || who.Issuer != h.idp.URL || who.Person != "per_ada" || who.Role != "member" || who.Email != "ada@example.com" || who.Counts.IsZero() {
		t.Errorf("%+v", who)
	}
	if d := h.verify(h.idp.token(t, h.idp.claims(), nil), "items:delete"); d.Reason != keywright.PermissionMissing || d.Tenant == nil {
		t.Errorf("a permission that it does not have: %s", d.Reason)
	}
}

// What RFC 8725 warns of, and what a provider signs that is no access token.
func TestTSP22_AttacksOnTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(p *Provider) { p.Algorithms = []string{"RS256", "ES256", "EdDSA"} })
	good, key := h.idp.claims(), h.idp.signer()
	public, err := x509.MarshalPKIXPublicKey(key.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	body, _ := json.Marshal(good)
	hmacWith := func(secret []byte) string {
		head, _ := json.Marshal(map[string]any{"alg": "HS256", "kid": key.KeyID, "typ": "at+jwt"})
		text := encode(head) + "." + encode(body)
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(text))
		return text + "." + encode(m.Sum(nil))
	}
	stranger, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	embedded := jose.JSONWebKey{Key: stranger.Public(), KeyID: "mine", Algorithm: "ES256"}
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	sign := func(claims map[string]any, head map[string]any) string { return h.idp.token(t, claims, head) }
	whole := sign(good, nil)
	for name, token := range map[string]string{
		"alg none":                              sign(good, map[string]any{"alg": "none"}),
		"alg none, no signature":                strings.TrimRight(sign(good, map[string]any{"alg": "none"}), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		"alg None":                              sign(good, map[string]any{"alg": "None"}),
		"no alg":                                sign(good, map[string]any{"alg": nil}),
		"HS256 with the public key as PEM":      hmacWith(asPEM),
		"HS256 with the public key as DER":      hmacWith(public),
		"an algorithm that is not configured":   sign(good, map[string]any{"alg": "ES384"}),
		"an algorithm of another type of key":   sign(good, map[string]any{"alg": "RS256"}),
		"an RSA signature under an EC key's id": signRaw(t, map[string]any{"alg": "RS256", "kid": key.KeyID, "typ": "at+jwt"}, string(body), rsaKey),
		"another issuer":                        sign(with(good, "iss", h.idp.URL+"/"), nil),
		"no issuer":                             sign(with(good, "iss", nil), nil),
		"another audience":                      sign(with(good, "aud", audience+"/"), nil),
		"no audience":                           sign(with(good, "aud", nil), nil),
		"an empty list of audiences":            sign(with(good, "aud", []string{}), nil),
		"an audience that is no text":           sign(with(good, "aud", []any{audience, 7}), nil),
		"an ID token by its typ":                sign(with(good, "nonce", "n"), map[string]any{"typ": "JWT"}),
		"an ID token without typ":               sign(good, map[string]any{"typ": nil}),
		"an ID token by its nonce":              sign(with(good, "nonce", "n"), nil),
		"an ID token by its at_hash":            sign(with(good, "at_hash", "x"), nil),
		"a logout token":                        sign(with(good, "events", map[string]any{}), map[string]any{"typ": "logout+jwt"}),
		"bound to a key of its client":          sign(with(good, "cnf", map[string]any{"jkt": "x"}), nil),
		"not yet valid":                         sign(with(good, "nbf", noon.Add(time.Minute).Unix()), nil),
		"issued in the future":                  sign(with(good, "iat", noon.Add(time.Minute).Unix(), "exp", noon.Add(2*time.Minute).Unix()), nil),
		"no exp":                                sign(with(good, "exp", nil), nil),
		"exp as a text":                         sign(with(good, "exp", "1900000000"), nil),
		"exp beyond all bounds":                 sign(with(good, "exp", 1e300), nil),
		"exp null":                              signRaw(t, map[string]any{"alg": "ES256", "kid": key.KeyID, "typ": "at+jwt"}, strings.Replace(string(body), `"exp":`, `"exp":null,"x":`, 1), key.Key),
		"no iat":                                sign(with(good, "iat", nil), nil),
		"a life that is too long":               sign(with(good, "exp", noon.Add(time.Hour+time.Second).Unix()), nil),
		"no subject":                            sign(with(good, "sub", nil), nil),
		"a subject that is no text":             sign(with(good, "sub", 7), nil),
		"a subject without end":                 sign(with(good, "sub", strings.Repeat("a", 256)), nil),
		"crit":                                  sign(good, map[string]any{"crit": []string{"exp"}}),
		"an unencoded payload":                  sign(good, map[string]any{"b64": false, "crit": []string{"b64"}}),
		"a key in its own header":               signRaw(t, map[string]any{"alg": "ES256", "jwk": embedded, "typ": "at+jwt"}, string(body), stranger),
		"jku":                                   sign(good, map[string]any{"jku": h.idp.URL + "/evil"}),
		"x5u":                                   sign(good, map[string]any{"x5u": h.idp.URL + "/evil"}),
		"a nested token":                        sign(good, map[string]any{"cty": "JWT"}),
		"an encrypted token":                    sign(good, map[string]any{"enc": "A256GCM"}),
		"signed by a stranger under a good kid": signRaw(t, map[string]any{"alg": "ES256", "kid": key.KeyID, "typ": "at+jwt"}, string(body), stranger),
		"a stranger's kid":                      signRaw(t, map[string]any{"alg": "ES256", "kid": "mine", "typ": "at+jwt"}, string(body), stranger),
		"a changed signature":                   flip(whole),
		"another body under a good signature":   strings.Split(whole, ".")[0] + "." + encode([]byte(`{"iss":"x"}`)) + "." + strings.Split(whole, ".")[2],
		"a claim that stands twice":             signRaw(t, map[string]any{"alg": "ES256", "kid": key.KeyID, "typ": "at+jwt"}, `{"sub":"eve",`+string(body)[1:], key.Key),
		"more than one object":                  signRaw(t, map[string]any{"alg": "ES256", "kid": key.KeyID, "typ": "at+jwt"}, string(body)+"{}", key.Key),
		"nested without end":                    signRaw(t, map[string]any{"alg": "ES256", "kid": key.KeyID, "typ": "at+jwt"}, `{"x":`+strings.Repeat("[", 3000)+strings.Repeat("]", 3000)+`,`+string(body)[1:], key.Key),
		"longer than 8 KiB":                     sign(with(good, "x", strings.Repeat("a", 9000)), nil),
		"five parts":                            "a.b.c.d.e",
		"padding":                               strings.Replace(whole, ".", "=.", 1),
		"nothing":                               "",
	} {
		t.Run(name, func(t *testing.T) {
			h.expect(t, name, token, keywright.Unknown)
			if _, err := h.Person(t.Context(), noon.Add(time.Second), token); keywright.KindOf(err) != people.ErrSignIn {
				t.Errorf("the self-service API: %v", err)
			}
		})
	}
	h.expect(t, "after all of them a good one", whole, keywright.Granted)
	if n := h.idp.count("/evil"); n != 0 {
		t.Errorf("an address in a token was asked %d times", n)
	}
	if n := h.idp.count("/jwks"); n > 2 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

func TestTSP22_AccessTokensByAClaim(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(p *Provider) { p.Claim, p.Value = "token_use", "access" })
	good := with(h.idp.claims(), "token_use", "access")
	h.expect(t, "typ JWT", h.idp.token(t, good, map[string]any{"typ": "JWT"}), keywright.Granted)
	h.expect(t, "another value", h.idp.token(t, with(good, "token_use", "id"), map[string]any{"typ": "JWT"}), keywright.Unknown)
	h.expect(t, "without the claim", h.idp.token(t, h.idp.claims(), nil), keywright.Unknown)
	h.expect(t, "with a nonce", h.idp.token(t, with(good, "nonce", "x"), map[string]any{"typ": "JWT"}), keywright.Unknown)
	h.expect(t, "another kind of JWT", h.idp.token(t, good, map[string]any{"typ": "dpop+jwt"}), keywright.Unknown)
}

func TestTSP22_TimesHaveAStatedLeewayAndNoMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	exp := noon.Add(10 * time.Minute)
	token := h.idp.token(t, h.idp.claims(), nil)
	for at, want := range map[time.Time]keywright.Reason{
		noon.Add(-30 * time.Second): keywright.Granted, noon.Add(-30*time.Second - 1): keywright.Unknown,
		exp.Add(-1): keywright.Granted, exp: keywright.Granted, exp.Add(30*time.Second - 1): keywright.Granted, exp.Add(30 * time.Second): keywright.Expired,
	} {
		d := h.at(at, token)
		if d.Reason != want {
			t.Errorf("at %s: %s, want %s", at.Sub(noon), d.Reason, want)
		}
		if d.Granted() && !d.Dies.After(at) {
			t.Errorf("at %s: granted, and dead at %s", at.Sub(noon), d.Dies.Sub(noon))
		}
	}
	fresh := newHouse(t, nil)
	fresh.at(exp, fresh.idp.token(t, fresh.idp.claims(), nil))
	if n := fresh.seen.len(); n != 0 {
		t.Errorf("%d tokens past their exp are remembered", n)
	}
}

// A token that was seen is answered from memory, until its exp and no longer.
func TestTSP16_SeenTokensAskNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	token := h.idp.token(t, h.idp.claims(), nil)
	h.expect(t, "first", token, keywright.Granted)
	h.idp.set(func() { h.idp.down = true })
	before, asked := h.idp.count("/jwks"), h.asked
	for range 100 {
		h.expect(t, "again", token, keywright.Granted)
	}
	if h.idp.count("/jwks") != before || h.asked != asked {
		t.Error("a token that was seen asked somebody")
	}
	if d := h.at(noon.Add(11*time.Minute), token); d.Reason != keywright.Expired || h.seen.len() != 0 {
		t.Errorf("past its exp: %s, %d remembered", d.Reason, h.seen.len())
	}
}

func TestTSP20_AnArchivedTenantRefusesItsTokensAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	token := h.idp.token(t, h.idp.claims(), nil)
	h.expect(t, "before", token, keywright.Granted)
	h.change(func() { h.tenants["ten_acme"] = &keywright.Tenant{ID: "ten_acme", Archived: true, Version: 2} })
	h.expect(t, "archived", token, keywright.TenantArchived)
	h.change(func() { delete(h.tenants, "ten_acme") })
	h.expect(t, "gone", token, keywright.Unknown)
	h.change(func() { h.stale = true })
	h.expect(t, "while the view is too old", token, keywright.Failure)
}

func TestTSP20_ARemovedMemberIsRefusedWithin30Seconds(t *testing.T) {
	t.Parallel()
	for name, tenantClaim := range map[string]string{"by membership": "", "by claim": "tenant"} {
		h := newHouse(t, func(p *Provider) { p.Map.Tenant = tenantClaim })
		token := h.idp.token(t, h.idp.claims(), nil)
		h.expect(t, name, token, keywright.Granted)
		h.change(func() { h.refused = &keywright.Error{Kind: keywright.NotFound} })
		h.pass(askAgain - 1)
		h.expect(t, name+", within the time", token, keywright.Granted)
		h.pass(1)
		h.expect(t, name+", removed", token, keywright.Unknown)
		h.change(func() { h.refused = nil })
		h.pass(askAgainSoon)
		h.expect(t, name+", back", token, keywright.Granted)
		h.change(func() { h.refused = &keywright.Error{Kind: keywright.Unavailable} })
		h.pass(askAgain)
		h.expect(t, name+", the store is away", token, keywright.Failure)
		h.change(func() { h.refused = nil })
		h.pass(askAgainFailed - 1)
		h.expect(t, name+", a moment after", token, keywright.Failure)
		h.pass(1)
		h.expect(t, name+", and is back", token, keywright.Granted)
		if d := h.at(noon.Add(askAgain+time.Second), token); !d.Granted() || h.asked != 6 {
			t.Errorf("%s: a clock that is made to jump asks again too: asked %d times", name, h.asked)
		}
	}
}

func TestTokensNeverOpenTheOperatorsTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(p *Provider) { p.Map.Tenant = "tenant" })
	h.expect(t, "by claim", h.idp.token(t, with(h.idp.claims(), "tenant", "operators"), nil), keywright.Unknown)
	h.expect(t, "without the claim", h.idp.token(t, with(h.idp.claims(), "tenant", nil), nil), keywright.Unknown)
	m := newHouse(t, nil)
	m.member.Tenant = keywright.OperatorTenant
	m.expect(t, "by membership", m.idp.token(t, m.idp.claims(), nil), keywright.Unknown)
}

func TestCachesAreBounded(t *testing.T) {
	t.Parallel()
	c := newCache[int](160)
	for i := range 5000 {
		at := fingerprintOf(fmt.Sprint(i))
		c.put(&at, i)
		if v, ok := c.get(&at); !ok || v != i {
			t.Fatal("what was just put is not there")
		}
	}
	if n := c.len(); n > 160 {
		t.Errorf("%d are held", n)
	}
}

func TestSeenTokensAllocateNextToNothing(t *testing.T) {
	h := newHouse(t, nil)
	h.wall = func() time.Time { return noon }
	token := h.idp.token(t, h.idp.claims(), nil)
	need := &keywright.Need{Permissions: []string{"items:read"}}
	now := noon.Add(time.Second)
	h.VerifyToken(now, token, need)
	if n := testing.AllocsPerRun(200, func() {
		if d := h.VerifyToken(now, token, need); !d.Granted() {
			t.Fatal(d.Reason)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSeenToken(b *testing.B) {
	h := newHouse(b, nil)
	h.wall = func() time.Time { return noon }
	token := h.idp.token(b, h.idp.claims(), nil)
	need := &keywright.Need{Permissions: []string{"items:read"}}
	now := noon.Add(time.Second)
	b.ReportAllocs()
	for b.Loop() {
		if d := h.VerifyToken(now, token, need); !d.Granted() {
			b.Fatal(d.Reason)
		}
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Provider){
		"providers[0].name":       func(p *Provider) { p.Name = "" },
		"providers[0].issuer":     func(p *Provider) { p.Issuer = "http://id.example.com" },
		"providers[0].algorithms": func(p *Provider) { p.Algorithms = []string{"HS256"} },
		"providers[0].claim":      func(p *Provider) { p.Claim = "token_use" },
		"providers[0].max_life":   func(p *Provider) { p.MaxLife = 25 * time.Hour },
		"providers[0].leeway":     func(p *Provider) { p.Leeway = 3 * time.Minute },
		"providers[0].audiences":  func(p *Provider) { p.Audiences = []string{""} },
	} {
		p := Provider{Name: "id", Issuer: "https://id.example.com", Audiences: []string{audience}}
		change(&p)
		_, err := New(Options{Providers: []Provider{p}})
		var e *keywright.Error
		if err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v %v", want, err, e)
		}
	}
	for issuer, ok := range map[string]bool{
		"https://id.example.com/realm": true, "http://127.0.0.1:9000": true, "http://id.localhost": true, "http://[::1]:1": true,
		"": false, "id.example.com": false, "ftp://x": false, "http://127.0.0.1.example.com": false, "http://localhost.example.com": false,
		"https://user@id.example.com": false, "https://id.example.com/?x=1": false, "https://id.example.com/#x": false, "http://10.0.0.1": false,
	} {
		if _, err := New(Options{Providers: []Provider{{Name: "id", Issuer: issuer}}}); (err == nil) != ok {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	p := Provider{Name: "id", Issuer: "https://id.example.com"}
	if _, err := New(Options{Providers: []Provider{p, p}}); err == nil {
		t.Error("two of one name")
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add("a.b.c")
	f.Add(encode([]byte(`{"alg":"ES256"}`)) + "." + encode([]byte(`{"iss":"x","aud":["a"],"exp":1.5}`)) + ".c2ln")
	f.Add(encode([]byte(`{"alg":"ES256","alg":"none"}`)) + "." + encode([]byte(`{}`)) + ".c2ln")
	f.Add(encode([]byte(`{"alg":null}`)) + "." + encode([]byte(`{"aud":{"a":[{}]}}`)) + ".c2ln")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := parseToken(token)
		if err != nil {
			return
		}
		if len(token) > maxToken || c.all == nil {
			t.Error("a token that should not be taken")
		}
		// Whatever is taken, go-jose reads the same algorithm off it.
		if s, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256}); err == nil && s.Signatures[0].Header.Algorithm != c.header.algorithm {
			t.Errorf("two readers, two algorithms: %q and %q", s.Signatures[0].Header.Algorithm, c.header.algorithm)
		}
		for _, name := range []string{"tenant", "scope", "email"} {
			_, _ = c.all.texts(name)
			_, _ = c.all.text(name)
		}
	})
}

func TestTSP22_OnlyTheConfiguredAlgorithmsAreTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(p *Provider) { p.Algorithms = []string{"RS256", "EdDSA"} })
	h.expect(t, "a good ES256 token where ES256 is not configured", h.idp.token(t, h.idp.claims(), nil), keywright.Unknown)
	if n := h.idp.count("/jwks"); n != 0 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// An algorithm is pinned to the type of the key that the provider published.
func TestTSP22_AlgorithmsArePinnedToKeys(t *testing.T) {
	t.Parallel()
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	s := &keyset{keys: []*key{
		{id: "ec", public: ec.Public()}, {id: "rsa", public: rs.Public()}, {id: "rsa512", public: rs.Public(), only: "RS512"},
	}}
	for _, c := range []struct {
		kid, algorithm string
		found          bool
	}{
		{"ec", "ES256", true}, {"ec", "ES384", false}, {"ec", "RS256", false}, {"ec", "HS256", false}, {"ec", "none", false}, {"ec", "EdDSA", false},
		{"rsa", "RS256", true}, {"rsa", "PS384", true}, {"rsa", "ES256", false}, {"rsa", "HS256", false},
		{"rsa512", "RS512", true}, {"rsa512", "RS256", false}, {"nobody", "ES256", false},
		{"", "ES256", true}, {"", "RS256", true}, {"", "RS512", false}, // two would fit
	} {
		if got := s.pick(header{kid: c.kid, algorithm: c.algorithm}); (got != nil) != c.found {
			t.Errorf("%q with %s: %v", c.kid, c.algorithm, got != nil)
		}
	}
}
