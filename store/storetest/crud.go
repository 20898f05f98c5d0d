package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func keyRoundTrip(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	for _, want := range []keywright.Key{full(1, "ten_a"), Key(2, "ten_a")} {
		update(t, s, func(tx keywright.Tx) error { return tx.PutKey(ctx, want) })
		view(t, s, func(r keywright.Reader) error {
			got, err := r.Key(ctx, want.ID)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			return err
		})
	}
	elsewhere := Key(3, "ten_a")
	elsewhere.Created = epoch().In(time.FixedZone("", 3600))
	elsewhere.Permissions, elsewhere.Metadata, elsewhere.Addresses, elsewhere.Sealed = []string{}, map[string]string{}, []netip.Prefix{}, []byte{}
	update(t, s, func(tx keywright.Tx) error { return tx.PutKey(ctx, elsewhere) })
	view(t, s, func(r keywright.Reader) error {
		got, err := r.Key(ctx, elsewhere.ID)
		if want := Key(3, "ten_a"); !reflect.DeepEqual(got, want) {
			t.Errorf("empty lists are nil and instants in UTC:\ngot  %+v\nwant %+v", got, want)
		}
		return err
	})
	replaced := Key(1, "ten_b")
	replaced.Digest = digest(77)
	update(t, s, func(tx keywright.Tx) error { return tx.PutKey(ctx, replaced) })
	view(t, s, func(r keywright.Reader) error {
		got, err := r.Key(ctx, replaced.ID)
		if !reflect.DeepEqual(got, replaced) {
			t.Errorf("replaced: got %+v", got)
		}
		old, _ := r.Keys(ctx, keywright.KeyQuery{Digest: ptr(digest(1))})
		moved, _ := r.Keys(ctx, keywright.KeyQuery{Tenant: "ten_b"})
		if len(old) != 0 || len(moved) != 1 {
			t.Errorf("the old digest finds %d keys, the new tenant has %d", len(old), len(moved))
		}
		return err
	})
	update(t, s, func(tx keywright.Tx) error { return tx.DeleteKey(ctx, replaced.ID) })
	view(t, s, func(r keywright.Reader) error {
		_, err := r.Key(ctx, replaced.ID)
		is(t, err, keywright.NotFound)
		return nil
	})
	_, err := s.Update(ctx, func(tx keywright.Tx) error { return tx.DeleteKey(ctx, replaced.ID) })
	is(t, err, keywright.NotFound)
}

func tenantRoundTrip(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	want := tenant("ten_a", "abcd1234")
	want.Name, want.Plan, want.Archived, want.Version = "Größe & Söhne", "growth", true, 9
	want.Services, want.Environments = []string{"custody", "lending"}, []string{"production"}
	want.Metadata = map[string]string{"a": "b"}
	update(t, s, func(tx keywright.Tx) error { return tx.PutTenant(ctx, want) })
	view(t, s, func(r keywright.Reader) error {
		for _, name := range []string{"ten_a", "abcd1234"} {
			got, err := r.Tenant(ctx, name)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("by %s: %v\ngot  %+v\nwant %+v", name, err, got, want)
			}
		}
		for _, name := range []string{"", "ABCD1234", "ten_", "ten_a\x00", "\xff"} {
			_, err := r.Tenant(ctx, name)
			is(t, err, keywright.NotFound)
		}
		return nil
	})
	want.Ref = "new"
	update(t, s, func(tx keywright.Tx) error { return tx.PutTenant(ctx, want) })
	view(t, s, func(r keywright.Reader) error {
		_, err := r.Tenant(ctx, "abcd1234")
		is(t, err, keywright.NotFound)
		_, err = r.Tenant(ctx, "new")
		return err
	})
	update(t, s, func(tx keywright.Tx) error { // an id goes before a ref
		return errors.Join(tx.PutTenant(ctx, tenant("ten_b", "ten_c")), tx.PutTenant(ctx, tenant("ten_c", "")), tx.PutTenant(ctx, tenant("ten_d", "")))
	})
	view(t, s, func(r keywright.Reader) error {
		got, err := r.Tenant(ctx, "ten_c")
		if got.ID != "ten_c" {
			t.Errorf("found %s", got.ID)
		}
		return err
	})
}

func digestConflict(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	twin := Key(2, "ten_a")
	twin.Digest = digest(1)
	update(t, s, func(tx keywright.Tx) error { return tx.PutKey(ctx, Key(1, "ten_a")) })
	_, err := s.Update(ctx, func(tx keywright.Tx) error { return tx.PutKey(ctx, twin) })
	is(t, err, keywright.Conflict)
	update(t, s, func(tx keywright.Tx) error { // a refusal does not spoil the transaction
		is(t, tx.PutKey(ctx, twin), keywright.Conflict)
		if err := tx.PutKey(ctx, Key(3, "ten_a")); err != nil {
			return err
		}
		moved := Key(3, "ten_a")
		moved.Digest = digest(1)
		is(t, tx.PutKey(ctx, moved), keywright.Conflict)
		return tx.PutKey(ctx, Key(1, "ten_a")) // its own digest is no conflict
	})
	view(t, s, func(r keywright.Reader) error {
		all, err := r.Keys(ctx, keywright.KeyQuery{})
		if got := ids(all); !slices.Equal(got, []keywright.KeyID{KeyID(1), KeyID(3)}) {
			t.Errorf("there are %v", got)
		}
		return err
	})
	update(t, s, func(tx keywright.Tx) error { // a digest that was let go of is free
		if err := tx.DeleteKey(ctx, KeyID(1)); err != nil {
			return err
		}
		return tx.PutKey(ctx, twin)
	})
}

