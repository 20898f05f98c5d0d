package scheme

import "github.com/goccy/go-yaml/ast"

// page is a scheme's file as it is written, before anything is checked across
// fields. The lists of fields below are the grammar.
type page struct {
	root          at
	name          text
	title, source text
	transport     text
	tokens        text
	read          readPage
	companions    []companionPage
	formats       []formatPage
	formatsAt     at
	formatsIn     string
	life          lifePage
	lifeAt        at
	limits        []limitPage
	limitHeaders  []text
	manners       mannersPage
	answers       []answerPage
	answersAt     at
	style         stylePage
}

type readPage struct {
	at
	set      bool
	ways     []wayPage
	conflict text
}

// wayPage is one way in which a credential may come: one place, or a pair.
type wayPage struct {
	at
	places []placePage
	class  text
}

type placePage struct {
	at
	header, query, basic, beside text
	words                        []text
}

type companionPage struct {
	at
	header text
	oneOf  []text
}

type formatPage struct {
	at
	key, secret, environment, class text
	mint                            toggle
}

type lifePage struct {
	maxActive    number
	name         namePage
	expiry       expiryPage
	rotation     rotationPage
	environments []environmentPage
	plans        plansPage
	permissions  text
	reveal       text
	hint         number
}

type namePage struct {
	presence text
	max      number
}

type expiryPage struct {
	presence  text
	minTTL    span
	revivable toggle
}

type rotationPage struct {
	at
	none     bool
	overlap  span
	settable toggle
	keepsKey toggle
	self     toggle
}

type environmentPage struct {
	name    text
	granted toggle
}

type plansPage struct {
	at
	anyOf, except []text
}

type limitPage struct {
	at
	name, per    text
	count        number
	window       span
	fixed, quota toggle
}

type mannersPage struct {
	accept, contentType text
	object              toggle
}

type answerPage struct {
	at
	reasons    []text
	part       text
	wrapped    toggle
	status     number
	code       *tree
	codeAt     at
	text       text
	with       *tree
	headers    []headerPage
	challenge  text
	retryAfter number
	body       *tree
	bodyAt     at
}

type headerPage struct {
	at
	name, value text
}

type stylePage struct {
	at
	set          bool
	contentType  text
	indent       number
	finalNewline toggle
	realm        text
	headers      []headerPage
	with         *tree
	body         *tree
	bodyAt       at
}

const (
	maxWays       = 8
	maxParts      = 2
	maxCompanions = 8
	maxFormats    = 16
	maxWords      = 16
	maxAnswers    = 128
	maxHeaders    = 16
)

func pageFields() []field[page] {
	return []field[page]{
		{"name", true, func(d *decoder, p *page, n ast.Node) { p.name = d.text(n, "name") }},
		{"title", false, func(d *decoder, p *page, n ast.Node) { p.title = d.text(n, "title") }},
		{"source", false, func(d *decoder, p *page, n ast.Node) { p.source = d.text(n, "source") }},
		{"transport", false, func(d *decoder, p *page, n ast.Node) { p.transport = d.word(n, "transport", "any", "tls") }},
		{"read", true, func(d *decoder, p *page, n ast.Node) { p.read = readRead(d, n) }},
		{"tokens", false, func(d *decoder, p *page, n ast.Node) { p.tokens = d.word(n, "tokens", "none", "jwt") }},
		{"companions", false, func(d *decoder, p *page, n ast.Node) {
			for _, item := range d.list(n, "companions", maxCompanions) {
				c := companionPage{at: whereIs(item)}
				mapping(d, item, "a companion", companionFields(), &c)
				p.companions = append(p.companions, c)
			}
		}},
		{"format", false, func(d *decoder, p *page, n ast.Node) { p.addFormat(d, n, "format") }},
		{"formats", false, func(d *decoder, p *page, n ast.Node) {
			for _, item := range d.list(n, "formats", maxFormats) {
				p.addFormat(d, item, "formats")
			}
		}},
		{"life", false, func(d *decoder, p *page, n ast.Node) {
			p.lifeAt = whereIs(n)
			mapping(d, n, "life", lifeFields(), &p.life)
		}},
		{"limits", false, func(d *decoder, p *page, n ast.Node) {
			for _, item := range d.list(n, "limits", maxAnswers) {
				l := limitPage{at: whereIs(item)}
				mapping(d, item, "a limit", limitFields(), &l)
				p.limits = append(p.limits, l)
			}
		}},
		{"limit_headers", false, func(d *decoder, p *page, n ast.Node) {
			p.limitHeaders = d.texts(n, "limit_headers", len(dialectNames()))
		}},
		{"manners", false, func(d *decoder, p *page, n ast.Node) { mapping(d, n, "manners", mannersFields(), &p.manners) }},
		{"answers", true, func(d *decoder, p *page, n ast.Node) {
			p.answersAt = whereIs(n)
			for _, item := range d.list(n, "answers", maxAnswers) {
				a := answerPage{at: whereIs(item)}
				mapping(d, item, "an answer", answerFields(), &a)
				p.answers = append(p.answers, a)
			}
		}},
		{"style", true, func(d *decoder, p *page, n ast.Node) {
			p.style.at, p.style.set = whereIs(n), true
			mapping(d, n, "style", styleFields(), &p.style)
		}},
	}
}

