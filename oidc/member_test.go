package oidc

import (
	"testing"
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
