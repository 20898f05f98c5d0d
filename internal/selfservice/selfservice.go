package selfservice

import (
	"net/http"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// Site is one place where customers serve themselves: an API's docs host.
type Site struct {
	API     string   // the API's name
	Hosts   []string // under which the site answers
	Schemes []string // whose keys are made here; the first is the one meant when none is said
	// Tenants, unless empty, are only those whose metadata holds all of this.
	Tenants map[string]string
	// Registration, unless nil, lets strangers register for a key.
	Registration *Registration
	// Services are those that admins of a tenant switch on and off themselves.
	Services []string
	// SignUp lets a person whom a provider vouches for, and who is nobody's member,
	// have a tenant of their own.
	SignUp bool
	// TestKeys says which environment one-hour test keys are made in; "" makes them
	// in none where the scheme has no environments. TestKeysOff makes none at all.
	TestKeys    string
	TestKeysOff bool
}

// Registration is the public way to a key.
type Registration struct {
	Scheme     string // of the key
	Management string // of the token that rotates and revokes it; "" gives none
	PerHour    int    // registrations from one address, and from one /64; 0 is 5
}

// Options of New.
type Options struct {
	Site    Site
	Keeper  *keeper.Keeper
	Store   keywright.Store
	Schemes map[string]*scheme.Scheme
	People  *people.Service
	Tokens  *oidc.Providers // nil: no identity provider
	Index   gate.Verifier
	Pepper  *seal.Pepper
	Clock   func() time.Time
	View    func(*http.Request) scheme.View
	Meter   *meter.Meter // nil: use is not known
	// Before is the service that this one takes the place of, after a reload: what it
	// has counted goes on counting. nil: there was none.
	Before *Service
}

// Service serves one site. It is safe for concurrent use. Its errors are
// *keywright.Error; another tenant's key is NotFound, as an unknown one.
type Service struct {
	o Options
	// managed are the schemes that members manage the keys of: the site's, less
	// that of management tokens, which nobody but a registration makes.
	managed    []string
	registered *throttle
	made       *throttle
	tested     *throttle
	signedUp   *throttle
}

// The rates, within an hour, of what is written for the asking.
const (
	perHour       = 5       // registrations from one address, unless the site says
	everybodyHour = 1000    // registrations at the site, from whatever addresses
	keysHour      = 600     // keys that one person makes or rotates
	testKeysHour  = 30      // test keys that one person has made
	peopleHour    = 100_000 // either, of all persons: what bounds the memory
)

// New returns a service.
func New(o Options) *Service {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.Site.Schemes = slices.Clone(o.Site.Schemes)
	s := &Service{o: o, made: newThrottle(keysHour, peopleHour), tested: newThrottle(testKeysHour, peopleHour), signedUp: newThrottle(everybodyHour, everybodyHour)}
	each := perHour
	if r := o.Site.Registration; r != nil && r.PerHour > 0 {
		each = r.PerHour
	}
	s.registered = newThrottle(each, max(everybodyHour, each))
	if b := o.Before; b != nil {
		s.made, s.tested, s.signedUp, s.registered = b.made, b.tested, b.signedUp, b.registered
		s.registered.bound(each, max(everybodyHour, each))
		s.o.Before = nil // only what it counted lives on
	}
	for _, name := range o.Site.Schemes {
		if o.Schemes[name] != nil && (o.Site.Registration == nil || name != o.Site.Registration.Management) {
			s.managed = append(s.managed, name)
		}
	}
	return s
}

// Site returns what the service was made for.
func (s *Service) Site() Site { return s.o.Site }

// Schemes names the schemes whose keys members make here, the usual one first.
func (s *Service) Schemes() []string { return slices.Clone(s.managed) }

func (s *Service) now() time.Time { return s.o.Clock().UTC().Round(0) }

func noSuchKey() error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such key"}
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

func conflict(detail string) error {
	return &keywright.Error{Kind: keywright.Conflict, Detail: detail}
}

func forbidden(detail string) error {
	return &keywright.Error{Kind: keywright.Forbidden, Detail: detail}
}
