package signin_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/cli/signin"
)

// TestAnIDTokenOfAnotherLoginIsRefused has a provider that answers a good code with
// what was not made for this login.
func TestAnIDTokenOfAnotherLoginIsRefused(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		claims map[string]any
		good   bool
	}{
		"its own":          {nil, true},
		"another nonce":    {map[string]any{"nonce": "other"}, false},
		"no nonce":         {map[string]any{"nonce": ""}, false},
		"another audience": {map[string]any{"aud": "other"}, false},
		"another issuer":   {map[string]any{"iss": "https://evil.example"}, false},
		"expired":          {map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said, pages words
			var nonce atomic.Value
			o := signin.Options{Issuer: "https://id.example", ClientID: "cli", Scopes: []string{"openid"}, Words: &said}
			o.HTTP = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				w.Header().Set("Content-Type", "application/json")
				switch r.URL.Path {
				case "/jwks":
					_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
				case "/token":
					claims := map[string]any{"iss": "https://id.example", "aud": "cli", "sub": "ada", "exp": time.Now().Add(time.Hour).Unix(), "nonce": nonce.Load()}
					for k, v := range c.claims {
						claims[k] = v
					}
					_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a.b.c", "token_type": "Bearer", "id_token": signed(t, key, claims)})
				default:
					return (&scripted{}).RoundTrip(r)
				}
				return w.Result(), nil
			})}
			o.Open = func(ctx context.Context, address string) error {
				u, _ := url.Parse(address)
				nonce.Store(u.Query().Get("nonce"))
				pages.ready.Go(func() {
					r, _ := http.NewRequestWithContext(ctx, http.MethodGet, u.Query().Get("redirect_uri")+"?code=x&state="+u.Query().Get("state"), nil)
					get(t, r, &pages)
				})
				return nil
			}
			_, err := signin.Browser(t.Context(), o)
			if c.good != (err == nil) || (err != nil && (!errors.Is(err, keywright.Forbidden) || !strings.Contains(err.Error(), "does not verify"))) {
				t.Errorf("%v", err)
			}
			if c.good == strings.Contains(pages.String(), "You are not logged in") {
				t.Errorf("the page says %s", pages.String())
			}
		})
	}
}

func signed(t *testing.T, key *ecdsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
