package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

// logins makes each API's identity providers, and hands them to its surface.
func (d *Daemon) logins(g *generation) ([]gate.API, error) {
	g.providers = map[string]*oidc.Providers{}
	cfg := &g.plan.Source.Config
	surfaces := slices.Clone(g.plan.APIs)
	for i := range cfg.APIs {
		a := &cfg.APIs[i]
		if len(a.Logins) == 0 {
			continue
		}
		p, err := d.identityProviders(cfg, a.Logins, d.memberOf(a), servedBy(a))
		if err != nil {
			return nil, err
		}
		g.providers[a.Name] = p
		at := slices.IndexFunc(surfaces, func(s gate.API) bool { return s.Name == a.Name })
		surfaces[at].Tokens = p
	}
	// Operators sign in with the providers named for them alone: what a customers'
	// provider says of a person must open nothing here. Their tokens open nothing.
	if logins := cfg.Management.Logins; len(logins) > 0 {
		p, err := d.identityProviders(cfg, logins, nil, nil)
		if err != nil {
			return nil, err
		}
		g.providers[management.APIName] = p
	}
	return surfaces, nil
}

func (d *Daemon) identityProviders(cfg *config.Config, names []string, members func(context.Context, people.External) (oidc.Membership, error), serves func(*keywright.Tenant) bool) (*oidc.Providers, error) {
	o := oidc.Options{
		Tenant: d.core.index.Tenant, Fresh: d.core.index.Fresh, Serves: serves, ByRef: d.tenantByRef, Members: members, Clock: d.o.Clock, Log: d.log,
	}
	for _, p := range cfg.Providers {
		if !slices.Contains(names, p.Name) {
			continue
		}
		one, err := d.identityProvider(&p)
		if err != nil {
			return nil, err
		}
		o.Providers = append(o.Providers, one)
	}
	return oidc.New(o)
}

func (d *Daemon) identityProvider(p *config.Provider) (oidc.Provider, error) {
	out := oidc.Provider{
		Name: p.Name, Title: p.Title, Issuer: p.Issuer, Audiences: p.Audiences, Algorithms: p.Algorithms,
		Claim: p.AccessClaim, Value: p.AccessValue, MaxLife: p.MaxLife, Leeway: p.Leeway, TrustEmail: p.TrustEmail,
		Map: oidc.Mapping{Tenant: p.Map.Tenant, Permissions: p.Map.Permissions, Always: p.Map.Always, Environment: p.Map.Environment},
	}
	if w := p.Web; w != nil {
		secret, err := w.Secret(d.o.Lookup)
		if err != nil {
			return out, err
		}
		out.Web = oidc.WebClient{ID: w.ClientID, Secret: keywright.NewCredential("", secret.Reveal()), Scopes: w.Scopes}
	}
	if c := p.CLI; c != nil {
		out.CLI = oidc.CLIClient{ID: c.ClientID, Scopes: c.Scopes, Resource: c.Resource}
	}
	return out, nil
}

func (d *Daemon) tenantByRef(ctx context.Context, ref string) (id keywright.TenantID, err error) {
	err = d.core.store.View(ctx, func(r keywright.Reader) error {
		t, err := r.Tenant(ctx, ref)
		if err == nil && t.Ref != ref {
			return &keywright.Error{Kind: keywright.NotFound, Detail: "no tenant has this ref"} // it is an id
		}
		id = t.ID
		return err
	})
	return id, err
}

// servedBy tells the tenants that an API's site serves from others: where a token
// speaks for another API's, it opens nothing.
func servedBy(a *config.API) func(*keywright.Tenant) bool {
	return func(t *keywright.Tenant) bool { return a.Site == nil || a.Site.Tenants.Holds(t.Metadata) }
}

// memberOf says what a person has at an API: their first tenant that its site serves.
func (d *Daemon) memberOf(a *config.API) func(context.Context, people.External) (oidc.Membership, error) {
	serves := servedBy(a)
	return func(ctx context.Context, e people.External) (oidc.Membership, error) {
		person, members, err := d.core.people.Known(ctx, e)
		if err != nil {
			return oidc.Membership{}, err
		}
		for _, m := range members {
			if m.Tenant == keywright.OperatorTenant {
				continue
			}
			if t := d.core.index.Tenant(m.Tenant); t != nil && serves(t) {
				return oidc.Membership{Person: person, Tenant: m.Tenant, Role: m.Role}, nil
			}
		}
		return oidc.Membership{}, &keywright.Error{Kind: people.ErrSignIn, Detail: fmt.Sprintf("no account of %s has this person as a member", a.Name)}
	}
}

// anyLogin takes the tokens that any API takes: who introspects names none.
func anyLogin(g *generation) gate.Tokens {
	var all loginsOfAll
	for i := range g.plan.Source.Config.APIs {
		if p := g.providers[g.plan.Source.Config.APIs[i].Name]; p != nil {
			all = append(all, p)
		}
	}
	return all
}

type loginsOfAll []*oidc.Providers

// VerifyToken implements gate.Tokens: the first API that grants decides.
func (l loginsOfAll) VerifyToken(now time.Time, token string, n *keywright.Need) (d keywright.Decision) {
	for _, p := range l {
		if d = p.VerifyToken(now, token, n); d.Granted() {
			return d
		}
	}
	return d
}
