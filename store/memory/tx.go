package memory

import (
	"context"
	"math"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

type reader struct{ *state }

func (r *reader) Key(ctx context.Context, id keywright.KeyID) (keywright.Key, error) {
	if err := ctx.Err(); err != nil {
		return keywright.Key{}, record.Ended(err)
	}
	if k, ok := r.keys.get(id); ok {
		return record.CloneKey(*k), nil
	}
	return keywright.Key{}, record.NoKey()
}

func (r *reader) Tenant(ctx context.Context, idOrRef string) (keywright.Tenant, error) {
	if err := ctx.Err(); err != nil {
		return keywright.Tenant{}, record.Ended(err)
	}
	t, ok := r.tenants.get(keywright.TenantID(idOrRef))
	if !ok {
		id, known := r.refs.get(idOrRef)
		if !known {
			return keywright.Tenant{}, record.NoTenant()
		}
		t, _ = r.tenants.get(id)
	}
	return record.CloneTenant(*t), nil
}

func (r *reader) Events(ctx context.Context, q keywright.EventQuery) ([]keywright.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, record.Ended(err)
	}
	var found []keywright.Event
	limit := record.Limit(q.Limit)
	last := r.cursor()
	if q.Before > 0 {
		last = min(last, q.Before-1)
	}
	for c := last; c > 0 && len(found) < limit; c-- {
		if e := &r.events[c-1]; selects(&q, e) {
			found = append(found, record.CloneEvent(*e))
		}
	}
	return found, nil
}

func selects(q *keywright.EventQuery, e *keywright.Event) bool {
	return (q.Key.IsZero() || q.Key == e.Key) && (q.Tenant == "" || q.Tenant == e.Tenant) &&
		(q.Act == "" || q.Act == e.Act) && (q.Actor == "" || q.Actor == e.Actor.ID) &&
		(q.Since.IsZero() || record.Nanos(e.At) >= record.Clamp(q.Since)) && (q.Until.IsZero() || record.Nanos(e.At) < record.Clamp(q.Until))
}

func (r *reader) Receipt(ctx context.Context, idempotencyKey string) (keywright.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return keywright.Receipt{}, record.Ended(err)
	}
	if kept, ok := r.receipts.get(idempotencyKey); ok {
		return kept, nil
	}
	return keywright.Receipt{}, record.NoReceipt()
}

type tx struct {
	reader
	madeRoom bool
}

func (t *tx) PutKey(ctx context.Context, k keywright.Key) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	k, err := record.Key(k)
	if err != nil {
		return err
	}
	if owner, taken := t.digests.get(k.Digest); taken && owner != k.ID {
		return record.DigestTaken()
	}
	t.forget(k.ID)
	t.keys = t.keys.with(k.ID, &k)
	t.digests = t.digests.with(k.Digest, k.ID)
	t.held = t.held.with(holding{k.Tenant, k.ID}, struct{}{})
	t.lists.add(&k)
	return nil
}

// forget removes a key and its index entries; it reports whether it was there.
func (t *tx) forget(id keywright.KeyID) bool {
	old, ok := t.keys.get(id)
	if ok {
		t.keys = t.keys.without(id)
		t.digests = t.digests.without(old.Digest)
		t.held = t.held.without(holding{old.Tenant, id})
		t.lists.remove(old)
	}
	return ok
}

func (t *tx) DeleteKey(ctx context.Context, id keywright.KeyID) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	if !t.forget(id) {
		return record.NoKey()
	}
	return nil
}

func (t *tx) PutTenant(ctx context.Context, one keywright.Tenant) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	one, err := record.Tenant(one)
	if err != nil {
		return err
	}
	if owner, taken := t.refs.get(one.Ref); taken && owner != one.ID {
		return record.RefTaken()
	}
	if old, ok := t.tenants.get(one.ID); ok {
		t.refs = t.refs.without(old.Ref)
		t.lists.removeTenant(old)
	}
	if one.Ref != "" {
		t.refs = t.refs.with(one.Ref, one.ID)
	}
	t.tenants = t.tenants.with(one.ID, &one)
	t.lists.addTenant(&one)
	return nil
}

func (t *tx) Append(ctx context.Context, e keywright.Event) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	e, err := record.Event(e)
	if err != nil {
		return err
	}
	e.Cursor = t.cursor() + 1
	t.events = append(t.events, e)
	return nil
}

func (t *tx) Remember(ctx context.Context, r keywright.Receipt) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	r, err := record.Receipt(r)
	if err != nil {
		return err
	}
	horizon := age{at: record.Horizon(r.At)}
	for old := range t.ages.after(age{at: math.MinInt64}) {
		if compareAges(old, horizon) >= 0 {
			break
		}
		t.ages, t.receipts = t.ages.without(old), t.receipts.without(old.key)
	}
	if replaced, ok := t.receipts.get(r.Key); ok {
		t.ages = t.ages.without(age{record.Nanos(replaced.At), r.Key})
	}
	t.ages = t.ages.with(age{record.Nanos(r.At), r.Key}, struct{}{})
	t.receipts = t.receipts.with(r.Key, r)
	return nil
}
