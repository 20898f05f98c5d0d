package cli_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/internal/idp/idptest"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

const audience = "urn:keywright:test"

// browser is the program that KEYWRIGHT_BROWSER names: it is the person of $PERSON
// at the identity provider, and follows the answer home.
func browser() {
	to, err := idptest.Choose(context.Background(), http.DefaultClient, os.Args[1], os.Getenv("PERSON"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answer, err := http.Get(to.String())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = answer.Body.Close()
}

// startSite serves a customers' site of one scheme with an identity provider: Ada is
// the admin of two tenants, Grace on trial in one, and nobody knows Eve.
func startSite(t *testing.T, env *testscript.Env) {
	t.Helper()
	var issuer string
	site := managementtest.NewSite(t, managementtest.SiteOptions{
		Site: selfservice.Site{API: "truestamp", Schemes: []string{"truestamp", "trust-swiftly", "trustifi", "domain-trust", "keywright"}},
		Tokened: func(s *managementtest.Site) *oidc.Providers {
			issuer = idptest.Start(t, idp.Options{Clock: s.Clock.Now, Audience: audience, Users: []idp.User{
				{Subject: "1", Email: "ada@example.com", Name: "Ada Example"}, {Subject: "2", Email: "grace@example.com", Name: "Grace Example"}, {Subject: "3", Email: "eve@example.com", Name: "Eve Example"}, {Subject: "4", Email: "ida@example.com", Name: "Ida Example"}}})
			return tokens(t, s, issuer)
		},
	})
	actor := keywright.Actor{ID: "system"}
	for _, m := range []struct {
		ref, email string
		role       people.Role
	}{{"ada0001", "ada@example.com", people.Admin}, {"ada0002", "ada@example.com", people.Admin}, {"grace001", "grace@example.com", people.Trial}} {
		tenant := site.Tenant(m.ref, nil)
		if _, err := site.People.Enrol(t.Context(), actor, tenant.ID, m.email, "Member", m.role, keywright.Credential{}); err != nil {
			t.Fatal(err)
		}
	}
	startDesk(t, env, site)
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	env.Defer(server.Close)
	mux.Handle("/", site.Server.Config.Handler)
	mux.HandleFunc("GET /.well-known/keywright.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Discovery{API: "truestamp", Title: "Truestamp", Base: server.URL, APIBase: server.URL, Scheme: "truestamp", Variable: "TRUESTAMP_API_KEY",
			Providers: []api.DiscoveredIssuer{{Name: "demo", Title: "Demo", Issuer: issuer, ClientID: "cli", Scopes: []string{"openid", "email", "profile", "offline_access"}, Resource: audience}}})
	})
	mux.HandleFunc("GET /two/.well-known/keywright.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Discovery{API: "two", Base: server.URL, Providers: []api.DiscoveredIssuer{{Name: "a"}, {Name: "b"}}})
	})
	mux.HandleFunc("GET /none/.well-known/keywright.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Discovery{API: "none", Base: server.URL})
	})
	mux.HandleFunc("GET /own/.well-known/keywright.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Discovery{API: "own", Base: server.URL, Scheme: "keywright"})
	})
	mux.HandleFunc("GET /bad/.well-known/keywright.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Discovery{API: "../../bad", Base: server.URL, Providers: []api.DiscoveredIssuer{{Name: "a", Issuer: issuer, ClientID: "cli"}}})
	})
	mux.HandleFunc("GET /plain/.well-known/keywright.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Discovery{API: "plain", Base: "http://keys.example.com"})
	})
	ca := filepath.Join(env.WorkDir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	env.Setenv("SITE", server.URL)
	env.Setenv("SITE_CA", ca)
	env.Values[siteKey{}] = site
}

type siteKey struct{}

// startDesk serves the management API over the site's store, and makes a tenant of
// Ida's that has been granted nothing.
func startDesk(t *testing.T, env *testscript.Env, site *managementtest.Site) {
	t.Helper()
	actor := keywright.Actor{ID: "system"}
	tenant, err := site.Keeper.CreateTenant(t.Context(), actor, keeper.TenantDraft{Ref: "ida00001", Name: "Ida's"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.People.Enrol(t.Context(), actor, tenant.ID, "ida@example.com", "Ida", people.Admin, keywright.Credential{}); err != nil {
		t.Fatal(err)
	}
	made, err := management.IssueOperatorKey(t.Context(), site.Keeper, actor, "operator")
	if err != nil {
		t.Fatal(err)
	}
	desk := httptest.NewServer(site.Management)
	env.Defer(desk.Close)
	_, key := made.Credential.Reveal()
	env.Setenv("SITE_DESK", desk.URL)
	env.Setenv("SITE_OPERATOR", key)
}

func tokens(t *testing.T, s *managementtest.Site, issuer string) *oidc.Providers {
	t.Helper()
	p, err := oidc.New(oidc.Options{
		Providers: []oidc.Provider{{Name: "demo", Issuer: issuer, Audiences: []string{audience}, TrustEmail: true}},
		Tenant:    s.Index.Tenant,
		Members: func(ctx context.Context, e people.External) (oidc.Membership, error) {
			person, members, err := s.People.Known(ctx, e)
			if err != nil {
				return oidc.Membership{}, err
			}
			return oidc.Membership{Person: person, Tenant: members[0].Tenant, Role: members[0].Role}, nil
		},
		Clock: s.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hasToken looks like a JWT, or like one of the identity provider's refresh tokens.
func hasToken(text string) bool {
	return strings.Contains(text, "eyJ") || regexp.MustCompile(`refresh_token|access_token`).MatchString(text)
}

// noToken looks for a token in all that the last command said: TSP-18.
func noToken(ts *testscript.TestScript, _ bool, _ []string) {
	for _, name := range []string{"stdout", "stderr"} {
		if hasToken(ts.ReadFile(name)) {
			ts.Fatalf("%s shows a token", name)
		}
	}
	if site, ok := ts.Value(siteKey{}).(*managementtest.Site); ok && hasToken(site.Log.String()) {
		ts.Fatalf("the site's log shows a token")
	}
}

// later moves the site's clock and the identity provider's: later 1h.
func later(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	site, _ := ts.Value(siteKey{}).(*managementtest.Site)
	site.Clock.Advance(d)
}
