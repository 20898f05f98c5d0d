package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func recordQueries(t *testing.T, s people.Store) {
	ctx := t.Context()
	// In the order of their bytes, which is not that of every language.
	ids := []string{"A", "B", "Z", "a", "b", "é"}
	updateRecords(t, s, func(tx people.RecordTx) error {
		for _, i := range []int{3, 5, 0, 4, 2, 1} {
			r := people.Record{Kind: "member", ID: ids[i], Owner: []string{"", "per_a", "per_b"}[i%3], Tenant: keywright.TenantID([]string{"", "ten_a"}[i%2])}
			other := person(ids[i])
			other.Owner, other.Tenant = r.Owner, r.Tenant
			if err := putRecords(ctx, r, other)(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for name, c := range map[string]struct {
		q    people.RecordQuery
		want string
	}{
		"a kind":            {people.RecordQuery{Kind: "member"}, "A B Z a b é"},
		"no kind":           {people.RecordQuery{}, ""},
		"unknown kind":      {people.RecordQuery{Kind: "membe"}, ""},
		"owner":             {people.RecordQuery{Kind: "member", Owner: "per_a"}, "B b"},
		"tenant":            {people.RecordQuery{Kind: "member", Tenant: "ten_a"}, "B a é"},
		"both":              {people.RecordQuery{Kind: "member", Owner: "per_b", Tenant: "ten_a"}, "é"},
		"unknown owner":     {people.RecordQuery{Kind: "member", Owner: "per_"}, ""},
		"impossible owner":  {people.RecordQuery{Kind: "member", Owner: "per_a\x00"}, ""},
		"after":             {people.RecordQuery{Kind: "member", After: "Z"}, "a b é"},
		"limit":             {people.RecordQuery{Kind: "member", Limit: 2}, "A B"},
		"an owner, paged":   {people.RecordQuery{Kind: "member", Owner: "per_a", After: "B", Limit: 1}, "b"},
		"a tenant, paged":   {people.RecordQuery{Kind: "member", Tenant: "ten_a", After: "B", Limit: 1}, "a"},
		"all, second page":  {people.RecordQuery{Kind: "member", After: "B", Limit: 3}, "Z a b"},
		"after the last":    {people.RecordQuery{Kind: "member", After: "é"}, ""},
		"of the other kind": {people.RecordQuery{Kind: people.PersonRecord, Owner: "per_b"}, "Z é"},
	} {
		viewRecords(t, s, func(r people.RecordReader) error {
			got, err := r.Records(ctx, c.q)
			var found []string
			for _, one := range got {
				found = append(found, one.ID)
			}
			if strings.Join(found, " ") != c.want {
				t.Errorf("%s: got %v, want %s", name, found, c.want)
			}
			return err
		})
	}
	updateRecords(t, s, func(tx people.RecordTx) error {
		var err error
		for n := range 120 {
			err = errors.Join(err, tx.PutRecord(ctx, people.Record{Kind: "many", ID: fmt.Sprint(n)}))
		}
		return err
	})
	viewRecords(t, s, func(r people.RecordReader) error {
		got, err := r.Records(ctx, people.RecordQuery{Kind: "many"})
		if len(got) != 100 {
			t.Errorf("without a limit there are %d", len(got))
		}
		return err
	})
}

func recordRollback(t *testing.T, s people.Store) {
	ctx := t.Context()
	updateRecords(t, s, putRecords(ctx, person("per_a")))
	err := s.UpdateRecords(ctx, func(tx people.RecordTx) error {
		changed := person("per_a")
		changed.Name, changed.Body = "changed", []byte("changed")
		err := errors.Join(tx.PutRecord(ctx, changed), tx.PutRecord(ctx, person("per_b")), tx.DeleteRecord(ctx, changed.Kind, changed.ID),
			tx.Append(ctx, keywright.Event{At: epoch(), Act: keywright.PersonAmended, Actor: keywright.Actor{ID: "per_a"}}))
		if err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", errOurs)
	})
	if err == nil || err.Error() != "wrapped: ours" || !errors.Is(err, errOurs) {
		t.Fatalf("got %v; want fn's error unchanged", err)
	}
	sameRecord(t, s, person("per_a"))
	noRecord(t, s, people.PersonRecord, "per_b")
	viewRecords(t, s, func(r people.RecordReader) error {
		got, err := r.Named(ctx, people.PersonRecord, person("per_a").Name)
		if got.ID != "per_a" {
			t.Errorf("the name leads to %q", got.ID)
		}
		return err
	})
	emptyBut(t, keys(t, s), 0, 0, 0)
}

func recordOwnWrites(t *testing.T, s people.Store) {
	ctx := t.Context()
	updateRecords(t, s, func(tx people.RecordTx) error {
		if err := putRecords(ctx, person("per_a"), person("per_b"), person("per_c"))(tx); err != nil {
			return err
		}
		if err := tx.DeleteRecord(ctx, people.PersonRecord, "per_a"); err != nil {
			return err
		}
		_, err := tx.Record(ctx, people.PersonRecord, "per_a")
		is(t, err, keywright.NotFound)
		_, err = tx.Named(ctx, people.PersonRecord, person("per_a").Name)
		is(t, err, keywright.NotFound)
		found, err1 := tx.Named(ctx, people.PersonRecord, person("per_b").Name)
		all, err2 := tx.Records(ctx, people.RecordQuery{Kind: people.PersonRecord})
		if found.ID != "per_b" || len(all) != 2 {
			t.Errorf("inside the transaction: %+v, %+v", found, all)
		}
		return errors.Join(err1, err2)
	})
}

func recordSnapshots(t *testing.T, s people.Store) {
	ctx := t.Context()
	updateRecords(t, s, putRecords(ctx, person("per_a")))
	viewRecords(t, s, func(r people.RecordReader) error {
		before, err := r.Records(ctx, people.RecordQuery{Kind: people.PersonRecord})
		if err != nil {
			return err
		}
		updateRecords(t, s, func(tx people.RecordTx) error {
			return errors.Join(tx.DeleteRecord(ctx, people.PersonRecord, "per_a"), tx.PutRecord(ctx, person("per_b")))
		})
		noRecord(t, s, people.PersonRecord, "per_a") // a view inside a view sees the newer state
		after, err1 := r.Records(ctx, people.RecordQuery{Kind: people.PersonRecord})
		_, err2 := r.Named(ctx, people.PersonRecord, person("per_a").Name)
		_, gone := r.Record(ctx, people.PersonRecord, "per_b")
		is(t, gone, keywright.NotFound)
		if !reflect.DeepEqual(before, after) {
			t.Errorf("the view changed: %v, then %v", before, after)
		}
		return errors.Join(err1, err2)
	})
	if err := s.ViewRecords(ctx, func(people.RecordReader) error { return errOurs }); err != errOurs {
		t.Errorf("got %v", err)
	}
}

// recordEvents: an event of people's has neither a key nor, often, a tenant.
func recordEvents(t *testing.T, s people.Store) {
	ctx, log := t.Context(), keys(t, s)
	update(t, log, func(tx keywright.Tx) error {
		return errors.Join(tx.PutTenant(ctx, tenant("ten_a", "a")), put(ctx, Key(1, "ten_a"))(tx))
	})
	created := keywright.Event{At: epoch(), Act: keywright.PersonCreated, Actor: keywright.Actor{ID: "per_a", Name: "A", Address: "192.0.2.1"}, Detail: map[string]string{"person": "per_a"}}
	added := keywright.Event{At: epoch(), Act: keywright.MemberAdded, Actor: keywright.Actor{ID: "system"}, Tenant: "ten_a", Reason: "because"}
	away := keywright.Event{At: epoch(), Act: keywright.MemberAdded, Actor: keywright.Actor{ID: "system"}, Tenant: "ten_none"}
	heard := func() {
		t.Helper()
		select {
		case <-log.Changed():
		case <-time.After(10 * time.Second):
			t.Fatal("a commit was not signalled")
		}
	}
	heard()
	updateRecords(t, s, func(tx people.RecordTx) error {
		return errors.Join(tx.PutRecord(ctx, person("per_a")), tx.Append(ctx, created), tx.Append(ctx, added), tx.Append(ctx, away))
	})
	heard()
	created.Cursor, added.Cursor, away.Cursor, added.TenantNow = 2, 3, 4, ptr(tenant("ten_a", "a"))
	if got, want := changes(t, log, 1), []keywright.Event{created, added, away}; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, e := range changes(t, log, 0) { // the present state is of tenants and keys
		if e.Cursor != 4 || (e.TenantNow == nil) == (e.KeyNow == nil) {
			t.Errorf("the present state has %+v", e)
		}
	}
	view(t, log, func(r keywright.Reader) error {
		got, err := r.Events(ctx, keywright.EventQuery{Actor: "per_a"})
		if len(got) != 1 || got[0].Act != keywright.PersonCreated {
			t.Errorf("by actor there are %+v", got)
		}
		return err
	})
	if c := update(t, log, put(ctx, Key(2, "ten_a"))); c != 5 {
		t.Errorf("the log goes on at %d; want 5", c)
	}
}

// exactName: of those who ask for one name at once, one gets it.
func exactName(t *testing.T, s people.Store) { nameAcross(t, s) }

func nameAcross(t *testing.T, all ...people.Store) {
	ctx := t.Context()
	var won atomic.Int32
	var together sync.WaitGroup
	for n := range 20 {
		together.Go(func() {
			r := person(fmt.Sprint("per_", n))
			r.Name = "one@example.com"
			switch err := all[n%len(all)].UpdateRecords(ctx, putRecords(ctx, r)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, keywright.Conflict):
				t.Errorf("got %v", err)
			}
		})
	}
	together.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 succeeded; want exactly 1", won.Load())
	}
}

// recordTurns: what an update of either kind has read stands until it commits.
func recordTurns(t *testing.T, s people.Store) {
	ctx, log := t.Context(), keys(t, s)
	updateRecords(t, s, putRecords(ctx, person("per_a")))
	var together sync.WaitGroup
	const each = 15
	for n := range 4 {
		together.Go(func() {
			for i := range each {
				err := s.UpdateRecords(ctx, func(tx people.RecordTx) error {
					r, err := tx.Record(ctx, people.PersonRecord, "per_a")
					r.Version++
					return errors.Join(err, tx.Append(ctx, keywright.Event{At: epoch(), Act: keywright.PersonAmended}), tx.PutRecord(ctx, r))
				})
				if _, other := log.Update(ctx, put(ctx, Key(1+n*each+i, "ten_a"))); err != nil || other != nil {
					t.Error(err, other)
				}
			}
		})
	}
	together.Wait()
	want := person("per_a")
	want.Version += 4 * each
	sameRecord(t, s, want)
	emptyBut(t, log, 4*each, 0, 8*each)
	for i, e := range changes(t, log, 1) {
		if e.Cursor != keywright.Cursor(i+2) {
			t.Fatalf("the %d-th event has the cursor %d", i, e.Cursor)
		}
	}
}

// recordsForgotten: a store reads the time off the log, which is written by those
// whose clock counts.
func recordsForgotten(t *testing.T, s people.Store) {
	ctx, now := t.Context(), epoch()
	const old = 100
	updateRecords(t, s, func(tx people.RecordTx) error {
		err := putRecords(ctx, person("per_a"), session("live", now.Add(time.Second)), session("just over", now.Add(-time.Second)))(tx)
		for n := range old {
			err = errors.Join(err, tx.PutRecord(ctx, session(fmt.Sprint("old ", n), now.Add(-25*time.Hour))))
		}
		return err
	})
	count := func() (n int) {
		viewRecords(t, s, func(r people.RecordReader) error {
			all, err := r.Records(ctx, people.RecordQuery{Kind: people.SessionRecord, Limit: 1000})
			n = len(all)
			return err
		})
		return n
	}
	if n := count(); n != old+2 {
		t.Fatalf("there are %d: a store without an event knows no time", n)
	}
	updateRecords(t, s, func(tx people.RecordTx) error {
		return tx.Append(ctx, keywright.Event{At: now, Act: keywright.PersonSignedIn})
	})
	for n := range old {
		before := count()
		updateRecords(t, s, putRecords(ctx, session(fmt.Sprint("new ", n), now.Add(time.Hour))))
		if lost := before + 1 - count(); lost > 50 {
			t.Fatalf("one update forgot %d records: it must not take long", lost)
		}
	}
	if n := count(); n != old+2 {
		t.Errorf("there are %d; want the %d new, the living and the one that is just over", n, old)
	}
	sameRecord(t, s, person("per_a"))
	sameRecord(t, s, session("live", now.Add(time.Second)))
	sameRecord(t, s, session("just over", now.Add(-time.Second)))
}

func recordContexts(t *testing.T, s people.Store) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, keywright.Unavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	check("update", s.UpdateRecords(ended, putRecords(ended, person("per_a"))))
	check("view", s.ViewRecords(ended, func(people.RecordReader) error { return nil }))
	midway, cancel := context.WithCancel(t.Context())
	check("update, midway", s.UpdateRecords(midway, func(tx people.RecordTx) error {
		defer cancel()
		return tx.PutRecord(t.Context(), person("per_a"))
	}))
	noRecord(t, s, people.PersonRecord, "per_a")
	viewRecords(t, s, func(r people.RecordReader) error {
		_, err := r.Record(midway, people.PersonRecord, "per_a")
		check("record", err)
		_, err = r.Named(midway, people.PersonRecord, "per_a")
		check("named", err)
		_, err = r.Records(midway, people.RecordQuery{Kind: people.PersonRecord})
		check("records", err)
		return nil
	})
	updateRecords(t, s, func(tx people.RecordTx) error {
		check("put", tx.PutRecord(midway, person("per_a")))
		check("delete", tx.DeleteRecord(midway, people.PersonRecord, "per_a"))
		check("append", tx.Append(midway, keywright.Event{}))
		return tx.PutRecord(t.Context(), person("per_a"))
	})
}

func recordsClosed(t *testing.T, s people.Store) {
	updateRecords(t, s, putRecords(t.Context(), person("per_a")))
	if err := keys(t, s).Close(); err != nil {
		t.Fatal(err)
	}
	is(t, s.UpdateRecords(t.Context(), func(people.RecordTx) error { return nil }), keywright.Unavailable)
	is(t, s.ViewRecords(t.Context(), func(people.RecordReader) error { return nil }), keywright.Unavailable)
}
