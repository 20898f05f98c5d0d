package memory

import (
	"cmp"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// lists are the orders in which keys and tenants are listed and searched.
type lists struct {
	names    tree[label[keywright.KeyID], struct{}]
	hints    tree[label[keywright.KeyID], struct{}] // of keys that have one
	expiries tree[due, struct{}]
	revoked  tree[due, struct{}] // of keys that have such an instant, as what follows
	retiring tree[due, struct{}]
	paused   tree[due, struct{}]

	tenantNames tree[label[keywright.TenantID], struct{}]
	tenantRefs  tree[label[keywright.TenantID], struct{}]
}

// label orders records by a folded text, then id.
type label[ID any] struct {
	text string
	id   ID
}

// due orders keys by an instant, then id.
type due struct {
	at  int64
	key keywright.KeyID
}

func compareDues(a, b due) int { return cmp.Or(cmp.Compare(a.at, b.at), compareIDs(a.key, b.key)) }

func compareKeyLabels(a, b label[keywright.KeyID]) int {
	return cmp.Or(strings.Compare(a.text, b.text), compareIDs(a.id, b.id))
}

func compareTenantLabels(a, b label[keywright.TenantID]) int {
	return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.id, b.id))
}

func noLists() lists {
	keys := tree[label[keywright.KeyID], struct{}]{compare: compareKeyLabels}
	dues := tree[due, struct{}]{compare: compareDues}
	tenants := tree[label[keywright.TenantID], struct{}]{compare: compareTenantLabels}
	return lists{names: keys, hints: keys, expiries: dues, revoked: dues, retiring: dues, paused: dues, tenantNames: tenants, tenantRefs: tenants}
}

func (l *lists) add(k *keywright.Key) {
	l.names = l.names.with(label[keywright.KeyID]{record.Fold(k.Name), k.ID}, struct{}{})
	if hint := record.Visible(k.Hint); hint != "" {
		l.hints = l.hints.with(label[keywright.KeyID]{hint, k.ID}, struct{}{})
	}
	l.expiries = l.expiries.with(due{record.Expiry(k.Expires), k.ID}, struct{}{})
	for _, one := range l.instants(k) {
		if one.at != 0 {
			*one.of = one.of.with(due{one.at, k.ID}, struct{}{})
		}
	}
}

func (l *lists) remove(k *keywright.Key) {
	l.names = l.names.without(label[keywright.KeyID]{record.Fold(k.Name), k.ID})
	l.hints = l.hints.without(label[keywright.KeyID]{record.Visible(k.Hint), k.ID})
	l.expiries = l.expiries.without(due{record.Expiry(k.Expires), k.ID})
	for _, one := range l.instants(k) {
		if one.at != 0 {
			*one.of = one.of.without(due{one.at, k.ID})
		}
	}
}

// dated is an instant of a key, and the order that holds it if it is set.
type dated struct {
	of *tree[due, struct{}]
	at int64
}

func (l *lists) instants(k *keywright.Key) [3]dated {
	return [3]dated{{&l.revoked, record.Nanos(k.RevokedAt)}, {&l.retiring, record.Nanos(k.Retires)}, {&l.paused, record.Nanos(k.PausedAt)}}
}

func (l *lists) addTenant(t *keywright.Tenant) {
	l.tenantNames = l.tenantNames.with(label[keywright.TenantID]{record.Fold(t.Name), t.ID}, struct{}{})
	l.tenantRefs = l.tenantRefs.with(label[keywright.TenantID]{record.Fold(t.Ref), t.ID}, struct{}{})
}

func (l *lists) removeTenant(t *keywright.Tenant) {
	l.tenantNames = l.tenantNames.without(label[keywright.TenantID]{record.Fold(t.Name), t.ID})
	l.tenantRefs = l.tenantRefs.without(label[keywright.TenantID]{record.Fold(t.Ref), t.ID})
}
