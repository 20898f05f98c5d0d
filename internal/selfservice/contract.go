package selfservice

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keeper"
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
}

// Service serves one site. It is safe for concurrent use. Its errors are
// *keywright.Error; another tenant's key is NotFound, as an unknown one.
type Service struct{ o Options }

// New returns a service.
func New(o Options) *Service { return &Service{o: o} }

// Caller is a person who was recognised, in one of their tenants.
type Caller struct {
	Person  people.Person
	Tenant  keywright.Tenant // as it stands; the zero one for a person who has none on this site
	Role    people.Role
	Members []people.Member // all of the person's on this site
	Session people.Session  // zero where a token of an identity provider was presented
	Token   bool            // that was so
	Actor   keywright.Actor
}

// SessionCookie is the cookie that a session's token is kept in.
const SessionCookie = "__Host-keywright-session"

func notBuilt() error { return &keywright.Error{Kind: keywright.Internal, Detail: "not built yet"} }

// Recognise says who makes a request: by the session's cookie, or by an access
// token in Authorization. tenant chooses among several by id or ref; "" is the
// first. Errors: people.ErrSignIn, Forbidden (not a member here), Unavailable.
func (s *Service) Recognise(r *http.Request, tenant string) (Caller, error) {
	return Caller{}, notBuilt()
}

// Keys lists the tenant's keys of the site's schemes, the newest first.
func (s *Service) Keys(ctx context.Context, c Caller) ([]api.KeyBody, error) {
	return nil, notBuilt()
}

// Key shows one of the tenant's keys.
func (s *Service) Key(ctx context.Context, c Caller, id string) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// CreateKey makes one. Errors: Forbidden (role, plan, environment), Invalid, Conflict.
func (s *Service) CreateKey(ctx context.Context, c Caller, k api.CreateOwnKey, idempotencyKey string) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// CreateTestKey makes a key that lives for an hour, for trying the docs out.
func (s *Service) CreateTestKey(ctx context.Context, c Caller) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// AmendKey changes name, expiry, addresses, metadata.
func (s *Service) AmendKey(ctx context.Context, c Caller, id string, ifVersion uint64, a api.AmendKey, nulls map[string]bool) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// RotateKey replaces one.
func (s *Service) RotateKey(ctx context.Context, c Caller, id string, r api.RotateKey, idempotencyKey string) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// PauseKey suspends one.
func (s *Service) PauseKey(ctx context.Context, c Caller, id string, until time.Time) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// ResumeKey ends a pause.
func (s *Service) ResumeKey(ctx context.Context, c Caller, id string) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// RevokeKey ends one for good.
func (s *Service) RevokeKey(ctx context.Context, c Caller, id, reason string) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// DeleteKey removes one.
func (s *Service) DeleteKey(ctx context.Context, c Caller, id string) error { return notBuilt() }

// RevealKey shows a sealed secret again, after a fresh proof. Errors: people.ProofNeeded.
func (s *Service) RevealKey(ctx context.Context, c Caller, id string) (api.Credential, error) {
	return api.Credential{}, notBuilt()
}

// Registrant is a stranger who asks for a key.
type Registrant struct {
	Email   string
	Address netip.Addr
	Actor   keywright.Actor
}

// Register makes a tenant of its own for a stranger, with a key and a management
// token. Errors: NotFound (no registration here), Invalid (email), people.Throttled.
func (s *Service) Register(ctx context.Context, r Registrant) (api.Registered, error) {
	return api.Registered{}, notBuilt()
}

// Holder is a key that speaks for itself.
type Holder struct {
	Key     keywright.Key
	Manages keywright.KeyID // the key that a management token manages; zero for others
	Actor   keywright.Actor
}

// Held returns the key that a request presents, in any of the site's schemes, if
// it is granted. The error is a *scheme.Answer's, as the scheme says it.
func (s *Service) Held(r *http.Request) (Holder, *scheme.Answer) { return Holder{}, nil }

// RotateHeld replaces the key itself, or the one that a management token manages.
// Errors: Conflict where the scheme does not rotate.
func (s *Service) RotateHeld(ctx context.Context, h Holder, r api.RotateKey) (api.Key, error) {
	return api.Key{}, notBuilt()
}

// RevokeHeld ends the key itself, or the one that a management token manages, and
// the token with it.
func (s *Service) RevokeHeld(ctx context.Context, h Holder, reason string) (api.Key, error) {
	return api.Key{}, notBuilt()
}
