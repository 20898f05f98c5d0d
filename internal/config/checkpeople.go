package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

func (s *Source) checkPeople(c *Config) {
	p := c.People
	for _, d := range []struct {
		field    string
		d        time.Duration
		min, max time.Duration
	}{
		{"people.session_idle", p.SessionIdle, 5 * time.Minute, 90 * 24 * time.Hour},
		{"people.session_life", p.SessionLife, 5 * time.Minute, 365 * 24 * time.Hour},
		{"people.invitation_life", p.InvitationLife, 5 * time.Minute, 90 * 24 * time.Hour},
	} {
		if d.d < d.min || d.d > d.max {
			s.Fault(d.field, fmt.Sprintf("must be between %s and %s", d.min, d.max))
		}
	}
	names := map[string]bool{}
	for i := range c.Providers {
		field := fmt.Sprintf("identity_providers[%d]", i)
		s.checkProvider(field, &c.Providers[i])
		if names[c.Providers[i].Name] {
			s.Fault(field+".name", "another identity provider is called "+c.Providers[i].Name+" already")
		}
		names[c.Providers[i].Name] = true
	}
}

func (s *Source) checkProvider(field string, p *Provider) {
	if p.Name == "" || strings.ContainsFunc(p.Name, notInName) {
		s.Fault(field+".name", "must be a name of lower-case letters, digits and -, such as main")
	}
	if p.Name == "password" || p.Name == "passkey" {
		s.Fault(field+".name", "is a way to sign in of our own: choose another")
	}
	if !isURL(p.Issuer, "https") && !isLocal(p.Issuer) {
		s.Fault(field+".issuer", "must be the provider's https:// issuer, as its tokens have it in iss; http:// is for this machine alone")
	}
	if len(p.Audiences) == 0 {
		s.Fault(field+".audiences", "must list what access tokens have as aud: tokens for others are not for you")
	}
	for i, a := range p.Algorithms {
		if !slices.Contains(asymmetric(), a) {
			s.Fault(fmt.Sprintf("%s.algorithms[%d]", field, i), "must be one of "+strings.Join(asymmetric(), ", ")+": an algorithm with a shared secret is never taken")
		}
	}
	if (p.AccessClaim == "") != (p.AccessValue == "") {
		s.Fault(field+".access_claim", "and access_value belong together: the claim that tells access tokens from others, and its value")
	}
	if p.MaxLife < 0 || p.MaxLife > 24*time.Hour {
		s.Fault(field+".max_life", "must be at most 24h: a token cannot be revoked before its end")
	}
	if p.Leeway < 0 || p.Leeway > 2*time.Minute {
		s.Fault(field+".leeway", "must be at most 2m")
	}
	if p.Web != nil {
		s.checkWeb(field+".web", p.Web)
	}
	if p.CLI != nil && p.CLI.ClientID == "" {
		s.Fault(field+".cli.client_id", "must be the id of a public client, as registered with the provider")
	}
}

func (s *Source) checkWeb(field string, w *WebClient) {
	if w.ClientID == "" {
		s.Fault(field+".client_id", "must be the client's id, as registered with the provider")
	}
	if w.SecretEnv != "" && w.SecretFile != "" {
		s.Fault(field+".secret_env", "stands beside secret_file: keep one")
	}
}

// asymmetric lists the algorithms that may be allowed.
func asymmetric() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func isLocal(s string) bool {
	u, err := url.Parse(s)
	if err != nil || !isURL(s, "http") {
		return false
	}
	h := u.Hostname()
	return h == "127.0.0.1" || h == "::1" || h == "localhost" || strings.HasSuffix(h, ".localhost")
}

func (s *Source) checkLogins(field string, logins []string) {
	for i, name := range logins {
		if !slices.ContainsFunc(s.Config.Providers, func(p Provider) bool { return p.Name == name }) {
			s.Fault(fmt.Sprintf("%s.logins[%d]", field, i), fmt.Sprintf("there is no identity provider %q: add it to identity_providers", name))
		}
	}
}

// isOrigin reports whether a text is a scheme and a host, and nothing more.
func isOrigin(text string) bool {
	return isURL(text, "http", "https") && strings.Count(text, "/") == 2
}

