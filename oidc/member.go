package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

const (
	askAgain     = 30 * time.Second // how old what is known of a membership may be
	askAgainSoon = 2 * time.Second  // for somebody who was refused
	// askAgainFailed is how long it is taken to be unavailable after it failed.
	askAgainFailed = 250 * time.Millisecond
	storeTimeout   = 2 * time.Second
)

// entry is a token that was verified.
type entry struct {
	from        *provider
	key         *key
	expires     time.Time // its exp: what is remembered is used until then
	dies        time.Time // with the leeway
	begins      time.Time // not before, with the leeway
	ref         string    // the tenant claim; "" where memberships say it
	permissions []string
	external    people.External
	counts      keywright.KeyID

	mu       sync.Mutex
	flight   <-chan struct{} // closed when the question under way ends; nil: none is
	standing atomic.Pointer[standing]
}

// standing is what a token's subject was found to have here.
type standing struct {
	tenant    keywright.TenantID
	principal *keywright.Principal
	err       error     // why not
	asked     time.Time // on the real clock
	askedAt   time.Time // on the clock that keys live by
}

// diesAt is the instant at which the grant ends: exp, and for a token that is
// looked at within the leeway past it, the leeway's end.
func (e *entry) diesAt(now time.Time) time.Time {
	if now.Before(e.expires) {
		return e.expires
	}
	return e.dies
}

func newEntry(from *provider, c *claims, k *key) (*entry, error) {
	e := &entry{from: from, key: k, expires: c.expires, dies: c.expires.Add(from.Leeway), counts: countsOf(c.issuer, c.subject)}
	if e.begins = c.issued.Add(-from.Leeway); c.begins.After(c.issued) {
		e.begins = c.begins.Add(-from.Leeway)
	}
	var err error
	if from.Map.Tenant != "" {
		if e.ref, err = c.all.text(from.Map.Tenant); err != nil {
			return nil, err
		}
		if e.ref == "" || len(e.ref) > maxText {
			return nil, fmt.Errorf("%w: it names no tenant", errClaims)
		}
	}
	if e.permissions, err = from.permissions(c); err != nil {
		return nil, err
	}
	e.external, err = externalOf(from, c)
	return e, err
}

// countsOf stands for a subject where a key's id would. The length tells issuer
// and subject apart.
func countsOf(issuer, subject string) (id keywright.KeyID) {
	text := binary.BigEndian.AppendUint64(nil, uint64(len(issuer)))
	sum := sha256.Sum256(append(append(text, issuer...), subject...))
	copy(id[:], sum[:])
	return id
}

// permissions are those that every token has, and those of the mapped claim.
func (f *provider) permissions(c *claims) ([]string, error) {
	all := slices.Clone(f.Map.Always)
	if f.Map.Permissions == "" {
		return all, nil
	}
	given, err := c.all.texts(f.Map.Permissions)
	if err != nil {
		return nil, err
	}
	for _, words := range given {
		all = append(all, strings.Fields(words)...)
	}
	if len(all) > maxGranted {
		return nil, fmt.Errorf("%w: it holds too many permissions", errClaims)
	}
	return all, nil
}

// externalOf says whom a token speaks of. An e-mail address is no identity; it is
// the people's to decide what it is good for.
func externalOf(from *provider, c *claims) (people.External, error) {
	x := people.External{
		Provider: from.Name, Issuer: c.issuer, Subject: c.subject, EmailVerified: c.all.yes("email_verified"), TrustEmail: from.TrustEmail,
	}
	var err error
	if x.Email, err = c.all.text("email"); err != nil {
		return x, err
	}
	if x.Name, err = c.all.text("name"); err != nil {
		return x, err
	}
	if len(x.Email) > maxText || len(x.Name) > maxText {
		return x, fmt.Errorf("%w: its texts are too long", errClaims)
	}
	return x, nil
}

