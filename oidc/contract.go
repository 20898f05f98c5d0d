package oidc

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// Provider is one identity provider, as the configuration describes it.
type Provider struct {
	Name       string   // what the configuration and the sign-in page call it
	Title      string   // "Sign in with <Title>"; "" is the name
	Issuer     string   // https://…, or http:// on this machine's loopback alone
	Audiences  []string // an access token must have one of these as aud
	Algorithms []string // asymmetric ones only; none: RS256, ES256, EdDSA
	// Access tells access tokens from others: by typ at+jwt (RFC 9068) unless Claim
	// is set, which must then be Value.
	Claim, Value string
	MaxLife      time.Duration // exp − iat at most; 0 is 1 hour
	Leeway       time.Duration // for exp, nbf and iat; 0 is 30 seconds, at most 2 minutes
	Map          Mapping
	Web          WebClient // zero: nobody signs in on the web with it
	CLI          CLIClient // zero: nobody logs in on the command line with it
	TrustEmail   bool      // its verified addresses are enough to be taken for the person who has them
}

// Mapping says who a token speaks for. With Tenant empty, the person's membership
// says so: Options.Members is asked, with what the token says of the person.
type Mapping struct {
	Tenant      string   // the claim that holds the tenant's ref
	Permissions string   // the claim that holds permissions: a list, or words with spaces
	Always      []string // permissions that every token has
	Environment string   // what requests with tokens work in, where a scheme has environments
}

// WebClient is how people sign in on a site: authorization code with PKCE.
type WebClient struct {
	ID     string
	Secret keywright.Credential // zero: a public client
	Scopes []string             // none: openid, email, profile
}

// CLIClient is how people log in on the command line: a public client with PKCE on
// a loopback port, or the device flow.
type CLIClient struct {
	ID       string
	Scopes   []string
	Resource string // RFC 8707: what the access token is to be for; "" asks for nothing
}

// Membership is what a person has here.
type Membership struct {
	Person people.Person
	Tenant keywright.TenantID
	Role   people.Role
}

// Options of New.
type Options struct {
	Providers []Provider
	// Tenant finds a tenant in memory by its id, as the index has it now; nil if there is none.
	Tenant func(id keywright.TenantID) *keywright.Tenant
	// ByRef finds a tenant's id by its ref, in the store.
	ByRef func(ctx context.Context, ref string) (keywright.TenantID, error)
	// Members says what a person has here, where a provider maps no tenant claim. It
	// is asked when a token is seen for the first time, and again every 30 seconds of its use.
	Members func(ctx context.Context, e people.External) (Membership, error)
	HTTP    *http.Client     // nil is one with a timeout that reaches *.localhost; it follows no redirect
	Clock   func() time.Time // nil is time.Now
	Log     *slog.Logger
	Cache   int // tokens that are remembered; 0 is 10,000
}

// Providers is all that is known of identity providers. It is safe for concurrent
// use, and calls nobody until a token or a sign-in asks for it.
type Providers struct{ o Options }

// New checks the providers. It returns an Invalid error that names the field.
func New(o Options) (*Providers, error) { return &Providers{o: o}, nil }

// VerifyToken implements gate.Tokens.
func (p *Providers) VerifyToken(now time.Time, token string, n *keywright.Need) keywright.Decision {
	return keywright.Decision{Reason: keywright.Unknown}
}

// Person returns whom an access token speaks for, verified as VerifyToken does but
// without a tenant: for the self-service API. Its error is people.ErrSignIn's kind,
// or Unavailable.
func (p *Providers) Person(ctx context.Context, now time.Time, token string) (people.External, error) {
	return people.External{}, &keywright.Error{Kind: keywright.Internal, Detail: "not built yet"}
}

// Names lists the providers that people can sign in with on the web, as configured.
func (p *Providers) Names() []Named { return nil }

// Named is a provider's name and what people call it.
type Named struct{ Name, Title string }

// Begun is a sign-in under way: where the browser goes, and what must be kept in
// its cookie until it comes back. State is a secret of that browser.
type Begun struct {
	URL   string
	State keywright.Credential
}

// Begin starts a sign-in on the web: code flow, PKCE S256, state and nonce.
// redirect is the absolute address of the callback. Errors: NotFound (no such
// provider), Unavailable (it cannot be reached).
func (p *Providers) Begin(ctx context.Context, provider, redirect string) (Begun, error) {
	return Begun{}, &keywright.Error{Kind: keywright.Internal, Detail: "not built yet"}
}

// Finish takes the callback's query and the kept state, exchanges the code, and
// verifies the ID token: signature, issuer, audience, nonce, times. Errors:
// people.ErrSignIn's kind, Unavailable.
func (p *Providers) Finish(ctx context.Context, provider, redirect string, state keywright.Credential, query map[string][]string) (people.External, error) {
	return people.External{}, &keywright.Error{Kind: keywright.Internal, Detail: "not built yet"}
}

// CLI returns what the command line needs to log in with a provider: its issuer,
// client, scopes and resource; ok is false where it may not.
func (p *Providers) CLI(provider string) (client CLIClient, issuer string, ok bool) {
	return CLIClient{}, "", false
}
