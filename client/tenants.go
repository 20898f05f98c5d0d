package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keywright/keywright/api"
)

// CreateTenant makes a tenant.
func (c *Client) CreateTenant(ctx context.Context, t api.CreateTenant) (api.Tenant, error) {
	var out api.Tenant
	err := c.send(ctx, request{method: http.MethodPost, path: "/tenants", body: t}, &out)
	return out, err
}

// Tenant returns a tenant by its id or ref.
func (c *Client) Tenant(ctx context.Context, idOrRef string) (api.Tenant, error) {
	var out api.Tenant
	err := c.send(ctx, request{method: http.MethodGet, path: "/tenants/" + url.PathEscape(idOrRef)}, &out)
	return out, err
}

// TenantFilter selects tenants; what is empty selects all.
type TenantFilter struct {
	Search      string // what the name, the ref or the id begins with
	Archived    *bool
	Plan        string
	Environment string // granted
	Sort        string // created, ref or name; "" is created
	Order       string // asc or desc; "" is asc
	Page        int    // tenants on a page; 0 is the server's choice
}

func (f *TenantFilter) query() url.Values {
	query := url.Values{}
	put(query, "search", f.Search)
	if f.Archived != nil {
		query.Set("archived", strconv.FormatBool(*f.Archived))
	}
	put(query, "plan", f.Plan)
	put(query, "environment", f.Environment)
	put(query, "sort", f.Sort)
	put(query, "order", f.Order)
	return query
}

// Tenants yields every tenant, page by page. It ends after the first error.
func (c *Client) Tenants(ctx context.Context) iter.Seq2[api.Tenant, error] {
	return c.TenantsWhere(ctx, TenantFilter{})
}

// TenantsWhere yields the tenants that a filter selects, page by page, in the
// filter's order. It ends after the first error.
func (c *Client) TenantsWhere(ctx context.Context, f TenantFilter) iter.Seq2[api.Tenant, error] {
	query := f.query()
	putInt(query, "limit", f.Page)
	return pages(ctx, c, "/tenants", query, func(p *api.TenantPage) ([]api.Tenant, string) { return p.Items, p.NextCursor })
}

// TenantsPage returns one page of tenants, as KeysPage does of keys.
func (c *Client) TenantsPage(ctx context.Context, f TenantFilter, cursor string) (api.TenantPage, error) {
	var out api.TenantPage
	err := c.send(ctx, request{method: http.MethodGet, path: "/tenants", query: onePage(f.query(), f.Page, cursor)}, &out)
	return out, err
}

// onePage adds to a filter which page is asked for.
func onePage(query url.Values, size int, cursor string) url.Values {
	putInt(query, "limit", size)
	put(query, "cursor", cursor)
	return query
}

// AmendTenant changes a tenant. ifVersion is the version that the caller saw, or 0.
func (c *Client) AmendTenant(ctx context.Context, idOrRef string, ifVersion uint64, a api.AmendTenant) (api.Tenant, error) {
	var out api.Tenant
	err := c.send(ctx, request{method: http.MethodPatch, path: "/tenants/" + url.PathEscape(idOrRef), header: ifMatch(ifVersion), body: a}, &out)
	return out, err
}

// EventFilter selects events; what is empty selects all.
type EventFilter struct {
	Key    string
	Tenant string // id or ref
	Act    string
	Actor  string
	Since  time.Time // at or after
	Until  time.Time // before
	Page   int
}

func (f *EventFilter) query() url.Values {
	query := url.Values{}
	put(query, "key", f.Key)
	put(query, "tenant", f.Tenant)
	put(query, "act", f.Act)
	put(query, "actor", f.Actor)
	putTime(query, "since", f.Since)
	putTime(query, "until", f.Until)
	return query
}

// Events yields the audit events that a filter selects, newest first. It ends
// after the first error.
func (c *Client) Events(ctx context.Context, f EventFilter) iter.Seq2[api.Event, error] {
	query := f.query()
	putInt(query, "limit", f.Page)
	return pages(ctx, c, "/events", query, func(p *api.EventPage) ([]api.Event, string) { return p.Items, p.NextCursor })
}

// EventsPage returns one page of audit events, as KeysPage does of keys.
func (c *Client) EventsPage(ctx context.Context, f EventFilter, cursor string) (api.EventPage, error) {
	var out api.EventPage
	err := c.send(ctx, request{method: http.MethodGet, path: "/events", query: onePage(f.query(), f.Page, cursor)}, &out)
	return out, err
}

// pages turns the pages of a list.
func pages[P, T any](ctx context.Context, c *Client, path string, query url.Values, open func(*P) ([]T, string)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := clone(query)
		for {
			var page P
			if err := c.send(ctx, request{method: http.MethodGet, path: path, query: query}, &page); err != nil {
				var none T
				yield(none, err)
				return
			}
			items, next := open(&page)
			for _, one := range items {
				if !yield(one, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			query.Set("cursor", next)
		}
	}
}

func clone(query url.Values) url.Values {
	out := url.Values{}
	for name, values := range query {
		out[name] = values
	}
	return out
}

func put(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func putInt(query url.Values, name string, value int) {
	if value != 0 {
		query.Set(name, strconv.Itoa(value))
	}
}

func putTime(query url.Values, name string, value time.Time) {
	if !value.IsZero() {
		query.Set(name, value.UTC().Format(time.RFC3339Nano))
	}
}
