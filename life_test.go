package keywright_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
)

// world is a tenant's keys through their whole life. Lengths of time are drawn
// from a few, and from a moment more and less, so that instants often meet.
type world struct {
	policy  keywright.Policy
	tenant  *keywright.Tenant
	now     time.Time
	keys    map[keywright.KeyID]keywright.Key
	born    map[keywright.KeyID]keywright.Key   // as it was made
	final   map[keywright.KeyID]keywright.State // where nothing leads out of
	rotated map[keywright.KeyID]time.Time
	next    byte
}

func lengths() *rapid.Generator[time.Duration] {
	return rapid.SampledFrom([]time.Duration{0, 1, time.Second, time.Hour - 1, time.Hour, time.Hour + 1, 2 * time.Hour, 24 * time.Hour, 168 * time.Hour, keywright.MaxOverlap, keywright.MaxOverlap + 1, -1})
}

func newWorld(t *rapid.T) *world {
	presence := rapid.SampledFrom([]keywright.Presence{keywright.Absent, keywright.Optional, keywright.Required})
	return &world{
		now: start, keys: map[keywright.KeyID]keywright.Key{}, born: map[keywright.KeyID]keywright.Key{}, final: map[keywright.KeyID]keywright.State{}, rotated: map[keywright.KeyID]time.Time{},
		tenant: &keywright.Tenant{ID: "ten_a", Plan: "growth"},
		policy: keywright.Policy{
			Scheme: "s", MaxActive: rapid.IntRange(0, 3).Draw(t, "cap"), Name: keywright.NameRule{Presence: keywright.Optional},
			Expiry:       keywright.ExpiryRule{Presence: presence.Draw(t, "expiry"), Revivable: rapid.Bool().Draw(t, "revivable")},
			Rotation:     keywright.RotationRule{Allowed: true, Overlap: rapid.SampledFrom([]time.Duration{0, time.Hour, 168 * time.Hour}).Draw(t, "overlap"), Settable: rapid.Bool().Draw(t, "settable")},
			Environments: []keywright.EnvironmentRule{{Name: "testing"}, {Name: "production"}},
		},
	}
}

func (w *world) id() keywright.KeyID {
	w.next++
	return keywright.KeyID{0, w.next}
}

func (w *world) active(but keywright.KeyID) int {
	n := 0
	for id, k := range w.keys {
		if id != but && k.CountsAt(w.now) {
			n++
		}
	}
	return n
}

func (w *world) pick(t *rapid.T) keywright.Key {
	if len(w.keys) == 0 {
		t.Skip("there is no key")
	}
	ids := slices.SortedFunc(maps.Keys(w.keys), func(a, b keywright.KeyID) int { return int(a[1]) - int(b[1]) })
	return w.keys[rapid.SampledFrom(ids).Draw(t, "key")]
}

// keep stores what a rule made of a key, and looks at what no rule may change.
func (w *world) keep(t *rapid.T, was, is keywright.Key) {
	if is.Version != was.Version+1 || is.ID != was.ID || is.Environment != was.Environment || is.Tenant != was.Tenant || !is.Created.Equal(was.Created) || is.Digest != was.Digest || is.Predecessor != was.Predecessor {
		t.Fatalf("a rule changed what stays, or not the version:\n%+v\n%+v", was, is)
	}
	w.keys[is.ID] = is
}

func (w *world) add(k keywright.Key) {
	w.keys[k.ID], w.born[k.ID] = k, k
}

func (w *world) issue(t *rapid.T) {
	d := keywright.Draft{Environment: rapid.SampledFrom([]string{"testing", "production"}).Draw(t, "environment")}
	if w.policy.Expiry.Presence != keywright.Absent && (w.policy.Expiry.Presence == keywright.Required || rapid.Bool().Draw(t, "expires")) {
		d.Expires = w.now.Add(lengths().Draw(t, "life"))
	}
	k, err := w.policy.Issue(w.now, w.tenant, w.active(keywright.KeyID{}), d)
	full := w.policy.MaxActive > 0 && w.active(keywright.KeyID{}) >= w.policy.MaxActive
	past := !d.Expires.IsZero() && !d.Expires.After(w.now)
	if (err != nil) != (full || past) {
		t.Fatalf("issue: full %v, past %v, but %v", full, past, err)
	}
	if err == nil {
		k.ID = w.id()
		w.add(k)
	}
}

