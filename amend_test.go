package keywright_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func TestAmendExpiry(t *testing.T) {
	t.Parallel()
	of := policies(t)
	hour := start.Add(time.Hour)
	for _, c := range []struct {
		name, scheme string
		key          keywright.Key
		to           time.Time
		active       int
		kind         keywright.Kind
	}{
		{"DMT-23 later", "domain-trust", keywright.Key{Expires: hour}, hour.Add(1), 0, ""},
		{"DMT-23 sooner", "domain-trust", keywright.Key{Expires: hour}, start.Add(1), 0, ""},
		{"DMT-23 now", "domain-trust", keywright.Key{Expires: hour}, start, 0, keywright.Invalid},
		{"DMT-23 never", "domain-trust", keywright.Key{Expires: hour}, time.Time{}, 0, keywright.Invalid},
		{"DMT-23 an expired key comes back", "domain-trust", keywright.Key{Expires: start}, hour, 0, ""},
		{"TSP-23 an expired key does not", "truestamp", keywright.Key{Expires: start}, hour, 0, keywright.Conflict},
		{"TRS a paused key", "trusset-instance", keywright.Key{Expires: hour, PausedAt: start}, time.Time{}, 10, ""},
		{"TSW there is none", "trust-swiftly", keywright.Key{}, hour, 0, keywright.Invalid},
		{"a retired key", "domain-trust", keywright.Key{Retires: start, Expires: hour}, hour, 0, keywright.Conflict},
		{"a revoked key", "domain-trust", keywright.Key{RevokedAt: start, Expires: hour}, hour, 0, keywright.Conflict},
	} {
		c.key.Name = "n"
		if c.scheme == "domain-trust" {
			c.key.Environment = "testing"
		}
		got, err := of(c.scheme).Amend(start, tenant(), c.active, c.key, keywright.Amendment{Expires: &c.to})
		if (err == nil) != (c.kind == "") || (err != nil && !errors.Is(err, c.kind)) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && (!got.Expires.Equal(c.to) || got.Version != c.key.Version+1) {
			t.Errorf("%s: it is %+v", c.name, got)
		}
	}
}

// An overlap never outlives its key's expiry, also when the expiry is moved.
func TestAmendExpiryWithinAnOverlap(t *testing.T) {
	t.Parallel()
	p := policies(t)("domain-trust")
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	for _, c := range []struct{ expires, retires, to, want int }{{48, 24, 12, 12}, {48, 24, 36, 24}, {48, 24, 24, 24}, {24, 24, 48, 24}} {
		k := keywright.Key{Name: "n", Environment: "testing", Expires: at(c.expires), Retires: at(c.retires)}
		got, err := p.Amend(start, tenant(), 0, k, keywright.Amendment{Expires: ptr(at(c.to))})
		if err != nil || !got.Retires.Equal(at(c.want)) {
			t.Errorf("%+v: it retires at %s, %v", c, got.Retires, err)
		}
	}
}

// A key that comes back counts again, and needs what a new one would need.
func TestAmendBackIsCheckedAgain(t *testing.T) {
	t.Parallel()
	p := keywright.Policy{
		Scheme: "s", MaxActive: 2, Name: keywright.NameRule{Presence: keywright.Optional}, Expiry: keywright.ExpiryRule{Presence: keywright.Optional, Revivable: true},
		Plans: keywright.PlanRule{Except: []string{"free"}}, Environments: []keywright.EnvironmentRule{{Name: "production", Granted: true}},
	}
	dead := keywright.Key{Expires: start, Environment: "production"}
	back := keywright.Amendment{Expires: ptr(start.Add(time.Hour))}
	if _, err := p.Amend(start, tenant(), 1, dead, back); err != nil {
		t.Errorf("below the cap: %v", err)
	}
	_, err := p.Amend(start, tenant(), 2, dead, back)
	refused(t, err, keywright.Conflict, "")
	if _, err := p.Amend(start, tenant(), 2, dead, keywright.Amendment{Name: ptr("x")}); err != nil {
		t.Errorf("a new name counts nothing: %v", err)
	}
	for name, c := range map[string]struct {
		bend  func(*keywright.Tenant)
		kind  keywright.Kind
		field string
	}{
		"archived":        {func(t *keywright.Tenant) { t.Archived = true }, keywright.Conflict, ""},
		"plan taken away": {func(t *keywright.Tenant) { t.Plan = "free" }, keywright.Forbidden, "plan"},
		"grant taken":     {func(t *keywright.Tenant) { t.Environments = nil }, keywright.Forbidden, "environment"},
	} {
		ten := tenant()
		c.bend(ten)
		_, err := p.Amend(start, ten, 0, dead, back)
		t.Run(name, func(t *testing.T) { refused(t, err, c.kind, c.field) })
	}
}

func TestAmendLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	p := policies(t)("keywright")
	k := keywright.Key{ID: keywright.KeyID{1}, Name: "n", Environment: "test", Permissions: []string{"a"}, Metadata: map[string]string{"a": "b"}, Expires: start.Add(time.Hour), Created: start, Version: 1}
	got, err := p.Amend(start, tenant(), 0, k, keywright.Amendment{Name: ptr("m")})
	if err != nil {
		t.Fatal(err)
	}
	k.Name, k.Version = "m", 2
	if fmt.Sprint(got) != fmt.Sprint(k) {
		t.Errorf("a new name changed more:\n%+v\n%+v", got, k)
	}
	for field, a := range map[string]keywright.Amendment{
		"name": {Name: ptr("a\x00")}, "permissions": {Permissions: ptr([]string{""})}, "addresses": {Addresses: ptr(make([]netip.Prefix, 65))}, "metadata": {Metadata: ptr(map[string]string{"": ""})},
	} {
		_, err := p.Amend(start, tenant(), 0, k, a)
		refused(t, err, keywright.Invalid, field)
	}
	none, err := p.Amend(start, tenant(), 0, k, keywright.Amendment{Permissions: ptr([]string{})})
	if err != nil || keywright.Permits(none.Permissions, []string{"a"}) {
		t.Errorf("its permissions taken, it holds %q, %v", none.Permissions, err)
	}
	_, err = policies(t)("truestamp").Amend(start, tenant(), 0, keywright.Key{}, keywright.Amendment{Permissions: ptr([]string{"a"})})
	refused(t, err, keywright.Invalid, "permissions")
}

func TestPauseResumeRevokeRules(t *testing.T) {
	t.Parallel()
	p := policies(t)("trusset-instance")
	hour := start.Add(time.Hour)
	for state, c := range map[keywright.State]struct {
		key                 keywright.Key
		pause, resume, kill bool
	}{
		keywright.Active: {keywright.Key{}, true, false, true}, keywright.PendingRotation: {keywright.Key{Retires: hour}, true, false, true},
		keywright.StatePaused: {keywright.Key{PausedAt: start}, true, true, true}, keywright.StateExpired: {keywright.Key{Expires: start, PausedAt: start}, false, false, true},
		keywright.StateRetired: {keywright.Key{Retires: start}, false, false, true}, keywright.StateRevoked: {keywright.Key{RevokedAt: start, Revocation: keywright.Abuse}, false, false, false},
	} {
		if got := c.key.StateAt(start); got != state {
			t.Fatalf("the table is wrong: %s is %s", state, got)
		}
		paused, err := p.Pause(start, c.key, hour)
		if (err == nil) != c.pause || (err == nil && (paused.StateAt(start) != keywright.StatePaused || paused.Version != 1)) {
			t.Errorf("pausing what is %s: %s, %v", state, paused.StateAt(start), err)
		}
		resumed, err := p.Resume(start, c.key)
		if (err == nil) != c.resume || (err == nil && resumed.StateAt(start) != keywright.Active) {
			t.Errorf("resuming what is %s: %v", state, err)
		}
		revoked, changed, err := p.Revoke(start, c.key, "")
		if err != nil || changed != c.kill || revoked.StateAt(start) != keywright.StateRevoked || (changed && revoked.Revocation != keywright.Unspecified) {
			t.Errorf("TSP-24: revoking what is %s: changed %v, %v", state, changed, err)
		}
		if state == keywright.StateRevoked && revoked.Revocation != keywright.Abuse {
			t.Error("a second revocation says another reason")
		}
	}
	for _, until := range []time.Time{start, start.Add(-1)} {
		_, err := p.Pause(start, keywright.Key{}, until)
		refused(t, err, keywright.Invalid, "until")
	}
	_, _, err := p.Revoke(start, keywright.Key{}, "because")
	refused(t, err, keywright.Invalid, "reason")
}
