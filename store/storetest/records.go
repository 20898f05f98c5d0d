package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// epoch is an instant with nanoseconds that a microsecond would round away.
func epoch() time.Time { return time.Date(2026, 11, 21, 10, 30, 15, 123456789, time.UTC) }

// KeyID makes the n-th id; ids are in the order of their numbers.
func KeyID(n int) (id keywright.KeyID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func digest(n int) (d keywright.Digest) {
	binary.BigEndian.PutUint64(d[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(d[24:], uint64(n))
	return d
}

// Key makes a plain key of a tenant's, and the n-th of all.
func Key(n int, tenant keywright.TenantID) keywright.Key {
	return keywright.Key{ID: KeyID(n), Tenant: tenant, Scheme: "keywright", Name: "a key", Digest: digest(n), Created: epoch(), Version: 1}
}

// full is a key with something in every field.
func full(n int, tenant keywright.TenantID) keywright.Key {
	k := Key(n, tenant)
	k.Name, k.Environment = "naïve ключ 鍵 \U0001F511 'quoted' \"twice\"", "production"
	k.Permissions = []string{"files:read", "*"}
	k.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	k.Metadata = map[string]string{"owner": "réseau", "empty": "", "json": `{"a":[1,"\u0000"]}`}
	k.Public, k.Hint, k.Pepper, k.Sealed = "0123456789abcdef", "…x7Kq", "pepper-2", []byte{0, 1, 255, 0}
	k.Expires, k.PausedAt, k.PausedUntil = epoch().Add(1), epoch().Add(2), epoch().Add(3)
	k.Retires, k.RevokedAt, k.Revocation = epoch().Add(4), epoch().Add(5), keywright.Compromised
	k.Predecessor, k.Successor, k.Version = KeyID(n+1000), KeyID(n+2000), 1<<40+7
	return k
}

func tenant(id keywright.TenantID, ref string) keywright.Tenant {
	return keywright.Tenant{ID: id, Ref: ref, Name: "Tenant " + ref, Created: epoch(), Version: 1}
}

func issued(k keywright.Key) keywright.Event {
	return keywright.Event{At: k.Created, Act: keywright.KeyIssued, Actor: keywright.Actor{ID: "system"}, Key: k.ID, Tenant: k.Tenant}
}

// put is an update that puts a key and logs it.
func put(ctx context.Context, k keywright.Key) func(keywright.Tx) error {
	return func(tx keywright.Tx) error {
		if err := tx.PutKey(ctx, k); err != nil {
			return err
		}
		return tx.Append(ctx, issued(k))
	}
}

func update(t *testing.T, s keywright.Store, fn func(keywright.Tx) error) keywright.Cursor {
	t.Helper()
	c, err := s.Update(t.Context(), fn)
	if err != nil {
		t.Fatalf("update: %v: %v", err, errors.Unwrap(err))
	}
	return c
}

func view(t *testing.T, s keywright.Store, fn func(keywright.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v: %v", err, errors.Unwrap(err))
	}
}

func is(t *testing.T, err error, kind keywright.Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("the error is %v (%v); want the kind %q", err, errors.Unwrap(err), kind)
	}
}

// changes reads to the end.
func changes(t *testing.T, s keywright.Store, after keywright.Cursor) (all []keywright.Event) {
	t.Helper()
	for e, err := range s.Changes(t.Context(), after) {
		if err != nil {
			t.Fatalf("changes: %v: %v", err, errors.Unwrap(err))
		}
		all = append(all, e)
	}
	return all
}

func ids(keys []keywright.Key) (list []keywright.KeyID) {
	for _, k := range keys {
		list = append(list, k.ID)
	}
	return list
}

func ptr[T any](v T) *T { return &v }
