package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/handbook"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/oidc"
)

// Handbook is what a program that runs an API in its own process says of it, in
// place of what the configuration's files would.
type Handbook struct {
	OpenAPI []byte
	Pages   fs.FS
}

// site is where one API's customers read, sign in and serve themselves.
type site struct {
	label   string
	self    http.Handler
	service *selfservice.Service
	pages   http.Handler
	has     func(path string) bool // whether pages answers a path
	book    http.Handler
}

// ServeHTTP shares one origin out between the documentation, the pages that people
// sign in on, and the operations that both call.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	labelled(r, s.label)
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/v1/"), path == discoveryPath:
		s.self.ServeHTTP(w, r)
	case s.has(path):
		s.pages.ServeHTTP(w, r)
	default:
		s.book.ServeHTTP(w, r)
	}
}

// sites makes the site of every API that has one.
func (d *Daemon) sites(g *generation) error {
	g.sites, g.siteHosts = map[string]*site{}, map[string]*site{}
	for i := range g.plan.Source.Config.APIs {
		a := &g.plan.Source.Config.APIs[i]
		if a.Site == nil {
			continue
		}
		s, err := d.site(g, a)
		if err != nil {
			return fmt.Errorf("the site of %s: %w", a.Name, err)
		}
		g.sites[a.Name] = s
		for _, h := range a.Site.Hosts {
			g.siteHosts[h] = s
		}
	}
	return nil
}

func (d *Daemon) site(g *generation, a *config.API) (*site, error) {
	surface, ok := g.plan.find(a.Name)
	if !ok {
		return nil, errors.New("there is no such API")
	}
	providers := g.providers[a.Name]
	s := &site{label: a.Name + "-site"}
	s.service = selfservice.New(selfservice.Options{
		Site: d.selfService(a, &surface), Keeper: d.core.keeper, Store: d.core.store, Schemes: g.plan.Schemes,
		Before: d.siteBefore(a.Name), People: d.core.people, Tokens: providers, Index: d.core.index, Pepper: d.core.secrets.Pepper, Clock: d.o.Clock, View: g.hops.View,
		Meter: d.core.meter,
	})
	s.self = management.NewSelf(management.SelfOptions{
		Self: s.service, People: d.core.people, Clock: d.o.Clock, Log: d.log, View: g.hops.View, Origin: d.siteOrigin(g, a), Observe: d.metrics.observe,
		Discovery: func(*http.Request) api.Discovery { return d.discovery(a, &surface, providers) },
	})
	o := console.Options{
		Name: d.brandName(a), Accent: a.Site.Brand.Accent, Docs: "/", Base: d.apiBase(a, surface.Scheme), Variable: a.Site.Variable,
		People: d.core.people, Providers: providers, Self: s.service, NoPass: !g.plan.Source.Config.People.Passwords,
		Clock: d.o.Clock, View: g.hops.View, Origin: d.siteOrigin(g, a), Tenant: d.tenantNamed, Log: d.log, Try: tryPath(&surface),
		Words: console.Words(a.Site.Words),
	}
	if strings.HasPrefix(o.Base, "https:") {
		o.CA = d.ownCA()
	}
	var err error
	if o.Logo, err = logo(a); err != nil {
		return nil, err
	}
	for _, name := range s.service.Schemes() {
		o.Schemes = append(o.Schemes, g.plan.Schemes[name])
	}
	if a.Site.Register != nil {
		o.Register = a.Site.Register.Path
	}
	book, err := d.handbook(g, a, &surface)
	if err != nil {
		return nil, err
	}
	if o.Try == "/" { // nothing can be read without more ado
		o.First = book.FirstCall()
	}
	s.book, s.pages, s.has = book, console.New(o), o.Handles
	return s, nil
}

// tryPath is the first thing that can be read with a key and nothing else.
func tryPath(surface *gate.API) string {
	for _, r := range surface.Routes {
		if !r.Open && (r.Scheme == nil || r.Scheme == surface.Scheme) && r.Takes != gate.TokensOnly && slices.Contains(r.Methods, http.MethodGet) && !strings.Contains(r.Path, "{") {
			return r.Path
		}
	}
	return "/"
}

func (d *Daemon) tenantNamed(ctx context.Context, id keywright.TenantID) (t keywright.Tenant, err error) {
	err = d.core.store.View(ctx, func(r keywright.Reader) error {
		t, err = r.Tenant(ctx, string(id))
		return err
	})
	return t, err
}

// selfService is a site as the rules of self-service know it.
func (d *Daemon) selfService(a *config.API, surface *gate.API) selfservice.Site {
	s := selfservice.Site{
		API: a.Name, Hosts: a.Site.Hosts, Schemes: a.Site.Schemes, SignUp: a.Site.SignUp, Services: a.Site.Services,
		TestKeys: a.Site.TestKeys.Environment, TestKeysOff: a.Site.TestKeys.Off,
	}
	if len(s.Schemes) == 0 {
		s.Schemes = []string{surface.Scheme.Name()}
	}
	if m := a.Site.Tenants; m.Metadata != "" {
		s.Tenants = map[string]string{m.Metadata: m.Is}
	}
	if r := a.Site.Register; r != nil {
		s.Registration = &selfservice.Registration{Scheme: r.Scheme, Management: r.Management, PerHour: r.PerHour}
	}
	return s
}

