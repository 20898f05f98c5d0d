package exampletest

import (
	"net/http/httptest"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/seal"
)

// Backend is a management API for an example's key management, as its provider's
// backend would call it.
type Backend struct {
	t     testing.TB
	house *managementtest.House
	c     *client.Client
}

// NewBackend starts one, with a key that may do everything.
func NewBackend(t testing.TB, change ...func(*management.Options)) *Backend {
	t.Helper()
	h := managementtest.New(t, change...).Operator(t)
	s := httptest.NewServer(h.Handler)
	t.Cleanup(s.Close)
	c, err := client.New(s.URL, keywright.NewCredential("", h.Key), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Backend{t: t, house: h, c: c}
}

// Keys is what Options.Keys takes.
func (b *Backend) Keys() (*client.Client, error) { return b.c, nil }

// Member makes a tenant, and the identity of a person who is logged in as its member.
func (b *Backend) Member(scheme, ref, role string, environments ...string) seal.Identity {
	b.t.Helper()
	tenant, err := b.house.Keeper.CreateTenant(b.t.Context(), keywright.Actor{ID: "system"}, keeper.TenantDraft{Ref: ref, Name: ref, Environments: environments})
	if err != nil {
		b.t.Fatal(err)
	}
	return seal.Identity{Subject: string(tenant.ID), Ref: ref, TenantName: ref, Login: "https://id.example " + ref, Role: role, Scheme: scheme}
}
