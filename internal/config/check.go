package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check says everything that is wrong with a configuration's values. What
// concerns schemes and routes is checked where they are compiled.
func (s *Source) check() {
	c := &s.Config
	s.checkListen(c)
	s.checkTLS(c)
	s.checkStore(c)
	s.checkBounds(c)
	s.checkTrust(c)
	if !slices.Contains([]string{"json", "text"}, c.Log.Format) {
		s.Fault("log.format", "must be json or text")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		s.Fault("log.level", "must be debug, info, warn or error")
	}
	s.checkPeople(c)
	s.checkAPIs(c)
}

func (s *Source) checkListen(c *Config) {
	addresses := map[string]string{}
	for _, l := range []struct{ field, addr string }{
		{"listen.http", c.Listen.HTTP}, {"listen.https", c.Listen.HTTPS}, {"listen.management", c.Listen.Management},
		{"listen.metrics", c.Listen.Metrics}, {"forward_auth.listen", c.ForwardAuth.Listen},
	} {
		if l.addr == "" {
			continue
		}
		if err := checkAddress(l.addr); err != nil {
			s.Fault(l.field, err.Error())
			continue
		}
		if other, taken := addresses[l.addr]; taken && !strings.HasSuffix(l.addr, ":0") {
			s.Fault(l.field, "the same address as "+other+": each listener needs one of its own")
		}
		addresses[l.addr] = l.field
	}
	if c.Listen.HTTP == "" && c.Listen.HTTPS == "" && c.ForwardAuth.Listen == "" {
		s.Fault("listen", "nothing to listen on: give http, https, or forward_auth.listen an address such as 127.0.0.1:8080")
	}
	if c.Listen.Management == "" && len(c.Management.Hosts) == 0 {
		s.Fault("management", "the management API is nowhere: give listen.management an address, or management.hosts a name")
	}
	for i, h := range c.Management.Hosts {
		s.checkHost(fmt.Sprintf("management.hosts[%d]", i), h)
	}
	if u := c.Management.URL; u != "" && !isOrigin(u) {
		s.Fault("management.url", "must be an origin: scheme and host without a path, such as https://keys.example.com")
	}
	s.checkLogins("management", c.Management.Logins)
	if !strings.HasPrefix(c.ForwardAuth.Path, "/") {
		s.Fault("forward_auth.path", "must begin with /, such as /verify")
	}
}

func checkAddress(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("must be host:port, such as 127.0.0.1:8080 or :8080; not %q", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("the port must be a number from 0 to 65535; not %q", port)
	}
	if strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("must be host:port without a scheme, such as 127.0.0.1:8080; not %q", addr)
	}
	return nil
}

func (s *Source) checkHost(field, host string) {
	switch {
	case host == "":
		s.Fault(field, "a host name, such as api.example.com")
	case strings.ContainsAny(host, "/: *@"):
		s.Fault(field, fmt.Sprintf("must be a bare host name without scheme, port or wildcard, such as api.example.com; not %q", host))
	case host != strings.ToLower(host):
		s.Fault(field, "must be in lower case: "+strings.ToLower(host))
	}
}

func (s *Source) checkTLS(c *Config) {
	ways := 0
	for _, on := range []bool{len(c.TLS.Certificates) > 0, c.TLS.Internal != nil, c.TLS.ACME != nil} {
		if on {
			ways++
		}
	}
	if ways > 1 {
		s.Fault("tls", "must have one of certificates, internal_ca and acme")
	}
	if ways == 0 && c.Listen.HTTPS != "" {
		s.Fault("listen.https", "needs certificates: add tls with certificates, internal_ca or acme")
	}
	if ways == 0 && c.TLS.Management {
		s.Fault("tls.management", "needs certificates: add certificates, internal_ca or acme")
	}
	for i, pair := range c.TLS.Certificates {
		field := fmt.Sprintf("tls.certificates[%d]", i)
		if pair.Cert == "" || pair.Key == "" {
			s.Fault(field, "must have both cert and key, each the path of a PEM file")
		}
	}
	if a := c.TLS.ACME; a != nil {
		s.checkACME(a)
	}
}

