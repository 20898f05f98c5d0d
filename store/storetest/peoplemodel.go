package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"pgregory.net/rapid"
)

// peopleModel is model for records of people's.
func peopleModel(t *testing.T, open, reference OpenPeople) {
	a, b := open(t), reference(t)
	ctx := t.Context()
	rapid.Check(t, func(r *rapid.T) {
		wipeRecords(t, a)
		wipeRecords(t, b)
		for range rapid.IntRange(1, 12).Draw(r, "updates") {
			steps := rapid.SliceOfN(rapid.Custom(recordStep), 1, 6).Draw(r, "steps")
			fails := rapid.IntRange(0, 4).Draw(r, "fails") == 0
			var answers [2]string
			for i, s := range []people.Store{a, b} {
				err := s.UpdateRecords(ctx, func(tx people.RecordTx) error {
					answers[i] = ""
					for _, do := range steps {
						answers[i] += do(t, tx)
					}
					if fails {
						return errOurs
					}
					return nil
				})
				answers[i] += fmt.Sprint(err)
			}
			if answers[0] != answers[1] {
				r.Fatalf("answers differ:\n%s\n%s", answers[0], answers[1])
			}
			compareRecords(t, r, a, b)
		}
	})
}

func wipeRecords(t *testing.T, s people.Store) {
	ctx := t.Context()
	updateRecords(t, s, func(tx people.RecordTx) error {
		for _, kind := range []people.RecordKind{"person", "session"} {
			all, err := tx.Records(ctx, people.RecordQuery{Kind: kind, Limit: 1000})
			for _, r := range all {
				if err == nil {
					err = tx.DeleteRecord(ctx, kind, r.ID)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// recordStep is one random write, which returns what it was told.
func recordStep(r *rapid.T) func(*testing.T, people.RecordTx) string {
	at := time.Unix(0, rapid.Int64Range(-1<<40, 1<<60).Draw(r, "at"))
	one := people.Record{
		Kind: rapid.SampledFrom([]people.RecordKind{"person", "session"}).Draw(r, "kind"),
		ID:   rapid.SampledFrom([]string{"a", "b", "B", "é"}).Draw(r, "id"), Name: rapid.SampledFrom([]string{"", "n1", "n2", "N2"}).Draw(r, "name"),
		Owner: rapid.SampledFrom([]string{"", "per_a", "per_b"}).Draw(r, "owner"), Tenant: keywright.TenantID(rapid.SampledFrom([]string{"", "ten_a"}).Draw(r, "tenant")),
		Version: rapid.Uint64().Draw(r, "version"), Body: rapid.SliceOf(rapid.Byte()).Draw(r, "body"),
	}
	if rapid.Bool().Draw(r, "expires") {
		one.Expires = at
	}
	switch rapid.IntRange(0, 4).Draw(r, "do") {
	case 0:
		return func(t *testing.T, tx people.RecordTx) string {
			return fmt.Sprintln(tx.DeleteRecord(t.Context(), one.Kind, one.ID))
		}
	case 1:
		e := keywright.Event{At: at, Act: keywright.PersonAmended, Actor: keywright.Actor{ID: one.Owner}, Tenant: one.Tenant}
		return func(t *testing.T, tx people.RecordTx) string { return fmt.Sprintln(tx.Append(t.Context(), e)) }
	default:
		return func(t *testing.T, tx people.RecordTx) string {
			err := tx.PutRecord(t.Context(), one)
			got, other := tx.Named(t.Context(), one.Kind, "n2")
			return fmt.Sprintln(err, got, other)
		}
	}
}

func compareRecords(t *testing.T, r *rapid.T, a, b people.Store) {
	ctx := t.Context()
	var answers [2][]any
	after, limit := rapid.SampledFrom([]string{"", "B", "a"}).Draw(r, "after"), rapid.IntRange(0, 3).Draw(r, "limit")
	for i, s := range []people.Store{a, b} {
		viewRecords(t, s, func(read people.RecordReader) error {
			note := func(v any, err error) { answers[i] = append(answers[i], v, fmt.Sprint(err)) }
			for _, kind := range []people.RecordKind{"person", "session"} {
				note(read.Record(ctx, kind, "a"))
				note(read.Named(ctx, kind, "n1"))
				for _, owner := range []string{"", "per_a"} {
					note(read.Records(ctx, people.RecordQuery{Kind: kind, Owner: owner, Tenant: "ten_a", After: after, Limit: limit}))
					note(read.Records(ctx, people.RecordQuery{Kind: kind, Owner: owner, After: after}))
				}
			}
			return nil
		})
	}
	for n := range answers[0] {
		if !reflect.DeepEqual(answers[0][n], answers[1][n]) {
			r.Fatalf("answer %d differs:\n%+v\n%+v", n, answers[0][n], answers[1][n])
		}
	}
}
