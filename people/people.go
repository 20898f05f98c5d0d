package people

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// What Options leave open.
const (
	defaultIdle       = 12 * time.Hour
	defaultLife       = 30 * 24 * time.Hour
	defaultInvitation = 7 * 24 * time.Hour
)

// Options of New.
type Options struct {
	Store Store
	Keys  keywright.Store  // for tenants that are named; only read
	Clock func() time.Time // nil is time.Now
	// Random is nil for crypto/rand.
	Random         io.Reader
	SessionIdle    time.Duration // 0 is 12 hours
	SessionLife    time.Duration // 0 is 30 days
	InvitationLife time.Duration // 0 is 7 days
	// Passwords off refuses every password: identity providers and passkeys only.
	NoPasswords bool
	// Service is what people call this service: a password must not be made of it.
	// "" is Keywright.
	Service string
	// Observe, unless nil, is told the outcome of every attempt to sign in: one of
	// the Outcome constants. It is for counters; refused attempts are no events,
	// with which a stranger could fill the log.
	Observe func(outcome string)
}

// The outcomes that Options.Observe is told.
const (
	OutcomeSignedIn  = "signed_in"
	OutcomeRefused   = "refused"
	OutcomeThrottled = "throttled"
	OutcomeBusy      = "busy"   // too many passwords were being checked at once
	OutcomeCloned    = "cloned" // a passkey's counter went back: there may be a copy of it
)

// Service is safe for concurrent use. Its errors are *keywright.Error. What a
// stranger could learn from (whether an address is known, which half was wrong)
// is answered alike, in words and in cost.
type Service struct {
	o        Options
	random   io.Reader
	clock    clock
	hasher   *hasher
	throttle *throttle
	begun    begun
	signups  singles
}

// New returns a service.
func New(o Options) *Service {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.SessionIdle <= 0 {
		o.SessionIdle = defaultIdle
	}
	if o.SessionLife <= 0 {
		o.SessionLife = defaultLife
	}
	if o.InvitationLife <= 0 {
		o.InvitationLife = defaultInvitation
	}
	if o.Service == "" {
		o.Service = "Keywright"
	}
	random := &locked{r: o.Random}
	return &Service{o: o, random: random, clock: clock{read: o.Clock}, hasher: newHasher(random), throttle: newThrottle()}
}

// clock never goes back, whatever the one behind it does: it would revive what has ended.
type clock struct {
	read func() time.Time
	mu   sync.Mutex
	last time.Time
}

func (s *Service) now() time.Time {
	c := &s.clock
	t := c.read().UTC().Round(0) // instants are compared with stored ones: no monotonic reading
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.last) {
		c.last = t
	}
	return c.last
}

// locked lets calls that run side by side share one source of randomness.
type locked struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}

func (s *Service) observe(outcome string) {
	if s.o.Observe != nil {
		s.o.Observe(outcome)
	}
}

// newID makes an id of a prefix and a ULID.
func (s *Service) newID(prefix string, now time.Time) (string, error) {
	var entropy [10]byte
	if _, err := io.ReadFull(s.random, entropy[:]); err != nil {
		return "", internal("no id could be drawn", err)
	}
	return prefix + keywright.ULID(keywright.NewKeyID(now, entropy)), nil
}

const tokenBytes = 32

// newToken draws a token, and says under which name its record is found.
func (s *Service) newToken() (keywright.Credential, string, error) {
	var b [tokenBytes]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		return keywright.Credential{}, "", internal("no token could be drawn", err)
	}
	text := base64.RawURLEncoding.EncodeToString(b[:])
	return keywright.NewCredential("", text), digest(text), nil
}

// digest is what is kept of a token. A token has 256 bits, so that a plain hash
// of it can neither be guessed nor, being looked up as a whole, be approached by timing.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// nameOf is under which name a token's record is found; false for what cannot be a token.
func nameOf(token keywright.Credential) (string, bool) {
	public, text := token.Reveal()
	if public != "" || len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return "", false
	}
	return digest(text), true
}

// actor is a person who acts for themselves.
func (f From) actor(p *personRow) keywright.Actor {
	name := p.body.Name
	if name == "" {
		name = p.email()
	}
	return keywright.Actor{ID: string(p.id()), Name: name, Address: f.address(), RequestID: f.RequestID}
}

func (f From) address() string {
	if !f.Address.IsValid() {
		return ""
	}
	return f.Address.Unmap().String()
}

// singles lets one caller at a time work for a subject.
type singles struct {
	mu   sync.Mutex
	busy map[string]chan struct{}
}

// enter waits for a subject's turn, and returns what ends it.
func (s *singles) enter(ctx context.Context, subject string) (leave func(), err error) {
	for {
		s.mu.Lock()
		turn, taken := s.busy[subject]
		if !taken {
			turn = make(chan struct{})
			if s.busy == nil {
				s.busy = map[string]chan struct{}{}
			}
			s.busy[subject] = turn
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.busy, subject)
				s.mu.Unlock()
				close(turn)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
			return nil, &keywright.Error{Kind: keywright.Unavailable, Detail: "the request ended before it was its turn", Cause: ctx.Err()}
		}
	}
}