func (s *Source) checkSite(field string, a *API, hosts map[string]string) {
	site := a.Site
	if len(site.Hosts) == 0 {
		s.Fault(field+".hosts", "must list the host names of the site, such as docs.example.com")
	}
	for i, h := range site.Hosts {
		at := fmt.Sprintf("%s.hosts[%d]", field, i)
		s.checkHost(at, h)
		if other, taken := hosts[h]; taken {
			s.Fault(at, h+" belongs to "+other+" already: a site needs a name of its own")
		}
		hosts[h] = "the site of " + a.Name
	}
	for _, u := range []struct{ field, url string }{{field + ".url", site.URL}, {field + ".base", site.Base}} {
		if u.url != "" && !isOrigin(u.url) {
			s.Fault(u.field, "must be an origin: scheme and host without a path, such as https://docs.example.com")
		}
	}
	if at, err := os.Stat(site.Pages); site.Pages != "" && (err != nil || !at.IsDir()) {
		s.Fault(field+".pages", "must be a folder of Markdown pages, which is not there")
	}
	if site.Brand.Accent != "" && !regexp.MustCompile(`^#[0-9a-fA-F]{6}$`).MatchString(site.Brand.Accent) {
		s.Fault(field+".brand.accent", "must be a colour such as #1a73e8")
	}
	for _, w := range []struct{ name, text string }{{"keys", site.Words.Keys}, {"create", site.Words.Create}, {"token", site.Words.Token}} {
		if len([]rune(w.text)) > 40 || strings.ContainsFunc(w.text, unicode.IsControl) {
			s.Fault(field+".words."+w.name, "must be at most 40 characters that can be seen, such as \"Create key\"")
		}
	}
	for i, name := range site.Services {
		if !slices.ContainsFunc(a.Routes, func(r Route) bool { return r.Need.Service == name }) {
			s.Fault(fmt.Sprintf("%s.services[%d]", field, i), "must be a service that a route of the API needs")
		}
	}
	if site.Variable != "" && !regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`).MatchString(site.Variable) {
		s.Fault(field+".variable", "must be the name of an environment variable, such as ORDERS_API_KEY")
	}
	if (site.Tenants.Metadata == "") != (site.Tenants.Is == "") {
		s.Fault(field+".tenants", "needs both metadata and is")
	}
	if r := site.Register; r != nil {
		s.checkRegister(field+".register", r)
	}
	for i, c := range site.Changelog {
		if _, err := time.Parse(time.DateOnly, c.Date); err != nil || c.Text == "" {
			s.Fault(fmt.Sprintf("%s.changelog[%d]", field, i), "needs a date such as 2026-11-21, and a text")
		}
	}
}

func (s *Source) checkRegister(field string, r *Register) {
	if !regexp.MustCompile(`^/[a-z0-9][a-z0-9-]{0,63}$`).MatchString(r.Path) || r.Path == "/account" {
		s.Fault(field+".path", "must be the path of the page, one segment such as /register")
	}
	if r.Scheme == "" {
		s.Fault(field+".scheme", "must name the scheme of the keys that are given")
	}
	if r.PerHour < 0 || r.PerHour > 1000 {
		s.Fault(field+".per_hour", "must be at most 1000")
	}
}

// resolvePeople lists the paths of what people see.
func (c *Config) resolvePeople() []*string {
	var paths []*string
	for i := range c.Providers {
		if w := c.Providers[i].Web; w != nil {
			paths = append(paths, &w.SecretFile)
		}
	}
	for i := range c.APIs {
		if site := c.APIs[i].Site; site != nil {
			paths = append(paths, &site.Pages, &site.Brand.Logo)
		}
	}
	return paths
}

// Secret reads the client's secret from where the configuration says it is; it is
// zero for a public client.
func (w *WebClient) Secret(lookup func(string) (string, bool)) (Secret, error) {
	switch {
	case w.SecretEnv != "":
		v, ok := lookup(w.SecretEnv)
		if !ok || v == "" {
			return Secret{}, fmt.Errorf("identity_providers: the variable %s is not set: put the client's secret in it", w.SecretEnv)
		}
		return Secret{v}, nil
	case w.SecretFile != "":
		return secretFile("identity_providers: secret_file", filepath.Clean(w.SecretFile))
	}
	return Secret{}, nil
}
