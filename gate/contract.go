// Package gate goes from host, method and path to scheme and need, and holds the
// one pipeline that every front calls. It never touches a socket.
package gate

import (
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// API is a protected surface.
type API struct {
	Name   string
	Hosts  []string // lower case, without port; the port-bound listeners of the demo map to an API by name
	Scheme *scheme.Scheme
	Routes []Route // first match wins
	Help   string  // the rotation guide that a retiring key's Link points to; "" omits the Link
}

// Route is one shape of request and what it needs. Path is a pattern of
// segments: "/v1/items/{id}" has one segment for {id}, "/files/{rest...}" any.
type Route struct {
	Methods []string // empty: any
	Path    string
	Scheme  *scheme.Scheme // nil: the API's
	Need    keywright.Need // what it asks beyond the scheme's own
	Open    bool           // no credential is read
	MaxBody int64          // bytes; 0 is the front's default
}

// Verifier is what the gate asks of an index.
type Verifier interface {
	Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision
}

// Digester is what the gate asks of a pepper.
type Digester interface {
	Digest(c keywright.Credential) keywright.Digest
}

// Options of a gate.
type Options struct {
	APIs          []API
	Index         Verifier
	Pepper        Digester
	Limiter       Limiter
	Clock         func() time.Time
	AddressLimits bool // count and refuse per address
}

// Limiter is what the gate asks of a limiter; see limit.Limiter.Take.
type Limiter interface {
	Take(now time.Time, scheme string, rules []keywright.LimitRule, key keywright.KeyID, from netip.Addr, out *keywright.Allowances) keywright.Reason
}

// Gate is the compiled table of APIs. It is immutable: a reload makes another.
type Gate struct{}

// New compiles the table. It returns an Invalid error naming what is wrong.
func New(o Options) (*Gate, error) { return nil, errors.New("gate: not built yet") }

// Verdict is what a front does with a request: let it pass when Answer is nil,
// or else write Answer. In both cases it adds what Headers sets.
type Verdict struct {
	API        *API
	Route      *Route
	Scheme     *scheme.Scheme
	Decision   keywright.Decision
	Answer     *scheme.Answer
	Allowances keywright.Allowances
}

// Pass decides. api is "" to find the API by host, or its name where the
// listener fixes it. It allocates nothing when the request is granted.
func (g *Gate) Pass(v *scheme.View, api string) Verdict { return Verdict{} }

// Headers calls set for every header that the gate adds to the answer: limits,
// Keywright-Key-Retires and Link of a retiring key. A front replaces headers of
// the same name that the upstream sent.
func (v *Verdict) Headers(set func(name, value string)) {}

// Refuse turns a passed verdict into a refusal that the front found itself:
// NotAnObject, TooLarge, UpstreamFailed, BadRequest.
func (v *Verdict) Refuse(r keywright.Reason) {}

// Still reports whether a request that passed would pass now, without counting
// it: for streams, which must end when their key does.
func (g *Gate) Still(v *scheme.View, was *Verdict) bool { return false }

// Check is one step of Explain.
type Check struct {
	Check  string `json:"check"` // "transport", "presence", "format", "lookup", "state", …
	Passed bool   `json:"passed"`
	Detail string `json:"detail"`
}

// Explain runs the pipeline without counting, and says each check in order. It
// never repeats a credential.
func (g *Gate) Explain(v *scheme.View, api string) (Verdict, []Check) { return Verdict{}, nil }

// Hops says how far the request's own headers are trusted: the number of
// proxies in front of us, each of which appends to X-Forwarded-For and sets
// X-Forwarded-Proto. 0 trusts none. Proxies, if set, must hold the peer's address.
type Hops struct {
	Count   int
	Proxies []netip.Prefix
}

// View makes the view of a request: address and transport by trusted hops,
// never from the leftmost X-Forwarded-For.
func (h Hops) View(r *http.Request) scheme.View { return scheme.View{} }

// Identities makes the assertion for a granted request: once per key and API,
// reused while it is fresh, never past the key's death. It is bounded.
type Identities struct{}

// NewIdentities returns a maker of assertions.
func NewIdentities(s *seal.Signer, clock func() time.Time) *Identities { return &Identities{} }

// For returns the assertion for a granted verdict.
func (i *Identities) For(v *Verdict) (string, error) { return "", errors.New("gate: not built yet") }
