package handbook

import (
	"io/fs"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// Options of New: everything that a customer's documentation is made of.
type Options struct {
	API   string // the API's name in the configuration
	Title string // what the provider calls it, such as "Truestamp API"
	Brand Brand
	Base  string // where the API is called, such as https://api.example.com
	Site  string // where these pages are, such as https://docs.example.com
	// CA says that the API's certificate is of an authority of one's own, with the
	// path of its PEM file, so that samples say --cacert; "" for the public ones.
	CA      string
	Schemes []Part // the first is the API's own
	OpenAPI []byte // YAML or JSON, of 3.0 or 3.1; nil: there is no reference
	// Variable is the environment variable that samples take the key from, such as
	// TRUST_SWIFTLY_API_KEY; "" is made from Title.
	Variable string
	// Pages are the provider's own: Markdown files with a front matter of title,
	// description and order, and section (learn, guides; none is guides). A page
	// with the name of a generated one replaces it; "authentication" and "errors"
	// cannot be replaced, only added to. Pictures are PNG files in its folder images,
	// and stand in a page as ![what it shows](images/name.png). nil has none.
	Pages     fs.FS
	Changelog []Change // the newest first
	Account   Account
	// Languages are the samples', in order; none: all that are known.
	Languages []string
}

// Brand is how the provider looks.
type Brand struct {
	Name   string // of the provider
	Accent string // a CSS colour in #rrggbb; "" is Keywright's
	Logo   []byte // an SVG without scripts; nil shows the name
}

// Part is one of the API's schemes with what its routes ask for.
type Part struct {
	Scheme *scheme.Scheme
	Routes []Route
}

// Route is one shape of request, for the reference and the limits' page.
type Route struct {
	Methods []string
	Path    string
	Open    bool
	Need    keywright.Need
	MaxBody int64
	Tokens  bool // takes the tokens of a login
	Keys    bool // takes keys
}

// Change is one entry of the contract's changelog.
type Change struct {
	Date string // 2026-11-21
	Text string // Markdown
}

// Account is what the site offers beside the documentation; "" and false leave it out.
type Account struct {
	SignIn   string // the path of the sign-in page
	Keys     string // the path of the page where keys are made
	Register string // the path of the public registration
	TestKey  string // the path of the self-service operation that makes a one-hour key
	Whoami   string // the path of the self-service operation that says who is signed in
	CLI      bool   // `keywright login` works with this site
	SDK      string // the path of a generated TypeScript client, if one is served
}

// Handbook serves one API's documentation. It is safe for concurrent use.
type Handbook struct {
	o       Options
	pages   []*page
	files   map[string]*file
	search  []found
	samples []Sample
	first   string
}

// Samples returns every sample that the pages print.
func (h *Handbook) Samples() []Sample { return h.samples }

// FirstCall is the call that newcomers are shown, as a line of curl's; "" where there
// is no operation that a key opens.
func (h *Handbook) FirstCall() string { return h.first }

// Paths lists every page.
func (h *Handbook) Paths() []string {
	out := make([]string, len(h.pages))
	for i, p := range h.pages {
		out[i] = p.Path
	}
	return out
}