func (s *Source) checkACME(a *ACME) {
	if !a.AcceptTerms {
		s.Fault("tls.acme.accept_terms", "must be true: the authority issues only to those who accept its terms of service")
	}
	if a.Directory != "" && !isURL(a.Directory, "https") {
		s.Fault("tls.acme.directory", "must be the https:// URL of the authority's directory")
	}
	for i, h := range a.Hosts {
		s.checkHost(fmt.Sprintf("tls.acme.hosts[%d]", i), h)
	}
}

func (s *Source) checkStore(c *Config) {
	st := c.Store
	switch st.Kind {
	case Memory, SQLite:
		if st.DSNEnv != "" || st.DSNFile != "" {
			s.Fault("store", "dsn_env and dsn_file belong to kind: postgres")
		}
	case Postgres:
		if (st.DSNEnv == "") == (st.DSNFile == "") {
			s.Fault("store", "postgres needs one of dsn_env (the name of a variable) and dsn_file (a file of mode 0600); never the address itself, which holds a password")
		}
		if strings.Contains(st.DSNEnv, "://") || strings.Contains(st.DSNEnv, "=") {
			s.Fault("store.dsn_env", "must be the name of a variable, such as KEYWRIGHT_STORE_DSN, not the database's address: that may hold a password")
		}
	default:
		s.Fault("store.kind", "must be memory, sqlite or postgres")
	}
	if st.Kind != SQLite && st.Path != "" {
		s.Fault("store.path", "belongs to kind: sqlite")
	}
	if st.Freshness < 100*time.Millisecond || st.Freshness > 10*time.Minute {
		s.Fault("store.freshness", "must be between 100ms and 10m: within so long a revocation holds everywhere")
	}
	if c.SecretsDir == "" || c.DataDir == "" {
		s.Fault("secrets_dir", "data_dir and secrets_dir must each name a folder")
	} else if within(c.SecretsDir, c.DataDir) {
		s.Fault("secrets_dir", "must be outside data_dir, so that a copy of the data does not carry the secrets")
	}
}

