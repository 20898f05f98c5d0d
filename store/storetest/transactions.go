package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keywright/keywright"
)

var errOurs = errors.New("ours")

// emptyBut checks that a store holds this many keys, tenants and events.
func emptyBut(t *testing.T, s keywright.Store, keys, tenants, events int) {
	t.Helper()
	ctx := t.Context()
	view(t, s, func(r keywright.Reader) error {
		k, err1 := r.Keys(ctx, keywright.KeyQuery{Limit: 1000})
		n, err2 := r.Tenants(ctx, keywright.TenantQuery{Limit: 1000})
		e, err3 := r.Events(ctx, keywright.EventQuery{Limit: 1000})
		if len(k) != keys || len(n) != tenants || len(e) != events {
			t.Errorf("there are %d keys, %d tenants, %d events; want %d, %d, %d", len(k), len(n), len(e), keys, tenants, events)
		}
		return errors.Join(err1, err2, err3)
	})
}

func rollback(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	update(t, s, func(tx keywright.Tx) error {
		return errors.Join(tx.PutTenant(ctx, tenant("ten_a", "a")), put(ctx, Key(1, "ten_a"))(tx))
	})
	c, err := s.Update(ctx, func(tx keywright.Tx) error {
		changed := Key(1, "ten_a")
		changed.Name, changed.Digest = "changed", digest(9)
		moved := tenant("ten_a", "moved")
		err := errors.Join(tx.PutKey(ctx, changed), tx.PutTenant(ctx, moved), tx.PutTenant(ctx, tenant("ten_b", "a")), put(ctx, Key(2, "ten_a"))(tx),
			tx.Remember(ctx, keywright.Receipt{Key: "r", At: epoch()}), tx.DeleteKey(ctx, KeyID(1)))
		if err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", errOurs)
	})
	if c != 0 || err == nil || err.Error() != "wrapped: ours" || !errors.Is(err, errOurs) {
		t.Fatalf("got %d, %v; want fn's error unchanged", c, err)
	}
	emptyBut(t, s, 1, 1, 1)
	view(t, s, func(r keywright.Reader) error {
		got, err1 := r.Key(ctx, KeyID(1))
		ten, err2 := r.Tenant(ctx, "a")
		if !reflect.DeepEqual(got, Key(1, "ten_a")) || ten.ID != "ten_a" {
			t.Errorf("got %+v, %+v", got, ten)
		}
		_, err := r.Receipt(ctx, "r")
		is(t, err, keywright.NotFound)
		return errors.Join(err1, err2)
	})
	if c := update(t, s, put(ctx, Key(3, "ten_a"))); c != 2 {
		t.Errorf("the next cursor is %d: what was rolled back left a gap or a place", c)
	}
}

func ownWrites(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	c := update(t, s, func(tx keywright.Tx) error {
		if err := errors.Join(tx.PutTenant(ctx, tenant("ten_a", "a")), put(ctx, Key(1, "ten_a"))(tx), put(ctx, Key(2, "ten_a"))(tx)); err != nil {
			return err
		}
		if err := errors.Join(tx.DeleteKey(ctx, KeyID(1)), tx.Remember(ctx, keywright.Receipt{Key: "r", At: epoch()})); err != nil {
			return err
		}
		_, err := tx.Key(ctx, KeyID(1))
		is(t, err, keywright.NotFound)
		keys, err1 := tx.Keys(ctx, keywright.KeyQuery{Tenant: "ten_a"})
		_, err2 := tx.Tenant(ctx, "a")
		events, err3 := tx.Events(ctx, keywright.EventQuery{})
		_, err4 := tx.Receipt(ctx, "r")
		if len(keys) != 1 || len(events) != 2 || events[0].Cursor != 2 {
			t.Errorf("inside the transaction: %d keys, %+v", len(keys), events)
		}
		return errors.Join(err1, err2, err3, err4)
	})
	if c != 2 {
		t.Errorf("the cursor is %d; want that of the last event, 2", c)
	}
	if c := update(t, s, func(keywright.Tx) error { return nil }); c != 2 {
		t.Errorf("an update that appends nothing returns %d; want the log's end, 2", c)
	}
}