func (w *world) rotate(t *rapid.T) {
	old := w.pick(t)
	var before *keywright.Key
	if b, ok := w.keys[old.Predecessor]; ok {
		before = &b
	}
	var overlap *time.Duration
	if rapid.Bool().Draw(t, "asked") {
		o := lengths().Draw(t, "overlap")
		overlap = &o
	}
	retiring, successor, finished, err := w.policy.Rotate(w.now, w.tenant, old, before, overlap, rapid.Bool().Draw(t, "finish"))
	if err != nil {
		return
	}
	if old.StateAt(w.now) != keywright.Active {
		t.Fatalf("a key that is %s was rotated", old.StateAt(w.now))
	}
	if finished != nil {
		w.keep(t, *before, *finished)
	}
	successor.ID = w.id()
	retiring.Successor = successor.ID
	w.keep(t, old, retiring)
	w.rotated[old.ID] = w.now
	w.add(successor)
}

func (w *world) overlap(t *rapid.T) {
	k := w.pick(t)
	var after *keywright.Key
	if a, ok := w.keys[k.Successor]; ok {
		after = &a
	}
	until := time.Time{}
	if rapid.Bool().Draw(t, "moves") {
		until = w.now.Add(lengths().Draw(t, "until"))
	}
	got, err := w.policy.Overlap(w.now, k, after, until)
	if err != nil {
		if until.IsZero() && k.StateAt(w.now) == keywright.PendingRotation {
			t.Fatalf("TRS-13: an overlap cannot be ended early: %v", err)
		}
		return
	}
	if s := k.StateAt(w.now); s != keywright.PendingRotation && s != keywright.StatePaused {
		t.Fatalf("the overlap of a key that is %s was moved", s)
	}
	if until.IsZero() && got.StateAt(w.now) != keywright.StateRetired {
		t.Fatalf("an overlap was ended, and the key is %s", got.StateAt(w.now))
	}
	if !until.IsZero() && (!w.policy.Rotation.Settable || !got.Retires.Equal(until)) {
		t.Fatal("an overlap was moved that may not, or not to where it was asked")
	}
	if !until.IsZero() && (after == nil || after.StateAt(w.now).Final() || after.StateAt(w.now) == keywright.StateExpired) {
		t.Fatal("an overlap was moved though nothing follows the key any more")
	}
	w.keep(t, k, got)
}

func (w *world) amend(t *rapid.T) {
	k := w.pick(t)
	var a keywright.Amendment
	if rapid.Bool().Draw(t, "name only") {
		name := rapid.StringMatching("[a-z]{0,5}").Draw(t, "name")
		a.Name = &name
	} else {
		to := time.Time{}
		if rapid.Bool().Draw(t, "some") {
			to = w.now.Add(lengths().Draw(t, "life"))
		}
		a.Expires = &to
	}
	got, err := w.policy.Amend(w.now, w.tenant, w.active(k.ID), k, a)
	if err != nil {
		return
	}
	if a.Expires == nil && (!got.Expires.Equal(k.Expires) || got.StateAt(w.now) != k.StateAt(w.now)) {
		t.Fatal("a new name touched the expiry")
	}
	if k.StateAt(w.now) == keywright.StateExpired && got.StateAt(w.now) != keywright.StateExpired && !w.policy.Expiry.Revivable {
		t.Fatal("a key came back that may not")
	}
	w.keep(t, k, got)
}

func (w *world) pause(t *rapid.T) {
	k := w.pick(t)
	until := time.Time{}
	if rapid.Bool().Draw(t, "ends") {
		until = w.now.Add(lengths().Draw(t, "until"))
	}
	if got, err := w.policy.Pause(w.now, k, until); err == nil {
		w.keep(t, k, got)
	}
}

func (w *world) resume(t *rapid.T) {
	k := w.pick(t)
	if got, err := w.policy.Resume(w.now, k); err == nil {
		w.keep(t, k, got)
	}
}

func (w *world) revoke(t *rapid.T) {
	k := w.pick(t)
	got, changed, err := w.policy.Revoke(w.now, k, rapid.SampledFrom(keywright.Revocations()).Draw(t, "why"))
	if err != nil || got.StateAt(w.now) != keywright.StateRevoked {
		t.Fatalf("a revocation failed: %v", err)
	}
	if changed {
		w.keep(t, k, got)
	}
}

func (w *world) remove(t *rapid.T) {
	k := w.pick(t)
	delete(w.keys, k.ID)
	delete(w.final, k.ID)
}

func (w *world) advance(t *rapid.T) {
	if d := lengths().Draw(t, "time"); d > 0 {
		w.now = w.now.Add(d)
	}
}

