package handbook

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

//go:embed pages/*.md
var pagesFS embed.FS

// part is one of the API's schemes as the pages tell of it.
type part struct {
	Part
	Keyed, Both    bool
	Door           door
	Policy         keywright.Policy
	Formats        []string
	Lengths        []string
	Companions     []string
	Endpoints      []string
	Refusals       []refusal
	Manners        []refusal
	Asks           string
	Windows        []window
	LimitHeaders   []string
	Example        string
	LimitedExample string
	Pair           bool
}

// book is what the templates of the pages see.
type book struct {
	Options
	Lead      string
	Parts     []*part
	Keyed     []*part
	First     *part
	Ops       []*operation
	Sample    *operation // the one that is shown to newcomers
	Op        *operation // on an operation's own page
	Once      bool
	Expires   bool
	Tokens    bool
	States    [][2]string
	languages []language
	samples   map[string][]Sample
	images    []picture
}

var (
	accentForm   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	variableForm = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,63}$`)
)

func invalid(field, detail string, args ...any) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: fmt.Sprintf(detail, args...)}
}

// New renders every page once. It returns an Invalid error that names what is wrong.
func New(o Options) (*Handbook, error) {
	if err := tidy(&o); err != nil {
		return nil, err
	}
	b := &book{Options: o, samples: map[string][]Sample{}}
	if err := b.chooseLanguages(); err != nil {
		return nil, err
	}
	var doc *document
	if len(o.OpenAPI) > 0 {
		var err error
		if doc, err = readDocument(o.OpenAPI); err != nil {
			return nil, invalid("OpenAPI", "%v", err)
		}
		b.Lead = doc.at(doc.root, "info").text("description")
		if b.Ops, err = doc.operations(o.Schemes); err != nil {
			return nil, invalid("OpenAPI", "%v", err)
		}
	}
	b.parts(doc)
	b.operations()
	pages, err := b.write()
	if err != nil {
		return nil, err
	}
	h := &Handbook{o: o, pages: pages}
	for _, op := range b.Ops {
		h.samples = append(h.samples, b.samples[op.ID]...)
	}
	if b.Sample != nil {
		h.first = curl(b.Sample.request(b.Base, b.CA))
	}
	return h, h.bind(b, doc)
}

func tidy(o *Options) error {
	if len(o.Schemes) == 0 {
		return invalid("Schemes", "there is no scheme")
	}
	for i := range o.Schemes {
		if o.Schemes[i].Scheme == nil {
			return invalid("Schemes", "scheme %d is nil", i)
		}
	}
	if o.Title == "" {
		o.Title = o.API + " API"
	}
	if o.Brand.Name == "" {
		o.Brand.Name = o.Title
	}
	if o.Brand.Accent == "" {
		o.Brand.Accent = "#b3261e"
	}
	if !accentForm.MatchString(o.Brand.Accent) {
		return invalid("Brand.Accent", "a colour is written like #0b57d0")
	}
	if len(o.Brand.Logo) > 64<<10 {
		return invalid("Brand.Logo", "a logo has at most 64 KiB")
	}
	if o.Variable == "" {
		o.Variable = strings.ToUpper(strings.ReplaceAll(slug(o.Title), "-", "_")) + "_KEY"
	}
	if !variableForm.MatchString(o.Variable) {
		return invalid("Variable", "a variable is written like ACME_API_KEY")
	}
	return nil
}

func (b *book) chooseLanguages() error {
	all := languages()
	if len(b.Options.Languages) == 0 {
		b.languages = all
		return nil
	}
	for _, name := range b.Options.Languages {
		i := slices.IndexFunc(all, func(l language) bool { return l.Name == name })
		if i < 0 {
			return invalid("Languages", "%q is not known", name)
		}
		b.languages = append(b.languages, all[i])
	}
	return nil
}

func (b *book) parts(doc *document) {
	for i, p := range b.Schemes {
		variable := b.Variable
		if i > 0 && len(p.Scheme.Formats()) > 0 {
			variable = strings.ToUpper(strings.ReplaceAll(slug(p.Scheme.Name()), "-", "_")) + "_KEY"
		}
		at := describe(p, variable)
		for j := range at.Door.Headers {
			at.Door.Headers[j].Name = doc.spelling(at.Door.Headers[j].Name)
		}
		b.Parts = append(b.Parts, at)
		if at.Keyed {
			b.Keyed = append(b.Keyed, at)
			b.Expires = b.Expires || at.Policy.Expiry.Presence != keywright.Absent
		}
		b.Tokens = b.Tokens || at.Both || !at.Keyed
	}
	b.First = b.Parts[0]
	b.Once = !b.First.Scheme.Recoverable()
	b.States = states(b.First.Policy)
}

func describe(p Part, variable string) *part {
	s := p.Scheme
	m := s.Manners()
	at := &part{
		Part: p, Keyed: len(s.Formats()) > 0, Both: s.TakesTokens() && len(s.Formats()) > 0, Policy: s.Policy(), Formats: s.Formats(),
		Door: doorOf(s, variable, false), Pair: s.Pair(), Windows: windows(s), LimitHeaders: s.LimitHeaderNames(),
		Refusals: refusals(s, func(r keywright.Reason) bool { return !ofRequest(r) }), Manners: refusals(s, ofRequest),
		Example:        wire(s.Answer(scheme.Presented{Reason: keywright.Missing, Part: scheme.AllParts})),
		LimitedExample: wire(s.Answer(scheme.Presented{Reason: keywright.Limited})),
	}
	at.Lengths = lengths(at)
	for _, name := range s.CredentialHeaders() {
		if !slices.ContainsFunc(at.Door.Headers, func(h header) bool { return strings.EqualFold(h.Name, name) }) {
			at.Companions = append(at.Companions, name)
		}
	}
	for _, r := range p.Routes {
		if !r.Open {
			at.Endpoints = append(at.Endpoints, strings.Join(r.Methods, ", ")+" "+r.Path)
		}
	}
	var asks []string
	if m.Accept != "" {
		asks = append(asks, "`Accept` must allow `"+m.Accept+"`.")
	}
	if m.ContentType != "" {
		asks = append(asks, "A body is sent with `Content-Type: "+m.ContentType+"`.")
	}
	if m.Object {
		asks = append(asks, "A body is a JSON object.")
	}
	if m.Pretty {
		asks = append(asks, "JSON in answers is indented by two spaces.")
	}
	at.Asks = strings.Join(asks, " ")
	return at
}

// wire shows an answer as it goes over the wire.
func wire(a *scheme.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d\n", a.Status)
	for _, h := range a.Header {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	return b.String() + "\n" + string(a.Body)
}

// spelling is how the document writes a header's name; the scheme has it in
// canonical form, which HTTP holds for the same.
func (d *document) spelling(name string) string {
	if d == nil {
		return name
	}
	all := d.at(d.at(d.root, "components"), "securitySchemes")
	for _, k := range all.keys() {
		if n := d.at(all, k).text("name"); strings.EqualFold(n, name) {
			return n
		}
	}
	return name
}

func (b *book) operations() {
	for _, op := range b.Ops {
		for _, p := range b.Parts {
			if op.Part != nil && p.Scheme == op.Part.Scheme {
				op.door = p.Door
				if op.Token && p.Keyed {
					op.door = doorOf(p.Scheme, b.Variable, true)
				}
			}
		}
		b.samples[op.ID] = op.samples(b.Base, b.CA, b.languages)
		plain := op.Method == "GET" && !op.Open && !op.Token && !op.Streams && !strings.Contains(op.Path, "{") && op.Part.Scheme == b.First.Scheme
		if plain && b.Sample == nil {
			b.Sample = op
		}
	}
	for _, op := range b.Ops {
		if b.Sample == nil && !op.Open && !op.Token && !op.Streams && op.Part.Scheme == b.First.Scheme {
			b.Sample = op
		}
	}
}

func (b *book) funcs() template.FuncMap {
	return template.FuncMap{
		"code": code, "cell": cell, "fence": fence, "span": span, "quote": strconv.Quote, "headerMeaning": headerMeaning,
		"fields": fieldTable,
		"samples": func(op *operation) string {
			var out strings.Builder
			for i, s := range b.samples[op.ID] {
				out.WriteString(fence(b.languages[i].Fence+" tab="+b.languages[i].Title, s.Text) + "\n")
			}
			return out.String()
		},
		"sample": func(op *operation, name string) string {
			for i, s := range b.samples[op.ID] {
				if s.Language == name {
					return fence(b.languages[i].Fence, s.Text)
				}
			}
			return ""
		},
	}
}

func fieldTable(all []field) string {
	var b strings.Builder
	b.WriteString("| field | type | required | allowed | meaning |\n|---|---|---|---|---|\n")
	for _, f := range all {
		need := "optional"
		if f.Required {
			need = "required"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(code(f.Name)), cell(f.Type), need, cell(f.Bounds), cell(f.About))
	}
	return b.String()
}
