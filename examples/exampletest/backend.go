package exampletest

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/seal"
)

// Backend is a management API for an example's key management, as its provider's
// backend would call it.
type Backend struct {
	t    testing.TB
	site *managementtest.Site
	c    *client.Client
}

// NewBackend starts one for the API of a site, with a key that may do everything.
func NewBackend(t testing.TB, site selfservice.Site) *Backend {
	t.Helper()
	s := managementtest.NewSite(t, managementtest.SiteOptions{Site: site})
	first, err := management.IssueOperatorKey(t.Context(), s.Keeper, keywright.Actor{ID: "system"}, "backend")
	if err != nil {
		t.Fatal(err)
	}
	_, secret := first.Credential.Reveal()
	server := httptest.NewServer(s.Management)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, keywright.NewCredential("", secret), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Backend{t: t, site: s, c: c}
}

// Keys is what Options.Keys takes.
func (b *Backend) Keys() (*client.Client, error) { return b.c, nil }

// Member makes a tenant, and the identity of a person who is logged in as its member.
func (b *Backend) Member(scheme, ref, role string, environments ...string) seal.Identity {
	b.t.Helper()
	tenant, err := b.site.Keeper.CreateTenant(b.t.Context(), keywright.Actor{ID: "system"}, keeper.TenantDraft{Ref: ref, Name: ref, Environments: environments})
	if err != nil {
		b.t.Fatal(err)
	}
	return seal.Identity{Subject: string(tenant.ID), Ref: ref, TenantName: ref, Login: "https://id.example " + ref, Role: role, Scheme: scheme}
}

// Holder is the identity of the one live key of a scheme that a tenant has.
func (b *Backend) Holder(tenant, scheme string) seal.Identity {
	b.t.Helper()
	id := seal.Identity{Subject: tenant, Scheme: scheme}
	for k, err := range b.c.Keys(b.t.Context(), client.KeyFilter{Tenant: tenant, Scheme: scheme}) {
		if err != nil {
			b.t.Fatal(err)
		}
		if k.State == string(keywright.Active) {
			id.Key = k.ID
		}
	}
	return id
}

// State is where a key stands.
func (b *Backend) State(id string) string {
	b.t.Helper()
	k, err := b.c.Key(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return k.State
}

// Tick moves the clock on, so that what is made next comes after what was made before.
func (b *Backend) Tick() { b.site.Clock.Advance(time.Second) }

// Newest is the tenant that was made last.
func (b *Backend) Newest() string {
	b.t.Helper()
	id := ""
	for t, err := range b.c.Tenants(b.t.Context()) {
		if err != nil {
			b.t.Fatal(err)
		}
		if t.ID != string(keywright.OperatorTenant) {
			id = t.ID
		}
	}
	return id
}
