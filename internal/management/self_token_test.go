package management_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

// issuer is an identity provider's discovery and keys, and its signature.
type issuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	i := &issuer{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/jwks") {
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/jwks", "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token",
			"response_types_supported": []string{"code"}, "id_token_signing_alg_values_supported": []string{"ES256"}, "subject_types_supported": []string{"public"},
		})
	}))
	t.Cleanup(i.Close)
	return i
}

// token signs an access token of a person.
func (i *issuer) token(t testing.TB, now time.Time, typ, audience, subject, email string) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", "k")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key}, o)
	must(t, err)
	text, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": i.URL, "aud": audience, "sub": subject, "email": email, "email_verified": true, "name": "Ada", "client_id": "cli", "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}).Serialize()
	must(t, err)
	return text
}

func (i *issuer) site(t testing.TB, o managementtest.SiteOptions) *site {
	t.Helper()
	o.Tokened = func(s *managementtest.Site) *oidc.Providers {
		p, err := oidc.New(oidc.Options{
			Clock: s.Clock.Now, Tenant: func(keywright.TenantID) *keywright.Tenant { return nil },
			ByRef: func(context.Context, string) (keywright.TenantID, error) { return "", keywright.NotFound },
			Members: func(context.Context, people.External) (oidc.Membership, error) {
				return oidc.Membership{}, &keywright.Error{Kind: people.ErrSignIn}
			},
			Providers: []oidc.Provider{{Name: "id", Issuer: i.URL, Audiences: []string{"https://api.it"}, Algorithms: []string{"ES256"}, TrustEmail: true}},
		})
		must(t, err)
		return p
	}
	return newSite(t, o)
}

func TestTSP17_TSP19_TSP25_ALoginsTokenMakesKeys(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := i.site(t, on("truestamp"))
	s.SignIn(s.Tenant("user0001", nil).ID, "ada@example.com", people.Admin)
	now := s.Clock.Now()
	token := i.token(t, now, "at+jwt", "https://api.it", "ada", "ada@example.com")
	a := s.want(t, 201, "POST", "/v1/me/keys", `{"name":"ci","ttl":3600}`, as(token)...)
	if !s.passes(t, "truestamp", a.str(t, "credential.key")) {
		t.Error("the key does not work")
	}
	me := s.want(t, 200, "GET", "/v1/me", "", as(token)...)
	if me.str(t, "person.email") != "ada@example.com" || me.at(t, "session") != nil {
		t.Errorf("%s", me.body)
	}
	if events := s.events(t, map[string][]string{"key": {a.str(t, "id")}}); len(events) != 1 || events[0].Actor.ID != me.str(t, "person.id") {
		t.Errorf("%+v", events)
	}
	for name, bad := range map[string]string{
		"an ID token":            i.token(t, now, "JWT", "https://api.it", "ada", "ada@example.com"),
		"another audience":       i.token(t, now, "at+jwt", "https://other", "ada", "ada@example.com"),
		"an expired one":         i.token(t, now.Add(-time.Hour), "at+jwt", "https://api.it", "ada", "ada@example.com"),
		"another's signature":    newIssuer(t).token(t, now, "at+jwt", "https://api.it", "ada", "ada@example.com"),
		"a person who is nobody": i.token(t, now, "at+jwt", "https://api.it", "eve", "eve@example.com"),
		"no token at all":        "x",
		"an API key":             a.str(t, "credential.key"),
		"two dots":               "a.b.c",
	} {
		t.Run(name, func(t *testing.T) {
			b := s.want(t, 401, "POST", "/v1/me/keys", `{"name":"ci"}`, as(bad)...)
			if strings.Contains(string(b.body), bad) && len(bad) > 5 {
				t.Errorf("%s", b.body)
			}
		})
	}
	t.Run("another word, or two lines", func(t *testing.T) {
		s.want(t, 401, "GET", "/v1/me", "", "Authorization", "Token "+token)
		s.want(t, 401, "GET", "/v1/me", "", "Authorization", token)
		s.want(t, 401, "GET", "/v1/me", "", "Authorization", "Bearer "+token, "Authorization", "Bearer "+token)
		s.want(t, 200, "GET", "/v1/me", "", "Authorization", "bearer  "+token)
	})
	t.Run("a token from another site's page", func(t *testing.T) {
		s.want(t, 403, "POST", "/v1/me/keys", `{"name":"ci"}`, append(as(token), "Sec-Fetch-Site", "cross-site")...)
	})
	t.Run("the log holds no token", func(t *testing.T) {
		if strings.Contains(s.Log.String(), token) {
			t.Error("it does")
		}
	})
}

func TestATokenNeverRevealsASecret(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := i.site(t, on("trustifi"))
	s.SignIn(s.Tenant("user0001", nil).ID, "ada@example.com", people.Admin)
	token := i.token(t, s.Clock.Now(), "at+jwt", "https://api.it", "ada", "ada@example.com")
	id := s.want(t, 201, "POST", "/v1/me/keys", `{}`, as(token)...).str(t, "id")
	a := s.want(t, 403, "POST", "/v1/me/keys/"+id+"/reveal", "", as(token)...)
	if a.str(t, "type") != api.ProofNeeded {
		t.Errorf("%s", a.body)
	}
}

func TestSignUpMakesATenantOfThePersonsOwn(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	o := on("truestamp")
	o.Site.SignUp, o.Site.Tenants = true, map[string]string{"system": "it"}
	s := i.site(t, o)
	ask := func(who string) *answer {
		return s.want(t, 200, "GET", "/v1/me", "", as(i.token(t, s.Clock.Now(), "at+jwt", "https://api.it", who, who+"@example.com"))...)
	}
	ada, again, eve := ask("ada"), ask("ada"), ask("eve")
	if ada.str(t, "tenant.id") == "" || ada.str(t, "tenant.id") != again.str(t, "tenant.id") || ada.str(t, "tenant.id") == eve.str(t, "tenant.id") || ada.str(t, "role") != "admin" {
		t.Errorf("%s\n%s\n%s", ada.body, again.body, eve.body)
	}
	a := s.manage(t, "GET", "/v1/tenants/"+ada.str(t, "tenant.id"), "")
	if a.str(t, "metadata.system") != "it" {
		t.Errorf("%s", a.body)
	}
	if a := s.want(t, 403, "GET", "/v1/me/keys?tenant="+eve.str(t, "tenant.id"), "", as(i.token(t, s.Clock.Now(), "at+jwt", "https://api.it", "ada", "ada@example.com"))...); a.status != 403 {
		t.Error("one sees the other's")
	}
}

func TestAProviderThatIsAwayIsNotARefusal(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := i.site(t, on("truestamp"))
	token := i.token(t, s.Clock.Now(), "at+jwt", "https://api.it", "ada", "ada@example.com")
	i.Close()
	if a := s.want(t, 503, "GET", "/v1/me", "", as(token)...); a.header.Get("Retry-After") == "" {
		t.Errorf("%v", a.header)
	}
}
