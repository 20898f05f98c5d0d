package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// Membership is what a person has here.
type Membership struct {
	Person people.Person
	Tenant keywright.TenantID
	Role   people.Role
}

// Options of New.
type Options struct {
	Providers []Provider
	// Tenant finds a tenant in memory by its id, as the index has it now; nil if
	// there is none. It is asked for every request: see verify.Index.Tenant.
	Tenant func(id keywright.TenantID) *keywright.Tenant
	// Fresh says whether Tenant can be trusted now: verify.Index.Fresh. Where it
	// says no, a token is refused as Failure. nil is always.
	Fresh func() bool
	// Serves says whether an API's tokens may speak for a tenant, as Tenant has it
	// now. It is asked for every request; nil is every tenant.
	Serves func(t *keywright.Tenant) bool
	// ByRef finds a tenant's id by its ref, in the store. It is asked when Members is.
	ByRef func(ctx context.Context, ref string) (keywright.TenantID, error)
	// Members says what a person has here, where a provider maps no tenant claim. It
	// is asked when a token is seen for the first time, and again every 30 seconds of its use.
	Members func(ctx context.Context, e people.External) (Membership, error)
	HTTP    *http.Client     // nil is one with a timeout that reaches *.localhost; it follows no redirect
	Clock   func() time.Time // nil is time.Now
	Log     *slog.Logger
	Cache   int // tokens that are remembered; 0 is 10,000
}

// Providers is all that is known of identity providers. It is safe for concurrent
// use, and calls nobody until a token or a sign-in asks for it.
type Providers struct {
	o        Options
	all      []*provider
	seen     *cache[*entry] // tokens that were verified
	bad      *cache[badSignature]
	wall     func() time.Time // the real clock: freshness of keys and memberships
	requests *http.Client
}

// provider is one of them, at work.
type provider struct {
	Provider
	ring *ring
}

const defaultCache = 10_000

// New checks the providers. It returns an Invalid error that names the field.
func New(o Options) (*Providers, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Cache <= 0 {
		o.Cache = defaultCache
	}
	p := &Providers{o: o, seen: newCache[*entry](o.Cache), bad: newCache[badSignature](o.Cache), wall: time.Now, requests: httpClient(o.HTTP)}
	for i, one := range o.Providers {
		at := fmt.Sprintf("providers[%d].", i)
		if err := one.check(); err != nil {
			var e *keywright.Error
			if errors.As(err, &e) {
				return nil, invalid(at+e.Field, e.Detail)
			}
			return nil, err
		}
		if p.named(one.Name) != nil {
			return nil, invalid(at+"name", "another identity provider is already called "+one.Name)
		}
		made := &provider{Provider: one}
		made.ring = &ring{issuer: one.Issuer, name: one.Name, fetch: p.fetch, wall: func() time.Time { return p.wall() }, log: o.Log}
		p.all = append(p.all, made)
	}
	return p, nil
}

func (p *Providers) named(name string) *provider {
	at := slices.IndexFunc(p.all, func(one *provider) bool { return one.Name == name })
	if at < 0 {
		return nil
	}
	return p.all[at]
}

// of finds the provider that a token says it is from. Where several rows share an
// issuer, the one whose audience the token has counts.
func (p *Providers) of(c *claims) *provider {
	var found *provider
	for _, one := range p.all {
		if one.Issuer != c.issuer {
			continue
		}
		if slices.ContainsFunc(c.audience, func(a string) bool { return slices.Contains(one.Audiences, a) }) {
			return one
		}
		if found == nil {
			found = one
		}
	}
	return found
}

// Named is a provider's name and what people call it.
type Named struct{ Name, Title string }

// Names lists the providers that people can sign in with on the web, as configured.
func (p *Providers) Names() []Named {
	var all []Named
	for _, one := range p.all {
		if one.Web.ID == "" {
			continue
		}
		title := one.Title
		if title == "" {
			title = one.Name
		}
		all = append(all, Named{Name: one.Name, Title: title})
	}
	return all
}

// CLI returns what the command line needs to log in with a provider: its issuer,
// client, scopes and resource; ok is false where it may not.
func (p *Providers) CLI(provider string) (client CLIClient, issuer string, ok bool) {
	one := p.named(provider)
	if one == nil || one.CLI.ID == "" {
		return CLIClient{}, "", false
	}
	client = one.CLI
	client.Scopes = slices.Clone(client.Scopes)
	if len(client.Scopes) == 0 {
		client.Scopes = []string{"openid", "email", "profile", "offline_access"}
	}
	return client, one.Issuer, true
}
