package selfservice

import (
	"context"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/people"
)

// Grantable lists the environments of this site's schemes that a tenant has to be
// granted, and has not been.
func (s *Service) Grantable(t *keywright.Tenant) []string {
	var all []string
	for _, name := range s.managed {
		for _, e := range s.o.Schemes[name].Policy().Environments {
			if e.Granted && !slices.Contains(t.Environments, e.Name) && !slices.Contains(all, e.Name) {
				all = append(all, e.Name)
			}
		}
	}
	return all
}

// RequestAccess asks the provider for an environment. Errors: Forbidden (role),
// Invalid (environment, reason), Conflict (granted already, or asked for).
func (s *Service) RequestAccess(ctx context.Context, c Caller, r api.RequestAccess) (api.AccessRequest, error) {
	if err := c.need(people.WriteKeys); err != nil {
		return api.AccessRequest{}, err
	}
	switch {
	case c.Tenant.Archived:
		return api.AccessRequest{}, conflict("your account is closed: it can be granted nothing")
	case slices.Contains(s.Grantable(&c.Tenant), r.Environment):
	case slices.Contains(c.Tenant.Environments, r.Environment):
		return api.AccessRequest{}, conflict("you have access to this environment already")
	default:
		return api.AccessRequest{}, invalid("environment", "this is none of the environments that access is asked for here")
	}
	out, err := s.o.People.RequestAccess(ctx, c.Actor, c.Tenant.ID, r.Environment, r.Reason)
	if err != nil {
		return api.AccessRequest{}, err
	}
	return ownAccess(&out, &c.Tenant), nil
}

// AccessRequests lists the tenant's requests, the newest first. Errors: Forbidden.
func (s *Service) AccessRequests(ctx context.Context, c Caller) ([]api.AccessRequest, error) {
	if err := c.need(people.ReadKeys); err != nil {
		return nil, err
	}
	all, err := s.o.People.AccessRequests(ctx, c.Tenant.ID, "")
	if err != nil {
		return nil, err
	}
	out := make([]api.AccessRequest, len(all))
	for i := range all {
		out[i] = ownAccess(&all[i], &c.Tenant)
	}
	return out, nil
}

// ownAccess spells a request as its tenant sees it: who among the operators decided
// is the provider's.
func ownAccess(r *people.AccessRequest, t *keywright.Tenant) api.AccessRequest {
	out := wire.AccessRequest(r, t.Name)
	out.DecidedBy = ""
	return out
}
