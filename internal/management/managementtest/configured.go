package managementtest

import (
	"context"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/schemes"
)

// Configured is a small configuration: one API of one scheme, one identity provider
// that answers and one that does not, and one verifier.
type Configured struct{}

// SchemeText implements management.Configured.
func (Configured) SchemeText(name string) ([]byte, bool) {
	text, _ := schemes.Source(name)
	return text, true
}

// APIs implements management.Configured.
func (Configured) APIs() []api.API {
	return []api.API{{
		Name: "trusset", Title: "Trusset API", Hosts: []string{"trusset.localhost"}, Scheme: "trusset-instance", Schemes: []string{"trusset-instance", "trusset-mica"},
		Base: "https://trusset.localhost", Site: "https://docs.trusset.localhost", Docs: "https://docs.trusset.localhost/",
		Routes: []api.RouteBody{{Methods: []string{"GET"}, Path: "/trading/{rest...}", Scheme: "trusset-instance", Takes: "key", Need: api.NeedBody{
			Service: "trading", Permissions: []string{}, Environments: []string{}, Plans: []string{}, ExceptPlans: []string{},
		}}},
	}}
}

// Providers implements management.Configured.
func (Configured) Providers() []api.IdentityProvider {
	return []api.IdentityProvider{
		{Name: "workforce", Title: "Workforce", Issuer: "https://login.example.com", APIs: []string{"trusset"}, Operators: true, Web: true},
		{Name: "silent", Title: "Silent", Issuer: "https://silent.example.com", APIs: []string{}},
	}
}

// CheckProvider implements management.Configured.
func (Configured) CheckProvider(_ context.Context, name string) api.ProviderCheck {
	if name == "silent" {
		return api.ProviderCheck{Detail: "it answered with status 502"}
	}
	return api.ProviderCheck{Reachable: true, Detail: "it publishes 2 signing key(s)"}
}

// Verifiers implements management.Configured.
func (Configured) Verifiers(context.Context) ([]api.Verifier, error) {
	return []api.Verifier{{Node: "node-1", Self: true, Fresh: true, Cursor: 7, LastSeen: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}}, nil
}
