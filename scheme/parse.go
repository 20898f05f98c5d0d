package scheme

import (
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// compiler turns a page into a scheme, and collects what is wrong with it.
type compiler struct {
	decoder
	page page
	s    *Scheme
}

func (c *compiler) warn(format string, args ...any) {
	c.s.warnings = append(c.s.warnings, fmt.Sprintf(format, args...))
}

// Parse reads a scheme, strictly and totally. The error, a *ParseError, shows
// file, line, column, the source line, and what would be right.
func Parse(file string, src []byte) (*Scheme, error) {
	c := &compiler{s: &Scheme{}}
	root := parseYAML(&c.decoder, src)
	if root == nil {
		return nil, c.err(file, src)
	}
	c.page.root = whereIs(root)
	mapping(&c.decoder, root, "a scheme", pageFields(), &c.page)
	if len(c.found) == 0 { // else what follows would complain of the same again
		c.compile()
	}
	if err := c.err(file, src); err != nil {
		return nil, err
	}
	return c.s, nil
}

// compile goes on after a fault as far as it makes sense, to report them all.
func (c *compiler) compile() {
	c.identity()
	before := len(c.found)
	c.compileRead()
	if len(c.found) == before { // formats depend on whether a pair is read
		c.compileFormats()
	}
	c.compileLife()
	c.compileLimits()
	c.compileManners()
	c.compileStyle()
	c.compileAnswers()
}

func (c *compiler) identity() {
	p := &c.page
	if p.name.set && !isName(p.name.v) {
		c.add(p.name.at, "a scheme's name is 1 to 40 lower-case letters, digits and '-', beginning with a letter, such as acme")
	}
	c.s.name, c.s.title, c.s.source = p.name.v, p.title.v, p.source.v
	c.s.tlsOnly = p.transport.v == "tls"
	c.s.jwt = p.tokens.v == "jwt"
	for _, w := range p.read.ways {
		for _, place := range w.places {
			if place.query.set {
				c.warn("line %d: a credential in the query string (%s) ends up in logs, histories and Referer headers; prefer a header", place.query.line, place.query.v)
			}
		}
	}
}

func isName(s string) bool {
	return s != "" && len(s) <= 40 && s[0] >= 'a' && s[0] <= 'z' && only(s, lower+digits+"-")
}

// compileLife turns the page's life into the policy.
func (c *compiler) compileLife() {
	l := &c.page.life
	c.s.rules = keywright.Policy{
		Scheme: c.page.name.v, MaxActive: l.maxActive.v, Scoped: l.permissions.v == "scoped",
		Name:   keywright.NameRule{Presence: presence(l.name.presence), Max: l.name.max.v},
		Expiry: keywright.ExpiryRule{Presence: presence(l.expiry.presence), MinTTL: l.expiry.minTTL.v, Revivable: l.expiry.revivable.v},
		Plans:  keywright.PlanRule{AnyOf: values(l.plans.anyOf), Except: values(l.plans.except)},
	}
	if l.name.max.set && l.name.presence.v == "absent" {
		c.add(l.name.max.at, "keys of this scheme have no name: leave max out")
	}
	if l.expiry.presence.v == "absent" && (l.expiry.minTTL.set || l.expiry.revivable.v) {
		c.add(l.expiry.presence.at, "keys that do not expire have no min_ttl and are not revivable")
	}
	if l.expiry.minTTL.set && l.expiry.minTTL.v < time.Second {
		c.add(l.expiry.minTTL.at, "min_ttl is at least 1s")
	}
	if l.plans.line != 0 && len(l.plans.anyOf)+len(l.plans.except) == 0 {
		c.add(l.plans.at, "plans needs any_of or except")
	}
	c.rotation()
	c.environments()
	c.s.recoverable = l.reveal.v == "recoverable"
	c.s.hint = 4
	if l.hint.set {
		c.s.hint = l.hint.v
	}
}

func (c *compiler) rotation() {
	r := &c.page.life.rotation
	if r.none || r.line == 0 {
		return
	}
	if r.overlap.v > keywright.MaxOverlap {
		c.add(r.overlap.at, "an overlap is at most 30 days (720h)")
	}
	if r.keepsKey.v && !c.s.pairMinted() {
		c.add(r.keepsKey.at, "keeps_key is for pairs: a single value is replaced as a whole")
	}
	if r.keepsKey.v && (r.overlap.v != 0 || r.settable.v) {
		c.add(r.overlap.at, "a rotation that keeps the key replaces the secret at once: overlap must be 0, and not settable")
	}
	c.s.rules.Rotation = keywright.RotationRule{Allowed: true, Overlap: r.overlap.v, Settable: r.settable.v, KeepsKey: r.keepsKey.v, Self: r.self.v}
}

func (c *compiler) environments() {
	var names []string
	for _, e := range c.page.life.environments {
		if !e.name.set {
			continue
		}
		if !isName(e.name.v) {
			c.add(e.name.at, "an environment's name is lower-case letters, digits and '-'")
		}
		if slices.Contains(names, e.name.v) {
			c.add(e.name.at, "the environment %s stands twice", e.name.v)
		}
		names = append(names, e.name.v)
		c.s.rules.Environments = append(c.s.rules.Environments, keywright.EnvironmentRule{Name: e.name.v, Granted: e.granted.v})
		if e.granted.v {
			c.s.need.Granted = append(c.s.need.Granted, e.name.v)
		}
	}
	c.s.need.Scheme, c.s.need.Plans = c.page.name.v, c.s.rules.Plans
}

func presence(t text) keywright.Presence {
	switch t.v {
	case "optional":
		return keywright.Optional
	case "required":
		return keywright.Required
	default:
		return keywright.Absent
	}
}

func values(all []text) []string {
	var out []string
	for _, t := range all {
		out = append(out, t.v)
	}
	return out
}
