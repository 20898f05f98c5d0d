package memory

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// keyRead is one way of reading what a query selects: all of it, or of a search
// what is found in one of the places where it looks.
type keyRead struct {
	*reader
	q    *keywright.KeyQuery
	now  int64
	text *record.Span // folded names
	hint *record.Span
	from keywright.KeyID // ids, both inclusive
	to   keywright.KeyID
}

func (r *reader) Keys(ctx context.Context, q keywright.KeyQuery) ([]keywright.Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, record.Ended(err)
	}
	if err := record.CheckKeyListing(&q.Listing); err != nil {
		return nil, err
	}
	limit := record.Limit(q.Limit)
	whole := keyRead{reader: r, q: &q, now: record.Bound(q.Now)}
	for i := range whole.to {
		whole.to[i] = 0xff
	}
	var parts []record.Part[*keywright.Key]
	search := record.KeySearch(q.Search)
	if search == nil {
		parts = append(parts, whole.read(limit))
	} else {
		for _, one := range whole.places(search) {
			parts = append(parts, one.read(limit))
		}
	}
	place := func(k **keywright.Key) keywright.Place { return record.KeyPlace(q.Sort, *k) }
	var found []keywright.Key
	for _, k := range record.Join(&q.Listing, limit, place, parts...) {
		found = append(found, record.CloneKey(*k))
	}
	return found, nil
}

func (r keyRead) places(search *record.Search) (all []keyRead) {
	byText := r
	byText.text = &search.Text
	all = append(all, byText)
	if search.Hint.From != "" {
		byHint := r
		byHint.hint = &search.Hint
		all = append(all, byHint)
	}
	for _, span := range search.IDs {
		byID := r
		var ok bool
		if byID.from, byID.to, ok = record.IDRange(span); ok {
			all = append(all, byID)
		}
	}
	return all
}

// read looks at every record of a filter that leaves few, or at all in order.
func (r keyRead) read(limit int) (part record.Part[*keywright.Key]) {
	if r.q.Digest != nil {
		if id, ok := r.digests.get(*r.q.Digest); ok {
			return r.sorted([]keywright.KeyID{id})
		}
		return part
	}
	budget := math.MaxInt
	if r.q.Rest != nil {
		limit++ // to know whether there is more
		budget = record.Budget
		if ids, narrow := r.narrow(); narrow {
			return r.sorted(ids)
		}
	}
	for k := range r.inOrder() {
		if r.selects(k) {
			part.Found = append(part.Found, k)
		}
		if budget--; len(part.Found) == limit || budget == 0 {
			part.Rest = record.KeyPlace(r.q.Sort, k)
			break
		}
	}
	return part
}

// sorted selects among a few keys.
func (r keyRead) sorted(ids []keywright.KeyID) (part record.Part[*keywright.Key]) {
	for _, id := range ids {
		k, _ := r.keys.get(id)
		at := record.KeyPlace(r.q.Sort, k)
		if r.selects(k) && (r.q.From == (keywright.Place{}) || record.ComparePlaces(&r.q.Listing, at, r.q.From) > 0) {
			part.Found = append(part.Found, k)
		}
	}
	return part
}

func (r keyRead) selects(k *keywright.Key) bool {
	q := r.q
	switch {
	case q.Tenant != "" && k.Tenant != q.Tenant, q.Scheme != "" && k.Scheme != q.Scheme, q.Environment != "" && k.Environment != q.Environment,
		q.Unrevoked && !k.RevokedAt.IsZero(), compareIDs(k.ID, q.After) <= 0, compareIDs(k.ID, r.from) < 0, compareIDs(k.ID, r.to) > 0,
		len(q.States) > 0 && !slices.Contains(q.States, k.StateAt(q.Now)),
		!q.ExpiresBefore.IsZero() && record.Expiry(k.Expires) >= record.Bound(q.ExpiresBefore),
		r.text != nil && !r.text.Holds(record.Fold(k.Name)), r.hint != nil && !r.hint.Holds(record.Visible(k.Hint)):
		return false
	}
	return true
}

// narrow returns the ids of the first filter that leaves few.
func (r keyRead) narrow() ([]keywright.KeyID, bool) {
	for _, source := range r.sources() {
		if ids, ok := few(source); ok {
			return ids, true
		}
	}
	return nil, false
}

func (r keyRead) sources() (all []iter.Seq[keywright.KeyID]) {
	q := r.q
	if r.text != nil {
		all = append(all, labelled(r.lists.names, *r.text))
	}
	if r.hint != nil {
		all = append(all, labelled(r.lists.hints, *r.hint))
	}
	if !r.from.IsZero() {
		all = append(all, func(yield func(keywright.KeyID) bool) {
			for id := range r.keys.within(func(id keywright.KeyID) bool { return compareIDs(id, r.from) >= 0 }, func(id keywright.KeyID) bool { return compareIDs(id, r.to) <= 0 }, false) {
				if !yield(id) {
					return
				}
			}
		})
	}
	if q.Tenant != "" {
		all = append(all, r.holdings())
	}
	if !q.ExpiresBefore.IsZero() {
		all = append(all, dues(r.lists.expiries, math.MinInt64, record.Bound(q.ExpiresBefore)-1))
	}
	if record.Spread(q.States) {
		all = append(all, r.inStates())
	}
	return all
}

func labelled[ID any](t tree[label[ID], struct{}], span record.Span) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		above := func(l label[ID]) bool { return l.text >= span.From }
		below := func(l label[ID]) bool { return span.Before == "" || l.text < span.Before }
		for l := range t.within(above, below, false) {
			if !yield(l.id) {
				return
			}
		}
	}
}

// ids yields all of an order of ids.
func ids[ID any](t tree[ID, struct{}]) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		all := func(ID) bool { return true }
		for id := range t.within(all, all, false) {
			if !yield(id) {
				return
			}
		}
	}
}

// few returns what a source yields, if that is few.
func few[ID any](source iter.Seq[ID]) (found []ID, ok bool) {
	for id := range source {
		if found = append(found, id); len(found) > record.Narrow {
			return nil, false
		}
	}
	return found, true
}

func dues(t tree[due, struct{}], from, to int64) iter.Seq[keywright.KeyID] {
	return func(yield func(keywright.KeyID) bool) {
		for d := range t.within(func(d due) bool { return d.at >= from }, func(d due) bool { return d.at <= to }, false) {
			if !yield(d.key) {
				return
			}
		}
	}
}

// inStates yields at least all keys that are in one of the states, none of which
// is ACTIVE.
func (r keyRead) inStates() iter.Seq[keywright.KeyID] {
	return func(yield func(keywright.KeyID) bool) {
		for _, state := range r.q.States {
			var source iter.Seq[keywright.KeyID]
			switch state {
			case keywright.StateRevoked:
				source = ids(r.lists.revoked)
			case keywright.StateRetired:
				source = dues(r.lists.retiring, math.MinInt64, r.now)
			case keywright.PendingRotation:
				source = dues(r.lists.retiring, r.now+1, math.MaxInt64)
			case keywright.StatePaused:
				source = ids(r.lists.paused)
			default: // EXPIRED
				source = dues(r.lists.expiries, math.MinInt64, r.now)
			}
			for id := range source {
				if !yield(id) {
					return
				}
			}
		}
	}
}

func (r keyRead) holdings() iter.Seq[keywright.KeyID] {
	return func(yield func(keywright.KeyID) bool) {
		for h := range r.held.after(holding{tenant: r.q.Tenant}) {
			if h.tenant != r.q.Tenant || !yield(h.key) {
				return
			}
		}
	}
}
