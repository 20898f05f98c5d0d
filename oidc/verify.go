package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
)

const (
	maxSubject = 255
	maxText    = 320
	maxGranted = 256 // permissions of one token
)

var (
	errExpired = errors.New("the token has expired")
	errClaims  = errors.New("the token is not for this API")
)

// badSignature remembers that a token's signature does not hold, under the keys of
// one fetch: another fetch looks anew.
type badSignature struct{ under *keyset }

// VerifyToken implements gate.Tokens.
func (p *Providers) VerifyToken(now time.Time, token string, n *keywright.Need) keywright.Decision {
	ctx, cancel := context.Background(), context.CancelFunc(nil)
	at := fingerprintOf(token)
	e, ok := p.remembered(now, &at)
	if !ok {
		// Only what is not in memory may take time.
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
		var err error
		if e, err = p.verify(ctx, now, token, &at); err != nil {
			return keywright.Decision{Reason: reasonOf(err)}
		}
	}
	s, err := p.standingOf(ctx, now, e)
	if err != nil {
		return keywright.Decision{Reason: reasonOf(err)}
	}
	return p.decide(now, e, s, n)
}

// decide asks for the tenant as it is now.
func (p *Providers) decide(now time.Time, e *entry, s *standing, n *keywright.Need) keywright.Decision {
	if p.o.Fresh != nil && !p.o.Fresh() {
		return keywright.Decision{}
	}
	var t *keywright.Tenant
	if p.o.Tenant != nil && s.tenant != keywright.OperatorTenant {
		t = p.o.Tenant(s.tenant)
	}
	if t == nil && p.o.Fresh != nil && !p.o.Fresh() {
		return keywright.Decision{} // it became too old between the two
	}
	if t != nil && !p.serves(e, t) {
		return keywright.Decision{Reason: keywright.Unknown}
	}
	return keywright.DecideToken(now, keywright.Grant{
		Principal: s.principal, Environment: e.from.Map.Environment, Permissions: e.permissions, Expires: e.diesAt(now),
	}, t, *n)
}

// serves holds the tenant to what the API serves, and one that a claim names to its
// ref as it is now: an id is no ref.
func (p *Providers) serves(e *entry, t *keywright.Tenant) bool {
	if e.ref != "" && t.Ref != e.ref {
		return false
	}
	return p.o.Serves == nil || p.o.Serves(t)
}

func reasonOf(err error) keywright.Reason {
	switch {
	case errors.Is(err, errExpired):
		return keywright.Expired
	case errors.Is(err, errUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return keywright.Failure
	default:
		return keywright.Unknown
	}
}

// remembered returns a token that was verified before, if it still holds: before
// its exp, and signed with a key that the provider still publishes.
func (p *Providers) remembered(now time.Time, at *fingerprint) (*entry, bool) {
	e, ok := p.seen.get(at)
	if !ok {
		return nil, false
	}
	if !now.Before(e.expires) {
		p.seen.drop(at)
		return nil, false
	}
	if now.Before(e.begins) {
		return nil, false // the clock stepped back
	}
	keys := e.from.ring.now()
	if keys == nil {
		return nil, false
	}
	if !keys.has(e.key) {
		p.seen.drop(at)
		return nil, false
	}
	return e, true
}

// verify looks at a token for the first time.
func (p *Providers) verify(ctx context.Context, now time.Time, token string, at *fingerprint) (*entry, error) {
	c, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	from := p.of(c)
	if from == nil {
		return nil, fmt.Errorf("%w: its issuer is none of ours", errClaims)
	}
	if err := from.checkAccess(now, c); err != nil {
		return nil, err
	}
	k, err := p.checkSignature(ctx, from, c, token, at)
	if err != nil {
		return nil, err
	}
	e, err := newEntry(from, c, k)
	if err != nil {
		return nil, err
	}
	if now.Before(e.expires) {
		p.seen.put(at, e)
	}
	return e, nil
}

// checkSignature finds the key that the provider publishes under the token's kid,
// and asks go-jose, with the one algorithm that is both configured and the key's.
func (p *Providers) checkSignature(ctx context.Context, from *provider, c *claims, token string, at *fingerprint) (*key, error) {
	if bad, known := p.bad.get(at); known {
		if keys := from.ring.now(); keys != nil && keys == bad.under {
			return nil, errClaims
		}
		p.bad.drop(at)
	}
	k, err := from.ring.find(ctx, c.header)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.header.algorithm)})
	if err == nil {
		_, err = signed.Verify(k.public)
	}
	if err != nil {
		p.bad.put(at, badSignature{under: from.ring.now()})
		return nil, fmt.Errorf("%w: its signature does not hold", errClaims)
	}
	return k, nil
}

// checkTimes holds a token to its instants. exp and iat must be there.
func (f *provider) checkTimes(now time.Time, c *claims) error {
	switch {
	case c.expires.IsZero() || c.issued.IsZero() || !c.expires.After(c.issued):
		return fmt.Errorf("%w: it has no exp and iat that make sense", errClaims)
	case c.issued.After(now.Add(f.Leeway)) || c.begins.After(now.Add(f.Leeway)):
		return fmt.Errorf("%w: it is not valid yet", errClaims)
	case !now.Before(c.expires.Add(f.Leeway)):
		return errExpired
	}
	return nil
}

// checkAccess holds an access token to everything but its signature, so that what
// fails costs nothing and nobody is asked.
func (f *provider) checkAccess(now time.Time, c *claims) error {
	switch {
	case !slices.Contains(f.Algorithms, c.header.algorithm):
		return fmt.Errorf("%w: its algorithm is not taken", errClaims)
	case !slices.ContainsFunc(c.audience, func(a string) bool { return slices.Contains(f.Audiences, a) }):
		return fmt.Errorf("%w: it is for another audience", errClaims)
	case c.subject == "" || len(c.subject) > maxSubject:
		return fmt.Errorf("%w: it has no subject", errClaims)
	case !f.isAccess(c):
		return fmt.Errorf("%w: it is no access token", errClaims)
	case !c.expires.IsZero() && !c.issued.IsZero() && c.expires.Sub(c.issued) > f.MaxLife:
		return fmt.Errorf("%w: it lives too long", errClaims)
	}
	return f.checkTimes(now, c)
}

// isAccess tells an access token from an ID token and from the other JWTs that a
// provider signs with the same keys. A token that is bound to a key of its client
// (cnf) is no bearer token, and is not taken as one.
func (f *provider) isAccess(c *claims) bool {
	for _, only := range []string{"nonce", "at_hash", "c_hash", "s_hash", "cnf", "events"} {
		if _, there := c.all[only]; there {
			return false
		}
	}
	if f.Claim == "" {
		return c.header.kind == "at+jwt"
	}
	if !slices.Contains([]string{"", "jwt", "at+jwt"}, c.header.kind) {
		return false
	}
	values, err := c.all.texts(f.Claim)
	return err == nil && slices.Contains(values, f.Value)
}
