package management

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
)

// UsageIn is what every report on use takes; huma reads exported types only.
type UsageIn struct {
	API   string    `query:"api" maxLength:"64" doc:"Only requests to this API."`
	Since time.Time `query:"since" doc:"Where the report begins, RFC 3339; 24 steps before its end unless given. It begins with the step that this is in."`
	Until time.Time `query:"until" doc:"Where the report ends; now unless given. The step that runs then is in it."`
	Step  string    `query:"step" enum:"hour,day" default:"hour" doc:"How long one point is."`
}

type getUsageIn struct {
	UsageIn
	Tenant string `query:"tenant" maxLength:"128" doc:"Only this tenant's: its id or ref."`
	Key    string `query:"key" maxLength:"64" doc:"Only this key's, by its id: with the addresses that it was presented from. A key that was deleted is still known for 400 days."`
}

// usageRoutes binds the operation on use.
func (s *server) usageRoutes() { register(&s.desk, api.OpGetUsage, s.getUsage) }

func (s *server) getUsage(ctx context.Context, _ *call, in *getUsageIn) (*listing[api.UsageReport], error) {
	ask := wire.Ask(in.API, in.Since, in.Until, in.Step)
	if in.Tenant != "" {
		t, err := s.namedTenant(ctx, in.Tenant)
		if err != nil {
			return nil, err
		}
		ask.Tenant = t.ID
	}
	gone := false
	if in.Key != "" {
		var err error
		if ask.Key, gone, err = s.usedKey(ctx, in.Key, ask.Tenant); err != nil {
			return nil, err
		}
	}
	r, err := s.Meter.Report(ctx, ask)
	switch {
	case err != nil:
		return nil, err
	case gone && r.Last.At.IsZero():
		return nil, noSuchUsedKey()
	case in.API != "" && in.API != APIName && r.Granted+r.Refused == 0 && !s.knows(in.API):
		return nil, noSuchAPI()
	}
	return &listing[api.UsageReport]{Body: wire.Usage(&r)}, nil
}

// usedKey reads which key is asked about, and whether its record is gone. Whose a
// key was that is gone nobody knows, so it is nobody's.
func (s *server) usedKey(ctx context.Context, text string, tenant keywright.TenantID) (id keywright.KeyID, gone bool, err error) {
	if id, err = keywright.ParseKeyID(text); err != nil {
		return id, false, noSuchUsedKey()
	}
	k, err := s.key(ctx, id)
	gone = errors.Is(err, keywright.NotFound)
	switch {
	case gone && tenant == "":
		return id, true, nil
	case gone:
		return id, true, noSuchUsedKey()
	case err != nil:
		return id, false, err
	case tenant != "" && k.Tenant != tenant:
		return id, false, invalidField("key", "is no key of this tenant: leave tenant out")
	}
	return id, false, nil
}

func noSuchUsedKey() error { return invalidField("key", "there is no key with this id") }

// ownUsageRoutes binds the operations on the tenant's own use.
func (s *selfServer) usageRoutes() {
	register(&s.desk, api.OpOwnUsage, s.ownUsage)
	register(&s.desk, api.OpOwnKeyUsage, s.ownKeyUsage)
}

type ownUsageIn struct {
	Chosen
	UsageIn
}

func (in *UsageIn) asked(key string) api.UsageQuery {
	return api.UsageQuery{Key: key, API: in.API, Since: in.Since, Until: in.Until, Step: in.Step}
}

func (s *selfServer) ownUsage(ctx context.Context, c *call, in *ownUsageIn) (*listing[api.UsageReport], error) {
	return reported(s.Self.Usage(ctx, c.caller, in.asked("")))
}

type ownKeyUsageIn struct {
	OwnKeyIn
	UsageIn
}

func (s *selfServer) ownKeyUsage(ctx context.Context, c *call, in *ownKeyUsageIn) (*listing[api.UsageReport], error) {
	return reported(s.Self.Usage(ctx, c.caller, in.asked(in.ID)))
}

func reported(r api.UsageReport, err error) (*listing[api.UsageReport], error) {
	if err != nil {
		return nil, err
	}
	return &listing[api.UsageReport]{Body: r}, nil
}