func panics(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	func() {
		defer func() {
			if recover() != "ours" {
				t.Error("the panic did not reach its caller")
			}
		}()
		_, _ = s.Update(ctx, func(tx keywright.Tx) error {
			if err := put(ctx, Key(1, "ten_a"))(tx); err != nil {
				return err
			}
			panic("ours")
		})
	}()
	done := make(chan struct{})
	go func() { // a test that fails inside fn ends its goroutine; the store goes on
		defer close(done)
		_, _ = s.Update(ctx, func(tx keywright.Tx) error {
			if err := put(ctx, Key(1, "ten_a"))(tx); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	emptyBut(t, s, 0, 0, 0)
	update(t, s, put(ctx, Key(2, "ten_a")))
	emptyBut(t, s, 1, 0, 1)
}

func snapshots(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	update(t, s, put(ctx, Key(1, "ten_a")))
	view(t, s, func(r keywright.Reader) error {
		before, err := r.Keys(ctx, keywright.KeyQuery{})
		if err != nil {
			return err
		}
		update(t, s, func(tx keywright.Tx) error {
			return errors.Join(put(ctx, Key(2, "ten_a"))(tx), tx.DeleteKey(ctx, KeyID(1)), tx.PutTenant(ctx, tenant("ten_a", "a")))
		})
		view(t, s, func(inner keywright.Reader) error { // a view inside a view sees the newer state
			keys, err := inner.Keys(ctx, keywright.KeyQuery{})
			if len(keys) != 1 || keys[0].ID != KeyID(2) {
				t.Errorf("a new view has %v", ids(keys))
			}
			return err
		})
		after, err1 := r.Keys(ctx, keywright.KeyQuery{})
		_, err2 := r.Key(ctx, KeyID(1))
		events, err3 := r.Events(ctx, keywright.EventQuery{})
		_, gone := r.Tenant(ctx, "ten_a")
		is(t, gone, keywright.NotFound)
		if !reflect.DeepEqual(before, after) || len(events) != 1 {
			t.Errorf("the view changed: %v, then %v and %d events", ids(before), ids(after), len(events))
		}
		return errors.Join(err1, err2, err3)
	})
	err := s.View(ctx, func(keywright.Reader) error { return errOurs })
	if err != errOurs {
		t.Errorf("got %v", err)
	}
}

// exactCap: reading and writing in one update is one step, whoever else writes.
func exactCap(t *testing.T, s keywright.Store) { capAcross(t, s, s) }

func capAcross(t *testing.T, s keywright.Store, others ...keywright.Store) {
	ctx := t.Context()
	for n := range 9 {
		update(t, s, put(ctx, Key(n, "ten_a")))
	}
	errFull := errors.New("full")
	var won atomic.Int32
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			_, err := others[n%len(others)].Update(ctx, func(tx keywright.Tx) error {
				have, err := tx.Keys(ctx, keywright.KeyQuery{Tenant: "ten_a", Unrevoked: true})
				if err != nil {
					return err
				}
				if len(have) >= 10 {
					return errFull
				}
				return put(ctx, Key(100+n, "ten_a"))(tx)
			})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, errFull):
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 succeeded; want exactly 1", won.Load())
	}
	emptyBut(t, s, 10, 0, 10)
}

// failAlone: writers that share a commit share no failure.
func failAlone(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	const writers, rounds = 12, 8
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range rounds {
				n := w*100 + i
				_, err := s.Update(ctx, func(tx keywright.Tx) error {
					if err := put(ctx, Key(n, "ten_a"))(tx); err != nil {
						return err
					}
					if w%3 == 1 {
						return errOurs
					}
					return nil
				})
				if (w%3 == 1) != (err == errOurs) || (w%3 != 1 && err != nil) {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	all.Wait()
	want := (writers - writers/3) * rounds
	emptyBut(t, s, want, 0, want)
	for i, e := range changes(t, s, 1) {
		if e.Cursor != keywright.Cursor(i+2) {
			t.Fatalf("the %d-th event has the cursor %d: failures left gaps", i, e.Cursor)
		}
	}
}

func contexts(t *testing.T, s keywright.Store) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, keywright.Unavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	_, err := s.Update(ended, func(tx keywright.Tx) error { return tx.PutKey(ended, Key(1, "ten_a")) })
	check("update", err)
	check("view", s.View(ended, func(r keywright.Reader) error { return nil }))
	for _, err := range s.Changes(ended, 0) {
		check("changes", err)
	}
	midway, cancel := context.WithCancel(t.Context())
	_, err = s.Update(midway, func(tx keywright.Tx) error {
		if err := put(t.Context(), Key(1, "ten_a"))(tx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	check("update, midway", err)
	emptyBut(t, s, 0, 0, 0)
	view(t, s, func(r keywright.Reader) error {
		_, err := r.Key(midway, KeyID(1))
		check("read", err)
		return nil
	})
	update(t, s, put(t.Context(), Key(1, "ten_a")))
}

func closed(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	update(t, s, put(ctx, Key(1, "ten_a")))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Update(ctx, func(tx keywright.Tx) error { return nil })
	is(t, err, keywright.Unavailable)
	is(t, s.View(ctx, func(keywright.Reader) error { return nil }), keywright.Unavailable)
	for _, after := range []keywright.Cursor{0, 1} {
		n := 0
		for _, err := range s.Changes(ctx, after) {
			is(t, err, keywright.Unavailable)
			n++
		}
		if n != 1 {
			t.Errorf("changes of a closed store yield %d times; want the error", n)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
