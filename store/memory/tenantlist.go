package memory

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// tenantRead is for tenants what keyRead is for keys.
type tenantRead struct {
	*reader
	q    *keywright.TenantQuery
	name *record.Span // folded
	ref  *record.Span // folded
	ids  *record.Span
}

func (r *reader) Tenants(ctx context.Context, q keywright.TenantQuery) ([]keywright.Tenant, error) {
	if err := ctx.Err(); err != nil {
		return nil, record.Ended(err)
	}
	if err := record.CheckTenantListing(&q.Listing); err != nil {
		return nil, err
	}
	limit := record.Limit(q.Limit)
	reads := []tenantRead{{reader: r, q: &q}}
	if search := record.TenantSearch(q.Search); search != nil {
		reads = []tenantRead{{reader: r, q: &q, name: &search.Text}, {reader: r, q: &q, ref: &search.Text}}
		for i := range search.IDs {
			reads = append(reads, tenantRead{reader: r, q: &q, ids: &search.IDs[i]})
		}
	}
	var parts []record.Part[*keywright.Tenant]
	for _, one := range reads {
		parts = append(parts, one.read(limit))
	}
	place := func(t **keywright.Tenant) keywright.Place { return record.TenantPlace(q.Sort, *t) }
	var found []keywright.Tenant
	for _, t := range record.Join(&q.Listing, limit, place, parts...) {
		found = append(found, record.CloneTenant(*t))
	}
	return found, nil
}

func (r tenantRead) read(limit int) (part record.Part[*keywright.Tenant]) {
	budget := math.MaxInt
	if r.q.Rest != nil {
		limit++ // to know whether there is more
		budget = record.Budget
		if all, ok := r.narrow(); ok {
			return record.Part[*keywright.Tenant]{Found: all}
		}
	}
	for t := range r.inOrder() {
		if r.selects(t) {
			part.Found = append(part.Found, t)
		}
		if budget--; len(part.Found) == limit || budget == 0 {
			part.Rest = record.TenantPlace(r.q.Sort, t)
			break
		}
	}
	return part
}

// narrow returns what the query selects, if one of its filters leaves few.
func (r tenantRead) narrow() (all []*keywright.Tenant, ok bool) {
	for _, source := range r.sources() {
		ids, narrow := few(source)
		if !narrow {
			continue
		}
		for _, id := range ids {
			t, _ := r.tenants.get(id)
			at := record.TenantPlace(r.q.Sort, t)
			if r.selects(t) && (r.q.From == (keywright.Place{}) || record.ComparePlaces(&r.q.Listing, at, r.q.From) > 0) {
				all = append(all, t)
			}
		}
		return all, true
	}
	return nil, false
}

func (r tenantRead) sources() (all []iter.Seq[keywright.TenantID]) {
	if r.name != nil {
		all = append(all, labelled(r.lists.tenantNames, *r.name))
	}
	if r.ref != nil {
		all = append(all, labelled(r.lists.tenantRefs, *r.ref))
	}
	if r.q.Plan != "" {
		all = append(all, labelled(r.lists.plans, record.Span{From: r.q.Plan, Before: r.q.Plan + "\x00"}))
	}
	if r.q.Archived != nil && *r.q.Archived {
		all = append(all, ids(r.lists.archived))
	}
	return all
}

func (r tenantRead) selects(t *keywright.Tenant) bool {
	q := r.q
	switch {
	case q.Plan != "" && t.Plan != q.Plan, q.Environment != "" && !slices.Contains(t.Environments, q.Environment), t.ID <= q.After,
		q.Archived != nil && *q.Archived != t.Archived,
		r.name != nil && !r.name.Holds(record.Fold(t.Name)), r.ref != nil && !r.ref.Holds(record.Fold(t.Ref)), r.ids != nil && !r.ids.Holds(string(t.ID)):
		return false
	}
	return true
}

func (r tenantRead) inOrder() iter.Seq[*keywright.Tenant] {
	switch r.q.Sort {
	case keywright.ByName:
		return r.labelled(r.lists.tenantNames, r.name)
	case keywright.ByRef:
		return r.labelled(r.lists.tenantRefs, r.ref)
	}
	placed, place := r.q.From != (keywright.Place{}), keywright.TenantID(r.q.From.ID)
	side := func(id keywright.TenantID) (bool, bool) {
		if !placed {
			return true, true
		}
		compared := -1
		if id > place {
			compared = 1
		} else if id == place {
			compared = 0
		}
		return beyond(compared, r.q.Descending)
	}
	above := func(id keywright.TenantID) bool {
		after, _ := side(id)
		return after && id > r.q.After && (r.ids == nil || string(id) >= r.ids.From)
	}
	below := func(id keywright.TenantID) bool {
		_, before := side(id)
		return before && (r.ids == nil || r.ids.Before == "" || string(id) < r.ids.Before)
	}
	return func(yield func(*keywright.Tenant) bool) {
		for _, t := range r.tenants.within(above, below, r.q.Descending) {
			if !yield(t) {
				return
			}
		}
	}
}

func (r tenantRead) labelled(t tree[label[keywright.TenantID], struct{}], span *record.Span) iter.Seq[*keywright.Tenant] {
	placed := r.q.From != (keywright.Place{})
	place := label[keywright.TenantID]{r.q.From.Value, keywright.TenantID(r.q.From.ID)}
	above := func(l label[keywright.TenantID]) bool {
		after, _ := beyond(compareTenantLabels(l, place), r.q.Descending)
		return (!placed || after) && (span == nil || l.text >= span.From)
	}
	below := func(l label[keywright.TenantID]) bool {
		_, before := beyond(compareTenantLabels(l, place), r.q.Descending)
		return (!placed || before) && (span == nil || span.Before == "" || l.text < span.Before)
	}
	return func(yield func(*keywright.Tenant) bool) {
		for l := range t.within(above, below, r.q.Descending) {
			if one, _ := r.tenants.get(l.id); !yield(one) {
				return
			}
		}
	}
}
