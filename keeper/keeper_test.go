package keeper_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

func TestIssueEveryScheme(t *testing.T) {
	t.Parallel()
	for scheme, form := range map[string]struct {
		prefix string
		length int
	}{
		"trustifi": {"", 32}, "truestamp": {"", 59}, "trusset-instance": {"trusset_", 81}, "trusset-mica": {"trusset_mica_", 77},
		"trusset-mica-management": {"trusset_mgmt_", 77}, "domain-trust": {"dt_test_", 54}, "trust-swiftly": {"tsw_", 50}, "keywright": {"kw_test_", 57},
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ten := h.full()
			out := h.issue(ten, scheme)
			public, secret := out.Credential.Reveal()
			if !strings.HasPrefix(secret, form.prefix) || len(secret) != form.length {
				t.Errorf("the secret has %d characters, or does not begin as it should", len(secret))
			}
			if (public != "") != (scheme == "trustifi") || out.Key.Public != public {
				t.Error("only a pair has a public half, and the record keeps it")
			}
			k := h.key(out.Key.ID)
			if k.Digest != h.secrets.Pepper.Digest(out.Credential) || k.Pepper != h.secrets.Pepper.ID() {
				t.Error("the digest in the record is not that of the credential, or does not name its pepper")
			}
			if k.StateAt(h.clock()) != keywright.Active || k.Version != 1 || !k.Created.Equal(start) || k.Tenant != ten.ID || k.Hint == "" || len(k.Hint) > 16 {
				t.Errorf("the record is %+v", k)
			}
			if (k.Sealed != nil) != (scheme == "trustifi") {
				t.Error("sealed is what its scheme shows again, and nothing else")
			}
			e := h.events(keywright.EventQuery{Key: k.ID})
			if len(e) != 1 || e[0].Act != keywright.KeyIssued || e[0].Actor != admin || !e[0].At.Equal(start) || e[0].Tenant != ten.ID || e[0].Detail["scheme"] != scheme {
				t.Errorf("the events are %+v", e)
			}
			h.holdsNo(secret)
		})
	}
}

func TestIssueRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	free := h.tenant(keeper.TenantDraft{Plan: "free"})
	archived := h.tenant(keeper.TenantDraft{})
	_, err := h.AmendTenant(h.ctx, admin, archived.Ref, 0, keeper.TenantAmendment{Archived: ptr(true)})
	try(t, err)
	odd := h.tenant(keeper.TenantDraft{Ref: "not-8"})
	before := len(h.events(keywright.EventQuery{}))
	for name, c := range map[string]struct {
		r     keeper.IssueRequest
		kind  keywright.Kind
		field string
	}{
		"no such tenant":                  {keeper.IssueRequest{Tenant: "nobody", Scheme: "trusset-instance"}, keywright.NotFound, "tenant"},
		"no such scheme":                  {keeper.IssueRequest{Tenant: ten.Ref, Scheme: "none"}, keywright.Invalid, "scheme"},
		"TSW-04 no name":                  {keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trust-swiftly"}, keywright.Invalid, "name"},
		"TSW-11 a free plan":              {keeper.IssueRequest{Tenant: free.Ref, Scheme: "trust-swiftly", Draft: keywright.Draft{Name: "a"}}, keywright.Forbidden, "plan"},
		"TSP-23 a ttl of 59 s":            {keeper.IssueRequest{Tenant: ten.Ref, Scheme: "truestamp", Draft: keywright.Draft{TTL: ptr(59 * time.Second)}}, keywright.Invalid, "ttl"},
		"DMT-12 production not granted":   {keeper.IssueRequest{Tenant: free.Ref, Scheme: "domain-trust", Draft: keywright.Draft{Name: "a", Environment: "production", Expires: start.Add(time.Hour)}}, keywright.Forbidden, "environment"},
		"an archived tenant":              {keeper.IssueRequest{Tenant: archived.Ref, Scheme: "trusset-instance"}, keywright.Conflict, ""},
		"TRS-07 a ref that does not fit":  {keeper.IssueRequest{Tenant: odd.Ref, Scheme: "trusset-instance"}, keywright.Invalid, "tenant"},
		"an idempotency key with a space": {keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance", IdempotencyKey: "a b"}, keywright.Invalid, "Idempotency-Key"},
		"an idempotency key too long":     {keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance", IdempotencyKey: strings.Repeat("a", 256)}, keywright.Invalid, "Idempotency-Key"},
	} {
		out, err := h.Issue(h.ctx, admin, c.r)
		t.Run(name, func(t *testing.T) { refused(t, err, c.kind, c.field) })
		if !out.Key.ID.IsZero() || !out.Credential.IsZero() {
			t.Errorf("%s: a refusal hands out a key", name)
		}
	}
	if n := len(h.events(keywright.EventQuery{})); n != before || len(h.keys(keywright.KeyQuery{})) != 0 {
		t.Error("a refused issue wrote something")
	}
}

func TestTRS13_RotationWithOverlap(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.issue(h.full(), "trusset-instance")
	out, err := h.Rotate(h.ctx, admin, first.Key.ID, keeper.RotateRequest{})
	try(t, err)
	id, next := first.Key.ID, out.Key.ID
	if text(out.Credential) == text(first.Credential) || next == id {
		t.Fatal("the successor is the same key")
	}
	t.Run("TRS-14 PENDING_ROTATION", func(t *testing.T) {
		if h.state(id) != keywright.PendingRotation || h.state(next) != keywright.Active {
			t.Errorf("%s and %s", h.state(id), h.state(next))
		}
	})
	old, succ := h.key(id), h.key(next)
	t.Run("TRS-15 for 7 days", func(t *testing.T) {
		if !old.Retires.Equal(start.Add(7 * 24 * time.Hour)) {
			t.Errorf("it retires at %s", old.Retires)
		}
	})
	if old.Successor != next || succ.Predecessor != id || out.Predecessor == nil || out.Predecessor.ID != id || out.Predecessor.Version != 2 {
		t.Error("the two are not linked both ways")
	}
	if got := h.acts(keywright.EventQuery{Key: id}) + " | " + h.acts(keywright.EventQuery{Key: next}); got != "key.issued key.rotated | key.issued" {
		t.Errorf("the events are %s", got)
	}
	h.advance(7*24*time.Hour - 1)
	t.Run("TRS-16 both work meanwhile", func(t *testing.T) {
		for _, k := range []keywright.KeyID{id, next} {
			if s := h.state(k); s != keywright.PendingRotation && s != keywright.Active {
				t.Errorf("one is %s", s)
			}
		}
	})
	h.advance(1)
	t.Run("TRS-15 not a moment longer", func(t *testing.T) {
		if h.state(id) != keywright.StateRetired || h.state(next) != keywright.Active {
			t.Errorf("%s and %s", h.state(id), h.state(next))
		}
	})
}

func TestRotationRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	first := h.issue(ten, "trusset-instance")
	rotate := func(id keywright.KeyID, r keeper.RotateRequest) (keeper.Issued, error) {
		return h.Rotate(h.ctx, admin, id, r)
	}
	_, err := rotate(keywright.KeyID{9}, keeper.RotateRequest{})
	if !errors.Is(err, keywright.NotFound) {
		t.Errorf("a key that is not there: %v", err)
	}
	_, err = rotate(first.Key.ID, keeper.RotateRequest{Overlap: ptr(31 * 24 * time.Hour)})
	refused(t, err, keywright.Invalid, "overlap")
	_, err = rotate(first.Key.ID, keeper.RotateRequest{Overlap: ptr(-time.Second)})
	refused(t, err, keywright.Invalid, "overlap")
	second, err := rotate(first.Key.ID, keeper.RotateRequest{})
	try(t, err)
	_, err = rotate(first.Key.ID, keeper.RotateRequest{})
	refused(t, err, keywright.Conflict, "")
	_, err = rotate(second.Key.ID, keeper.RotateRequest{})
	refused(t, err, keywright.Conflict, "")
	third, err := rotate(second.Key.ID, keeper.RotateRequest{Finish: true})
	try(t, err)
	if h.state(first.Key.ID) != keywright.StateRetired || h.state(second.Key.ID) != keywright.PendingRotation || h.state(third.Key.ID) != keywright.Active {
		t.Error("finish ends the first overlap at once, and begins the second")
	}
	if got := h.acts(keywright.EventQuery{Key: first.Key.ID}); got != "key.issued key.rotated key.finished" {
		t.Errorf("the events are %s", got)
	}
	for _, scheme := range []string{"truestamp", "trust-swiftly", "trusset-mica-management"} {
		k := h.issue(ten, scheme)
		_, err := rotate(k.Key.ID, keeper.RotateRequest{})
		refused(t, err, keywright.Conflict, "")
	}
	// A predecessor that has been deleted stands in nobody's way.
	fourth, err := rotate(h.issue(ten, "trusset-instance").Key.ID, keeper.RotateRequest{})
	try(t, err)
	try(t, h.Delete(h.ctx, admin, fourth.Predecessor.ID))
	_, err = rotate(fourth.Key.ID, keeper.RotateRequest{})
	try(t, err)
}

func TestTFI08_OnePairForEachUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	first := h.issue(ten, "trustifi")
	_, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trustifi"})
	refused(t, err, keywright.Conflict, "")
	out, err := h.Rotate(h.ctx, admin, first.Key.ID, keeper.RotateRequest{})
	try(t, err)
	public, secret := first.Credential.Reveal()
	newPublic, newSecret := out.Credential.Reveal()
	t.Run("TFI-18 a new secret", func(t *testing.T) {
		if newSecret == secret || newSecret == "" {
			t.Error("the secret is the old one")
		}
	})
	t.Run("TFI-19 the key stays", func(t *testing.T) {
		if newPublic != public || h.key(out.Key.ID).Public != public {
			t.Error("the key is another")
		}
	})
	t.Run("TFI-20 no overlap", func(t *testing.T) {
		if h.state(first.Key.ID) != keywright.StateRetired {
			t.Errorf("the old secret is %s", h.state(first.Key.ID))
		}
	})
	_, err = h.Rotate(h.ctx, admin, out.Key.ID, keeper.RotateRequest{Overlap: ptr(time.Hour)})
	refused(t, err, keywright.Invalid, "overlap")
	_, err = h.Revoke(h.ctx, admin, out.Key.ID, "")
	try(t, err)
	if h.issue(ten, "trustifi").Key.Public == public {
		t.Error("toggled off and on, the key is the old one")
	}
}