// standingOf returns what the token's subject has here, asking again when what is
// known is too old.
func (p *Providers) standingOf(ctx context.Context, now time.Time, e *entry) (*standing, error) {
	if s := e.standing.Load(); s != nil && s.fresh(p.wall(), now) {
		return s, s.err
	}
	select {
	case <-p.look(now, e):
	case <-ctx.Done():
	}
	if s := e.standing.Load(); s != nil && s.fresh(p.wall(), now) {
		return s, s.err
	}
	return nil, errUnavailable
}

// look joins the question under way, or begins one. What it returns is closed at
// the answer, and storeTimeout after the beginning at the latest, whatever the
// source does: nobody queues behind a source that hangs.
func (p *Providers) look(now time.Time, e *entry) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.flight != nil {
		return e.flight
	}
	if s := e.standing.Load(); s != nil && s.fresh(p.wall(), now) {
		return answered()
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	e.flight = ctx.Done()
	go func() {
		defer cancel() // after the answer is kept
		s := &standing{asked: p.wall(), askedAt: now}
		if s.err = p.ask(ctx, e, s); errors.Is(s.err, errUnavailable) {
			s.asked = p.wall()
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.standing.Store(s)
		e.flight = nil
	}()
	return e.flight
}

// answered is a question that somebody else has asked meanwhile.
func answered() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// fresh holds it to both clocks: either may be the one that is made to jump. That
// nobody could say is kept for a moment of the real one.
func (s *standing) fresh(wall, now time.Time) bool {
	most := askAgain
	real, told := wall.Sub(s.asked), now.Sub(s.askedAt)
	switch {
	case errors.Is(s.err, errUnavailable):
		return real >= 0 && real < askAgainFailed
	case s.err != nil:
		most = askAgainSoon
	}
	return real >= 0 && real < most && told > -most && told < most
}

// ask fills in who the subject is here: by the tenant claim, or as a member.
func (p *Providers) ask(ctx context.Context, e *entry, s *standing) error {
	x := &e.external
	who := &keywright.Principal{Issuer: x.Issuer, ID: x.Subject, Name: x.Name, Counts: e.counts}
	s.principal = who
	switch {
	case e.ref != "" && p.o.ByRef != nil:
		id, err := p.o.ByRef(ctx, e.ref)
		if err != nil {
			return notHere(err, keywright.NotFound)
		}
		s.tenant = id
		if x.EmailVerified && x.TrustEmail {
			who.Email = x.Email // upstreams are told it as a fact
		}
	case e.ref == "" && p.o.Members != nil:
		m, err := p.o.Members(ctx, *x)
		if err != nil {
			return notHere(err, people.ErrSignIn, keywright.NotFound)
		}
		// The address is the member's own, whatever the token says.
		s.tenant, who.Person, who.Role, who.Email = m.Tenant, string(m.Person.ID), string(m.Role), m.Person.Email
	}
	if s.tenant == "" || s.tenant == keywright.OperatorTenant {
		return fmt.Errorf("%w: it belongs to no tenant", errClaims)
	}
	return nil
}

// notHere tells a clear no from a store that could not say.
func notHere(err error, no ...keywright.Kind) error {
	for _, kind := range no {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w: its subject belongs to no tenant", errClaims)
		}
	}
	return errUnavailable
}

// Person returns whom an access token speaks for, verified as VerifyToken does but
// without a tenant: for the self-service API. Its error is people.ErrSignIn's kind,
// or Unavailable.
func (p *Providers) Person(ctx context.Context, now time.Time, token string) (people.External, error) {
	at := fingerprintOf(token)
	e, ok := p.remembered(now, &at)
	if !ok {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		var err error
		if e, err = p.verify(ctx, now, token, &at); err != nil {
			return people.External{}, refused(err)
		}
	}
	return e.external, nil
}

// refused is the error that callers see: it says no more than that.
func refused(err error) error {
	if reasonOf(err) == keywright.Failure {
		return &keywright.Error{Kind: keywright.Unavailable, Detail: "the identity provider could not be reached", Cause: err}
	}
	return &keywright.Error{Kind: people.ErrSignIn, Detail: "the identity provider's answer was not accepted", Cause: err}
}
