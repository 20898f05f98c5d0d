package memory

import (
	"iter"
	"math"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// inOrder yields the keys that follow the query's place, in its order, without
// those that the order itself tells are not meant.
func (r keyRead) inOrder() iter.Seq[*keywright.Key] {
	switch r.q.Sort {
	case keywright.ByName:
		return r.byName()
	case keywright.ByExpiry:
		return r.byExpiry()
	default:
		return r.byID()
	}
}

// beyond reports whether something lies on the far side of a place that was
// compared with it, in an order or against it.
func beyond(compared int, backwards bool) (above, below bool) {
	return backwards || compared > 0, !backwards || compared < 0
}

func (r keyRead) byID() iter.Seq[*keywright.Key] {
	placed := r.q.From != (keywright.Place{})
	place, _ := keywright.ParseKeyID(r.q.From.ID) // it has been checked
	above := func(id keywright.KeyID) bool {
		after, _ := beyond(compareIDs(id, place), r.q.Descending)
		return (!placed || after) && compareIDs(id, r.q.After) > 0 && compareIDs(id, r.from) >= 0
	}
	below := func(id keywright.KeyID) bool {
		_, before := beyond(compareIDs(id, place), r.q.Descending)
		return (!placed || before) && compareIDs(id, r.to) <= 0
	}
	if t := r.ofState(); t != nil && r.q.Tenant == "" {
		return func(yield func(*keywright.Key) bool) {
			for id := range t.within(above, below, r.q.Descending) {
				if k, _ := r.keys.get(id); !yield(k) {
					return
				}
			}
		}
	}
	return func(yield func(*keywright.Key) bool) {
		if r.q.Tenant == "" {
			for _, k := range r.keys.within(above, below, r.q.Descending) {
				if !yield(k) {
					return
				}
			}
			return
		}
		from := func(h holding) bool {
			return h.tenant > r.q.Tenant || (h.tenant == r.q.Tenant && above(h.key))
		}
		to := func(h holding) bool {
			return h.tenant < r.q.Tenant || (h.tenant == r.q.Tenant && below(h.key))
		}
		for h := range r.held.within(from, to, r.q.Descending) {
			if k, _ := r.keys.get(h.key); !yield(k) {
				return
			}
		}
	}
}

// ofState holds at least all keys of the one state that is asked for; nil is none.
func (r keyRead) ofState() *tree[keywright.KeyID, struct{}] {
	if len(r.q.States) != 1 {
		return nil
	}
	switch r.q.States[0] {
	case keywright.StateRevoked:
		return &r.lists.revoked
	case keywright.StateRetired, keywright.PendingRotation:
		return &r.lists.retired
	case keywright.StatePaused:
		return &r.lists.paused
	}
	return nil
}

func (r keyRead) byName() iter.Seq[*keywright.Key] {
	placed := r.q.From != (keywright.Place{})
	id, _ := keywright.ParseKeyID(r.q.From.ID)
	place := label[keywright.KeyID]{r.q.From.Value, id}
	above := func(l label[keywright.KeyID]) bool {
		after, _ := beyond(compareKeyLabels(l, place), r.q.Descending)
		return (!placed || after) && (r.text == nil || l.text >= r.text.From)
	}
	below := func(l label[keywright.KeyID]) bool {
		_, before := beyond(compareKeyLabels(l, place), r.q.Descending)
		return (!placed || before) && (r.text == nil || r.text.Before == "" || l.text < r.text.Before)
	}
	return func(yield func(*keywright.Key) bool) {
		for l := range r.lists.names.within(above, below, r.q.Descending) {
			if k, _ := r.keys.get(l.id); !yield(k) {
				return
			}
		}
	}
}

func (r keyRead) byExpiry() iter.Seq[*keywright.Key] {
	placed := r.q.From != (keywright.Place{})
	id, _ := keywright.ParseKeyID(r.q.From.ID)
	at, _ := record.ReadExpiryValue(r.q.From.Value)
	place := due{at, id}
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !r.q.ExpiresBefore.IsZero() {
		to = record.Bound(r.q.ExpiresBefore) - 1
	}
	if record.Dead(r.q.States) {
		to = min(to, r.now)
	}
	if record.Alive(r.q.States) {
		from = r.now + 1
	}
	above := func(d due) bool {
		after, _ := beyond(compareDues(d, place), r.q.Descending)
		return (!placed || after) && d.at >= from
	}
	below := func(d due) bool {
		_, before := beyond(compareDues(d, place), r.q.Descending)
		return (!placed || before) && d.at <= to
	}
	return func(yield func(*keywright.Key) bool) {
		for d := range r.lists.expiries.within(above, below, r.q.Descending) {
			if k, _ := r.keys.get(d.key); !yield(k) {
				return
			}
		}
	}
}