func TestAmend(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k := h.issue(h.full(), "domain-trust").Key
	t.Run("a name never touches the expiry", func(t *testing.T) {
		got, err := h.Amend(h.ctx, admin, k.ID, 1, keywright.Amendment{Name: ptr("another")})
		try(t, err)
		stored := h.key(k.ID)
		if got.Name != "another" || stored.Name != "another" || !stored.Expires.Equal(k.Expires) || stored.Version != 2 || got.Version != 2 {
			t.Errorf("it is %+v", stored)
		}
	})
	_, err := h.Amend(h.ctx, admin, k.ID, 1, keywright.Amendment{Name: ptr("third")})
	refused(t, err, keywright.Precondition, "If-Match")
	t.Run("nothing to amend writes nothing", func(t *testing.T) {
		got, err := h.Amend(h.ctx, admin, k.ID, 2, keywright.Amendment{})
		if err != nil || got.Version != 2 || h.acts(keywright.EventQuery{Key: k.ID}) != "key.issued key.amended" {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("DMT-23 the expiry at any time, even from EXPIRED", func(t *testing.T) {
		h.advance(1000 * time.Hour)
		if h.state(k.ID) != keywright.StateExpired {
			t.Fatalf("it is %s at its expiry", h.state(k.ID))
		}
		_, err := h.Amend(h.ctx, admin, k.ID, 0, keywright.Amendment{Expires: ptr(h.clock())})
		refused(t, err, keywright.Invalid, "expires_at")
		_, err = h.Amend(h.ctx, admin, k.ID, 0, keywright.Amendment{Expires: ptr(time.Time{})})
		refused(t, err, keywright.Invalid, "expires_at")
		_, err = h.Amend(h.ctx, admin, k.ID, 0, keywright.Amendment{Expires: ptr(h.clock().Add(time.Hour).In(time.FixedZone("x", 3600)))})
		try(t, err)
		if h.state(k.ID) != keywright.Active {
			t.Errorf("brought back, it is %s", h.state(k.ID))
		}
		e := h.events(keywright.EventQuery{Key: k.ID})
		if last := e[len(e)-1]; last.Detail["expires_at_before"] == "" || last.Detail["expires_at"] != "2027-01-02T05:00:00Z" || last.Detail["changed"] != "expires_at" {
			t.Errorf("the audit trail tells %+v", last)
		}
	})
}

func TestPauseResumeRevokeDelete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k := h.issue(h.full(), "trusset-instance").Key
	_, err := h.Pause(h.ctx, admin, k.ID, start)
	refused(t, err, keywright.Invalid, "until")
	_, err = h.Pause(h.ctx, admin, k.ID, start.Add(time.Hour))
	try(t, err)
	if h.state(k.ID) != keywright.StatePaused {
		t.Error("it is not paused")
	}
	h.advance(time.Hour)
	if h.state(k.ID) != keywright.Active {
		t.Error("the pause does not end by itself")
	}
	_, err = h.Resume(h.ctx, admin, k.ID)
	refused(t, err, keywright.Conflict, "")
	_, err = h.Pause(h.ctx, admin, k.ID, time.Time{})
	try(t, err)
	h.advance(1000 * time.Hour)
	_, err = h.Resume(h.ctx, admin, k.ID)
	try(t, err)
	_, err = h.Revoke(h.ctx, admin, k.ID, "nonsense")
	refused(t, err, keywright.Invalid, "reason")
	t.Run("TSW-24 TSP-24 revocation works at once, and repeating it is harmless", func(t *testing.T) {
		for range 3 {
			got, err := h.Revoke(h.ctx, admin, k.ID, keywright.Compromised)
			try(t, err)
			if h.state(k.ID) != keywright.StateRevoked || got.Version != 5 || got.Revocation != keywright.Compromised {
				t.Errorf("it is %+v", got)
			}
			h.advance(time.Hour)
		}
	})
	for name, write := range map[string]func() error{
		"rotate": func() error { _, err := h.Rotate(h.ctx, admin, k.ID, keeper.RotateRequest{}); return err },
		"amend": func() error {
			_, err := h.Amend(h.ctx, admin, k.ID, 0, keywright.Amendment{Name: ptr("x")})
			return err
		},
		"pause":  func() error { _, err := h.Pause(h.ctx, admin, k.ID, time.Time{}); return err },
		"resume": func() error { _, err := h.Resume(h.ctx, admin, k.ID); return err },
	} {
		if err := write(); !errors.Is(err, keywright.Conflict) {
			t.Errorf("%s of a revoked key: %v", name, err)
		}
	}
	t.Run("DMT-24 deleted, its history stays", func(t *testing.T) {
		try(t, h.Delete(h.ctx, admin, k.ID))
		if err := h.Delete(h.ctx, admin, k.ID); !errors.Is(err, keywright.NotFound) {
			t.Errorf("deleted twice: %v", err)
		}
		if got := h.acts(keywright.EventQuery{Key: k.ID}); got != "key.issued key.paused key.paused key.resumed key.revoked key.deleted" {
			t.Errorf("the trail is %s", got)
		}
		e := h.events(keywright.EventQuery{Key: k.ID, Act: keywright.KeyRevoked})
		if len(e) != 1 || e[0].Reason != "compromised" {
			t.Errorf("why it was revoked is lost: %+v", e)
		}
	})
}

func TestExpiredKeyKeepsItsHistory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k := h.issue(h.full(), "domain-trust").Key
	h.advance(10000 * time.Hour)
	if h.state(k.ID) != keywright.StateExpired || h.acts(keywright.EventQuery{Key: k.ID}) != "key.issued" {
		t.Error("an expired key is gone, or its history is")
	}
}

func TestDMT13_EnvironmentNeverChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k := h.issue(h.full(), "domain-trust").Key
	out, err := h.Rotate(h.ctx, admin, k.ID, keeper.RotateRequest{})
	try(t, err)
	if out.Key.Environment != "testing" || !strings.HasPrefix(text(out.Credential), "dt_test_") {
		t.Errorf("the successor is of %s", out.Key.Environment)
	}
	if !out.Key.Expires.Equal(k.Expires) || out.Key.Name != k.Name {
		t.Error("the successor does not inherit name and expiry")
	}
}

func TestMicaManagementTokenNamesItsKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	k := h.issue(ten, "trusset-mica").Key
	out, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-mica-management", Draft: keywright.Draft{Metadata: map[string]string{"key_id": k.ID.String()}}})
	try(t, err)
	if h.key(out.Key.ID).Metadata["key_id"] != k.ID.String() {
		t.Error("TRS-32: the token does not name the key that it manages")
	}
}
