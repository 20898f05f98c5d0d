package daemon

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/forwardauth"
	"github.com/keywright/keywright/front/introspect"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/scheme"
)

// generation is what one configuration makes, whole: a request is served by one
// generation from its first byte to its last, whatever is reloaded meanwhile.
type generation struct {
	plan       *Plan
	gate       *gate.Gate
	hops       gate.Hops
	proxy      *proxy.Proxy
	direct     map[string]http.Handler
	management http.Handler
	ask        http.Handler
	console    map[string]bool            // the management API's hosts
	providers  map[string]*oidc.Providers // by API
	sites      map[string]*site           // by API
	siteHosts  map[string]*site           // by host
	pages      http.Handler               // of the operators' site
	oauth      http.Handler               // introspection and revocation
	hasPage    func(path string) bool
	users      atomic.Int64
	retired    atomic.Bool
}

// install makes a generation of a plan and puts it in force at once.
func (d *Daemon) install(plan *Plan) error {
	if d.o.Local != nil {
		local, err := d.o.Local(d.core.secrets.Identity.JWKS())
		if err != nil {
			return err
		}
		plan.localize(local)
	}
	g, err := d.generate(plan)
	if err != nil {
		return err
	}
	d.generations.swap(g)
	return nil
}

func (d *Daemon) generate(plan *Plan) (*generation, error) {
	cfg := &plan.Source.Config
	g := &generation{plan: plan, direct: map[string]http.Handler{}, console: map[string]bool{}}
	g.hops = gate.Hops{Count: cfg.TrustedProxies.Hops, Proxies: cfg.TrustedProxies.Addresses}
	surfaces, err := d.logins(g)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	if g.gate, err = gate.New(gate.Options{
		APIs: surfaces, Index: &timed{next: d.core.index, into: d.metrics.verification}, Pepper: d.core.secrets.Pepper,
		Limiter: d.core.limiter, Meter: d.core.meter, Clock: d.o.Clock, AddressLimits: cfg.AddressLimits,
	}); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	// A generation's proxy asks its own gate, so that the two always know the
	// same APIs; every gate reads the one index, so a key's death reaches all.
	own := func() *gate.Gate { return g.gate }
	identities := gate.NewIdentities(d.core.secrets.Identity, d.o.Clock)
	if g.proxy, err = proxy.New(proxy.Options{
		Gate: own, Targets: d.withSites(plan), Identities: identities, Clock: d.o.Clock, View: g.hops.View,
		MaxBody: int64(cfg.Limits.BodyBytes), Log: d.log, Observe: d.metrics.observe, Report: report,
	}); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	for _, one := range d.o.Direct {
		g.direct[one.API] = g.proxy.On(one.API)
	}
	g.management = d.managementHandler(g, own)
	g.ask = forwardauth.New(forwardauth.Options{Gate: own, Identities: identities, Proxies: cfg.ForwardAuth.Proxies, Observe: d.metrics.observe})
	for _, h := range cfg.Management.Hosts {
		g.console[h] = true
	}
	d.operators(g)
	return g, d.sites(g)
}

// managementHandler answers the management API, and gateways that ask as OAuth has it.
func (d *Daemon) managementHandler(g *generation, own func() *gate.Gate) http.Handler {
	o := management.Options{
		Keeper: d.core.keeper, Store: d.core.store, Schemes: g.plan.Schemes, Gate: own, Clock: d.o.Clock, Log: d.log, View: g.hops.View,
		Index: d.core.index, Pepper: d.core.secrets.Pepper, APIs: g.plan.find, Observe: d.metrics.observe, Meter: d.core.meter,
		People: d.core.people, Sites: g.siteNamed, SiteURL: d.siteURLs(g), Configured: configured{d, g},
	}
	if d.core.setup != nil {
		o.Setup = d.core.setup // not a nil *Setup, which would be no nil Handler
	}
	g.oauth = d.introspection(g, o)
	h := management.New(o)
	if d.o.Console != nil {
		h = d.o.Console(h, func(r *http.Request, api string) gate.Verdict {
			v := g.hops.View(r)
			return own().Pass(&v, api)
		})
	}
	return h
}

