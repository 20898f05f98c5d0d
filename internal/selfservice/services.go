package selfservice

import (
	"context"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// Services lists what the tenants' admins switch on and off themselves.
func (s *Service) Services() []string { return slices.Clone(s.o.Site.Services) }

// SetServices switches on those of the site's services that are named, and off the
// others; what the provider keeps to itself stays as it is. Errors: Forbidden, Invalid
// (services), Conflict.
func (s *Service) SetServices(ctx context.Context, c Caller, on []string) (keywright.Tenant, error) {
	if err := c.need(people.WriteServices); err != nil {
		return keywright.Tenant{}, err
	}
	if len(s.o.Site.Services) == 0 {
		return keywright.Tenant{}, forbidden("services are not switched here: ask the provider")
	}
	for _, name := range on {
		if !slices.Contains(s.o.Site.Services, name) {
			return keywright.Tenant{}, invalid("services", "one of those cannot be switched here: choose among the switchable ones")
		}
	}
	// Read and written in one version of the tenant, so that nobody else's change is lost.
	kept := slices.DeleteFunc(slices.Clone(c.Tenant.Services), func(name string) bool { return slices.Contains(s.o.Site.Services, name) })
	for _, name := range s.o.Site.Services {
		if slices.Contains(on, name) {
			kept = append(kept, name)
		}
	}
	return s.o.Keeper.AmendTenant(ctx, c.Actor, string(c.Tenant.ID), c.Tenant.Version, keeper.TenantAmendment{Services: &kept})
}
