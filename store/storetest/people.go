package storetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// OpenPeople makes an empty store, and closes and removes it when the test ends.
// What it returns is a keywright.Store too: the log of events is one.
type OpenPeople func(t *testing.T) people.Store

// RunPeople holds a store to the whole contract of people.Store, as Run does to
// that of keywright.Store.
func RunPeople(t *testing.T, open, reference OpenPeople) {
	t.Helper()
	peopleSuite(t, open)
	t.Run("with every update run twice", func(t *testing.T) {
		peopleSuite(t, func(t *testing.T) people.Store { return rerunning{keys(t, open(t))} })
	})
	t.Run("behaves as the model does", func(t *testing.T) { t.Parallel(); peopleModel(t, open, reference) })
}

func peopleSuite(t *testing.T, open OpenPeople) {
	for _, c := range []struct {
		name string
		test func(*testing.T, people.Store)
	}{
		{"a record comes back as it was put", recordRoundTrip},
		{"a name belongs to one record of its kind", nameConflict},
		{"what cannot be kept is refused by name", refusesRecords},
		{"what is returned is the caller's", noRecordAliasing},
		{"records are selected and paged", recordQueries},
		{"a failed update leaves nothing", recordRollback},
		{"an update sees its own writes", recordOwnWrites},
		{"a view is one snapshot", recordSnapshots},
		{"events are in the one log", recordEvents},
		{"one name, 20 records: exactly one has it", exactName},
		{"updates of records and of keys take turns", recordTurns},
		{"expired records are forgotten, and no other", recordsForgotten},
		{"a context that ended", recordContexts},
		{"a closed store", recordsClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// keys is a store of records as what else it has to be.
func keys(t *testing.T, s people.Store) keywright.Store {
	t.Helper()
	k, ok := s.(keywright.Store)
	if !ok {
		t.Fatalf("%T keeps no keys: records and keys are kept in one place, with one log", s)
	}
	return k
}

// records is the reverse.
func records(t *testing.T, s keywright.Store) people.Store {
	t.Helper()
	p, ok := s.(people.Store)
	if !ok {
		t.Fatalf("%T keeps no records of people's", s)
	}
	return p
}

func updateRecords(t *testing.T, s people.Store, fn func(people.RecordTx) error) {
	t.Helper()
	if err := s.UpdateRecords(t.Context(), fn); err != nil {
		t.Fatalf("update: %v: %v", err, errors.Unwrap(err))
	}
}

func viewRecords(t *testing.T, s people.Store, fn func(people.RecordReader) error) {
	t.Helper()
	if err := s.ViewRecords(t.Context(), fn); err != nil {
		t.Fatalf("view: %v: %v", err, errors.Unwrap(err))
	}
}

// person is a plain record.
func person(id string) people.Record {
	return people.Record{Kind: people.PersonRecord, ID: id, Name: id + "@example.com", Version: 1, Body: []byte(id)}
}

// session is a record that expires.
func session(id string, expires time.Time) people.Record {
	return people.Record{Kind: people.SessionRecord, ID: id, Name: "digest of " + id, Owner: "per_a", Expires: expires, Version: 1}
}

// fullRecord has something in every field.
func fullRecord(id string) people.Record {
	return people.Record{
		Kind: people.InvitationRecord, ID: id, Name: "naïve 'quoted' \U0001F511 of " + id, Owner: "per_é", Tenant: "ten_a",
		Expires: epoch(), Version: 1<<40 + 7, Body: []byte("\x00{\"a\": \"\xff\"}\x00"),
	}
}

func putRecords(ctx context.Context, all ...people.Record) func(people.RecordTx) error {
	return func(tx people.RecordTx) error {
		for _, r := range all {
			if err := tx.PutRecord(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
}

func sameRecord(t *testing.T, s people.Store, want people.Record) {
	t.Helper()
	viewRecords(t, s, func(r people.RecordReader) error {
		got, err := r.Record(t.Context(), want.Kind, want.ID)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		return err
	})
}

func noRecord(t *testing.T, s people.Store, kind people.RecordKind, id string) {
	t.Helper()
	viewRecords(t, s, func(r people.RecordReader) error {
		_, err := r.Record(t.Context(), kind, id)
		is(t, err, keywright.NotFound)
		return nil
	})
}

func recordRoundTrip(t *testing.T, s people.Store) {
	ctx := t.Context()
	large := person("per_large")
	large.Body = []byte(strings.Repeat("\x00\xff~", 64<<10/3) + "!")
	least := people.Record{Kind: "k", ID: "i"}
	for _, want := range []people.Record{fullRecord("inv_a"), person("per_a"), least, large} {
		updateRecords(t, s, putRecords(ctx, want))
		sameRecord(t, s, want)
	}
	elsewhere := person("per_b")
	elsewhere.Expires, elsewhere.Body = epoch().In(time.FixedZone("", 3600)), []byte{}
	updateRecords(t, s, putRecords(ctx, elsewhere))
	elsewhere.Expires, elsewhere.Body = epoch(), nil
	sameRecord(t, s, elsewhere)

	namesake := person("inv_a") // a record is known by its kind and its id
	updateRecords(t, s, putRecords(ctx, namesake))
	sameRecord(t, s, namesake)
	sameRecord(t, s, fullRecord("inv_a"))

	replaced := people.Record{Kind: people.InvitationRecord, ID: "inv_a", Name: "new", Owner: "per_b", Version: 2}
	updateRecords(t, s, putRecords(ctx, replaced))
	sameRecord(t, s, replaced)
	viewRecords(t, s, func(r people.RecordReader) error {
		_, err := r.Named(ctx, people.InvitationRecord, fullRecord("inv_a").Name)
		is(t, err, keywright.NotFound)
		was, err1 := r.Records(ctx, people.RecordQuery{Kind: people.InvitationRecord, Owner: "per_é"})
		theirs, err2 := r.Records(ctx, people.RecordQuery{Kind: people.InvitationRecord, Tenant: "ten_a"})
		now, err3 := r.Records(ctx, people.RecordQuery{Kind: people.InvitationRecord, Owner: "per_b"})
		if len(was) != 0 || len(theirs) != 0 || len(now) != 1 {
			t.Errorf("replaced, it is found as %v, %v, %v", was, theirs, now)
		}
		return errors.Join(err1, err2, err3)
	})
	for range 2 { // that there is none is no error
		updateRecords(t, s, func(tx people.RecordTx) error { return tx.DeleteRecord(ctx, people.InvitationRecord, "inv_a") })
		noRecord(t, s, people.InvitationRecord, "inv_a")
	}
	sameRecord(t, s, namesake)
	for _, id := range []string{"", "per_", "PER_A", "per_a\x00", "\xff"} {
		noRecord(t, s, people.PersonRecord, id)
		updateRecords(t, s, func(tx people.RecordTx) error { return tx.DeleteRecord(ctx, people.PersonRecord, id) })
	}
	sameRecord(t, s, person("per_a"))
}

func nameConflict(t *testing.T, s people.Store) {
	ctx := t.Context()
	named := func(kind people.RecordKind, id, name string) people.Record {
		return people.Record{Kind: kind, ID: id, Name: name, Version: 1}
	}
	find := func(kind people.RecordKind, name, want string) {
		t.Helper()
		viewRecords(t, s, func(r people.RecordReader) error {
			got, err := r.Named(ctx, kind, name)
			if want == "" {
				is(t, err, keywright.NotFound)
				return nil
			}
			if got.ID != want {
				t.Errorf("%q leads to %q; want %q", name, got.ID, want)
			}
			return err
		})
	}
	updateRecords(t, s, putRecords(ctx, named("person", "a", "x"), named("person", "b", ""), named("person", "c", ""), named("session", "a", "x")))
	is(t, s.UpdateRecords(ctx, putRecords(ctx, named("person", "b", "x"))), keywright.Conflict)
	updateRecords(t, s, func(tx people.RecordTx) error { // a refusal does not spoil the transaction
		is(t, tx.PutRecord(ctx, named("person", "b", "x")), keywright.Conflict)
		is(t, tx.PutRecord(ctx, named("person", "d", "x")), keywright.Conflict)
		return tx.PutRecord(ctx, named("person", "a", "x")) // one's own is no conflict
	})
	noRecord(t, s, "person", "d")
	find("person", "x", "a")
	find("session", "x", "a")
	for _, name := range []string{"", "X", "x\x00", "\xff"} {
		find("person", name, "")
	}
	updateRecords(t, s, putRecords(ctx, named("person", "a", "y"), named("person", "b", "x")))
	find("person", "x", "b")
	updateRecords(t, s, func(tx people.RecordTx) error {
		return errors.Join(tx.DeleteRecord(ctx, "person", "b"), tx.PutRecord(ctx, named("person", "c", "x")))
	})
	find("person", "x", "c")
	find("person", "y", "a")
}

func refusesRecords(t *testing.T, s people.Store) {
	ctx := t.Context()
	for field, spoil := range map[string]func(*people.Record){
		"kind":    func(r *people.Record) { r.Kind = "" },
		"id":      func(r *people.Record) { r.ID = "" },
		"body":    func(r *people.Record) { r.Body = make([]byte, 64<<10+1) },
		"name":    func(r *people.Record) { r.Name = strings.Repeat("x", 1025) },
		"owner":   func(r *people.Record) { r.Owner = "per_\x00" },
		"tenant":  func(r *people.Record) { r.Tenant = keywright.TenantID(strings.Repeat("x", 257)) },
		"expires": func(r *people.Record) { r.Expires = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC) },
		"version": func(r *people.Record) { r.Version = 1 << 63 },
	} {
		updateRecords(t, s, func(tx people.RecordTx) error {
			r := fullRecord("inv_a")
			spoil(&r)
			err := tx.PutRecord(ctx, r)
			is(t, err, keywright.Invalid)
			if known := (*keywright.Error)(nil); !errors.As(err, &known) || known.Field != field {
				t.Errorf("%s is refused as %v", field, err)
			}
			return nil
		})
	}
	noRecord(t, s, people.InvitationRecord, "inv_a")
	longest := fullRecord(strings.Repeat("é", 128)) // what is allowed has room in every index
	longest.Name, longest.Owner, longest.Tenant = strings.Repeat("鍵", 341), strings.Repeat("é", 128), keywright.TenantID(strings.Repeat("é", 128))
	updateRecords(t, s, putRecords(ctx, longest))
	sameRecord(t, s, longest)
}

func noRecordAliasing(t *testing.T, s people.Store) {
	ctx := t.Context()
	want, put := fullRecord("inv_a"), fullRecord("inv_a")
	updateRecords(t, s, func(tx people.RecordTx) error {
		put = fullRecord("inv_a")
		err := tx.PutRecord(ctx, put)
		put.Body[0] = '!'
		return err
	})
	for range 2 {
		viewRecords(t, s, func(r people.RecordReader) error {
			one, err1 := r.Record(ctx, want.Kind, want.ID)
			two, err2 := r.Named(ctx, want.Kind, want.Name)
			list, err3 := r.Records(ctx, people.RecordQuery{Kind: want.Kind})
			if err := errors.Join(err1, err2, err3); err != nil || len(list) != 1 {
				t.Fatal(err, list)
			}
			for _, got := range []people.Record{one, two, list[0]} {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v", got)
				}
				got.Body[0] = '?'
			}
			return nil
		})
	}
}
