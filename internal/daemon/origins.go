package daemon

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/scheme"
)

// siteURLs tells where invitations lead: to an API's site, or for "" to the
// operators' own.
func (d *Daemon) siteURLs(g *generation) func(string) string {
	return func(name string) string {
		cfg := &g.plan.Source.Config
		if name == "" {
			switch {
			case cfg.Management.URL != "":
				return cfg.Management.URL
			case len(cfg.Management.Hosts) == 0:
				return ""
			}
			return d.door(cfg.Management.Hosts[0], d.Address(httpDoor) == "")
		}
		for i := range cfg.APIs {
			if a := &cfg.APIs[i]; a.Name == name && a.Site != nil {
				surface, _ := g.plan.find(name)
				return d.siteURL(a, surface.Scheme)
			}
		}
		return ""
	}
}

// siteOrigin is a site's origin as the browser has it: as configured, or as the
// request came.
func (d *Daemon) siteOrigin(g *generation, a *config.API) func(*http.Request) string {
	return d.origin(g, a.Site.URL)
}

func (d *Daemon) origin(g *generation, configured string) func(*http.Request) string {
	if configured != "" {
		return func(*http.Request) string { return configured }
	}
	return func(r *http.Request) string { return seenOrigin(g.hops, r) }
}

// seenOrigin keeps the name that was asked for. The port is the one that the request
// came in on, or none: never what a stranger writes behind the name. Before a proxy
// that ends TLS nobody knows the port outside, and it is taken to be the usual one.
func seenOrigin(hops gate.Hops, r *http.Request) string {
	v := hops.View(r)
	scheme, usual := "http://", "80"
	if v.TLS {
		scheme, usual = "https://", "443"
	}
	name, port, err := net.SplitHostPort(strings.ToLower(r.Host))
	if err != nil {
		name, port = strings.Trim(strings.ToLower(v.Host), "[]"), ""
	}
	if port != "" {
		port = ownPort(r)
	}
	if port == "" || port == usual || v.TLS && r.TLS == nil {
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		return scheme + name
	}
	return scheme + net.JoinHostPort(name, port)
}

// ownPort is the port of the door that a request came in by.
func ownPort(r *http.Request) string {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return ""
	}
	_, port, _ := net.SplitHostPort(at.String())
	return port
}

// siteURL and apiBase are where a site and its API are told to be.
func (d *Daemon) siteURL(a *config.API, s *scheme.Scheme) string {
	if a.Site.URL != "" {
		return a.Site.URL
	}
	return d.door(a.Site.Hosts[0], d.overTLS(s))
}

func (d *Daemon) apiBase(a *config.API, s *scheme.Scheme) string {
	if a.Site.Base != "" {
		return a.Site.Base
	}
	return d.door(a.Hosts[0], d.overTLS(s))
}

// overTLS chooses among our own doors: TLS where there is a choice, but for the
// certificates of an authority of our own, which no browser knows: then only where
// the scheme wants it.
func (d *Daemon) overTLS(s *scheme.Scheme) bool {
	switch {
	case d.Address(httpsDoor) == "":
		return false
	case d.Address(httpDoor) == "":
		return true
	}
	return d.o.Source.Config.TLS.Internal == nil || tlsOnly(s)
}

// tlsOnly reports whether a scheme refuses plain HTTP, which it looks at first of all.
func tlsOnly(s *scheme.Scheme) bool {
	bare := scheme.View{Method: http.MethodGet, Path: "/", Header: map[string][]string{}}
	return s.Present(&bare).Reason == keywright.InsecureTransport
}

// door spells the origin of a host on one of our doors.
func (d *Daemon) door(host string, secure bool) string {
	name, scheme, usual := httpDoor, "http://", "80"
	if secure {
		name, scheme, usual = httpsDoor, "https://", "443"
	}
	_, port, err := net.SplitHostPort(d.Address(name))
	if err != nil || port == usual {
		return scheme + host
	}
	return scheme + net.JoinHostPort(host, port)
}

// ownCA is the certificate that clients need to trust our own authority; "" where
// the certificates are another's.
func (d *Daemon) ownCA() string {
	cfg := &d.o.Source.Config
	switch {
	case cfg.TLS.Internal == nil:
		return ""
	case d.o.CA != nil:
		return d.o.CA.Path
	}
	path, err := filepath.Abs(filepath.Join(cfg.DataDir, "ca.pem"))
	if err != nil {
		return ""
	}
	return path
}

// withSites lets the scripts of an API's own site call it, beside whoever else may.
func (d *Daemon) withSites(plan *Plan) map[string]proxy.Target {
	out := map[string]proxy.Target{}
	for name, t := range plan.Targets {
		out[name] = t
	}
	for i := range plan.Source.Config.APIs {
		a := &plan.Source.Config.APIs[i]
		t := out[a.Name]
		if a.Site == nil || (t.CORS != nil && t.CORS.Origins[0] == "*") {
			continue
		}
		var c proxy.CORS
		if t.CORS != nil {
			c = *t.CORS
		}
		c.Origins = append(c.Origins[:len(c.Origins):len(c.Origins)], d.siteOrigins(a)...)
		t.CORS = &c
		out[a.Name] = t
	}
	return out
}

func (d *Daemon) siteOrigins(a *config.API) []string {
	if a.Site.URL != "" {
		return []string{a.Site.URL}
	}
	var all []string
	for _, h := range a.Site.Hosts {
		if d.Address(httpDoor) != "" {
			all = append(all, d.door(h, false))
		}
		if d.Address(httpsDoor) != "" {
			all = append(all, d.door(h, true))
		}
	}
	return all
}
