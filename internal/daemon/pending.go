package daemon

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

const discoveryPath = "/.well-known/keywright.json"

type selfOptions struct {
	Self      *selfservice.Service
	People    *people.Service
	Clock     func() time.Time
	Log       *slog.Logger
	View      func(*http.Request) scheme.View
	Origin    func(*http.Request) string
	Discovery func(*http.Request) api.Discovery
}

func newSelf(selfOptions) http.Handler { return http.NotFoundHandler() }

func siteSchemes(s selfservice.Site) []string { return s.Schemes }

func (d *Daemon) tenantNow(id keywright.TenantID) *keywright.Tenant {
	var t keywright.Tenant
	if err := d.core.store.View(context.Background(), func(r keywright.Reader) (err error) {
		t, err = r.Tenant(context.Background(), string(id))
		return err
	}); err != nil {
		return nil
	}
	return &t
}