// check is what holds at every instant, whatever came before.
func (w *world) check(t *rapid.T) {
	if n := w.active(keywright.KeyID{}); w.policy.MaxActive > 0 && n > w.policy.MaxActive {
		t.Fatalf("TRS-17: %d keys count, and the cap is %d", n, w.policy.MaxActive)
	}
	for id, k := range w.keys {
		state := k.StateAt(w.now)
		if was, dead := w.final[id]; dead && state != was && state != keywright.StateRevoked {
			t.Fatalf("%s came back as %s", was, state)
		}
		if state.Final() {
			w.final[id] = state
		}
		if k.CountsAt(w.now) && (!k.Retires.IsZero() || state == keywright.PendingRotation) {
			t.Fatal("TRS-14: a key that is PENDING_ROTATION counts")
		}
		w.checkOverlap(t, k)
		w.checkLinks(t, k)
		w.checkEnd(t, k, state)
		if k.Environment != w.born[id].Environment {
			t.Fatal("DMT-13: the environment changed")
		}
	}
}

func (w *world) checkOverlap(t *rapid.T, k keywright.Key) {
	if k.Retires.IsZero() {
		return
	}
	if !k.Expires.IsZero() && k.Retires.After(k.Expires) {
		t.Fatal("an overlap outlives its key's expiry")
	}
	if k.Retires.After(w.rotated[k.ID].Add(keywright.MaxOverlap)) {
		t.Fatal("an overlap is longer than 30 days")
	}
}

func (w *world) checkLinks(t *rapid.T, k keywright.Key) {
	if (k.Successor != keywright.KeyID{}) != !k.Retires.IsZero() {
		t.Fatal("a key retires without a successor, or has one and does not retire")
	}
	if next, there := w.keys[k.Successor]; there && next.Predecessor != k.ID {
		t.Fatal("the successor does not name its predecessor")
	}
	before, there := w.keys[k.Predecessor]
	if there && before.Successor != k.ID {
		t.Fatal("the predecessor does not name its successor: one key has two")
	}
	if beyond, ok := w.keys[before.Predecessor]; there && ok && accepted(k.StateAt(w.now)) && accepted(before.StateAt(w.now)) && accepted(beyond.StateAt(w.now)) {
		t.Fatal("three keys of one line work at once")
	}
}

// checkEnd looks at the instant at which the key dies by itself, and just before.
func (w *world) checkEnd(t *rapid.T, k keywright.Key, state keywright.State) {
	d := keywright.Decide(w.now, &k, w.tenant, keywright.Need{Scheme: "s"})
	if d.Granted() != accepted(state) {
		t.Fatalf("a key that is %s is answered with %s", state, d.Reason)
	}
	end := k.DiesAt()
	if !accepted(state) || end.IsZero() {
		return
	}
	if !end.After(w.now) {
		t.Fatalf("a key that died at %s is %s", end, state)
	}
	if at := k.StateAt(end); accepted(at) {
		t.Fatalf("it is %s at its end", at)
	}
	if last := k.StateAt(end.Add(-1)); !accepted(last) {
		t.Fatalf("it is %s a moment before its end", last)
	}
}

func TestTheWholeLife(t *testing.T) {
	t.Parallel()
	// Rare meetings of instants need more lives than one check looks at.
	for i := range 30 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(t)
				t.Repeat(map[string]func(*rapid.T){
					"issue": w.issue, "issue more": w.issue, "rotate": w.rotate, "overlap": w.overlap, "amend": w.amend, "pause": w.pause, "resume": w.resume,
					"revoke": w.revoke, "delete": w.remove, "advance": w.advance, "": w.check,
				})
			})
		})
	}
}

// The state is a function of the instant: looked at later, a key that was final
// is final, and one that was not looked at meanwhile is the same.
func TestStateNeverLeavesTheEnd(t *testing.T) {
	t.Parallel()
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		n := rapid.IntRange(0, 6).Draw(t, "hours")
		if n == 0 {
			return time.Time{}
		}
		return start.Add(time.Duration(n) * time.Hour)
	})
	rapid.Check(t, func(t *rapid.T) {
		k := keywright.Key{Expires: instant.Draw(t, "expires"), PausedAt: instant.Draw(t, "paused"), PausedUntil: instant.Draw(t, "until"), Retires: instant.Draw(t, "retires"), RevokedAt: instant.Draw(t, "revoked")}
		ended := keywright.State("")
		for half := range 16 {
			now := start.Add(time.Duration(half) * 30 * time.Minute)
			s := k.StateAt(now)
			if ended != "" && s != ended && s != keywright.StateRevoked {
				t.Fatal(fmt.Sprint(ended, " became ", s))
			}
			if s.Final() {
				ended = s
			}
			if !slices.Contains(keywright.States(), s) {
				t.Fatalf("%s is no state", s)
			}
		}
	})
}
