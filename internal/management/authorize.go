package management

import (
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/front/introspect"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Authorize lets the introspection front ask who calls: a key of the keywright
// scheme, of any tenant, with the permission; the gate in force judges and counts
// it, as it does for the operations here.
func Authorize(o Options) func(r *http.Request, permission string) (introspect.Caller, *scheme.Answer) {
	s := &server{Options: o}
	return func(r *http.Request, permission string) (introspect.Caller, *scheme.Answer) {
		c := &call{requestID: r.Header.Get("X-Request-Id"), view: o.View(r)}
		if !saneRequestID.MatchString(c.requestID) {
			c.requestID = ""
		}
		c.verdict = o.Gate().Pass(&c.view, APIName)
		d := &c.verdict.Decision
		switch {
		case c.verdict.Answer != nil:
			return introspect.Caller{}, c.verdict.Answer
		case d.Tenant == nil || !keywright.Permits(d.Permissions, []string{permission}):
			c.verdict.Refuse(keywright.PermissionMissing)
			return introspect.Caller{}, c.verdict.Answer
		}
		return introspect.Caller{Actor: s.actor(r.Context(), c), Tenant: d.Tenant.ID}, nil
	}
}

// introspection are the routes that the front is asked under: any tenant's key with
// the permission may ask, about its own tenant's keys.
func introspection() []gate.Route {
	return []gate.Route{
		{Methods: []string{http.MethodPost}, Path: introspect.IntrospectPath, Need: keywright.Need{Permissions: []string{api.KeysVerify}}},
		{Methods: []string{http.MethodPost}, Path: introspect.RevokePath, Need: keywright.Need{Permissions: []string{api.KeysWrite}}},
		{Methods: []string{http.MethodGet}, Path: introspect.MetadataPath, Open: true},
	}
}
