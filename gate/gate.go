package gate

import (
	"net/netip"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// API is a protected surface.
type API struct {
	Name   string
	Hosts  []string // lower case, without port; none: only listeners bound to the API by name reach it
	Scheme *scheme.Scheme
	Routes []Route // first match wins; without routes every path is NoSuchRoute
	Help   string  // the rotation guide that a retiring key's Link points to; "" omits the Link
	Tokens Tokens  // takes JWTs where a route's scheme does; nil: a JWT is Unknown
}

// Route is one shape of request and what it needs. Path is a pattern of
// segments: "/v1/items/{id}" has one segment for {id}, "/files/{rest...}" any
// number of them. A trailing slash in a request makes no other route of it.
type Route struct {
	Methods []string // empty: any; GET includes HEAD
	Path    string
	Scheme  *scheme.Scheme // nil: the API's
	Need    keywright.Need // what it asks beyond the scheme's own
	Open    bool           // no credential is read; the scheme's transport rule still holds
	MaxBody int64          // bytes; 0 is the front's default
	Takes   Takes          // of the two kinds of credential that a scheme may take
}

// Takes says which kind of credential a route takes, where its scheme takes both.
type Takes uint8

// The kinds. Where only tokens are taken, a good key is PermissionMissing, and a
// bad one is refused as everywhere. Where only keys are taken, every JWT is
// Unknown: nobody is asked about it.
const (
	KeysAndTokens Takes = iota
	KeysOnly
	TokensOnly
)

// Tokens is what the gate asks about a JWT of an identity provider; package oidc
// implements it. It answers a token that it has seen from memory, refuses what it
// cannot verify as Unknown (Expired, once its exp is past), and Failure while the
// provider's keys cannot be had and none are held. The decision's Principal and
// Tenant are set whenever the token was good.
type Tokens interface {
	VerifyToken(now time.Time, token string, n *keywright.Need) keywright.Decision
}

// Verifier is what the gate asks of an index.
type Verifier interface {
	Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision
}

// Digester is what the gate asks of a pepper.
type Digester interface {
	Digest(c keywright.Credential) keywright.Digest
}

// Limiter is what the gate asks of a limiter; see limit.Limiter.Take.
type Limiter interface {
	Take(now time.Time, scheme string, rules []keywright.LimitRule, key keywright.KeyID, from netip.Addr, out *keywright.Allowances) keywright.Reason
}

// Counter is told of each decision of Pass, once; see meter.Meter.Count. It keeps
// neither pointer.
type Counter interface {
	Count(now time.Time, api string, d *keywright.Decision, from netip.Addr)
}

// Options of a gate.
type Options struct {
	APIs          []API
	Index         Verifier
	Pepper        Digester
	Limiter       Limiter // nil: nothing is counted
	Meter         Counter // nil: use is not counted
	Clock         func() time.Time
	AddressLimits bool // count and refuse per address
}

// Gate is the compiled table of APIs. It is immutable: a reload makes another.
type Gate struct {
	byHost  map[string]*surface
	byName  map[string]*surface
	index   Verifier
	pepper  Digester
	limiter Limiter
	meter   Counter
	clock   func() time.Time
	address bool
	scratch sync.Pool
}

// scratch is what a decision hands to its neighbours by pointer. It is pooled,
// so that a granted request allocates nothing.
type scratch struct {
	need       keywright.Need
	allowances keywright.Allowances
	decision   keywright.Decision
}

// New compiles the table. It returns an Invalid error naming what is wrong.
func New(o Options) (*Gate, error) {
	switch {
	case o.Index == nil:
		return nil, invalid("index", "a gate needs an index to ask")
	case o.Pepper == nil:
		return nil, invalid("pepper", "a gate needs a pepper to make digests")
	case o.Clock == nil:
		return nil, invalid("clock", "a gate needs a clock")
	}
	g := &Gate{
		byHost: map[string]*surface{}, byName: map[string]*surface{},
		index: o.Index, pepper: o.Pepper, limiter: o.Limiter, meter: o.Meter, clock: o.Clock, address: o.AddressLimits,
	}
	g.scratch.New = func() any { return new(scratch) }
	for i := range o.APIs {
		if err := g.add(i, o.APIs[i]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// find returns the surface that a request is for: by name where the listener
// fixes it, else by host. It is nil if there is none.
func (g *Gate) find(host, api string) *surface {
	if api != "" {
		return g.byName[api]
	}
	return g.byHost[host]
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}
