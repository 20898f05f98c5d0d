package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"pgregory.net/rapid"
)

// model drives a store and a reference through the same random life and compares
// everything that they answer.
func model(t *testing.T, open, reference Open) {
	a, b := open(t), reference(t)
	ctx := t.Context()
	rapid.Check(t, func(r *rapid.T) {
		wipe(t, a)
		wipe(t, b)
		for range rapid.IntRange(1, 12).Draw(r, "updates") {
			steps := rapid.SliceOfN(rapid.Custom(step), 1, 6).Draw(r, "steps")
			fails := rapid.IntRange(0, 4).Draw(r, "fails") == 0
			var answers [2]string
			for i, s := range []keywright.Store{a, b} {
				c, err := s.Update(ctx, func(tx keywright.Tx) error {
					answers[i] = ""
					for _, do := range steps {
						answers[i] += do(t, tx)
					}
					if fails {
						return errOurs
					}
					return nil
				})
				answers[i] += fmt.Sprint(c, err)
			}
			if answers[0] != answers[1] {
				r.Fatalf("answers differ:\n%s\n%s", answers[0], answers[1])
			}
			compare(t, r, a, b)
		}
	})
}

// wipe removes the keys and what else can be removed, so that runs are alike.
func wipe(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	update(t, s, func(tx keywright.Tx) error {
		all, err := tx.Keys(ctx, keywright.KeyQuery{Limit: 1000})
		for _, k := range all {
			if err == nil {
				err = tx.DeleteKey(ctx, k.ID)
			}
		}
		return err
	})
}

// step is one random write, which returns what it was told.
func step(r *rapid.T) func(*testing.T, keywright.Tx) string {
	n := rapid.IntRange(1, 6).Draw(r, "n")
	other := rapid.IntRange(1, 6).Draw(r, "other")
	ten := keywright.TenantID(rapid.SampledFrom([]string{"ten_a", "ten_b", "ten_B"}).Draw(r, "tenant"))
	text := rapid.String().Draw(r, "text")
	at := time.Unix(0, rapid.Int64Range(-1<<40, 1<<60).Draw(r, "at"))
	switch rapid.IntRange(0, 5).Draw(r, "kind") {
	case 0, 1:
		k := Key(n, ten)
		k.Digest, k.Name, k.Created, k.Metadata = digest(other), text, at, map[string]string{text: text}
		if n%2 == 0 {
			k.RevokedAt = at
		}
		return func(t *testing.T, tx keywright.Tx) string { return fmt.Sprintln(tx.PutKey(t.Context(), k)) }
	case 2:
		return func(t *testing.T, tx keywright.Tx) string { return fmt.Sprintln(tx.DeleteKey(t.Context(), KeyID(n))) }
	case 3:
		one := tenant(ten, []string{"", "r1", "r2", "ten_b"}[n%4])
		one.Plan = text
		return func(t *testing.T, tx keywright.Tx) string { return fmt.Sprintln(tx.PutTenant(t.Context(), one)) }
	case 4:
		e := keywright.Event{At: at, Act: keywright.KeyAmended, Key: KeyID(n), Tenant: ten, Reason: text, Actor: keywright.Actor{ID: text}}
		return func(t *testing.T, tx keywright.Tx) string { return fmt.Sprintln(tx.Append(t.Context(), e)) }
	default:
		receipt := keywright.Receipt{Key: fmt.Sprint("r", n), Result: KeyID(other), At: at}
		return func(t *testing.T, tx keywright.Tx) string {
			got, err := tx.Receipt(t.Context(), receipt.Key)
			return fmt.Sprintln(got, err, tx.Remember(t.Context(), receipt))
		}
	}
}

func compare(t *testing.T, r *rapid.T, a, b keywright.Store) {
	ctx := t.Context()
	var answers [2][]any
	id, ten := KeyID(rapid.IntRange(1, 6).Draw(r, "id")), keywright.TenantID("ten_"+rapid.SampledFrom([]string{"a", "b", "B"}).Draw(r, "tenant"))
	since := time.Unix(0, rapid.Int64Range(-1<<40, 1<<60).Draw(r, "since"))
	limit := rapid.IntRange(0, 4).Draw(r, "limit")
	for i, s := range []keywright.Store{a, b} {
		view(t, s, func(read keywright.Reader) error {
			note := func(v any, err error) { answers[i] = append(answers[i], v, fmt.Sprint(err)) }
			note(read.Keys(ctx, keywright.KeyQuery{Tenant: ten, Unrevoked: limit%2 == 0, After: id, Limit: limit}))
			note(read.Keys(ctx, keywright.KeyQuery{Scheme: "keywright", Digest: ptr(digest(limit))}))
			note(read.Key(ctx, id))
			note(read.Tenant(ctx, string(ten)))
			note(read.Tenant(ctx, "r1"))
			note(read.Tenants(ctx, keywright.TenantQuery{After: ten}))
			note(read.Events(ctx, keywright.EventQuery{Key: id, Since: since, Limit: limit}))
			note(read.Events(ctx, keywright.EventQuery{Tenant: ten, Until: since, Limit: limit}))
			return nil
		})
		for after := range keywright.Cursor(3) {
			answers[i] = append(answers[i], changes(t, s, after))
		}
	}
	for n := range answers[0] {
		if !reflect.DeepEqual(answers[0][n], answers[1][n]) {
			r.Fatalf("answer %d differs:\n%+v\n%+v", n, answers[0][n], answers[1][n])
		}
	}
}
