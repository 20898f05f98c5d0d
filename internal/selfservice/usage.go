package selfservice

import (
	"context"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/people"
)

// Usage reports how much the tenant used, or one of its keys. Whose is the caller's
// tenant, whatever the query says. Errors: NotFound (the key), Forbidden, Invalid
// (since, until, step).
func (s *Service) Usage(ctx context.Context, c Caller, q api.UsageQuery) (api.UsageReport, error) {
	if err := c.need(people.ReadKeys); err != nil {
		return api.UsageReport{}, err
	}
	ask := wire.Ask(q.API, q.Since, q.Until, q.Step)
	ask.Tenant = c.Tenant.ID
	if q.Key != "" {
		k, err := s.key(ctx, &c, q.Key)
		if err != nil {
			return api.UsageReport{}, err
		}
		ask.Key = k.ID
	}
	r, err := s.o.Meter.Report(ctx, ask)
	if err != nil {
		return api.UsageReport{}, err
	}
	return wire.Usage(&r), nil
}