func (d *Daemon) introspection(g *generation, o management.Options) http.Handler {
	front := introspect.Options{
		Issuer: d.siteURLs(g)(""), Schemes: func() map[string]*scheme.Scheme { return g.plan.Schemes }, Index: d.core.index, Pepper: d.core.secrets.Pepper,
		Authorize: management.Authorize(o), Clock: d.o.Clock,
		Revoke: func(ctx context.Context, by keywright.Actor, id keywright.KeyID) error {
			_, err := d.core.keeper.Revoke(ctx, by, id, keywright.Unspecified)
			return err
		},
		Key: func(ctx context.Context, id keywright.KeyID) (k keywright.Key, err error) {
			err = d.core.store.View(ctx, func(r keywright.Reader) error {
				k, err = r.Key(ctx, id)
				return err
			})
			return k, err
		},
	}
	if len(g.providers) > 0 {
		front.Tokens = anyLogin(g)
	}
	return introspect.New(front)
}

// public is what the http and https doors answer: the management API under its
// own hosts, and the protected APIs under theirs.
func (d *Daemon) public() http.Handler {
	return d.observed(func(g *generation, w http.ResponseWriter, r *http.Request) {
		host := hostOf(r)
		if g.console[host] {
			d.answerConsole(g, w, r)
			return
		}
		if s, ok := g.siteHosts[host]; ok {
			s.ServeHTTP(w, r)
			return
		}
		g.proxy.ServeHTTP(w, r)
	})
}

// console is what the management door answers, under any host.
func (d *Daemon) console() http.Handler { return d.observed(d.answerConsole) }

// jwksPath publishes the keys that identity assertions are verified with.
const jwksPath = "/.well-known/keywright/jwks.json"

// openAPIPath publishes the APIs' own documents, each under its API's name.
const openAPIPath = "/.well-known/keywright/openapi/"

func (d *Daemon) answerConsole(g *generation, w http.ResponseWriter, r *http.Request) {
	labelled(r, management.APIName)
	switch r.URL.Path {
	case introspect.IntrospectPath, introspect.RevokePath, introspect.MetadataPath:
		g.oauth.ServeHTTP(w, r)
	case jwksPath:
		readOnly(w, r, "application/jwk-set+json", d.core.secrets.Identity.JWKS())
	case "/healthz":
		d.healthz(w, r)
	case "/readyz":
		d.readyz(w, r)
	default:
		if api, ok := strings.CutPrefix(r.URL.Path, openAPIPath); ok && g.plan.OpenAPI[api] != nil {
			readOnly(w, r, "application/openapi+yaml", g.plan.OpenAPI[api]) // of which JSON is a part
			return
		}
		if g.hasPage(r.URL.Path) {
			g.pages.ServeHTTP(w, r)
			return
		}
		g.management.ServeHTTP(w, r)
	}
}

// direct is what a door of one API alone answers.
func (d *Daemon) direct(api string) http.Handler {
	return d.observed(func(g *generation, w http.ResponseWriter, r *http.Request) {
		g.direct[api].ServeHTTP(w, r)
	})
}

func (d *Daemon) forwardAuth() http.Handler {
	return d.observed(func(g *generation, w http.ResponseWriter, r *http.Request) {
		labelled(r, forwardAuthDoor)
		if at := g.plan.Source.Config.ForwardAuth.Path; r.URL.Path != at {
			problem(w, http.StatusNotFound, "there is nothing here: proxies ask at "+at)
			return
		}
		g.ask.ServeHTTP(w, r)
	})
}

func lower(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// wantsTLS reports whether any door of a configuration speaks TLS.
func wantsTLS(c *config.Config, direct []Direct) bool {
	if c.Listen.HTTPS != "" || c.TLS.Management {
		return true
	}
	for _, one := range direct {
		if one.TLS {
			return true
		}
	}
	return false
}
