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

type listTenantsIn struct{ Paging }

func (s *server) listTenants(ctx context.Context, _ *call, in *listTenantsIn) (*listing[api.TenantPage], error) {
	after, err := readPlace("tenant", in.Cursor)
	if err != nil {
		return nil, err
	}
	var ts []keywright.Tenant
	err = s.Store.View(ctx, func(r keywright.Reader) (err error) {
		ts, err = r.Tenants(ctx, keywright.TenantQuery{After: keywright.TenantID(after), Limit: in.size() + 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	page := api.TenantPage{Items: []api.Tenant{}}
	if len(ts) > in.size() {
		ts = ts[:in.size()]
		page.NextCursor = place("tenant", string(ts[len(ts)-1].ID))
	}
	for i := range ts {
		page.Items = append(page.Items, wire.Tenant(&ts[i]))
	}
	return &listing[api.TenantPage]{Body: page}, nil
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
