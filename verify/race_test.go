package verify

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keywright/keywright"
)

// marked is a key whose every part tells its number, so that a record made of
// two keys' parts shows.
func marked(n, version uint64) keywright.Key {
	k := key(n)
	k.Version = version
	k.Tenant = keywright.TenantID(fmt.Sprintf("ten_%d", n%5))
	k.Environment = fmt.Sprintf("e%d.%d", n, version)
	k.Permissions = []string{k.Environment, "x"}
	return k
}

func whole(d *keywright.Decision, n uint64) error {
	var m, version uint64
	if _, err := fmt.Sscanf(d.Environment, "e%d.%d", &m, &version); err != nil {
		return fmt.Errorf("environment %q: %w", d.Environment, err)
	}
	if d.Key != keyID(n) || m != n || len(d.Permissions) != 2 || d.Permissions[0] != d.Environment || d.Tenant.ID != marked(n, 1).Tenant {
		return fmt.Errorf("key %d is mixed with another: %+v", n, d)
	}
	return nil
}

// churn updates the first half of keys for ever, and deletes and makes others in
// between, so that records, side tables' places and slots are all used again.
func churn(x *Index, keys, rounds uint64) {
	cursor, next := keywright.Cursor(1), keys
	apply := func(act keywright.Act, id keywright.KeyID, k *keywright.Key) {
		cursor++
		x.Apply(keywright.Event{Cursor: cursor, Act: act, Key: id, KeyNow: k})
	}
	for round := range rounds {
		for n := range keys / 2 {
			k := marked(n, round+2)
			apply(keywright.KeyAmended, k.ID, &k)
			fresh := marked(next, 1)
			apply(keywright.KeyIssued, fresh.ID, &fresh)
			if next >= keys+40 {
				apply(keywright.KeyDeleted, keyID(next-40), nil)
			}
			next++
		}
	}
}

// Readers always find keys that are there, whole, whatever the writer does to
// them and around them. Run with -race it also proves that nothing is read unsynchronized.
func TestReadersSeeWholeRecordsUnderAWriter(t *testing.T) {
	t.Parallel()
	const keys = 64
	x := New(Options{})
	for n := range uint64(keys) {
		k := marked(n, 1)
		x.Apply(state(k, tenant(k.Tenant)))
	}
	x.Refresh(0)
	var done atomic.Bool
	var readers sync.WaitGroup
	for r := range uint64(3) {
		readers.Go(func() {
			for i := r; !done.Load(); i++ {
				n := i % keys
				d := x.Verify(noon, digest(n), &need)
				if !d.Granted() {
					t.Errorf("key %d, which is there all the time, is %s", n, d.Reason)
					return
				}
				if err := whole(&d, n); err != nil {
					t.Error(err)
					return
				}
				if d := x.Verify(noon, digest(keys+i%4096), &need); d.Granted() {
					if err := whole(&d, keys+i%4096); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	churn(x, keys, 400)
	done.Store(true)
	readers.Wait()
}

// A decision that starts after Apply has returned never grants what was revoked
// or deleted, however many look-ups are in flight.
func TestRevokeAndDeleteWhileALookUpIsInFlight(t *testing.T) {
	t.Parallel()
	const keys = 3_000
	x := filled(keys)
	var revoked atomic.Uint64 // all below are revoked or deleted
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				below := revoked.Load()
				if below == keys {
					return
				}
				if below == 0 {
					continue
				}
				if d := x.Verify(noon, digest(below-1), &need); d.Granted() {
					t.Errorf("key %d passed after its end was applied", below-1)
					return
				}
				if d := x.Verify(noon, digest(keys-1), &need); !d.Granted() && revoked.Load() < keys-1 {
					t.Errorf("the last key is %s before its turn", d.Reason)
					return
				}
			}
		})
	}
	for n := range uint64(keys) {
		e := keywright.Event{Cursor: keywright.Cursor(n + 2), Act: keywright.KeyDeleted, Key: keyID(n)}
		if n%2 == 0 {
			k := key(n)
			k.RevokedAt, k.Version = noon, 2
			e.Act, e.KeyNow = keywright.KeyRevoked, &k
		}
		x.Apply(e)
		revoked.Store(n + 1)
	}
	readers.Wait()
}

func TestResetAndRefreshUnderReaders(t *testing.T) {
	t.Parallel()
	x := filled(100)
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := uint64(0); !done.Load(); i++ {
				switch d := x.Verify(noon, digest(i%100), &need); d.Reason {
				case keywright.Granted, keywright.Failure:
				default:
					// The view before Reset and the one after it hold the key; an
					// empty one in between must not be answered from.
					t.Errorf("key %d is %s", i%100, d.Reason)
					return
				}
			}
		})
	}
	for range 200 {
		x.Reset()
		for n := range uint64(100) {
			x.Apply(state(key(n), tenant("ten_a")))
		}
		x.Refresh(0)
	}
	done.Store(true)
	readers.Wait()
}

