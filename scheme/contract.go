// Package scheme reads a provider's wire contract written as data, and speaks
// it: where the credential stands, what it looks like, how long it lives, and
// what each refusal looks like, byte for byte. It never looks a key up.
package scheme

import (
	"errors"
	"io"
	"net/netip"

	"github.com/keywright/keywright"
)

// View is what a scheme and the gate see of one request. A front fills it in
// from what its server hands it; nothing in it is copied.
type View struct {
	Method   string
	Host     string              // without port, lower case
	Path     string              // escaped, as the client sent it
	RawQuery string              // as the client sent it
	Header   map[string][]string // canonical names, as net/http has them
	TLS      bool                // the client's own transport, by trusted hops
	Address  netip.Addr          // the client's, by trusted hops
	Body     bool                // the request carries a body
}

// Presented is what a request presents. Reason is Granted for a well-formed
// credential of this scheme; otherwise it is the fault.
type Presented struct {
	Reason     keywright.Reason
	Credential keywright.Credential
	Part       uint8 // with Missing, CompanionMissing: which of the scheme's parts, from 0
	Wrapped    bool  // with Malformed: the value stands in quotes or in {{…}}
}

// Scheme is one wire contract, ready to use. It is immutable.
type Scheme struct{ name string }

// Answer is a refusal, rendered once when its scheme is parsed. It is shared and
// read-only. Header includes Content-Type and, where it applies, WWW-Authenticate.
type Answer struct {
	Reason keywright.Reason
	Status int
	Header []Header
	Body   []byte
}

// Header is one header line.
type Header struct{ Name, Value string }

// Parse reads a scheme, strictly and totally. The error shows file, line,
// column, the source line, and what would be right.
func Parse(file string, src []byte) (*Scheme, error) { return nil, errors.New("scheme: not built yet") }

// Name is the scheme's name.
func (s *Scheme) Name() string { return s.name }

// Policy is what the scheme says of its keys' life.
func (s *Scheme) Policy() keywright.Policy { return keywright.Policy{Scheme: s.name} }

// Need is what every route of the scheme asks for: Scheme, Granted, Plans.
func (s *Scheme) Need() keywright.Need { return keywright.Need{Scheme: s.name} }

// Present reads the credential off a request: transport, presence, companions,
// format and checksum, in that order. It allocates nothing.
func (s *Scheme) Present(v *View) Presented { return Presented{} }

// Read checks a credential that did not come in a request: an import. The fault
// is Granted, Foreign or Malformed.
func (s *Scheme) Read(public, secret string) (keywright.Credential, keywright.Reason) {
	return keywright.Credential{}, keywright.Failure
}

// Minting is what a new credential is made for.
type Minting struct {
	Ref         string // the tenant's
	Environment string
	Public      string // the public half to keep, at a rotation that keeps it; else ""
}

// Mint makes a new credential from random bytes. It returns an Invalid error
// naming "tenant" if the tenant's ref does not fit the format.
func (s *Scheme) Mint(r io.Reader, m Minting) (keywright.Credential, error) {
	return keywright.Credential{}, errors.New("scheme: not built yet")
}

// Hint returns what may be shown of a credential to tell keys apart, such as "…x7Kq".
func (s *Scheme) Hint(c keywright.Credential) string { return "" }

// Pair reports whether the credential is a key and a secret.
func (s *Scheme) Pair() bool { return false }

// Recoverable reports whether the secret is sealed to be shown again.
func (s *Scheme) Recoverable() bool { return false }

// Answer returns the refusal for a fault of a presented credential, or for a
// bare reason: Answer(Presented{Reason: r}). It never returns nil.
func (s *Scheme) Answer(p Presented) *Answer { return &Answer{Status: 500} }

// Strip removes the credential from what goes to the upstream: it deletes header
// lines in place and returns the query without credential parameters.
func (s *Scheme) Strip(header map[string][]string, rawQuery string) string { return rawQuery }

// CredentialHeaders lists the canonical names of the headers that a client sends
// for this scheme, companions included: for CORS, for stripping, for the docs.
func (s *Scheme) CredentialHeaders() []string { return nil }

// Limits are the windows, at most keywright.MaxLimits.
func (s *Scheme) Limits() []keywright.LimitRule { return nil }

// LimitHeaders calls set for each limit header of an answer, in the scheme's
// dialect; Retry-After only when refused. Names are fixed: see LimitHeaderNames.
func (s *Scheme) LimitHeaders(a *keywright.Allowances, refused bool, set func(name, value string)) {}

// LimitHeaderNames lists the names that LimitHeaders may set, for CORS.
func (s *Scheme) LimitHeaderNames() []string { return nil }

// Manners are what the scheme asks of a request beside the credential.
type Manners struct {
	Accept      string // the media type that Accept must allow; "" asks nothing
	ContentType string // what a body must be sent as; "" asks nothing
	Object      bool   // a body must be a JSON object
	Pretty      bool   // JSON answers are indented by two spaces
}

// Manners returns them.
func (s *Scheme) Manners() Manners { return Manners{} }

// Check looks at Accept and Content-Type: Granted, NotAcceptable or
// UnsupportedMedia. hasBody says whether the request carries one.
func (s *Scheme) Check(v *View, hasBody bool) keywright.Reason { return keywright.Granted }

// Render makes a body in the scheme's own error style, for a refusal that has
// no prepared answer, such as the management of keys: pairs of placeholders.
// It is for cold paths.
func (s *Scheme) Render(status int, code, text string) *Answer { return &Answer{Status: status} }
