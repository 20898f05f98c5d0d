package keywrighttest

import (
	"time"

	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/schemes"
)

// DefaultAPI is the API that is there unless the test brings its own: every path
// of it takes any key of the scheme keywright.
const DefaultAPI = "api"

// DefaultScheme is its scheme.
const DefaultScheme = "keywright"

// Option changes what Start and New make.
type Option func(*options)

type options struct {
	at      time.Time
	apis    []API
	sources map[string][]byte
}

// API is a protected surface of the test. Scheme is the name of one that ships,
// or that WithScheme brings.
type API struct {
	Name   string
	Scheme string
	Hosts  []string
	Routes []gate.Route // none: every path, for any key
	Tokens gate.Tokens  // takes JWTs where the scheme does; nil: a JWT is nobody's
}

// At sets the instant at which the clock begins; it stands still until Travel.
func At(instant time.Time) Option { return func(o *options) { o.at = instant } }

// WithAPI adds a protected surface.
func WithAPI(a API) Option { return func(o *options) { o.apis = append(o.apis, a) } }

// WithScheme adds a scheme of one's own: its name and its page.
func WithScheme(name string, page []byte) Option {
	return func(o *options) { o.sources[name] = page }
}

func gather(change []Option) *options {
	o := &options{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), sources: map[string][]byte{}}
	for _, name := range schemes.Names() {
		o.sources[name], _ = schemes.Source(name)
	}
	for _, one := range change {
		one(o)
	}
	return o
}
