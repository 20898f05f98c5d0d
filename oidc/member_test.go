package oidc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
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

// A source that hangs, or fails, holds nobody up for longer than one question.
func TestTSP16_ASlowMembershipSourceMakesNoQueue(t *testing.T) {
	t.Parallel()
	for name, heeds := range map[string]bool{"one that heeds its end": true, "one that does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				end := make(chan struct{})
				members := func(ctx context.Context, _ people.External) (Membership, error) {
					asked.Add(1)
					if heeds {
						<-ctx.Done()
						return Membership{}, ctx.Err()
					}
					<-end
					return Membership{}, errors.New("too late")
				}
				p := &Providers{o: Options{Members: members}, wall: time.Now}
				e, begun := &entry{}, time.Now()
				var all sync.WaitGroup
				for range 50 {
					all.Go(func() {
						if _, err := p.standingOf(t.Context(), time.Now(), e); !errors.Is(err, errUnavailable) {
							t.Errorf("it says %v", err)
						}
					})
				}
				all.Wait()
				if took := time.Since(begun); took != storeTimeout || asked.Load() != 1 {
					t.Errorf("50 waited for %s, and asked %d times", took, asked.Load())
				}
				close(end)
				synctest.Wait()
				begun = time.Now()
				if _, err := p.standingOf(t.Context(), time.Now(), e); !errors.Is(err, errUnavailable) || asked.Load() != 1 || time.Since(begun) != 0 {
					t.Errorf("just after it failed: %v, asked %d times, after %s", err, asked.Load(), time.Since(begun))
				}
				<-time.After(askAgainFailed)
				if _, err := p.standingOf(t.Context(), time.Now(), e); err == nil || asked.Load() != 2 {
					t.Errorf("a moment later: %v, asked %d times", err, asked.Load())
				}
			})
		})
	}
}
