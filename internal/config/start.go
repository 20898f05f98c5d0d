package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Start is what must be known to write a starting configuration.
type Start struct {
	API, Host, Upstream, Scheme, Store, Listen, TLS string
}

// Render writes the file. Every answer is quoted, so that none can become YAML.
func (s Start) Render() []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Keywright's configuration. `keywright config check` says what it means,")
	line("# `keywright config example` prints every setting that there is.\n")
	line("listen:")
	if s.TLS == "off" {
		line("  http: %s                # where clients call your APIs", quote(s.Listen))
	} else {
		line("  https: %s               # where clients call your APIs", quote(s.Listen))
	}
	line(`  management: "127.0.0.1:8070"          # the management API; keep it to yourself`)
	line(`  metrics: "127.0.0.1:9090"             # /metrics, /healthz, /readyz`)
	s.renderTLS(line)
	line("\nstore:")
	line("  kind: %s", quote(s.Store))
	if s.Store == Postgres {
		line("  dsn_env: KEYWRIGHT_STORE_DSN         # the variable that holds the database's address")
		line("  freshness: 2s                        # a revocation holds everywhere within so long")
	}
	line("\n# Apart from one another, so that a copy of the data does not carry the secrets.")
	line("data_dir: keywright-data\nsecrets_dir: keywright-secrets\n")
	line("# How many proxies stand in front of Keywright and append to X-Forwarded-For.")
	line("trusted_proxies:\n  hops: 0\n")
	line("apis:")
	line("  - name: %s", quote(s.API))
	line("    hosts: [%s]", quote(s.Host))
	line("    scheme: %s                  # how keys look and how refusals are worded", quote(s.Scheme))
	line("    upstream: %s", quote(s.Upstream))
	line("    routes:")
	line("      # The first route that fits counts. Add need: {permissions: […], service: …}")
	line("      # to ask for more than a key, or open: true to ask for none.")
	line(`      - path: "/{rest...}"`)
	return []byte(b.String())
}

func (s Start) renderTLS(line func(string, ...any)) {
	switch s.TLS {
	case "off":
	case "internal":
		line("\ntls:\n  internal_ca: {}                      # for development: its certificate is written to the data folder")
	case "acme":
		line("\ntls:\n  acme:\n    accept_terms: true                 # of Let's Encrypt, which issues the certificates")
	default:
		line("\ntls: %s", quote(s.TLS)) // what the check then explains
	}
}

func quote(s string) string { return strconv.Quote(s) }

// Next says what to do with the file.
func (s Start) Next(file string) string {
	var b strings.Builder
	step := 0
	say := func(what, command string) {
		step++
		fmt.Fprintf(&b, "  %d. %s\n       %s\n", step, what, command)
	}
	say("See what it means:", "keywright config check "+file)
	if s.Store == Postgres {
		say("Say where the database is:", "export KEYWRIGHT_STORE_DSN='postgres://…'")
	}
	say("Run it; it prints the path of a one-use set-up token:", "keywright serve --config "+file)
	say("Turn the token into your first operator key (within 15 minutes):", "keywright setup --server http://127.0.0.1:8070 --token-file PATH")
	say("Give a customer a key:", "keywright tenants create --help; keywright keys create --help")
	return b.String()
}
