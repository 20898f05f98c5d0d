package oidc

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
)

// Whatever tokens come, the provider is asked once in a cool-down.
func TestTSP22_AStormOfUnknownKidsAsksOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.expect(t, "good", h.idp.token(t, h.idp.claims(), nil), keywright.Granted)
	h.pass(coolDown)
	before := h.idp.count("/jwks")
	storm := func() {
		var wait sync.WaitGroup
		for i := range 200 {
			token := h.idp.token(t, h.idp.claims(), map[string]any{"kid": fmt.Sprint("unknown-", i)})
			wait.Go(func() { h.expect(t, "unknown kid", token, keywright.Unknown) })
		}
		wait.Wait()
	}
	storm()
	if n := h.idp.count("/jwks") - before; n != 1 {
		t.Errorf("200 unknown kids fetched the keys %d times", n)
	}
	h.pass(coolDown - 1)
	storm()
	if n := h.idp.count("/jwks") - before; n != 1 {
		t.Errorf("within the cool-down the keys were fetched %d times", n)
	}
	h.pass(1)
	storm()
	if n := h.idp.count("/jwks") - before; n != 2 {
		t.Errorf("after the cool-down the keys were fetched %d times", n)
	}
}

func TestTSP22_RotationIsFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	old := h.idp.token(t, h.idp.claims(), nil)
	h.expect(t, "old key", old, keywright.Granted)
	h.idp.rotate(t)
	fresh := h.idp.token(t, h.idp.claims(), nil)
	h.expect(t, "a new key within the cool-down", fresh, keywright.Unknown)
	h.expect(t, "the old key still", old, keywright.Granted)
	h.pass(coolDown)
	h.expect(t, "the new key", fresh, keywright.Granted)
	h.expect(t, "a token that was seen, of a key that is gone", old, keywright.Unknown)
}

// A bad signature is not worked out again, until there are other keys.
func TestBadSignaturesAreRemembered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	bad := flip(h.idp.token(t, h.idp.claims(), nil))
	h.expect(t, "bad", bad, keywright.Unknown)
	if h.bad.len() != 1 {
		t.Fatalf("%d are remembered", h.bad.len())
	}
	before := h.idp.count("/jwks")
	for range 50 {
		h.expect(t, "again", bad, keywright.Unknown)
	}
	if h.idp.count("/jwks") != before {
		t.Error("a bad token asked the provider")
	}
}

func TestTSP22_KeysOutliveTheProvidersAbsenceForADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	token := h.idp.token(t, h.idp.claims(), nil)
	h.idp.set(func() { h.idp.down = true })
	h.expect(t, "down from the start", token, keywright.Failure)
	tried := h.idp.count("/.well-known/openid-configuration")
	for range 20 {
		h.expect(t, "within the cool-down", token, keywright.Failure)
	}
	if n := h.idp.count("/.well-known/openid-configuration"); n != tried {
		t.Errorf("asked %d times more within the cool-down", n-tried)
	}
	h.idp.set(func() { h.idp.down = false })
	h.pass(coolDown)
	h.expect(t, "up", token, keywright.Granted)
	h.idp.set(func() { h.idp.down = true })
	for _, d := range []time.Duration{freshElse, time.Hour, grace - freshElse - time.Hour} {
		h.pass(d)
		h.expect(t, "a token that was seen", token, keywright.Granted)
		h.settled()
		h.expect(t, "a token that was not", h.idp.token(t, with(h.idp.claims(), "jti", d.String()), nil), keywright.Granted)
	}
	h.pass(time.Second)
	h.expect(t, "past the grace", token, keywright.Failure)
	if _, err := h.Person(t.Context(), noon, token); keywright.KindOf(err) != keywright.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestKeysAreFetchedAgainInTime(t *testing.T) {
	t.Parallel()
	for control, want := range map[string]time.Duration{
		"": freshElse, "max-age=0": freshLeast, "public, max-age=300": 5 * time.Minute, "max-age=999999999999": freshMost, "max-age=864000": freshMost,
		"no-store": freshLeast, "no-cache, max-age=600": freshLeast, "max-age=-1": freshElse, "max-age=x": freshElse,
	} {
		h := newHouse(t, nil)
		h.idp.control = control
		token := h.idp.token(t, h.idp.claims(), nil)
		h.expect(t, control, token, keywright.Granted)
		h.pass(want - 1)
		h.expect(t, control, token, keywright.Granted)
		h.settled()
		if n := h.idp.count("/jwks"); n != 1 {
			t.Errorf("%q: fetched %d times too early", control, n)
		}
		h.pass(1)
		h.expect(t, control, token, keywright.Granted)
		h.settled()
		if n := h.idp.count("/jwks"); n != 2 {
			t.Errorf("%q: fetched %d times in all", control, n)
		}
	}
}

func TestOnlySigningKeysOfAGoodTypeAreTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	small, _ := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // too small is what is tested
	k := h.idp.signer()
	h.idp.extra = []any{
		map[string]any{"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"},
		map[string]any{"kty": "RSA", "n": "broken"}, "no key", 7,
		k,
	}
	if small != nil {
		h.idp.extra = append(h.idp.extra, jose.JSONWebKey{Key: small.Public(), KeyID: "small"})
	}
	encryption := jose.JSONWebKey{Key: k.Public().Key, KeyID: "encryption", Use: "enc"}
	other := jose.JSONWebKey{Key: k.Public().Key, KeyID: "other", Use: "sig", Algorithm: "RS256"}
	h.idp.extra = append(h.idp.extra, encryption, other)
	h.expect(t, "good", h.idp.token(t, h.idp.claims(), nil), keywright.Granted)
	if n := len(h.all[0].ring.held.keys); n != 1 {
		t.Errorf("%d keys are held", n)
	}
	many := newHouse(t, nil)
	for i := range 200 {
		many.idp.extra = append(many.idp.extra, jose.JSONWebKey{Key: k.Public().Key, KeyID: fmt.Sprint(i), Use: "sig"})
	}
	many.verify(many.idp.token(t, many.idp.claims(), nil))
	if n := len(many.all[0].ring.held.keys); n > maxKeys {
		t.Errorf("%d keys are held", n)
	}
}

func TestDiscoveryMustBeTheIssuers(t *testing.T) {
	t.Parallel()
	for name, about := range map[string]map[string]any{
		"another issuer":       {"issuer": "https://id.example.com"},
		"a slash more":         {"issuer": ""},
		"keys in the clear":    {"jwks_uri": "http://id.example.com/jwks"},
		"keys of another kind": {"jwks_uri": "file:///etc/passwd"},
		"no keys":              {"jwks_uri": ""},
	} {
		h := newHouse(t, nil)
		if name == "a slash more" {
			about["issuer"] = h.idp.URL + "/"
		}
		h.idp.about = about
		h.expect(t, name, h.idp.token(t, h.idp.claims(), nil), keywright.Failure)
	}
}
