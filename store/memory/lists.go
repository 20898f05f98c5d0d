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
	retiring tree[due, struct{}] // of keys that have such an instant, as what follows
	revoked  tree[keywright.KeyID, struct{}]
	retired  tree[keywright.KeyID, struct{}]
	paused   tree[keywright.KeyID, struct{}]

	tenantNames tree[label[keywright.TenantID], struct{}]
	tenantRefs  tree[label[keywright.TenantID], struct{}]
	plans       tree[label[keywright.TenantID], struct{}] // of tenants that are on one
	archived    tree[keywright.TenantID, struct{}]
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
	ids := tree[keywright.KeyID, struct{}]{compare: compareIDs}
	tenants := tree[label[keywright.TenantID], struct{}]{compare: compareTenantLabels}
	return lists{
		names: keys, hints: keys, expiries: dues, retiring: dues, revoked: ids, retired: ids, paused: ids,
		tenantNames: tenants, tenantRefs: tenants, plans: tenants, archived: tree[keywright.TenantID, struct{}]{compare: cmp.Compare[keywright.TenantID]},
	}
}

func (l *lists) add(k *keywright.Key) {
	l.names = l.names.with(label[keywright.KeyID]{record.Fold(k.Name), k.ID}, struct{}{})
	if hint := record.Visible(k.Hint); hint != "" {
		l.hints = l.hints.with(label[keywright.KeyID]{hint, k.ID}, struct{}{})
	}
	l.expiries = l.expiries.with(due{record.Expiry(k.Expires), k.ID}, struct{}{})
	if !k.Retires.IsZero() {
		l.retiring = l.retiring.with(due{record.Nanos(k.Retires), k.ID}, struct{}{})
		l.retired = l.retired.with(k.ID, struct{}{})
	}
	if !k.RevokedAt.IsZero() {
		l.revoked = l.revoked.with(k.ID, struct{}{})
	}
	if !k.PausedAt.IsZero() {
		l.paused = l.paused.with(k.ID, struct{}{})
	}
}

func (l *lists) remove(k *keywright.Key) {
	l.names = l.names.without(label[keywright.KeyID]{record.Fold(k.Name), k.ID})
	l.hints = l.hints.without(label[keywright.KeyID]{record.Visible(k.Hint), k.ID})
	l.expiries = l.expiries.without(due{record.Expiry(k.Expires), k.ID})
	l.retiring = l.retiring.without(due{record.Nanos(k.Retires), k.ID})
	l.retired, l.revoked, l.paused = l.retired.without(k.ID), l.revoked.without(k.ID), l.paused.without(k.ID)
}

func (l *lists) addTenant(t *keywright.Tenant) {
	l.tenantNames = l.tenantNames.with(label[keywright.TenantID]{record.Fold(t.Name), t.ID}, struct{}{})
	l.tenantRefs = l.tenantRefs.with(label[keywright.TenantID]{record.Fold(t.Ref), t.ID}, struct{}{})
	if t.Plan != "" {
		l.plans = l.plans.with(label[keywright.TenantID]{t.Plan, t.ID}, struct{}{})
	}
	if t.Archived {
		l.archived = l.archived.with(t.ID, struct{}{})
	}
}

func (l *lists) removeTenant(t *keywright.Tenant) {
	l.tenantNames = l.tenantNames.without(label[keywright.TenantID]{record.Fold(t.Name), t.ID})
	l.tenantRefs = l.tenantRefs.without(label[keywright.TenantID]{record.Fold(t.Ref), t.ID})
	l.plans = l.plans.without(label[keywright.TenantID]{t.Plan, t.ID})
	l.archived = l.archived.without(t.ID)
}