func refConflict(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	update(t, s, func(tx keywright.Tx) error { return tx.PutTenant(ctx, tenant("ten_a", "ref")) })
	update(t, s, func(tx keywright.Tx) error {
		is(t, tx.PutTenant(ctx, tenant("ten_b", "ref")), keywright.Conflict)
		return tx.PutTenant(ctx, tenant("ten_a", "ref"))
	})
	view(t, s, func(r keywright.Reader) error {
		_, err := r.Tenant(ctx, "ten_b")
		is(t, err, keywright.NotFound)
		return nil
	})
}

func refusesUnstorable(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	for name, spoil := range map[string]func(*keywright.Key){
		"name":       func(k *keywright.Key) { k.Name = "a\x00b" },
		"metadata":   func(k *keywright.Key) { k.Metadata = map[string]string{"a": "\xff"} },
		"expires_at": func(k *keywright.Key) { k.Expires = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) },
		"id":         func(k *keywright.Key) { k.ID = keywright.KeyID{} },
	} {
		k := Key(1, "ten_a")
		spoil(&k)
		_, err := s.Update(ctx, func(tx keywright.Tx) error { return tx.PutKey(ctx, k) })
		is(t, err, keywright.Invalid)
		var e *keywright.Error
		if !errors.As(err, &e) || e.Field != name {
			t.Errorf("the error names the field %q; want %q", e.Field, name)
		}
	}
	_, err := s.Update(ctx, func(tx keywright.Tx) error { return tx.Append(ctx, keywright.Event{Reason: "\x00"}) })
	is(t, err, keywright.Invalid)
	view(t, s, func(r keywright.Reader) error {
		if found, err := r.Keys(ctx, keywright.KeyQuery{Scheme: "\x00"}); err != nil || len(found) != 0 {
			t.Errorf("a scheme that cannot be: %v, %v", found, err)
		}
		return nil
	})
}

func noAliasing(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	k, ten := full(1, "ten_a"), tenant("ten_a", "r")
	ten.Services, ten.Metadata = []string{"a"}, map[string]string{"a": "b"}
	event := issued(k)
	event.Detail = map[string]string{"a": "b"}
	update(t, s, func(tx keywright.Tx) error {
		return errors.Join(tx.PutKey(ctx, k), tx.PutTenant(ctx, ten), tx.Append(ctx, event))
	})
	spoil := func(k *keywright.Key, t *keywright.Tenant, e *keywright.Event) {
		k.Permissions[0], k.Addresses[0], k.Sealed[0], k.Metadata["owner"] = "changed", netip.Prefix{}, 9, "changed"
		t.Services[0], t.Metadata["a"], e.Detail["a"] = "changed", "changed", "changed"
	}
	spoil(&k, &ten, &event) // what was put
	for range 2 {
		view(t, s, func(r keywright.Reader) error {
			gotKey, err1 := r.Key(ctx, KeyID(1))
			gotTenant, err2 := r.Tenant(ctx, "ten_a")
			events, err3 := r.Events(ctx, keywright.EventQuery{})
			if err := errors.Join(err1, err2, err3); err != nil {
				return err
			}
			if gotKey.Permissions[0] != "files:read" || gotKey.Sealed[0] != 0 || gotKey.Metadata["owner"] != "réseau" || !gotKey.Addresses[0].IsValid() ||
				gotTenant.Services[0] != "a" || gotTenant.Metadata["a"] != "b" || events[0].Detail["a"] != "b" {
				t.Fatal("somebody else's change shows")
			}
			spoil(&gotKey, &gotTenant, &events[0]) // what was read
			return nil
		})
		for e := range s.Changes(ctx, 0) {
			if e.KeyNow != nil {
				e.KeyNow.Permissions[0] = "changed"
			}
		}
	}
}

func largeRecords(t *testing.T, s keywright.Store) {
	ctx := t.Context()
	k := full(1, "ten_a")
	for i := range 32 {
		k.Metadata[fmt.Sprintf("%064d", i)] = strings.Repeat("鍵", 2000)
	}
	k.Sealed = []byte(strings.Repeat("\x00\xff", 5000))
	update(t, s, func(tx keywright.Tx) error { return tx.PutKey(ctx, k) })
	update(t, s, func(tx keywright.Tx) error { return tx.PutKey(ctx, Key(2, "ten_a")) })
	view(t, s, func(r keywright.Reader) error {
		all, err := r.Keys(ctx, keywright.KeyQuery{})
		if len(all) != 2 || !reflect.DeepEqual(all[0], k) || !reflect.DeepEqual(all[1], Key(2, "ten_a")) {
			t.Error("what came back differs")
		}
		return err
	})
}
