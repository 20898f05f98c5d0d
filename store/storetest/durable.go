package storetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// RunDurable holds a store to what it keeps when it is closed and opened again.
// place makes room for one store and removes it when the test ends; open opens
// what is there.
func RunDurable(t *testing.T, place func(t *testing.T) string, open func(t *testing.T, place string) keywright.Store) {
	t.Helper()
	t.Run("what was committed is there again", func(t *testing.T) {
		t.Parallel()
		ctx, at := t.Context(), place(t)
		s := open(t, at)
		want := full(1, "ten_a")
		receipt := keywright.Receipt{Key: "r", Request: [32]byte{9}, Result: KeyID(1), At: epoch()}
		update(t, s, func(tx keywright.Tx) error {
			return errors.Join(tx.PutTenant(ctx, tenant("ten_a", "a")), put(ctx, want)(tx), put(ctx, Key(2, "ten_a"))(tx), tx.Remember(ctx, receipt))
		})
		_, _ = s.Update(ctx, func(tx keywright.Tx) error { _ = put(ctx, Key(3, "ten_a"))(tx); return errOurs })
		before := changes(t, s, 0)
		for range 3 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, at)
			if after := changes(t, s, 0); !reflect.DeepEqual(before, after) {
				t.Fatalf("got  %+v\nwant %+v", after, before)
			}
			view(t, s, func(r keywright.Reader) error {
				got, err1 := r.Key(ctx, want.ID)
				kept, err2 := r.Receipt(ctx, "r")
				events, err3 := r.Events(ctx, keywright.EventQuery{})
				if !reflect.DeepEqual(got, want) || kept != receipt || len(events) != 2 {
					t.Errorf("got %+v, %+v, %d events", got, kept, len(events))
				}
				return errors.Join(err1, err2, err3)
			})
		}
		if c := update(t, s, put(ctx, Key(4, "ten_a"))); c != 3 {
			t.Errorf("the log goes on at %d; want 3", c)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("records of people's are there again", func(t *testing.T) {
		t.Parallel()
		ctx, at := t.Context(), place(t)
		s := records(t, open(t, at))
		updateRecords(t, s, putRecords(ctx, person("per_a"), fullRecord("inv_a"), person("per_b")))
		updateRecords(t, s, func(tx people.RecordTx) error {
			return errors.Join(tx.DeleteRecord(ctx, people.PersonRecord, "per_b"), tx.Append(ctx, keywright.Event{At: epoch(), Act: keywright.PersonAmended}))
		})
		_ = s.UpdateRecords(ctx, func(tx people.RecordTx) error { _ = putRecords(ctx, person("per_c"))(tx); return errOurs })
		for range 2 {
			if err := keys(t, s).Close(); err != nil {
				t.Fatal(err)
			}
			s = records(t, open(t, at))
			sameRecord(t, s, person("per_a"))
			sameRecord(t, s, fullRecord("inv_a"))
			noRecord(t, s, people.PersonRecord, "per_b")
			noRecord(t, s, people.PersonRecord, "per_c")
			is(t, s.UpdateRecords(ctx, putRecords(ctx, people.Record{Kind: people.PersonRecord, ID: "per_d", Name: person("per_a").Name})), keywright.Conflict)
			emptyBut(t, keys(t, s), 0, 0, 1)
		}
	})
}
