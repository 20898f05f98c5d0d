package keeper_test

import (
	"errors"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

func TestTSW16_GeneratingMakesANewSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	seen := map[string]bool{}
	for range 50 {
		c := text(h.issue(ten, "trust-swiftly").Credential)
		if seen[c] {
			t.Fatal("two generated keys are one")
		}
		seen[c] = true
	}
}

func TestTSW20_LostKeyIsRevokedAndReplaced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	lost := h.issue(ten, "trust-swiftly")
	_, err := h.Reveal(h.ctx, admin, lost.Key.ID)
	refused(t, err, keywright.Conflict, "")
	_, err = h.Rotate(h.ctx, admin, lost.Key.ID, keeper.RotateRequest{})
	refused(t, err, keywright.Conflict, "")
	_, err = h.Revoke(h.ctx, admin, lost.Key.ID, keywright.Superseded)
	try(t, err)
	next := h.issue(ten, "trust-swiftly")
	if h.state(lost.Key.ID) != keywright.StateRevoked || h.state(next.Key.ID) != keywright.Active || text(next.Credential) == text(lost.Credential) {
		t.Error("the lost key lives, or its replacement does not")
	}
}

func TestDMT11_AsManyKeysAsNeeded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	for range 120 {
		h.issue(ten, "domain-trust")
	}
	if n := len(h.keys(keywright.KeyQuery{Tenant: ten.ID})); n != 120 {
		t.Errorf("there are %d keys", n)
	}
}

func TestDMT12_ProductionOnceGranted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.tenant(keeper.TenantDraft{})
	d := draftFor("domain-trust")
	d.Environment = "production"
	r := keeper.IssueRequest{Tenant: ten.Ref, Scheme: "domain-trust", Draft: d}
	_, err := h.Issue(h.ctx, admin, r)
	refused(t, err, keywright.Forbidden, "environment")
	_, err = h.AmendTenant(h.ctx, admin, ten.Ref, 0, keeper.TenantAmendment{Environments: ptr([]string{"production"})})
	try(t, err)
	out, err := h.Issue(h.ctx, admin, r)
	if err != nil || out.Key.Environment != "production" {
		t.Errorf("granted, it is refused: %v", err)
	}
}

func TestTFI13_NoPairUntilGenerated(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	if n := len(h.keys(keywright.KeyQuery{Tenant: ten.ID})); n != 0 {
		t.Errorf("a new user has %d pairs", n)
	}
	public, secret := h.issue(ten, "trustifi").Credential.Reveal()
	if public == "" || secret == "" {
		t.Error("one act does not make both values")
	}
}

// A key is of one user, instance, organization or account, and of no other.
func TestKeyIsBoundToOneTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for id, scheme := range map[string]string{"TSP-20 user": "truestamp", "TRS-04 instance": "trusset-instance", "DMT-17 organization": "domain-trust", "TSW-09 account": "trust-swiftly", "TFI-08 user": "trustifi"} {
		mine, other := h.full(), h.full()
		k := h.issue(mine, scheme).Key
		t.Run(id, func(t *testing.T) {
			need := keywright.Need{Scheme: scheme, Tenant: other.ID}
			if d := keywright.Decide(h.clock(), &k, &mine, need); d.Reason != keywright.Unknown || d.Tenant != nil {
				t.Errorf("to another tenant it answers %s", d.Reason)
			}
			need.Tenant = mine.ID
			if d := keywright.Decide(h.clock(), &k, &mine, need); !d.Granted() {
				t.Errorf("to its own it answers %s", d.Reason)
			}
		})
	}
}

// TSP-24: in case of abuse, whoever revokes says so, and it is kept.
func TestTSP24_RevokedForAbuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k := h.issue(h.full(), "truestamp").Key
	_, err := h.Revoke(h.ctx, admin, k.ID, keywright.Abuse)
	try(t, err)
	e := h.events(keywright.EventQuery{Key: k.ID, Act: keywright.KeyRevoked})
	if len(e) != 1 || e[0].Reason != "abuse" || e[0].Actor != admin || h.key(k.ID).Revocation != keywright.Abuse || h.state(k.ID) != keywright.StateRevoked {
		t.Errorf("the trail tells %+v", e)
	}
	if _, err := h.Resume(h.ctx, admin, k.ID); !errors.Is(err, keywright.Conflict) {
		t.Errorf("a revocation was taken back: %v", err)
	}
}
