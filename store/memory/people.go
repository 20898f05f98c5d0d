package memory

import (
	"cmp"
	"context"
	"iter"
	"math"

	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/internal/record"
)

// folk is what state keeps for people.
type folk struct {
	all    tree[spot, *people.Record]
	names  tree[spot, string] // a kind and a name lead to an id
	owned  tree[share, struct{}]
	shared tree[share, struct{}] // by tenant
	ends   tree[end, struct{}]
}

// spot orders records by kind, then by id or by name.
type spot struct {
	kind people.RecordKind
	id   string
}

// share orders records by kind, then by whose they are, then by id.
type share struct {
	kind  people.RecordKind
	whose string
	id    string
}

// end orders records by when they expire, so that old ones are found at once.
type end struct {
	at int64
	spot
}

func noFolk() folk {
	return folk{
		all:    tree[spot, *people.Record]{compare: compareSpots},
		names:  tree[spot, string]{compare: compareSpots},
		owned:  tree[share, struct{}]{compare: compareShares},
		shared: tree[share, struct{}]{compare: compareShares},
		ends: tree[end, struct{}]{compare: func(a, b end) int {
			return cmp.Or(cmp.Compare(a.at, b.at), compareSpots(a.spot, b.spot))
		}},
	}
}

func compareSpots(a, b spot) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
}

func compareShares(a, b share) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.whose, b.whose), cmp.Compare(a.id, b.id))
}

func (f *folk) put(r *people.Record) {
	f.remove(spot{r.Kind, r.ID})
	f.all = f.all.with(spot{r.Kind, r.ID}, r)
	if r.Name != "" {
		f.names = f.names.with(spot{r.Kind, r.Name}, r.ID)
	}
	if r.Owner != "" {
		f.owned = f.owned.with(share{r.Kind, r.Owner, r.ID}, struct{}{})
	}
	if r.Tenant != "" {
		f.shared = f.shared.with(share{r.Kind, string(r.Tenant), r.ID}, struct{}{})
	}
	if !r.Expires.IsZero() {
		f.ends = f.ends.with(end{record.Nanos(r.Expires), spot{r.Kind, r.ID}}, struct{}{})
	}
}

// remove takes a record out, if it is there, and what leads to it.
func (f *folk) remove(at spot) {
	old, ok := f.all.get(at)
	if !ok {
		return
	}
	f.all = f.all.without(at)
	f.names = f.names.without(spot{old.Kind, old.Name})
	f.owned = f.owned.without(share{old.Kind, old.Owner, old.ID})
	f.shared = f.shared.without(share{old.Kind, string(old.Tenant), old.ID})
	f.ends = f.ends.without(end{record.Nanos(old.Expires), at})
}

// candidates yields the records that a query may select, in ascending order of
// id, by the narrowest index.
func (f *folk) candidates(q people.RecordQuery) iter.Seq[*people.Record] {
	index, whose := f.owned, q.Owner
	if whose == "" {
		index, whose = f.shared, string(q.Tenant)
	}
	return func(yield func(*people.Record) bool) {
		if whose == "" {
			for at, r := range f.all.after(spot{q.Kind, q.After}) {
				if at.kind != q.Kind || !yield(r) {
					return
				}
			}
			return
		}
		for s := range index.after(share{q.Kind, whose, q.After}) {
			if r, _ := f.all.get(spot{s.kind, s.id}); s.kind != q.Kind || s.whose != whose || !yield(r) {
				return
			}
		}
	}
}

// Record implements people.RecordReader.
func (r *reader) Record(ctx context.Context, kind people.RecordKind, id string) (people.Record, error) {
	if err := ctx.Err(); err != nil {
		return people.Record{}, record.Ended(err)
	}
	if found, ok := r.people.all.get(spot{kind, id}); ok {
		return record.CloneRecord(*found), nil
	}
	return people.Record{}, record.NoRecord()
}

// Named implements people.RecordReader.
func (r *reader) Named(ctx context.Context, kind people.RecordKind, name string) (people.Record, error) {
	if err := ctx.Err(); err != nil {
		return people.Record{}, record.Ended(err)
	}
	if id, ok := r.people.names.get(spot{kind, name}); ok {
		return r.Record(ctx, kind, id)
	}
	return people.Record{}, record.NoRecord()
}

// Records implements people.RecordReader.
func (r *reader) Records(ctx context.Context, q people.RecordQuery) ([]people.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, record.Ended(err)
	}
	var found []people.Record
	limit := record.Limit(q.Limit)
	for one := range r.people.candidates(q) {
		if (q.Owner != "" && one.Owner != q.Owner) || (q.Tenant != "" && one.Tenant != q.Tenant) {
			continue
		}
		found = append(found, record.CloneRecord(*one))
		if len(found) == limit {
			break
		}
	}
	return found, nil
}

// PutRecord implements people.RecordTx.
func (t *tx) PutRecord(ctx context.Context, r people.Record) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	r, err := record.Record(r)
	if err != nil {
		return err
	}
	if r.Name != "" {
		if owner, taken := t.people.names.get(spot{r.Kind, r.Name}); taken && owner != r.ID {
			return record.NameTaken()
		}
	}
	if _, known := t.people.all.get(spot{r.Kind, r.ID}); !known && !r.Expires.IsZero() {
		t.makeRoom()
	}
	t.people.put(&r)
	return nil
}

// makeRoom forgets, once a transaction, some records that expired a while before the log's newest event.
func (t *tx) makeRoom() {
	if t.madeRoom || t.cursor() == 0 {
		return
	}
	t.madeRoom = true
	until, ok := record.Forgettable(record.Nanos(t.events[t.cursor()-1].At))
	if !ok {
		return
	}
	n := 0
	for e := range t.people.ends.after(end{at: math.MinInt64}) {
		if n++; e.at > until || n > record.ForgetAtOnce {
			return
		}
		t.people.remove(e.spot)
	}
}

// DeleteRecord implements people.RecordTx.
func (t *tx) DeleteRecord(ctx context.Context, kind people.RecordKind, id string) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	t.people.remove(spot{kind, id})
	return nil
}
