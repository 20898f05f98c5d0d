package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/schemes"
)

// configured is what operators may read of the configuration that a generation is made of.
type configured struct {
	d *Daemon
	g *generation
}

var _ management.Configured = configured{}

// SchemeText implements management.Configured.
func (c configured) SchemeText(name string) (text []byte, shipped bool) {
	if text, ok := c.g.plan.own[name]; ok {
		return text, false
	}
	text, _ = schemes.Source(name)
	return text, true
}

// APIs implements management.Configured.
func (c configured) APIs() []api.API {
	all := []api.API{}
	for i := range c.g.plan.Source.Config.APIs {
		a := &c.g.plan.Source.Config.APIs[i]
		if surface, ok := c.g.plan.find(a.Name); ok {
			all = append(all, c.api(a, &surface))
		}
	}
	return all
}

func (c configured) api(a *config.API, surface *gate.API) api.API {
	out := api.API{Name: a.Name, Title: a.Name, Hosts: filled(a.Hosts), Scheme: surface.Scheme.Name(), Schemes: []string{}, Routes: []api.RouteBody{}}
	for _, part := range parts(surface) {
		out.Schemes = append(out.Schemes, part.Scheme.Name())
	}
	for i := range surface.Routes {
		out.Routes = append(out.Routes, route(surface, &surface.Routes[i]))
	}
	if len(a.Hosts) > 0 {
		out.Base = c.d.door(a.Hosts[0], c.d.overTLS(surface.Scheme))
	}
	if a.Site == nil {
		return out
	}
	out.Title = cmp.Or(a.Site.Title, c.d.brandName(a))
	out.Base = cmp.Or(a.Site.Base, out.Base)
	out.Site = c.d.siteURL(a, surface.Scheme)
	out.Docs = out.Site + "/"
	made := slices.Clone(a.Site.Schemes)
	if r := a.Site.Register; r != nil {
		out.Register = out.Site + r.Path
		made = append(made, r.Scheme, r.Management)
	}
	for _, name := range made {
		if name != "" && !slices.Contains(out.Schemes, name) {
			out.Schemes = append(out.Schemes, name)
		}
	}
	return out
}

// route spells one, with what it takes as its scheme and its API allow.
func route(surface *gate.API, r *gate.Route) api.RouteBody {
	of := r.Scheme
	if of == nil {
		of = surface.Scheme
	}
	takes := "key"
	switch {
	case r.Open:
		takes = "none"
	case r.Takes == gate.TokensOnly, len(of.Formats()) == 0:
		takes = "login"
	case r.Takes == gate.KeysAndTokens && of.TakesTokens() && surface.Tokens != nil:
		takes = "either"
	}
	n := &r.Need
	return api.RouteBody{
		Methods: filled(r.Methods), Path: r.Path, Scheme: of.Name(), Open: r.Open, Takes: takes,
		Need: api.NeedBody{
			Service: n.Service, Permissions: filled(n.Permissions), Environments: filled(n.Environments),
			Plans: filled(n.Plans.AnyOf), ExceptPlans: filled(n.Plans.Except),
		},
	}
}

func filled(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// Providers implements management.Configured.
func (c configured) Providers() []api.IdentityProvider {
	cfg, all := &c.g.plan.Source.Config, []api.IdentityProvider{}
	for i := range cfg.Providers {
		p := &cfg.Providers[i]
		one := api.IdentityProvider{
			Name: p.Name, Title: cmp.Or(p.Title, p.Name), Issuer: p.Issuer, APIs: []string{},
			Operators: slices.Contains(cfg.Management.Logins, p.Name), Web: p.Web != nil, CLI: p.CLI != nil, TrustEmail: p.TrustEmail,
		}
		for j := range cfg.APIs {
			if slices.Contains(cfg.APIs[j].Logins, p.Name) {
				one.APIs = append(one.APIs, cfg.APIs[j].Name)
			}
		}
		all = append(all, one)
	}
	return all
}

// providerWait bounds a check: an attempt is two calls of five seconds.
const providerWait = 11 * time.Second

// CheckProvider implements management.Configured.
func (c configured) CheckProvider(ctx context.Context, name string) api.ProviderCheck {
	of := c.using(name)
	if of == nil {
		return api.ProviderCheck{Detail: "nothing signs in with it: name it under logins of an api or of management"}
	}
	ctx, cancel := context.WithTimeout(ctx, providerWait)
	defer cancel()
	keys, err := of.Check(ctx, name)
	if err != nil {
		var e *keywright.Error
		if !errors.As(err, &e) {
			return api.ProviderCheck{Detail: "it could not be asked"}
		}
		return api.ProviderCheck{Detail: e.Detail}
	}
	return api.ProviderCheck{Reachable: true, Detail: fmt.Sprintf("its discovery document names its issuer, and it publishes %d signing key(s)", keys)}
}

// using finds the providers of an API, or of operators, that a provider is one of.
func (c configured) using(name string) *oidc.Providers {
	cfg := &c.g.plan.Source.Config
	if slices.Contains(cfg.Management.Logins, name) {
		return c.g.providers[management.APIName]
	}
	for i := range cfg.APIs {
		if slices.Contains(cfg.APIs[i].Logins, name) {
			return c.g.providers[cfg.APIs[i].Name]
		}
	}
	return nil
}

// heardOf is how long a node's word that it is fresh is believed.
const heardOf = 30 * time.Second

// Verifiers implements management.Configured.
func (c configured) Verifiers(ctx context.Context) ([]api.Verifier, error) {
	now, core := time.Now(), c.d.core
	own := core.heartbeat(now)
	all := []api.Verifier{{
		Node: own.Node, Self: true, Fresh: own.Fresh, AgeSeconds: own.Age.Seconds(), BoundSeconds: own.Bound.Seconds(),
		Cursor: int64(own.Cursor), LastSeen: own.At,
	}}
	if !core.bounded {
		return all, nil
	}
	others, err := core.people.Heartbeats(ctx, now)
	if err != nil {
		return nil, err
	}
	for i := range others {
		h := &others[i]
		if h.Node == own.Node {
			continue
		}
		all = append(all, api.Verifier{
			Node: h.Node, Fresh: h.Fresh && now.Sub(h.At) < heardOf, AgeSeconds: h.Age.Seconds(), BoundSeconds: h.Bound.Seconds(),
			Cursor: int64(h.Cursor), Behind: max(0, int64(own.Cursor-h.Cursor)), LastSeen: h.At,
		})
	}
	return all, nil
}

// nodeName tells this process from others that share its store.
func nodeName(random func([]byte) (int, error)) string {
	host, err := os.Hostname()
	if err != nil || len(host) > 64 {
		host = "keywright"
	}
	var b [4]byte
	_, _ = random(b[:]) // crypto/rand does not fail
	return fmt.Sprintf("%s-%d-%x", host, os.Getpid(), b)
}
