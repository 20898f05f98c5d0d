package wire

import (
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

// AccessRequest spells a request for access.
func AccessRequest(r *people.AccessRequest, tenant string) api.AccessRequest {
	return api.AccessRequest{
		ID: r.ID, Tenant: string(r.Tenant), TenantName: tenant, Environment: r.Environment, Reason: r.Reason, State: string(r.State),
		RequestedBy: r.By, CreatedAt: r.Created.UTC(), DecidedAt: instant(r.Decided), DecidedBy: r.DecidedBy, Answer: r.Answer,
	}
}
