package verify

import (
	"encoding/binary"
	"time"

	"github.com/keywright/keywright"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func keyID(n uint64) (id keywright.KeyID) {
	binary.BigEndian.PutUint64(id[8:], n+1)
	return id
}

// digest spreads like the real thing, and depends on n alone.
func digest(n uint64) (d keywright.Digest) {
	for i := range 4 {
		n += 0x9e3779b97f4a7c15
		z := n
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.BigEndian.PutUint64(d[8*i:], z^z>>31)
	}
	return d
}

func key(n uint64) keywright.Key {
	return keywright.Key{
		ID: keyID(n), Tenant: "ten_a", Scheme: "acme", Environment: "live", Permissions: []string{"*"},
		Digest: digest(n), Created: noon, Version: 1,
	}
}

func tenant(id keywright.TenantID) *keywright.Tenant {
	return &keywright.Tenant{ID: id, Ref: string(id), Plan: "pro", Services: []string{"s1"}, Environments: []string{"live"}, Version: 1}
}

func state(k keywright.Key, t *keywright.Tenant) keywright.Event {
	return keywright.Event{Cursor: 1, Key: k.ID, Tenant: k.Tenant, KeyNow: &k, TenantNow: t}
}

func ready(events ...keywright.Event) *Index {
	x := New(Options{})
	for _, e := range events {
		x.Apply(e)
	}
	x.Refresh(0)
	return x
}

var need = keywright.Need{Scheme: "acme"}
