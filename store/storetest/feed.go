package storetest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func presentState(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	if all := changes(t, s, 0); len(all) != 0 {
		t.Fatalf("an empty store yields %+v", all)
	}
	update(t, s, func(tx keywright.Tx) error {
		err := errors.Join(tx.PutTenant(ctx, tenant("ten_b", "b")), tx.PutTenant(ctx, tenant("ten_a", "a")))
		for _, n := range []int{3, 1, 2} {
			err = errors.Join(err, put(ctx, Key(n, "ten_a"))(tx))
		}
		return err
	})
	update(t, s, func(tx keywright.Tx) error {
		return errors.Join(tx.DeleteKey(ctx, KeyID(2)), tx.Append(ctx, keywright.Event{At: epoch(), Act: keywright.KeyDeleted, Key: KeyID(2), Tenant: "ten_a"}))
	})
	want := []keywright.Event{
		{Cursor: 4, Tenant: "ten_a", TenantNow: ptr(tenant("ten_a", "a"))}, {Cursor: 4, Tenant: "ten_b", TenantNow: ptr(tenant("ten_b", "b"))},
		{Cursor: 4, Key: KeyID(1), KeyNow: ptr(Key(1, "ten_a"))}, {Cursor: 4, Key: KeyID(3), KeyNow: ptr(Key(3, "ten_a"))},
	}
	if got := changes(t, s, 0); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func changesAfter(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	const events = 1200 // several pages
	update(t, s, func(tx keywright.Tx) error {
		err := tx.PutTenant(ctx, tenant("ten_a", "a"))
		for n := 1; n <= events && err == nil; n++ {
			err = put(ctx, Key(n, "ten_a"))(tx)
		}
		return err
	})
	renamed := Key(3, "ten_a")
	renamed.Name, renamed.Version = "renamed", 2
	last := update(t, s, func(tx keywright.Tx) error {
		return errors.Join(tx.DeleteKey(ctx, KeyID(2)), tx.PutKey(ctx, renamed), tx.Append(ctx, keywright.Event{At: epoch(), Act: keywright.TenantAmended, Tenant: "ten_a"}))
	})
	all := changes(t, s, 1)
	if len(all) != events {
		t.Fatalf("there are %d; want %d", len(all), events)
	}
	for i, e := range all {
		if e.Cursor != keywright.Cursor(i+2) {
			t.Fatalf("the %d-th has the cursor %d", i, e.Cursor)
		}
		if e.TenantNow == nil || e.TenantNow.Ref != "a" {
			t.Fatalf("%+v lacks its tenant", e)
		}
	}
	want := issued(Key(4, "ten_a"))
	want.Cursor, want.KeyNow, want.TenantNow = 4, ptr(Key(4, "ten_a")), ptr(tenant("ten_a", "a"))
	if !reflect.DeepEqual(all[2], want) {
		t.Errorf("got  %+v\nwant %+v", all[2], want)
	}
	if all[0].Key != KeyID(2) || all[0].KeyNow != nil {
		t.Errorf("a deleted key shows as %+v", all[0])
	}
	if !reflect.DeepEqual(all[1].KeyNow, &renamed) {
		t.Errorf("the record as it stands is %+v", all[1].KeyNow)
	}
	if e := all[len(all)-1]; e.Act != keywright.TenantAmended || !e.Key.IsZero() || e.KeyNow != nil {
		t.Errorf("an event without a key shows as %+v", e)
	}
	if rest := changes(t, s, last); len(rest) != 0 {
		t.Errorf("after the end there is %+v", rest)
	}
	if rest := changes(t, s, last+5); len(rest) != 0 {
		t.Errorf("beyond the end there is %+v", rest)
	}
}

func changesReentrant(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	for n := 1; n <= 3; n++ {
		update(t, s, put(ctx, Key(n, "ten_a")))
	}
	for _, after := range []keywright.Cursor{0, 1} {
		seen := 0
		for _, err := range s.Changes(ctx, after) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
			n := 100*int(after) + 10 + seen
			update(t, s, put(ctx, Key(n, "ten_a")))
			if seen == 2 {
				break
			}
		}
		if seen != 2 {
			t.Errorf("saw %d", seen)
		}
	}
	emptyBut(t, s, 7, 0, 7)
	stopping, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	n := 0
	for _, err = range s.Changes(stopping, 1) {
		n++
		cancel()
	}
	if n < 6 && !errors.Is(err, keywright.Unavailable) {
		t.Errorf("changes ended early, after %d, without saying so: %v", n, err)
	}
}

func signals(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	changed := s.Changed()
	for n := range 3 {
		update(t, s, put(ctx, Key(n, "ten_a")))
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatal("a commit was not signalled")
		}
	}
}

// noEventSkipped is the test that a cursor must be immune to commit order: a
// follower reads on beside writers whose commits come in any order.
func noEventSkipped(t *testing.T, s keywright.Store) { followWriters(t, s, s) }

// followWriters has a follower of one store read beside writers to others, all
// of one database.
func followWriters(t *testing.T, s keywright.Store, others ...keywright.Store) {
	ctx := t.Context()
	const writers, each = 12, 25
	update(t, s, put(ctx, Key(0, "ten_a")))
	var all sync.WaitGroup
	written := make(chan struct{})
	for w := range writers {
		all.Go(func() {
			for i := range each {
				k := Key(1+w*each+i, "ten_a")
				c, err := others[w%len(others)].Update(ctx, func(tx keywright.Tx) error {
					err := tx.Append(ctx, issued(k)) // early, so that much may happen until the commit
					for range w % 4 {
						_, again := tx.Keys(ctx, keywright.KeyQuery{Tenant: "ten_a", Limit: 5})
						err = errors.Join(err, again)
					}
					return errors.Join(err, tx.PutKey(ctx, k))
				})
				if err != nil || c == 0 {
					t.Errorf("update: %d, %v", c, err)
				}
			}
		})
	}
	go func() { all.Wait(); close(written) }()
	seen := map[keywright.KeyID]bool{}
	at := keywright.Cursor(1)
	for ended := false; !ended; {
		select {
		case <-written:
			ended = true // one more read, which must find the rest
		default:
		}
		for _, e := range changes(t, s, at) {
			if e.Cursor <= at || seen[e.Key] || e.KeyNow == nil {
				t.Fatalf("after %d came %+v", at, e)
			}
			at, seen[e.Key] = e.Cursor, true
		}
	}
	if len(seen) != writers*each {
		t.Errorf("a follower saw %d of %d events: a cursor skipped some", len(seen), writers*each)
	}
}
