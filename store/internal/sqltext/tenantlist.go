package sqltext

import (
	"context"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// Tenants implements keywright.Reader.
func (r *Reader) Tenants(ctx context.Context, q keywright.TenantQuery) ([]keywright.Tenant, error) {
	if err := record.CheckTenantListing(&q.Listing); err != nil {
		return nil, err
	}
	l := list[keywright.Tenant]{
		table: "tenants t", columns: tenantColumns, id: "t.id", listed: &q.Listing,
		read: func(s scan) (keywright.Tenant, error) { return s.tenant(0) },
		at:   func(t *keywright.Tenant) keywright.Place { return record.TenantPlace(q.Sort, t) },
		lead: "t.plan",
	}
	switch {
	case q.Sort == keywright.ByName:
		l.order = "t.name"
	case q.Sort == keywright.ByRef:
		l.order = "t.label"
	}
	l.placed = func(s scan) keywright.Place {
		p := keywright.Place{ID: string(s.Bytes(0))}
		if l.order != "" {
			p.Value = string(s.Bytes(1))
		}
		return p
	}
	if q.From != (keywright.Place{}) {
		l.place = []any{q.From.ID}
		if l.order != "" {
			l.place = []any{q.From.Value, q.From.ID}
		}
	}
	limit, terms := record.Limit(q.Limit), tenantTerms(&q)
	var parts []record.Part[keywright.Tenant]
	for _, also := range tenantPlaces(&q) {
		part, err := l.part(ctx, r, limit, slices.Concat(also, terms))
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return record.Join(&q.Listing, limit, l.at, parts...), nil
}

func tenantTerms(q *keywright.TenantQuery) (all []term) {
	if q.Plan != "" {
		all = append(all, term{column: "t.plan", text: "@ = ?", args: []any{q.Plan}, few: true})
	}
	if q.Archived != nil && *q.Archived {
		all = append(all, term{column: "t.archived", text: "@ <> 0", few: true})
	} else if q.Archived != nil {
		all = append(all, term{text: "t.archived = 0"})
	}
	if q.Environment != "" { // both engines tell letters' case apart in this, and not in LIKE
		all = append(all, term{text: "replace(t.granted, ?, '') <> t.granted", args: []any{"\n" + q.Environment + "\n"}})
	}
	if q.After != "" {
		all = append(all, term{column: "t.id", text: "@ > ?", args: []any{string(q.After)}})
	}
	return all
}

// tenantPlaces is for tenants what keyPlaces is for keys.
func tenantPlaces(q *keywright.TenantQuery) [][]term {
	search := record.TenantSearch(q.Search)
	if search == nil {
		return [][]term{nil}
	}
	all := [][]term{{within("t.name", search.Text)}, {within("t.label", search.Text)}}
	for _, span := range search.IDs {
		all = append(all, []term{within("t.id", span)})
	}
	return all
}
