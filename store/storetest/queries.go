package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func keyQueries(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	update(t, s, func(tx keywright.Tx) error {
		for _, n := range []int{5, 3, 1, 4, 2, 6} { // not in order
			k := Key(n, keywright.TenantID([]string{"ten_a", "ten_b"}[n%2]))
			if n > 3 {
				k.Scheme = "other"
			}
			if n == 2 || n == 5 {
				k.RevokedAt = epoch()
			}
			if err := tx.PutKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	for name, c := range map[string]struct {
		q    keywright.KeyQuery
		want []int
	}{
		"all":                   {keywright.KeyQuery{}, []int{1, 2, 3, 4, 5, 6}},
		"tenant":                {keywright.KeyQuery{Tenant: "ten_a"}, []int{2, 4, 6}},
		"scheme":                {keywright.KeyQuery{Scheme: "keywright"}, []int{1, 2, 3}},
		"tenant and scheme":     {keywright.KeyQuery{Tenant: "ten_b", Scheme: "keywright"}, []int{1, 3}},
		"unrevoked":             {keywright.KeyQuery{Unrevoked: true}, []int{1, 3, 4, 6}},
		"everything at once":    {keywright.KeyQuery{Tenant: "ten_a", Scheme: "other", Unrevoked: true, After: KeyID(4), Limit: 9}, []int{6}},
		"digest":                {keywright.KeyQuery{Digest: ptr(digest(4))}, []int{4}},
		"digest of another":     {keywright.KeyQuery{Digest: ptr(digest(4)), Tenant: "ten_b"}, nil},
		"digest before after":   {keywright.KeyQuery{Digest: ptr(digest(4)), After: KeyID(4)}, nil},
		"unknown digest":        {keywright.KeyQuery{Digest: ptr(digest(9))}, nil},
		"after":                 {keywright.KeyQuery{After: KeyID(4)}, []int{5, 6}},
		"limit":                 {keywright.KeyQuery{Limit: 2}, []int{1, 2}},
		"a tenant, second page": {keywright.KeyQuery{Tenant: "ten_a", After: KeyID(2), Limit: 1}, []int{4}},
		"unknown tenant":        {keywright.KeyQuery{Tenant: "ten_"}, nil},
		"zero digest":           {keywright.KeyQuery{Digest: &keywright.Digest{}}, nil},
	} {
		var want []keywright.KeyID
		for _, n := range c.want {
			want = append(want, KeyID(n))
		}
		view(t, s, func(r keywright.Reader) error {
			got, err := r.Keys(ctx, c.q)
			if !slices.Equal(ids(got), want) {
				t.Errorf("%s: got %v, want %v", name, ids(got), want)
			}
			return err
		})
	}
	update(t, s, func(tx keywright.Tx) error {
		for n := range 120 {
			if err := tx.PutKey(ctx, Key(100+n, "ten_c")); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(r keywright.Reader) error {
		got, err := r.Keys(ctx, keywright.KeyQuery{})
		if len(got) != 100 {
			t.Errorf("without a limit there are %d", len(got))
		}
		return err
	})
}

func tenantQueries(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	// In the order of their bytes, which is not that of every language.
	want := []keywright.TenantID{"ten_A", "ten_B", "ten_Z", "ten_a", "ten_b", "ten_é"}
	update(t, s, func(tx keywright.Tx) error {
		for _, i := range []int{3, 5, 0, 4, 2, 1} {
			if err := tx.PutTenant(ctx, tenant(want[i], "r"+string(want[i]))); err != nil {
				return err
			}
		}
		return nil
	})
	var got []keywright.TenantID
	view(t, s, func(r keywright.Reader) error {
		for after := keywright.TenantID(""); ; {
			page, err := r.Tenants(ctx, keywright.TenantQuery{After: after, Limit: 2})
			if err != nil || len(page) == 0 {
				return err
			}
			for _, one := range page {
				got, after = append(got, one.ID), one.ID
			}
		}
	})
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func eventQueries(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	at := func(n int) time.Time { return epoch().Add(time.Duration(n)) }
	for n := 1; n <= 6; n++ {
		update(t, s, func(tx keywright.Tx) error {
			return tx.Append(ctx, keywright.Event{
				Cursor: 99, At: at(n), Act: []keywright.Act{keywright.KeyIssued, keywright.KeyRevoked}[n%2], Key: KeyID(n % 3), Tenant: keywright.TenantID([]string{"ten_a", "ten_b"}[n/4]),
				Actor:  keywright.Actor{ID: []string{"system", KeyID(7).String()}[n/5], Name: "Ångström", Address: "192.0.2.1", RequestID: "req"},
				Reason: "because", Detail: map[string]string{"name": "was → is"}, KeyNow: &keywright.Key{}, TenantNow: &keywright.Tenant{},
			})
		})
	}
	for name, c := range map[string]struct {
		q    keywright.EventQuery
		want []int
	}{
		"all, newest first": {keywright.EventQuery{}, []int{6, 5, 4, 3, 2, 1}},
		"key":               {keywright.EventQuery{Key: KeyID(2)}, []int{5, 2}},
		"tenant":            {keywright.EventQuery{Tenant: "ten_a"}, []int{3, 2, 1}},
		"key and tenant":    {keywright.EventQuery{Key: KeyID(2), Tenant: "ten_b"}, []int{5}},
		"act":               {keywright.EventQuery{Act: keywright.KeyRevoked}, []int{5, 3, 1}},
		"actor":             {keywright.EventQuery{Actor: KeyID(7).String()}, []int{6, 5}},
		"since, inclusive":  {keywright.EventQuery{Since: at(4)}, []int{6, 5, 4}},
		"until, exclusive":  {keywright.EventQuery{Until: at(4)}, []int{3, 2, 1}},
		"both":              {keywright.EventQuery{Since: at(2), Until: at(3)}, []int{2}},
		"far bounds":        {keywright.EventQuery{Since: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, []int{6, 5, 4, 3, 2, 1}},
		"limit":             {keywright.EventQuery{Limit: 2}, []int{6, 5}},
		"second page":       {keywright.EventQuery{Limit: 2, Before: 5}, []int{4, 3}},
		"nothing":           {keywright.EventQuery{Act: "no.such"}, nil},
	} {
		view(t, s, func(r keywright.Reader) error {
			found, err := r.Events(ctx, c.q)
			var got []int
			for _, e := range found {
				got = append(got, int(e.Cursor))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v, want %v", name, got, c.want)
			}
			return err
		})
	}
	view(t, s, func(r keywright.Reader) error {
		found, err := r.Events(ctx, keywright.EventQuery{Limit: 1})
		want := keywright.Event{
			Cursor: 6, At: at(6), Act: keywright.KeyIssued, Tenant: "ten_b", Key: KeyID(0),
			Actor: keywright.Actor{ID: KeyID(7).String(), Name: "Ångström", Address: "192.0.2.1", RequestID: "req"}, Reason: "because", Detail: map[string]string{"name": "was → is"},
		}
		if len(found) != 1 || !reflect.DeepEqual(found[0], want) {
			t.Errorf("got  %+v\nwant %+v", found, want)
		}
		return err
	})
}

func receipts(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	first := keywright.Receipt{Key: "actor/issue/1", Request: [32]byte{1, 2, 255}, Result: KeyID(1), At: epoch()}
	update(t, s, func(tx keywright.Tx) error {
		_, err := tx.Receipt(ctx, first.Key)
		is(t, err, keywright.NotFound)
		return tx.Remember(ctx, first)
	})
	look := func(key string) (got keywright.Receipt, err error) {
		view(t, s, func(r keywright.Reader) error { got, err = r.Receipt(ctx, key); return nil })
		return got, err
	}
	if got, err := look(first.Key); err != nil || got != first {
		t.Fatalf("got %+v, %v", got, err)
	}
	replaced := first
	replaced.Result, replaced.At = KeyID(2), epoch().Add(time.Hour)
	later := keywright.Receipt{Key: "other", At: epoch().Add(24 * time.Hour)}
	update(t, s, func(tx keywright.Tx) error { return errors.Join(tx.Remember(ctx, replaced), tx.Remember(ctx, later)) })
	if got, err := look(first.Key); err != nil || got != replaced {
		t.Fatalf("within a day: got %+v, %v", got, err)
	}
	update(t, s, func(tx keywright.Tx) error {
		return tx.Remember(ctx, keywright.Receipt{Key: "much later", At: epoch().Add(100 * time.Hour)})
	})
	if got, err := look("much later"); err != nil || got.Key != "much later" {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err := look("\x00")
	is(t, err, keywright.NotFound)
}
