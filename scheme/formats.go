package scheme

import "slices"

// minEntropy is what a minted secret should be worth, in bits.
const minEntropy = 128

// compileFormats checks the shapes across each other: one is minted for each
// environment and class.
func (c *compiler) compileFormats() {
	if len(c.page.formats) == 0 && c.s.jwt {
		c.tokensAlone()
		return
	}
	if len(c.page.formats) == 0 {
		c.add(c.page.root, `a scheme needs the field "format" (or "formats"), such as "acme_{secret:base62:40}"`)
		return
	}
	if c.page.lifeAt.line == 0 {
		c.add(c.page.root, `a scheme needs the field "life"`)
	}
	before := len(c.found)
	for i := range c.page.formats {
		c.format(&c.page.formats[i])
	}
	if len(c.found) > before || len(c.s.ways) == 0 {
		return
	}
	c.classes()
	c.minted()
	c.assign()
}

// tokensAlone holds a scheme without a format to what it can be: a contract for
// those who log in, of which no key is ever made.
func (c *compiler) tokensAlone() {
	if c.page.lifeAt.line != 0 {
		c.add(c.page.lifeAt, "a scheme that takes tokens alone makes no keys: leave life out, or give it a format")
	}
	for i := range c.s.ways {
		w := &c.s.ways[i]
		if w.pair() || w.places[0].header == "" || w.places[0].basic != notBasic || w.class != "" {
			c.add(w.page, "a token is read from a header, such as {header: Authorization, word: Bearer}")
		}
	}
}

func (c *compiler) format(p *formatPage) {
	out := format{page: p.at, environment: p.environment.v, class: p.class.v, mint: !p.mint.set || p.mint.v}
	if !p.key.set {
		return
	}
	var err error
	if out.key, err = parseForm(p.key.v); err != nil {
		c.add(p.key.at, "%s", err)
		return
	}
	if p.environment.set && !slices.ContainsFunc(c.page.life.environments, func(e environmentPage) bool { return e.name.v == p.environment.v }) {
		c.add(p.environment.at, "the environment %q is not one of life.environments%s", p.environment.v, didYouMean(p.environment.v, c.environmentNames()))
	}
	if out.pair = p.secret.set; out.pair {
		c.pairFormat(p, &out)
	} else {
		c.secretHalf(out.mint, &out.key, p.key.at)
	}
	c.s.formats = append(c.s.formats, out)
}

func (c *compiler) environmentNames() []string {
	names := []string{}
	for _, e := range c.page.life.environments {
		names = append(names, e.name.v)
	}
	return names
}

func (c *compiler) pairFormat(p *formatPage, out *format) {
	var err error
	if out.secret, err = parseForm(p.secret.v); err != nil {
		c.add(p.secret.at, "%s", err)
		return
	}
	if out.key.count(secretSegment) > 0 {
		c.add(p.key.at, "the key half of a pair is kept in the clear: write {public:…} in it, and {secret:…} in the other")
	}
	if out.key.count(publicSegment)+out.key.count(ulidSegment)+out.key.count(intSegment) == 0 {
		c.add(p.key.at, "the key half of a pair must tell keys apart: give it {public:…}, {ulid} or {int}")
	}
	c.secretHalf(out.mint, &out.secret, p.secret.at)
}

func (c *compiler) secretHalf(mint bool, f *form, where at) {
	switch bits := f.entropy(); {
	case f.count(secretSegment) == 0:
		c.add(where, "a credential without a {secret:…} part is no secret")
	case mint && bits < 64:
		c.add(where, "a secret of %.0f bits can be guessed: make it longer, or read it only (mint: false)", bits)
	case mint && bits < minEntropy:
		c.warn("the minted secret %q has %.0f bits; %d or more are good practice", f.source, bits, minEntropy)
	}
}

// classes numbers the classes in the order in which the formats name them.
func (c *compiler) classes() {
	for i := range c.s.formats {
		f := &c.s.formats[i]
		index := slices.Index(c.s.classes, f.class)
		if index < 0 {
			index = len(c.s.classes)
			c.s.classes = append(c.s.classes, f.class)
		}
		f.classIndex = uint8(index)
	}
	if len(c.s.classes) > 1 && slices.Contains(c.s.classes, "") {
		c.add(c.page.formatsAt, "some formats name a class and others do not: name it for all, or for none")
	}
}

// minted makes sure that exactly one format is minted for each environment and class.
func (c *compiler) minted() {
	environments := c.environmentNames()
	if len(environments) == 0 {
		environments = []string{""}
	}
	for _, class := range c.s.classes {
		for _, env := range environments {
			n := 0
			for i := range c.s.formats {
				f := &c.s.formats[i]
				if f.mint && f.class == class && (f.environment == "" || f.environment == env) {
					n++
				}
			}
			if n != 1 {
				c.add(c.page.formatsAt, "%d formats are minted%s%s, and it must be one: mark those that are only read with mint: false",
					n, forWhat(" for the environment ", env), forWhat(" for the class ", class))
			}
		}
	}
}

func forWhat(what, name string) string {
	if name == "" {
		return ""
	}
	return what + name
}

// assign gives each way the formats that it takes, and makes sure that none is
// left over.
func (c *compiler) assign() {
	taken, before := map[*format]bool{}, len(c.found)
	for i := range c.s.ways {
		w := &c.s.ways[i]
		for j := range c.s.formats {
			f := &c.s.formats[j]
			if f.pair == w.pair() && (w.class == "" || w.class == f.class) {
				w.formats = append(w.formats, f)
				w.longest = max(w.longest, f.key.max, f.secret.max)
				taken[f] = true
			}
		}
		switch {
		case len(w.formats) > 0:
		case w.class != "" && !slices.Contains(c.s.classes, w.class):
			c.add(w.classAt, "no format is of the class %q%s", w.class, didYouMean(w.class, c.s.classes))
		case w.pair():
			c.add(w.page, "a pair is read here, and no format is one: write {key: …, secret: …}")
		default:
			c.add(w.page, "one value is read here, and every format is a pair, with a secret of its own")
		}
	}
	for j := range c.s.formats {
		f := &c.s.formats[j]
		switch {
		case taken[f], len(c.found) > before:
		case f.pair:
			c.add(f.page, "this format is a pair, and no way reads one: write read: {all: […]} or {basic: pair}")
		default:
			c.add(f.page, "no way of reading takes this format")
		}
	}
	kinds := 0
	for _, pair := range []bool{true, false} {
		if slices.ContainsFunc(c.s.formats, func(f format) bool { return f.mint && f.pair == pair }) {
			kinds++
		}
	}
	if kinds > 1 {
		c.add(c.page.formatsAt, "pairs and single values are both minted: mark one kind with mint: false")
	}
}