// overtaking is what a writer does while a reader of key 0 stands at a step.
type overtaking struct {
	step string
	act  func(x *Index)
	want keywright.Reason
}

func amend(x *Index, n, version uint64) {
	k := marked(n, version)
	x.Apply(keywright.Event{Act: keywright.KeyAmended, Key: k.ID, KeyNow: &k})
}

func overtakings() map[string]overtaking {
	return map[string]overtaking{
		"its record is another key's by now": {afterSlot, func(x *Index) {
			amend(x, 0, 2)
			amend(x, 1, 2) // takes the record that key 0 left
		}, keywright.Granted},
		"its key has moved twice, into the same record": {afterRefs, func(x *Index) {
			amend(x, 0, 2) // leaves its record, and its environment's place
			amend(x, 1, 2) // takes both
			twin := marked(5, 1)
			twin.Environment = marked(1, 2).Environment
			x.Apply(keywright.Event{Key: twin.ID, KeyNow: &twin}) // holds that place
			amend(x, 1, 3)                                        // leaves the record
			amend(x, 0, 3)                                        // and is back in it
		}, keywright.Granted},
		"its table is no longer kept": {afterTable, func(x *Index) {
			for n := uint64(2); n < 10_000; n++ {
				amend(x, n, 1)
			}
			amend(x, 0, 2)
			amend(x, 1, 2)
		}, keywright.Granted},
		"its key was deleted and its record used again": {afterSlot, func(x *Index) {
			x.Apply(keywright.Event{Cursor: 9, Act: keywright.KeyDeleted, Key: keyID(0)})
			amend(x, 10_001, 1)
		}, keywright.Unknown},
		"its key was revoked before it looked": {afterTable, func(x *Index) {
			k := marked(0, 2)
			k.RevokedAt = noon
			x.Apply(keywright.Event{Act: keywright.KeyRevoked, Key: k.ID, KeyNow: &k})
		}, keywright.Revoked},
	}
}

// What the race detector meets once in a million runs, made to happen each time:
// the writer acts while a reader stands between two of its steps.
func TestAReaderThatIsOvertaken(t *testing.T) {
	t.Parallel()
	for name, c := range overtakings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := New(Options{})
			for i := range uint64(5) {
				ten := tenant(keywright.TenantID(fmt.Sprintf("ten_%d", i)))
				x.Apply(keywright.Event{Tenant: ten.ID, TenantNow: ten})
			}
			amend(x, 0, 1)
			amend(x, 1, 1)
			x.Refresh(0)
			overtaken := false
			x.held.Load().between = func(step string) {
				if step == c.step && !overtaken {
					overtaken = true
					c.act(x)
				}
			}
			d := x.Verify(noon, digest(0), &need)
			if !overtaken {
				t.Fatal("the reader never came to " + c.step)
			}
			expect(t, "the reader's answer", d.Reason, c.want)
			if d.Granted() {
				if err := whole(&d, 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