// within reports whether a folder is another one or inside it.
func within(inner, outer string) bool {
	rel, err := filepath.Rel(outer, inner)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (s *Source) checkBounds(c *Config) {
	l := c.Limits
	for _, b := range []struct {
		field    string
		n        int64
		min, max int64
	}{
		{"limits.connections", int64(l.Connections), 1, 1_000_000},
		{"limits.header_bytes", int64(l.HeaderBytes), 4 << 10, 1 << 20},
		{"limits.body_bytes", int64(l.BodyBytes), 1, 1 << 40},
		{"limits.rate_limit_subjects", int64(l.Subjects), 1000, 100_000_000},
	} {
		if b.n < b.min || b.n > b.max {
			s.Fault(b.field, fmt.Sprintf("must be between %d and %d", b.min, b.max))
		}
	}
	for _, d := range []struct {
		field    string
		d        time.Duration
		min, max time.Duration
	}{
		{"limits.header_timeout", l.HeaderTimeout, time.Second, 5 * time.Minute},
		{"limits.body_timeout", l.BodyTimeout, time.Second, 24 * time.Hour},
		{"limits.idle_timeout", l.IdleTimeout, time.Second, time.Hour},
		{"limits.drain_timeout", l.DrainTimeout, 0, time.Hour},
	} {
		if d.d < d.min || d.d > d.max {
			s.Fault(d.field, fmt.Sprintf("must be between %s and %s", d.min, d.max))
		}
	}
}

func (s *Source) checkTrust(c *Config) {
	t := c.TrustedProxies
	if t.Hops < 0 || t.Hops > 10 {
		s.Fault("trusted_proxies.hops", "must be between 0 (nobody is in front of us) and 10")
	}
	if t.Hops == 0 && len(t.Addresses) > 0 {
		s.Fault("trusted_proxies.addresses", "means nothing while hops is 0: say how many proxies a request passes")
	}
	everywhere := func(p netip.Prefix) bool { return p.Bits() == 0 }
	if slices.ContainsFunc(t.Addresses, everywhere) {
		s.Fault("trusted_proxies.addresses", "trusts the whole internet: list the addresses of your own proxies")
	}
	if slices.ContainsFunc(c.ForwardAuth.Proxies, everywhere) {
		s.Fault("forward_auth.proxies", "lets the whole internet ask: list the addresses of your own proxies")
	}
}

func (s *Source) checkAPIs(c *Config) {
	names, hosts := map[string]bool{}, map[string]string{}
	for _, h := range c.Management.Hosts {
		hosts[h] = "the management API"
	}
	for i, a := range c.APIs {
		field := fmt.Sprintf("apis[%d]", i)
		switch {
		case a.Name == "" || strings.ContainsFunc(a.Name, notInName):
			s.Fault(field+".name", "must be a name of lower-case letters, digits and -, such as orders")
		case a.Name == "management":
			s.Fault(field+".name", "is the management API's own: choose another")
		case names[a.Name]:
			s.Fault(field+".name", "another API is called "+a.Name+" already")
		}
		names[a.Name] = true
		if len(a.Hosts) == 0 {
			s.Fault(field+".hosts", "must list the host names under which the API is called")
		}
		for j, h := range a.Hosts {
			at := fmt.Sprintf("%s.hosts[%d]", field, j)
			s.checkHost(at, h)
			if other, taken := hosts[h]; taken {
				s.Fault(at, h+" belongs to "+other+" already")
			}
			hosts[h] = a.Name
		}
		s.checkAPI(field, a)
		s.checkLogins(field, a.Logins)
		if a.Site != nil {
			s.checkSite(field+".site", &c.APIs[i], hosts)
		}
	}
}

func notInName(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }

func (s *Source) checkAPI(field string, a API) {
	if a.Scheme == "" {
		s.Fault(field+".scheme", "must name a scheme: `keywright schemes list` shows those that ship, and scheme_files adds your own")
	}
	if !isURL(a.Upstream, "http", "https") && s.Config.fronts() {
		s.Fault(field+".upstream", "must be an http:// or https:// URL, such as http://127.0.0.1:3000")
	}
	if a.Timeout < 0 {
		s.Fault(field+".timeout", "cannot be negative")
	}
	if a.Help != "" && !isURL(a.Help, "http", "https") {
		s.Fault(field+".help", "must be the URL of your rotation guide")
	}
	if len(a.Routes) == 0 {
		s.Fault(field+".routes", `must list at least one route; "/{rest...}" is any path`)
	}
	if a.CORS != nil {
		s.checkCORS(field+".cors", a.CORS)
	}
	for j, r := range a.Routes {
		at := fmt.Sprintf("%s.routes[%d]", field, j)
		if !strings.HasPrefix(r.Path, "/") {
			s.Fault(at+".path", "must begin with /, such as /v1/items/{id}")
		}
		for k, m := range r.Methods {
			if m == "" || strings.ToUpper(m) != m {
				s.Fault(fmt.Sprintf("%s.methods[%d]", at, k), "must be a method in capitals, such as GET")
			}
		}
		if !slices.Contains([]string{TakesAny, TakesKey, TakesLogin}, r.Takes) {
			s.Fault(at+".takes", "must be key or login; leave it out for whatever the scheme takes")
		}
		if r.Takes == TakesLogin && len(a.Logins) == 0 {
			s.Fault(at+".takes", "takes only tokens of a login, but the API has no logins: list identity providers there")
		}
		if r.Open && !r.Need.isZero() {
			s.Fault(at+".need", "an open route reads no credential, so it cannot need anything: remove one of the two")
		}
	}
}

// fronts reports whether requests are passed on here, rather than only asked about.
func (c *Config) fronts() bool { return c.Listen.HTTP != "" || c.Listen.HTTPS != "" }

func (n Need) isZero() bool {
	return n.Service == "" && len(n.Permissions)+len(n.Environments)+len(n.Plans)+len(n.ExceptPlans) == 0
}

func (s *Source) checkCORS(field string, c *CORS) {
	if len(c.Origins) == 0 {
		s.Fault(field+".origins", `must list origins, such as https://app.example.com, or the one "*"`)
	}
	for i, o := range c.Origins {
		at := fmt.Sprintf("%s.origins[%d]", field, i)
		switch {
		case o == "*" && len(c.Origins) > 1:
			s.Fault(at, `"*" stands alone: it already is every origin`)
		case o != "*" && (!isURL(o, "http", "https") || strings.Count(o, "/") != 2):
			s.Fault(at, "must be an origin: scheme and host without a path, such as https://app.example.com")
		}
	}
}

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Host != "" && u.User == nil && u.Fragment == ""
}
