package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// OlderSchema takes what came after schema 2 out of a database, and leaves its rows.
func OlderSchema() []string {
	statements := []string{
		"DROP INDEX keys_name", "DROP INDEX keys_hint", "DROP INDEX keys_expires", "DROP INDEX keys_revoked", "DROP INDEX keys_retired", "DROP INDEX keys_retires", "DROP INDEX keys_paused",
		"DROP INDEX tenants_label", "DROP INDEX tenants_name", "DROP INDEX tenants_plan", "DROP INDEX tenants_archived",
		"DROP INDEX events_act", "DROP INDEX events_actor", "DROP INDEX events_at",
		"DROP TABLE use_hours", "DROP TABLE use_keys", "DROP TABLE use_addresses", "DROP TABLE use_batches",
		"UPDATE keys SET revoked = 1 WHERE revoked <> 0", "DELETE FROM keywright_schema WHERE version > 2",
	}
	for table, columns := range map[string][]string{
		"keys": {"environment", "name", "hint", "expires", "retires", "paused", "paused_until"}, "tenants": {"label", "name", "plan", "archived", "granted"},
	} {
		for _, column := range columns {
			statements = append(statements, "ALTER TABLE "+table+" DROP COLUMN "+column)
		}
	}
	return statements
}

// RunUpgrade holds a store to bringing forward a database of schema 2: what was
// there before lists is listed as what comes after. execute runs statements on the
// database behind the store's back.
func RunUpgrade(t *testing.T, place func(t *testing.T) string, open func(t *testing.T, place string) keywright.Store, execute func(t *testing.T, place string, statements []string)) {
	t.Helper()
	at := place(t)
	s := open(t, at)
	update(t, s, olderRows(t.Context()))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, at, OlderSchema())
	for range 2 {
		s = open(t, at)
		view(t, s, func(r keywright.Reader) error { return checkOlderRows(t, r) })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

const olderKeys = 450 // more than are filled at once

func olderRows(ctx context.Context) func(keywright.Tx) error {
	return func(tx keywright.Tx) error {
		for n := range olderKeys {
			k := full(n, "ten_a")
			k.RevokedAt, k.Retires = time.Time{}, time.Time{}
			switch n {
			case 7:
				k.Name, k.RevokedAt = "Seven", epoch()
			case 8:
				k.Name, k.Hint, k.Expires, k.Retires = "Eight", "…9zzz", epoch().Add(time.Hour), epoch().Add(2*time.Hour)
			}
			if err := tx.PutKey(ctx, k); err != nil {
				return err
			}
		}
		one := tenant("ten_a", "Acme0001")
		one.Name, one.Plan, one.Archived, one.Environments = "Älteste", "growth", true, []string{"live", "test"}
		if err := tx.PutTenant(ctx, one); err != nil {
			return err
		}
		return tx.PutTenant(ctx, tenant("ten_b", ""))
	}
}

func checkOlderRows(t *testing.T, r keywright.Reader) error {
	now := epoch().Add(time.Minute)
	for name, c := range map[string]struct {
		q    keywright.KeyQuery
		want []keywright.KeyID
	}{
		"name":        {keywright.KeyQuery{Search: "SEV"}, []keywright.KeyID{KeyID(7)}},
		"hint":        {keywright.KeyQuery{Search: "9ZZ"}, []keywright.KeyID{KeyID(8)}},
		"revoked":     {keywright.KeyQuery{States: []keywright.State{keywright.StateRevoked}}, []keywright.KeyID{KeyID(7)}},
		"pending":     {keywright.KeyQuery{States: []keywright.State{keywright.PendingRotation}}, []keywright.KeyID{KeyID(8)}},
		"environment": {keywright.KeyQuery{Environment: "production", Search: "eight"}, []keywright.KeyID{KeyID(8)}},
	} {
		var rest keywright.Place
		c.q.Now, c.q.Rest = now, &rest
		got, err := r.Keys(t.Context(), c.q)
		if err != nil || len(got) != len(c.want) || got[0].ID != c.want[0] {
			t.Errorf("%s: %v, %v", name, ids(got), err)
		}
	}
	last, err := r.Keys(t.Context(), keywright.KeyQuery{Now: now, Limit: 1, Listing: keywright.Listing{Sort: keywright.ByExpiry, Descending: true}})
	if err != nil || len(last) != 1 || last[0].ID != KeyID(8) {
		t.Errorf("the last to expire is %v, %v", ids(last), err)
	}
	all, err := r.Keys(t.Context(), keywright.KeyQuery{Limit: olderKeys + 1, Unrevoked: true})
	if err != nil || len(all) != olderKeys-1 {
		t.Errorf("%d keys are not revoked, %v", len(all), err)
	}
	archived := true
	found, err := r.Tenants(t.Context(), keywright.TenantQuery{Search: "ä", Plan: "growth", Environment: "test", Archived: &archived})
	if err != nil || len(found) != 1 || found[0].Ref != "Acme0001" {
		t.Errorf("tenants: %+v, %v", found, err)
	}
	return nil
}
