package daemon

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/management"
)

// Summary says in plain words what a configuration means.
func (p *Plan) Summary() string {
	var b strings.Builder
	c := &p.Source.Config
	fmt.Fprintf(&b, "%s is in order.\n\n", c.File)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(w, "  %s\t%s\n", name, value) }
	row("http", orNone(c.Listen.HTTP))
	row("https", orNone(c.Listen.HTTPS)+certificatesOf(c))
	row("management", orNone(c.Listen.Management)+also(c.Management.Hosts))
	row("metrics", orNone(c.Listen.Metrics))
	if c.ForwardAuth.Listen != "" {
		row("forward-auth", c.ForwardAuth.Listen+c.ForwardAuth.Path)
	}
	row("store", storeOf(c))
	row("secrets", c.SecretsDir)
	row("client address", addressOf(c))
	_ = w.Flush() // a strings.Builder takes everything
	for i := range p.APIs {
		if a := &p.APIs[i]; a.Name != management.APIName {
			fmt.Fprintf(&b, "\n%s  (%s, scheme %s) → %s\n", a.Name, strings.Join(a.Hosts, ", "), a.Scheme.Name(), orNone(p.Targets[a.Name].Upstream))
			w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
			for _, r := range a.Routes {
				fmt.Fprintf(w, "  %s\t%s\t%s\n", orAny(strings.Join(r.Methods, " ")), r.Path, needOf(r.Open, r.Need))
			}
			_ = w.Flush()
		}
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func orAny(s string) string {
	if s == "" {
		return "any"
	}
	return s
}

func certificatesOf(c *config.Config) string {
	switch {
	case c.TLS.ACME != nil:
		return ", certificates by ACME"
	case c.TLS.Internal != nil:
		return ", certificates of the internal CA (development only)"
	case len(c.TLS.Certificates) > 0:
		return fmt.Sprintf(", certificates from %d pair(s) of files", len(c.TLS.Certificates))
	}
	return ""
}

func also(hosts []string) string {
	if len(hosts) == 0 {
		return ""
	}
	return ", and on http and https as " + strings.Join(hosts, ", ")
}

func storeOf(c *config.Config) string {
	switch c.Store.Kind {
	case config.Memory:
		return "memory: everything is forgotten at the end"
	case config.SQLite:
		return "SQLite, " + c.StorePath()
	default:
		from := "$" + c.Store.DSNEnv
		if c.Store.DSNFile != "" {
			from = c.Store.DSNFile
		}
		return fmt.Sprintf("PostgreSQL, its address from %s; a view older than %s refuses", from, c.Store.Freshness)
	}
}

func addressOf(c *config.Config) string {
	if c.TrustedProxies.Hops == 0 {
		return "the peer's: no proxy in front is trusted"
	}
	return fmt.Sprintf("%d from the right of X-Forwarded-For", c.TrustedProxies.Hops)
}

func needOf(open bool, n keywright.Need) string {
	if open {
		return "open: no key is asked for"
	}
	needs := []string{"a key"}
	for _, part := range []struct {
		what   string
		values []string
	}{
		{"environment", n.Environments}, {"permission", n.Permissions}, {"plan", n.Plans.AnyOf}, {"any plan but", n.Plans.Except},
	} {
		if len(part.values) > 0 {
			needs = append(needs, part.what+" "+strings.Join(part.values, ", "))
		}
	}
	if n.Service != "" {
		needs = append(needs, "service "+n.Service)
	}
	return strings.Join(needs, "; ")
}
