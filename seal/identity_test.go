package seal_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright/seal"
)

var instant = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) func() time.Time { return func() time.Time { return instant.Add(d) } }

func someone() seal.Identity {
	return seal.Identity{
		Audience: "acme", Subject: "ten_1", Ref: "a1b2c3d4", TenantName: "Größe & Söhne", Key: "key_1", Scheme: "keywright", Environment: "live",
		Permissions: []string{"files:read"}, Metadata: map[string]string{"a": "b"}, IssuedAt: instant.Unix(), Expires: instant.Unix() + 60,
	}
}

func signer(t testing.TB, fill byte) *seal.Signer {
	t.Helper()
	s, err := seal.NewSigner(link(fill))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifier(t testing.TB, s *seal.Signer, now func() time.Time) *seal.Verifier {
	t.Helper()
	v, err := seal.NewVerifier(s.JWKS(), "acme", now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestIdentityRoundTrip(t *testing.T) {
	t.Parallel()
	s := signer(t, 1)
	token, err := s.Sign(someone())
	try(t, err)
	got, err := verifier(t, s, at(0)).Verify(token)
	try(t, err)
	want := someone()
	want.Issuer = "keywright"
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("signed %s, verified %s", b, a)
	}
	head, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	var h map[string]string
	try(t, json.Unmarshal(head, &h))
	if h["alg"] != "EdDSA" || h["typ"] != "keywright+jwt" || h["kid"] == "" || !strings.Contains(string(s.JWKS()), h["kid"]) || len(h) != 3 {
		t.Errorf("the header is %s", head)
	}
	if strings.Contains(string(s.JWKS()), `"d"`) {
		t.Error("the key set holds the private key")
	}
}

func TestIdentityInstants(t *testing.T) {
	t.Parallel()
	s := signer(t, 1)
	token, err := s.Sign(someone())
	try(t, err)
	for _, c := range []struct {
		name  string
		after time.Duration
		ok    bool
	}{
		{"at once", 0, true}, {"a moment before its end", 60*time.Second - 1, true}, {"at its end", 60 * time.Second, false}, {"later", time.Hour, false},
		{"within the leeway", -seal.IdentityLeeway, true}, {"before the leeway", -seal.IdentityLeeway - 1, false},
	} {
		if _, err := verifier(t, s, at(c.after)).Verify(token); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestIdentityIsNotSignedWhenNobodyWouldTakeIt(t *testing.T) {
	t.Parallel()
	s := signer(t, 1)
	for name, bend := range map[string]func(*seal.Identity){
		"no audience":   func(i *seal.Identity) { i.Audience = "" },
		"no subject":    func(i *seal.Identity) { i.Subject = "" },
		"no key":        func(i *seal.Identity) { i.Key = "" },
		"61 seconds":    func(i *seal.Identity) { i.Expires = i.IssuedAt + 61 },
		"no life":       func(i *seal.Identity) { i.Expires = i.IssuedAt },
		"negative life": func(i *seal.Identity) { i.Expires = i.IssuedAt - 1 },
	} {
		i := someone()
		bend(&i)
		if _, err := s.Sign(i); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

// forged signs any claims with any header, as somebody would who has the key or
// has none.
func forged(t testing.TB, alg jose.SignatureAlgorithm, key any, kid, typ string, claims any) string {
	t.Helper()
	o := &jose.SignerOptions{}
	if typ != "" {
		o = o.WithType(jose.ContentType(typ))
	}
	if kid != "" {
		o = o.WithHeader("kid", kid)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := claims.([]byte)
	if !ok {
		text, _ = json.Marshal(claims)
	}
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func kidOf(t testing.TB, s *seal.Signer) string {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(s.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys[0].KeyID
}

func TestIdentityForgeries(t *testing.T) {
	t.Parallel()
	s, l := signer(t, 1), link(1)
	private := ed25519.NewKeyFromSeed(l[:])
	public := private.Public().(ed25519.PublicKey)
	kid, typ := kidOf(t, s), "keywright+jwt"
	good := someone()
	good.Issuer = "keywright"
	claims := func(bend func(m map[string]any)) []byte {
		text, _ := json.Marshal(good)
		m := map[string]any{}
		_ = json.Unmarshal(text, &m)
		bend(m)
		text, _ = json.Marshal(m)
		return text
	}
	own := func(c any) string { return forged(t, jose.EdDSA, private, kid, typ, c) }
	other := link(9)
	token := own(good)
	parts := strings.Split(token, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"keywright+jwt","kid":"` + kid + `"}`))
	v := verifier(t, s, at(0))
	if _, err := v.Verify(token); err != nil {
		t.Fatalf("the forger's own tools do not work: %v", err)
	}
	for name, token := range map[string]string{
		"nothing":                   "",
		"not a token":               "hello",
		"alg none":                  none + "." + parts[1] + ".",
		"alg none with a signature": none + "." + parts[1] + "." + parts[2],
		"HS256 with the public key": forged(t, jose.HS256, []byte(public), kid, typ, good),
		"another key, our kid":      forged(t, jose.EdDSA, ed25519.NewKeyFromSeed(other[:]), kid, typ, good),
		"our key, another kid":      forged(t, jose.EdDSA, private, "other", typ, good),
		"our key, no kid":           forged(t, jose.EdDSA, private, "", typ, good),
		"another type":              forged(t, jose.EdDSA, private, kid, "JWT", good),
		"no type":                   forged(t, jose.EdDSA, private, kid, "", good),
		"another audience":          own(claims(func(m map[string]any) { m["aud"] = "other" })),
		"a list of audiences":       own(claims(func(m map[string]any) { m["aud"] = []string{"acme"} })),
		"no audience":               own(claims(func(m map[string]any) { delete(m, "aud") })),
		"another issuer":            own(claims(func(m map[string]any) { m["iss"] = "somebody" })),
		"no subject":                own(claims(func(m map[string]any) { delete(m, "sub") })),
		"no key":                    own(claims(func(m map[string]any) { delete(m, "key_id") })),
		"no expiry":                 own(claims(func(m map[string]any) { delete(m, "exp") })),
		"lives for 61 s":            own(claims(func(m map[string]any) { m["exp"] = instant.Unix() + 61 })),
		"lives for years":           own(claims(func(m map[string]any) { m["iat"], m["exp"] = 0, instant.Unix()+60 })),
		"overflowing life":          own(claims(func(m map[string]any) { m["iat"], m["exp"] = -int64(1)<<63, int64(1)<<62 })),
		"from the future":           own(claims(func(m map[string]any) { m["iat"], m["exp"] = instant.Unix()+6, instant.Unix()+60 })),
		"expired":                   own(claims(func(m map[string]any) { m["iat"], m["exp"] = instant.Unix()-60, instant.Unix() })),
		"claims are no object":      own([]byte(`"acme"`)),
		"two signatures":            `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
		"altered claims":            parts[0] + "." + base64.RawURLEncoding.EncodeToString(claims(func(m map[string]any) { m["sub"] = "ten_2" })) + "." + parts[2],
		"cut signature":             token[:len(token)-2],
		"a word before":             "Bearer " + token,
		"too long":                  token + strings.Repeat("A", 17<<10),
	} {
		i, err := v.Verify(token)
		if err == nil || !errors.Is(err, seal.ErrIdentity) || i.Subject != "" {
			t.Errorf("%s: taken: %+v, %v", name, i, err)
		}
		if err != nil && len(token) > 20 && strings.Contains(err.Error(), token[10:20]) {
			t.Errorf("%s: the error repeats the token", name)
		}
	}
}

func TestVerifierRefusesKeySets(t *testing.T) {
	t.Parallel()
	s, l := signer(t, 1), link(1)
	private := ed25519.NewKeyFromSeed(l[:])
	set := func(keys ...jose.JSONWebKey) []byte {
		text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
		try(t, err)
		return text
	}
	public := jose.JSONWebKey{Key: private.Public(), KeyID: "a"}
	for name, jwks := range map[string][]byte{
		"nothing": nil, "not JSON": []byte("{"), "empty": []byte(`{"keys":[]}`), "no keys": []byte(`{}`),
		"a private key":     set(jose.JSONWebKey{Key: private, KeyID: "a"}),
		"a symmetric key":   set(jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "a"}),
		"a key without kid": set(jose.JSONWebKey{Key: private.Public()}),
		"another algorithm": set(jose.JSONWebKey{Key: private.Public(), KeyID: "a", Algorithm: "ES256"}),
		"one kid twice":     set(public, public),
		"one good, one bad": set(public, jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "b"}),
	} {
		if _, err := seal.NewVerifier(jwks, "acme", nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := seal.NewVerifier(s.JWKS(), "", nil); err == nil {
		t.Error("a verifier without an audience")
	}
	two := set(public, jose.JSONWebKey{Key: ed25519.NewKeyFromSeed(private.Seed()).Public(), KeyID: "b"})
	if _, err := seal.NewVerifier(two, "acme", nil); err != nil {
		t.Errorf("two keys, as while one replaces the other: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	s := signer(f, 1)
	v := verifier(f, s, at(0))
	token, err := s.Sign(someone())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("e30.e30.")
	f.Add(`{"payload":"","signatures":[]}`)
	f.Fuzz(func(t *testing.T, guess string) {
		if i, err := v.Verify(guess); err == nil && guess != token {
			t.Errorf("took %q for %+v", guess, i)
		}
	})
}

func FuzzNewVerifier(f *testing.F) {
	f.Add(signer(f, 1).JWKS())
	f.Add([]byte(`{"keys":[{"kty":"oct","k":""}]}`))
	f.Fuzz(func(_ *testing.T, jwks []byte) { _, _ = seal.NewVerifier(jwks, "acme", nil) })
}
