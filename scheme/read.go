package scheme

import (
	"slices"
	"strings"
)

// format is one accepted shape of a whole credential.
type format struct {
	key, secret form // secret is used by pairs alone
	page        at
	environment string
	class       string
	classIndex  uint8
	pair        bool
	mint        bool
}

// way is one way in which a credential may come: a place, or one for each half
// of a pair. A Basic pair is one place with both halves.
type way struct {
	places  []place
	class   string // only credentials of this class; "" is any
	page    at
	classAt at
	formats []*format // those that it takes: pairs if it reads a pair
	longest int       // no value of it is longer
}

// place is where one value stands.
type place struct {
	header    string // canonical; "" is none
	spelled   string // as the file writes it
	words     []string
	query     string
	basic     basicRole
	beside    string // what the other half of Basic must be
	anyBeside bool
}

type basicRole uint8

const (
	notBasic basicRole = iota
	basicUser
	basicPassword
	basicPair
)

// companion is a header that must stand beside the credential.
type companion struct {
	header, spelled string
	oneOf           []string
}

// name is what answers and documents call a place.
func (p *place) name() string {
	if p.query != "" {
		return p.query
	}
	return p.spelled
}

// compileRead checks and turns the page's reading into places.
func (c *compiler) compileRead() {
	r := &c.page.read
	if !r.set {
		return
	}
	for i := range r.ways {
		c.way(&r.ways[i])
	}
	c.s.first = r.conflict.v == "first"
	if r.conflict.set && len(r.ways) < 2 {
		c.add(r.conflict.at, "conflict says what happens when several ways are used at once, and there is only one")
	}
	c.clashes()
	c.companions()
}

func (w *way) pair() bool { return len(w.places) == 2 || w.places[0].basic == basicPair }

func (c *compiler) way(w *wayPage) {
	if len(w.places) == 0 {
		return
	}
	out := way{class: w.class.v, page: w.at, classAt: w.class.at}
	for i := range w.places {
		p, ok := c.place(&w.places[i])
		if !ok {
			return
		}
		if len(w.places) > 1 && p.basic != notBasic {
			c.add(w.places[i].basic.at, "Basic already holds two values: write {basic: pair} alone instead of all")
			return
		}
		out.places = append(out.places, p)
	}
	if len(out.places) == 2 && out.places[0].sameAs(&out.places[1]) {
		c.add(w.at, "both halves of the pair are read from the same place")
		return
	}
	c.s.ways = append(c.s.ways, out)
}

func (c *compiler) place(p *placePage) (place, bool) {
	before := len(c.found)
	out := place{}
	kinds := 0
	for _, t := range []text{p.header, p.basic, p.query} {
		if t.set {
			kinds++
		}
	}
	if kinds != 1 {
		c.add(p.at, "a place is exactly one of header, basic, query, such as {header: X-API-Key}")
		return out, false
	}
	switch {
	case p.header.set:
		c.headerPlace(p, &out)
	case p.basic.set:
		c.basicPlace(p, &out)
	default:
		out.query = p.query.v
		if !isPlain(p.query.v) {
			c.add(p.query.at, "a query parameter's name is letters, digits, '-', '_' and '.'")
		}
	}
	if len(p.words) > 0 && !p.header.set {
		c.add(p.words[0].at, "a word stands before the value of a header only, such as {header: Authorization, word: Bearer}")
	}
	if p.beside.set && !p.basic.set {
		c.add(p.beside.at, "beside is the other half of Basic, and this place is not Basic")
	}
	return out, len(c.found) == before
}

func (c *compiler) headerPlace(p *placePage, out *place) {
	out.spelled, out.header = p.header.v, canonicalHeader(p.header.v)
	if why := headerFault(p.header.v); why != "" {
		c.add(p.header.at, "%s", why)
	}
	for _, w := range p.words {
		if !isToken(w.v) {
			c.add(w.at, "the word before the value is letters, digits and '-', such as Bearer")
		}
		if slices.ContainsFunc(out.words, func(o string) bool { return strings.EqualFold(o, w.v) }) {
			c.add(w.at, "the word %s stands twice: any letter case is accepted", w.v)
		}
		out.words = append(out.words, w.v)
	}
}

func (c *compiler) basicPlace(p *placePage, out *place) {
	out.header, out.spelled, out.words = "Authorization", "Authorization", []string{"Basic"}
	out.beside, out.anyBeside = p.beside.v, p.beside.v == "*"
	switch p.basic.v {
	case "user":
		out.basic = basicUser
	case "password":
		out.basic = basicPassword
		if !p.beside.set {
			c.add(p.basic.at, "with the key as password, say what the user name must be: beside: api, or beside: \"*\" for any")
		}
	case "pair":
		out.basic = basicPair
		if p.beside.set {
			c.add(p.beside.at, "both halves of Basic are the pair: leave beside out")
		}
	}
}

// clashes finds two ways that claim the same value.
func (c *compiler) clashes() {
	for i := range c.s.ways {
		for j := range i {
			for _, a := range c.s.ways[i].places {
				for _, b := range c.s.ways[j].places {
					if a.sameAs(&b) {
						c.add(c.page.read.ways[i].at, "two ways read %s: give each its own word or name", a.name())
						return
					}
				}
			}
		}
	}
}

func (p *place) sameAs(o *place) bool {
	if p.query != "" || o.query != "" {
		return p.query == o.query
	}
	if p.header != o.header {
		return false
	}
	if len(p.words) == 0 || len(o.words) == 0 {
		return len(p.words) == len(o.words)
	}
	return slices.ContainsFunc(p.words, func(w string) bool {
		return slices.ContainsFunc(o.words, func(x string) bool { return strings.EqualFold(w, x) })
	})
}

func (c *compiler) companions() {
	for _, p := range c.page.companions {
		if !p.header.set {
			continue
		}
		if why := headerFault(p.header.v); why != "" {
			c.add(p.header.at, "%s", why)
		}
		out := companion{header: canonicalHeader(p.header.v), spelled: p.header.v}
		for _, w := range c.s.ways {
			for _, place := range w.places {
				if place.header == out.header {
					c.add(p.header.at, "%s holds the credential: it cannot be its own companion", p.header.v)
				}
			}
		}
		for _, v := range p.oneOf {
			out.oneOf = append(out.oneOf, v.v)
		}
		c.s.companions = append(c.s.companions, out)
	}
}

// canonicalHeader spells a header as net/http has it in its maps.
func canonicalHeader(s string) string {
	b := []byte(s)
	start := true
	for i, c := range b {
		switch {
		case start && c >= 'a' && c <= 'z':
			b[i] = c - 'a' + 'A'
		case !start && c >= 'A' && c <= 'Z':
			b[i] = c - 'A' + 'a'
		}
		start = c == '-'
	}
	return string(b)
}

// headerFault says why a name cannot be read by a scheme; "" if it can.
func headerFault(name string) string {
	switch canonicalHeader(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Te", "Trailer", "Upgrade", "Expect", "Cookie",
		"Content-Type", "Accept", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Keywright-Identity":
		return "the header " + name + " has a meaning of its own: a scheme cannot read it"
	}
	if !isToken(name) {
		return "a header's name is letters, digits and '-', such as X-API-Key"
	}
	return ""
}

func isToken(s string) bool { return s != "" && len(s) <= 64 && only(s, digits+upper+lower+"-_") }
func isPlain(s string) bool { return s != "" && len(s) <= 64 && only(s, digits+upper+lower+"-_.") }

func only(s, chars string) bool {
	for i := range len(s) {
		if strings.IndexByte(chars, s[i]) < 0 {
			return false
		}
	}
	return true
}