// handbook renders an API's documentation.
func (d *Daemon) handbook(g *generation, a *config.API, surface *gate.API) (*handbook.Handbook, error) {
	o := handbook.Options{
		API: a.Name, Title: a.Site.Title, Brand: handbook.Brand{Name: d.brandName(a), Accent: a.Site.Brand.Accent},
		Base: d.apiBase(a, surface.Scheme), Site: d.siteURL(a, surface.Scheme), OpenAPI: g.plan.OpenAPI[a.Name], Variable: a.Site.Variable,
		Schemes: parts(surface),
		Account: handbook.Account{
			SignIn: "/account/sign-in", Keys: "/account/keys", Whoami: "/v1/me", TestKey: "/v1/me/keys/test",
			CLI: len(d.cliClients(g.providers[a.Name], a)) > 0,
		},
	}
	if o.Title == "" {
		o.Title = a.Name + " API"
	}
	if a.Site.TestKeys.Off {
		o.Account.TestKey = ""
	}
	if a.Site.Register != nil {
		o.Account.Register = a.Site.Register.Path
	}
	if strings.HasPrefix(o.Base, "https:") {
		o.CA = d.ownCA()
	}
	for _, c := range a.Site.Changelog {
		o.Changelog = append(o.Changelog, handbook.Change{Date: c.Date, Text: c.Text})
	}
	var err error
	if o.Brand.Logo, err = logo(a); err != nil {
		return nil, err
	}
	if a.Site.Pages != "" {
		o.Pages = os.DirFS(a.Site.Pages)
	}
	if own, ok := d.o.Handbooks[a.Name]; ok {
		o.OpenAPI, o.Pages = own.OpenAPI, own.Pages
	}
	return handbook.New(o)
}

// logo reads a site's own, if it has one.
func logo(a *config.API) ([]byte, error) {
	if a.Site.Brand.Logo == "" {
		return nil, nil
	}
	svg, err := readBounded(a.Site.Brand.Logo, 64<<10)
	if err != nil {
		return nil, fmt.Errorf("its logo: %w", err)
	}
	return svg, nil
}

// parts are an API's schemes, its own first, each with its routes.
func parts(surface *gate.API) []handbook.Part {
	all := []handbook.Part{{Scheme: surface.Scheme}}
	for _, r := range surface.Routes {
		of := r.Scheme
		if of == nil {
			of = surface.Scheme
		}
		at := 0
		for at < len(all) && all[at].Scheme != of {
			at++
		}
		if at == len(all) {
			all = append(all, handbook.Part{Scheme: of})
		}
		all[at].Routes = append(all[at].Routes, handbook.Route{
			Methods: r.Methods, Path: r.Path, Open: r.Open, Need: r.Need, MaxBody: r.MaxBody,
			Tokens: of.TakesTokens() && surface.Tokens != nil && r.Takes != gate.KeysOnly,
			Keys:   len(of.Formats()) > 0 && r.Takes != gate.TokensOnly,
		})
	}
	return all
}

func (d *Daemon) brandName(a *config.API) string {
	if a.Site.Brand.Name != "" {
		return a.Site.Brand.Name
	}
	return a.Name
}

// discovery tells a command line how to log in.
func (d *Daemon) discovery(a *config.API, surface *gate.API, providers *oidc.Providers) api.Discovery {
	out := api.Discovery{
		API: a.Name, Title: a.Site.Title, Base: d.siteURL(a, surface.Scheme), APIBase: d.apiBase(a, surface.Scheme),
		Scheme: surface.Scheme.Name(), Variable: a.Site.Variable, Providers: d.cliClients(providers, a),
	}
	return out
}

// cliClients lists the identity providers that a command line may log in with.
func (d *Daemon) cliClients(providers *oidc.Providers, a *config.API) []api.DiscoveredIssuer {
	out := []api.DiscoveredIssuer{}
	if providers == nil {
		return out
	}
	for _, name := range a.Logins {
		c, issuer, ok := providers.CLI(name)
		if !ok {
			continue
		}
		title := name
		for _, p := range d.o.Source.Config.Providers {
			if p.Name == name && p.Title != "" {
				title = p.Title
			}
		}
		out = append(out, api.DiscoveredIssuer{Name: name, Title: title, Issuer: issuer, ClientID: c.ID, Scopes: c.Scopes, Resource: c.Resource})
	}
	return out
}

const discoveryPath = "/.well-known/keywright.json"

// siteNamed finds the self-service of an API, or nil.
func (g *generation) siteNamed(name string) *selfservice.Service {
	if s, ok := g.sites[name]; ok {
		return s.service
	}
	return nil
}

// siteBefore is the service that served a site until now, whose counts go on.
func (d *Daemon) siteBefore(name string) *selfservice.Service {
	if g := d.generations.current.Load(); g != nil {
		return g.siteNamed(name)
	}
	return nil
}

// operators makes the pages of the operators' own site.
func (d *Daemon) operators(g *generation) {
	o := console.Options{
		Name: "Keywright", People: d.core.people, Providers: g.providers[management.APIName], NoPass: !g.plan.Source.Config.People.Passwords,
		Clock: d.o.Clock, View: g.hops.View, Origin: d.origin(g, g.plan.Source.Config.Management.URL), Tenant: d.tenantNamed, Log: d.log,
		Desk: g.management,
	}
	if d.core.setup != nil {
		o.Setup = d.core.setup.Use
	}
	g.pages, g.hasPage = console.New(o), o.Handles
}
