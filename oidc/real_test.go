package oidc_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/realidp"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

func realProviders(t *testing.T, idp *realidp.Provider, algorithms ...string) *oidc.Providers {
	t.Helper()
	p, err := oidc.New(oidc.Options{
		Providers: []oidc.Provider{{
			Name: "real", Issuer: idp.Issuer, Audiences: []string{idp.Resource}, Algorithms: algorithms, Web: oidc.WebClient{ID: realidp.WebClient},
		}},
		Tenant: func(id keywright.TenantID) *keywright.Tenant { return &keywright.Tenant{ID: id} },
		Members: func(_ context.Context, e people.External) (oidc.Membership, error) {
			if e.Subject != "ada" {
				return oidc.Membership{}, &keywright.Error{Kind: people.ErrSignIn}
			}
			return oidc.Membership{Tenant: "ten_ada", Role: people.RoleMember}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTSP16_TheRealProvidersTokens(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			idp := realidp.Start(t, realidp.Options{Algorithm: algorithm, Host: "id.localhost"})
			p := realProviders(t, idp, algorithm)
			ask := func(token string) keywright.Reason {
				d := p.VerifyToken(time.Now(), token, &keywright.Need{Scheme: "truestamp"})
				return d.Reason
			}
			ada, err := idp.Tokens(t.Context(), "ada@example.com")
			if err != nil {
				t.Fatal(err)
			}
			bob, err := idp.Tokens(t.Context(), "bob@example.com")
			if err != nil {
				t.Fatal(err)
			}
			for name, c := range map[string]struct {
				token string
				want  keywright.Reason
			}{
				"access token": {ada.Access, keywright.Granted}, "ID token": {ada.ID, keywright.Unknown}, "refresh token": {ada.Refresh, keywright.Unknown},
				"nobody's member": {bob.Access, keywright.Unknown}, "for another algorithm": {ada.Access + "x", keywright.Unknown},
			} {
				if got := ask(c.token); got != c.want {
					t.Errorf("%s: %s", name, got)
				}
			}
			if n, err := idp.Seen("/jwks"); err != nil || n != 1 {
				t.Errorf("the keys were fetched %d times: %v", n, err)
			}
			idp.Stop()
			if got := ask(ada.Access); got != keywright.Granted {
				t.Errorf("while the provider is away: %s", got)
			}
			if got := realProvidersWithout(t, idp).VerifyToken(time.Now(), ada.Access, &keywright.Need{}).Reason; got != keywright.Failure {
				t.Errorf("without keys: %s", got)
			}
		})
	}
}

func realProvidersWithout(t *testing.T, idp *realidp.Provider) *oidc.Providers {
	return realProviders(t, idp)
}

func TestTSP17_SignInAtTheRealProvider(t *testing.T) {
	t.Parallel()
	const redirect = "http://docs.acme.localhost:8080/account/callback/real"
	idp := realidp.Start(t, realidp.Options{})
	if err := idp.SetRedirects(redirect); err != nil {
		t.Fatal(err)
	}
	p := realProviders(t, idp)
	begun, err := p.Begin(t.Context(), "real", redirect)
	if err != nil {
		t.Fatal(err)
	}
	at, err := idp.Login(t.Context(), begun.URL, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if at.Query().Get("iss") != idp.Issuer {
		t.Errorf("RFC 9207: %s", at)
	}
	who, err := p.Finish(t.Context(), "real", redirect, begun.State, at.Query())
	if err != nil || who.Subject != "ada" || who.Email != "ada@example.com" || !who.EmailVerified || who.Name != "Ada Example" {
		t.Fatalf("%+v %v", who, err)
	}
	if _, err := p.Finish(t.Context(), "real", redirect, begun.State, at.Query()); keywright.KindOf(err) != people.ErrSignIn {
		t.Errorf("the code a second time: %v", err)
	}
	refused := url.Values{"state": at.Query()["state"], "error": {"access_denied"}, "iss": {idp.Issuer}}
	if _, err := p.Finish(t.Context(), "real", redirect, begun.State, refused); keywright.KindOf(err) != people.ErrSignIn {
		t.Errorf("refused: %v", err)
	}
}
