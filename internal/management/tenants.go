package management

import (
	"context"
	"errors"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/keeper"
)

type createTenantIn struct{ Body api.CreateTenant }

func (s *server) createTenant(ctx context.Context, c *call, in *createTenantIn) (*reply[api.Tenant], error) {
	b := &in.Body
	t, err := s.Keeper.CreateTenant(ctx, s.actor(ctx, c), keeper.TenantDraft{
		Ref: b.Ref, Name: b.Name, Plan: b.Plan, Services: b.Services, Environments: b.Environments, Metadata: b.Metadata,
	})
	return tenantRecord(http.StatusCreated, t, err)
}

func tenantRecord(status int, t keywright.Tenant, err error) (*reply[api.Tenant], error) {
	if errors.Is(err, keywright.NotFound) {
		return nil, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such tenant"}
	}
	if err != nil {
		return nil, err
	}
	return &reply[api.Tenant]{Status: status, ETag: etag(t.Version), Body: wire.Tenant(&t)}, nil
}

// TenantFilterIn is what selects tenants in a list and in an export; huma reads
// exported types only.
type TenantFilterIn struct {
	Search      string `query:"search" maxLength:"64" doc:"Only tenants whose name, whose ref, or whose id (from its ten_ on) begins with this, whatever the letters' case."`
	Archived    string `query:"archived" enum:"true,false" doc:"Only archived tenants, or only others."`
	Plan        string `query:"plan" maxLength:"128" doc:"Only tenants on this plan."`
	Environment string `query:"environment" maxLength:"64" doc:"Only tenants that this environment was granted to."`
	Sort        string `query:"sort" enum:"created,ref,name" default:"created" doc:"What the list is ordered by. Tenants without a ref or a name come first."`
	Order       string `query:"order" enum:"asc,desc" default:"asc" doc:"Which end comes first."`
}

type listTenantsIn struct {
	TenantFilterIn
	Paging
}

func (s *server) listTenants(ctx context.Context, _ *call, in *listTenantsIn) (*listing[api.TenantPage], error) {
	q, order := in.query(), ordered{"tenant", in.Sort, in.Order}
	var err error
	if q.From, err = order.read(in.Cursor); err != nil {
		return nil, err
	}
	page, next, err := filled(in.size(), &q.Listing, func(size int) ([]api.Tenant, keywright.Place, error) { return s.tenants(ctx, q, size) })
	if err != nil {
		return nil, err
	}
	return &listing[api.TenantPage]{Body: api.TenantPage{Items: page, NextCursor: order.cursor(next)}}, nil
}

func (in *TenantFilterIn) query() keywright.TenantQuery {
	q := keywright.TenantQuery{Search: in.Search, Plan: in.Plan, Environment: in.Environment}
	q.Sort, q.Descending = sortOf(in.Sort), in.Order == descending
	if in.Archived != "" {
		archived := in.Archived == "true"
		q.Archived = &archived
	}
	return q
}

// tenants reads one page of tenants, and where the next one begins.
func (s *server) tenants(ctx context.Context, q keywright.TenantQuery, size int) (page []api.Tenant, next keywright.Place, err error) {
	q.Limit, q.Rest = size, &next
	err = s.Store.View(ctx, func(r keywright.Reader) error {
		ts, err := r.Tenants(ctx, q)
		page = make([]api.Tenant, 0, len(ts))
		for i := range ts {
			page = append(page, wire.Tenant(&ts[i]))
		}
		return err
	})
	return page, next, err
}

// TenantIn is what every operation about one tenant takes; huma reads exported types only.
type TenantIn struct {
	ID string `path:"id" maxLength:"128" doc:"The tenant's id or ref." example:"acme0001"`
}

func (s *server) getTenant(ctx context.Context, _ *call, in *TenantIn) (*reply[api.Tenant], error) {
	t, err := s.tenant(ctx, in.ID)
	return tenantRecord(http.StatusOK, t, err)
}

type amendTenantIn struct {
	TenantIn
	IfMatch string `header:"If-Match" doc:"The ETag of the record that you saw; anything else since answers 412."`
	Body    api.AmendTenant
}

func (s *server) amendTenant(ctx context.Context, c *call, in *amendTenantIn) (*reply[api.Tenant], error) {
	b := &in.Body
	for field, null := range c.nulls {
		if null {
			return nil, invalidField(plain(field), "null is no value for it: leave it out to keep it as it is")
		}
	}
	t, err := s.tenant(ctx, in.ID)
	if err != nil {
		return tenantRecord(0, t, err)
	}
	version, err := match(in.IfMatch, t.Version)
	if err != nil {
		return nil, err
	}
	t, err = s.Keeper.AmendTenant(ctx, s.actor(ctx, c), string(t.ID), version, keeper.TenantAmendment{
		Name: b.Name, Plan: b.Plan, Services: b.Services, Environments: b.Environments, Metadata: b.Metadata, Archived: b.Archived,
	})
	return tenantRecord(http.StatusOK, t, err)
}
