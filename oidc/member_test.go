package oidc

import (
	"testing"

	"github.com/keywright/keywright"
)

// Upstreams and introspection are told the address as a fact.
func TestTSP16_AnAddressIsTheMembersOrTrusted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	claims := with(h.idp.claims(), "email", "boss@example.com")
	if d := h.verify(h.idp.token(t, claims, nil)); !d.Granted() || d.Principal.Email != "ada@example.com" {
		t.Errorf("a member: %s %+v", d.Reason, d.Principal)
	}
	for _, one := range []struct {
		trust    bool
		verified any
		want     string
	}{{true, true, "boss@example.com"}, {true, false, ""}, {true, nil, ""}, {false, true, ""}} {
		h := newHouse(t, func(p *Provider) { p.Map.Tenant, p.TrustEmail = "tenant", one.trust })
		token := h.idp.token(t, with(h.idp.claims(), "email", "boss@example.com", "email_verified", one.verified), nil)
		if d := h.verify(token); !d.Granted() || d.Principal.Email != one.want {
			t.Errorf("trusted %t, verified %v: %s %+v", one.trust, one.verified, d.Reason, d.Principal)
		}
	}
}

// A token for one API opens nothing of another's tenants, and an id is no ref.
func TestTSP16_ATenantClaimNamesATenantThatTheAPIServes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(p *Provider) { p.Map.Tenant = "tenant" })
	h.o.Serves = func(one *keywright.Tenant) bool { return one.Metadata["system"] == "orders" }
	mark := func(system string) {
		h.change(func() {
			h.tenants["ten_acme"] = &keywright.Tenant{ID: "ten_acme", Ref: "acme", Metadata: map[string]string{"system": system}}
		})
	}
	token := h.idp.token(t, h.idp.claims(), nil)
	mark("other")
	h.expect(t, "another API's tenant", token, keywright.Unknown)
	mark("orders")
	h.expect(t, "its own tenant", token, keywright.Granted)
	mark("other")
	h.expect(t, "a tenant that became another's", token, keywright.Unknown)
	mark("orders")
	h.expect(t, "a tenant's id", h.idp.token(t, with(h.idp.claims(), "tenant", "ten_acme"), nil), keywright.Unknown)
}
