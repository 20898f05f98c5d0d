package management

import (
	"context"
	"errors"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// accessRoutes binds the operations on requests for access.
func (s *server) accessRoutes() {
	register(&s.desk, api.OpListAccessRequests, s.listAccessRequests)
	register(&s.desk, api.OpGrantAccess, s.grantAccess)
	register(&s.desk, api.OpDeclineAccess, s.declineAccess)
}

type listAccessIn struct {
	State string `query:"state" enum:"open,granted,declined" doc:"Only those; all of them unless given."`
}

func (s *server) listAccessRequests(ctx context.Context, _ *call, in *listAccessIn) (*listing[api.AccessRequestPage], error) {
	all, err := s.People.AccessRequests(ctx, "", people.AccessState(in.State))
	if err != nil {
		return nil, err
	}
	names := map[keywright.TenantID]string{}
	err = s.Store.View(ctx, func(r keywright.Reader) error {
		for i := range all {
			if _, known := names[all[i].Tenant]; known {
				continue
			}
			t, err := r.Tenant(ctx, string(all[i].Tenant))
			if err != nil && !errors.Is(err, keywright.NotFound) {
				return err
			}
			names[all[i].Tenant] = t.Name
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page := api.AccessRequestPage{Items: make([]api.AccessRequest, len(all))}
	for i := range all {
		page.Items[i] = wire.AccessRequest(&all[i], names[all[i].Tenant])
	}
	return &listing[api.AccessRequestPage]{Body: page}, nil
}

// AccessIn is what an operation about one request takes.
type AccessIn struct {
	ID string `path:"id" maxLength:"64" doc:"The request's id." example:"acc_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

// grantAccess gives the tenant the environment, and then says so: what is told to be
// granted is. Whoever it fails for may try again.
func (s *server) grantAccess(ctx context.Context, c *call, in *AccessIn) (*listing[api.AccessRequest], error) {
	asked, err := s.People.ClaimAccess(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	by := s.actor(ctx, c)
	t, err := s.grantEnvironment(ctx, by, &asked)
	if err != nil {
		_ = s.People.ReleaseAccess(context.WithoutCancel(ctx), in.ID) // else the claim ends by itself
		return nil, err
	}
	out, err := s.People.DecideAccess(ctx, by, in.ID, people.AccessGranted, "")
	if err != nil {
		return nil, err
	}
	return &listing[api.AccessRequest]{Body: wire.AccessRequest(&out, t.Name)}, nil
}

const grantAttempts = 5

// grantEnvironment adds one to a tenant's, beside whatever others change meanwhile.
func (s *server) grantEnvironment(ctx context.Context, by keywright.Actor, asked *people.AccessRequest) (keywright.Tenant, error) {
	for attempt := 1; ; attempt++ {
		t, err := s.tenant(ctx, string(asked.Tenant))
		switch {
		case errors.Is(err, keywright.NotFound):
			return t, conflict("the tenant is not there any more: decline the request")
		case err != nil || slices.Contains(t.Environments, asked.Environment):
			return t, err
		case t.Archived:
			return t, conflict("the tenant is archived: bring it back first, or decline the request")
		}
		all := append(slices.Clone(t.Environments), asked.Environment)
		t, err = s.Keeper.AmendTenant(ctx, by, string(t.ID), t.Version, keeper.TenantAmendment{Environments: &all})
		if !errors.Is(err, keywright.Precondition) || attempt == grantAttempts {
			return t, err
		}
	}
}

type declineAccessIn struct {
	AccessIn
	Body api.DeclineAccess
}

func (s *server) declineAccess(ctx context.Context, c *call, in *declineAccessIn) (*listing[api.AccessRequest], error) {
	out, err := s.People.DecideAccess(ctx, s.actor(ctx, c), in.ID, people.AccessDeclined, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	t, err := s.tenant(ctx, string(out.Tenant))
	if err != nil && !errors.Is(err, keywright.NotFound) {
		return nil, err
	}
	return &listing[api.AccessRequest]{Body: wire.AccessRequest(&out, t.Name)}, nil
}
