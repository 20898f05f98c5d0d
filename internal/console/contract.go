package console

import (
	"net/http"
	"time"

	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// Options of New: one site.
type Options struct {
	Name      string // the provider's, or "Keywright" for the operators' own site
	Accent    string // a CSS colour in #rrggbb; "" is Keywright's
	Docs      string // the path of the documentation's first page; "" where there is none
	Base      string // where the API is called
	Variable  string // the environment variable that the docs put the key in
	People    *people.Service
	Providers *oidc.Providers      // nil: none
	Self      *selfservice.Service // nil on the operators' site: no keys' pages there yet
	Schemes   []*scheme.Scheme     // of the site, the first is the API's own; for formats, words and samples
	Register  string               // the path of the public registration page, such as /mica-register; "" is none
	NoPass    bool                 // passwords are off
	Clock     func() time.Time
	View      func(*http.Request) scheme.View
	// Origin returns the site's own origin as the browser has it, such as
	// https://docs.example.com:8443: from the request's host, which the site owns.
	Origin func(*http.Request) string
}

// New returns the handler of /account/… and of the registration page.
func New(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not built yet", http.StatusNotFound) })
}

// Handles reports whether a path is one of the pages that New answers.
func (o *Options) Handles(path string) bool { return false }
