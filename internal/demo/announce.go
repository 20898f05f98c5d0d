package demo

import (
	"fmt"
	"strings"
)

// announcement is what a newcomer reads first. Every line that begins with
// "curl " works as it stands.
func announcement(c *Credentials, metrics string) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("Keywright is running, with six example APIs behind it. Everything here is made up")
	say("and reachable from this machine only. Paste a line into another terminal:\n")
	for _, s := range samples(c) {
		say("# %s: %s", s.of, s.says)
		say("%s\n", s.curl())
	}
	say("Read the documentation, sign in, make a key and press Try It, as a customer would:")
	for _, one := range systems() {
		say("  %-14s %s", one.brand, c.Sites[one.name])
	}
	say("Sign in with Demo ID, which asks for no proof and lets you be whom you like, or take up an")
	say("invitation (it works once):")
	for _, p := range c.People {
		if p.Invitation != "" && p.System == "acme" {
			say("  %s\n", p.Invitation)
		}
	}
	say("See what the operators have: tenants, keys, traffic, why a request was refused. Sign in with")
	say("Demo ID, as the Operator:")
	say("  %-14s %s\n", "Keywright", strings.TrimSuffix(c.Management.Base, "/v1")+"/account")
	say("Log in on the command line, and make a key there (`go run ./cmd/keywright` does what")
	say("keywright does):")
	say("  keywright login --server %s", c.Sites["acme"])
	say("  keywright keys create --name ci --environment test --permission messages:read --ttl 3600\n")
	say("See a refusal: change one character of a key, or leave the header out. Each system")
	say("answers in its own words; the same mistake always gets the same bytes.\n")
	say("Travel in time, to watch a rotation's overlap or an expiry end (forward only):")
	say("  $ curl -X POST -H 'Authorization: Bearer %s' -d '{\"advance\":\"168h\"}' %s\n", c.Management.Key, clockURL(c))
	say("By host, on one port:  %s and %s, as NAME.localhost", c.HTTP, c.TLS)
	say("The CA of the certificates:  %s", c.CA)
	if metrics != "" {
		say("For Prometheus:  http://%s/metrics", metrics)
	}
	say("Stop with Ctrl-C.")
	return b.String()
}

func clockURL(c *Credentials) string { return strings.TrimSuffix(c.Management.Base, "/v1") + clockPath }