func (p *page) addFormat(d *decoder, n ast.Node, field string) {
	switch {
	case p.formatsAt.line == 0:
		p.formatsAt, p.formatsIn = whereIs(n), field
	case p.formatsIn != field:
		d.add(whereIs(n), "give format or formats, not both")
	}
	f := formatPage{at: whereIs(n)}
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		f.key = d.text(n, field)
	default:
		mapping(d, n, "a format", formatFields(), &f)
	}
	p.formats = append(p.formats, f)
}

func formatFields() []field[formatPage] {
	return []field[formatPage]{
		{"key", true, func(d *decoder, f *formatPage, n ast.Node) { f.key = d.text(n, "key") }},
		{"secret", false, func(d *decoder, f *formatPage, n ast.Node) { f.secret = d.text(n, "secret") }},
		{"environment", false, func(d *decoder, f *formatPage, n ast.Node) { f.environment = d.text(n, "environment") }},
		{"class", false, func(d *decoder, f *formatPage, n ast.Node) { f.class = d.text(n, "class") }},
		{"mint", false, func(d *decoder, f *formatPage, n ast.Node) { f.mint = d.toggle(n, "mint") }},
	}
}

// readRead reads one way, or several under "any".
func readRead(d *decoder, n ast.Node) readPage {
	r := readPage{at: whereIs(n), set: true}
	for _, v := range d.pairs(n, "read") {
		if name, _ := d.key(v, "read"); name == "any" || name == "conflict" {
			mapping(d, n, "read", readFields(), &r)
			return r
		}
	}
	r.ways = []wayPage{readWay(d, n, "read")}
	return r
}

func readFields() []field[readPage] {
	return []field[readPage]{
		{"any", true, func(d *decoder, r *readPage, n ast.Node) {
			for _, item := range d.list(n, "any", maxWays) {
				r.ways = append(r.ways, readWay(d, item, "a way of reading"))
			}
		}},
		{"conflict", false, func(d *decoder, r *readPage, n ast.Node) {
			r.conflict = d.word(n, "conflict", "refuse", "first")
		}},
	}
}

// readWay reads one place, or a pair under "all".
func readWay(d *decoder, n ast.Node, what string) wayPage {
	w := wayPage{at: whereIs(n)}
	for _, v := range d.pairs(n, what) {
		if name, _ := d.key(v, what); name == "all" {
			mapping(d, n, what, wayFields(), &w)
			return w
		}
	}
	one := onePlace{place: placePage{at: w.at}}
	mapping(d, n, what, onePlaceFields(), &one)
	w.places, w.class = []placePage{one.place}, one.class
	return w
}

func wayFields() []field[wayPage] {
	return []field[wayPage]{
		{"all", true, func(d *decoder, w *wayPage, n ast.Node) {
			for _, item := range d.list(n, "all", maxParts) {
				p := placePage{at: whereIs(item)}
				mapping(d, item, "a place", placeFields(), &p)
				w.places = append(w.places, p)
			}
		}},
		{"class", false, func(d *decoder, w *wayPage, n ast.Node) { w.class = d.text(n, "class") }},
	}
}

type onePlace struct {
	place placePage
	class text
}

func onePlaceFields() []field[onePlace] {
	fields := []field[onePlace]{
		{"class", false, func(d *decoder, o *onePlace, n ast.Node) { o.class = d.text(n, "class") }},
	}
	for _, f := range placeFields() {
		fields = append(fields, field[onePlace]{f.name, f.required, func(d *decoder, o *onePlace, n ast.Node) {
			f.read(d, &o.place, n)
		}})
	}
	return fields
}

func placeFields() []field[placePage] {
	return []field[placePage]{
		{"header", false, func(d *decoder, p *placePage, n ast.Node) { p.header = d.text(n, "header") }},
		{"word", false, func(d *decoder, p *placePage, n ast.Node) { p.words = d.texts(n, "word", maxWords) }},
		{"basic", false, func(d *decoder, p *placePage, n ast.Node) {
			p.basic = d.word(n, "basic", "user", "password", "pair")
		}},
		{"beside", false, func(d *decoder, p *placePage, n ast.Node) { p.beside = d.text(n, "beside") }},
		{"query", false, func(d *decoder, p *placePage, n ast.Node) { p.query = d.text(n, "query") }},
	}
}

func companionFields() []field[companionPage] {
	return []field[companionPage]{
		{"header", true, func(d *decoder, c *companionPage, n ast.Node) { c.header = d.text(n, "header") }},
		{"one_of", false, func(d *decoder, c *companionPage, n ast.Node) { c.oneOf = d.texts(n, "one_of", maxWords) }},
	}
}
