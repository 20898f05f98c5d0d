package memory

import (
	"bytes"
	"cmp"
	"iter"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// state is everything a store holds at one instant. It is a value: whoever has
// a copy has a snapshot. Records behind its pointers are never changed.
type state struct {
	keys     tree[keywright.KeyID, *keywright.Key]
	digests  tree[keywright.Digest, keywright.KeyID]
	held     tree[holding, struct{}]
	tenants  tree[keywright.TenantID, *keywright.Tenant]
	refs     tree[string, keywright.TenantID]
	receipts tree[string, keywright.Receipt]
	ages     tree[age, struct{}]
	people   folk
	lists    lists
	// events is only ever appended to, by one writer at a time. A writer whose
	// work was forgotten leaves entries that lie beyond every snapshot's length.
	events []keywright.Event
}

// holding orders keys by tenant, then id.
type holding struct {
	tenant keywright.TenantID
	key    keywright.KeyID
}

// age orders receipts by their instant, so that old ones are found at once.
type age struct {
	at  int64
	key string
}

func empty() state {
	return state{
		keys:     tree[keywright.KeyID, *keywright.Key]{compare: compareIDs},
		digests:  tree[keywright.Digest, keywright.KeyID]{compare: func(a, b keywright.Digest) int { return bytes.Compare(a[:], b[:]) }},
		held:     tree[holding, struct{}]{compare: compareHoldings},
		tenants:  tree[keywright.TenantID, *keywright.Tenant]{compare: cmp.Compare[keywright.TenantID]},
		refs:     tree[string, keywright.TenantID]{compare: strings.Compare},
		receipts: tree[string, keywright.Receipt]{compare: strings.Compare},
		ages:     tree[age, struct{}]{compare: compareAges},
		people:   noFolk(),
		lists:    noLists(),
	}
}

func compareIDs(a, b keywright.KeyID) int { return bytes.Compare(a[:], b[:]) }

func compareHoldings(a, b holding) int {
	return cmp.Or(cmp.Compare(a.tenant, b.tenant), compareIDs(a.key, b.key))
}

func compareAges(a, b age) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.key, b.key)) }

// cursor is that of the last event; an event's cursor is its place from 1.
func (s *state) cursor() keywright.Cursor { return keywright.Cursor(len(s.events)) }

// since yields the events after a cursor, with the records as they stand.
func (s *state) since(after keywright.Cursor) iter.Seq[keywright.Event] {
	return func(yield func(keywright.Event) bool) {
		for c := max(after, 0); c < s.cursor(); c++ {
			e := record.CloneEvent(s.events[c])
			if k, ok := s.keys.get(e.Key); ok {
				copied := record.CloneKey(*k)
				e.KeyNow = &copied
			}
			if t, ok := s.tenants.get(e.Tenant); ok {
				copied := record.CloneTenant(*t)
				e.TenantNow = &copied
			}
			if !yield(e) {
				return
			}
		}
	}
}

// present yields every tenant, then every key, as events without an act.
func (s *state) present() iter.Seq[keywright.Event] {
	return func(yield func(keywright.Event) bool) {
		for id, t := range s.tenants.after("") {
			copied := record.CloneTenant(*t)
			if !yield(keywright.Event{Cursor: s.cursor(), Tenant: id, TenantNow: &copied}) {
				return
			}
		}
		for id, k := range s.keys.after(keywright.KeyID{}) {
			copied := record.CloneKey(*k)
			if !yield(keywright.Event{Cursor: s.cursor(), Key: id, KeyNow: &copied}) {
				return
			}
		}
	}
}
