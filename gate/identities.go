package gate

import (
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

// Identities makes the assertion for a granted request: once per caller (a key, or
// the subject of a token) and API, reused while it is fresh, never past the
// credential's death. It is bounded, and safe
// for concurrent use.
type Identities struct {
	sign   func(seal.Identity) (string, error)
	clock  func() time.Time
	shards [identityShards]identityShard
}

const (
	identityShards   = 16
	identityPerShard = 4096
	// identityReuse leaves an upstream half of an assertion's life at least.
	identityReuse = seal.IdentityLife / 2
)

type identityShard struct {
	mu   sync.Mutex
	made map[identityKey]assertion
}

type identityKey struct {
	caller keywright.KeyID
	api    string
}

// assertion is a signed token, and what it was signed of.
type assertion struct {
	token       string
	from, until time.Time // reused at from and later, before until
	dies        time.Time
	tenant      keywright.TenantID
	version     uint64
	environment string
	permissions []string
	who         caller
}

// caller is what an assertion says of whom a token speaks for; zero for a key.
type caller struct{ issuer, id, person, role, email string }

// login is the token's issuer and subject, with a space between.
func (c *caller) login() string {
	if c.issuer == "" {
		return ""
	}
	return c.issuer + " " + c.id
}

func callerOf(d *keywright.Decision) caller {
	p := d.Principal
	if p == nil {
		return caller{}
	}
	return caller{issuer: p.Issuer, id: p.ID, person: p.Person, role: p.Role, email: p.Email}
}

// NewIdentities returns a maker of assertions.
func NewIdentities(s *seal.Signer, clock func() time.Time) *Identities {
	return newIdentities(s.Sign, clock)
}

func newIdentities(sign func(seal.Identity) (string, error), clock func() time.Time) *Identities {
	i := &Identities{sign: sign, clock: clock}
	for n := range i.shards {
		i.shards[n].made = make(map[identityKey]assertion)
	}
	return i
}

// For returns the assertion for a granted verdict. It is "" for an open route,
// which has nobody to tell of. An amended tenant or key is signed anew at once.
func (i *Identities) For(v *Verdict) (string, error) {
	d := &v.Decision
	if !d.Granted() || v.API == nil {
		return "", &keywright.Error{Kind: keywright.Internal, Detail: "an identity is only for a granted request"}
	}
	if d.Tenant == nil {
		return "", nil
	}
	now := i.clock()
	id := d.Counts()
	at := identityKey{caller: id, api: v.API.Name}
	shard := &i.shards[id[len(id)-1]%identityShards]
	shard.mu.Lock()
	a, ok := shard.made[at]
	shard.mu.Unlock()
	if ok && a.fits(now, d) {
		return a.token, nil
	}
	// Signing is done outside the lock: two requests may both sign, and either's
	// token is as good.
	a, err := i.make(now, v)
	if err != nil {
		return "", err
	}
	shard.keep(at, a)
	return a.token, nil
}

func (a *assertion) fits(now time.Time, d *keywright.Decision) bool {
	return !now.Before(a.from) && now.Before(a.until) && a.dies.Equal(d.Dies) &&
		a.tenant == d.Tenant.ID && a.version == d.Tenant.Version &&
		a.environment == d.Environment && slices.Equal(a.permissions, d.Permissions) && a.who == callerOf(d)
}

func (i *Identities) make(now time.Time, v *Verdict) (assertion, error) {
	d := &v.Decision
	t := d.Tenant
	issued, expires := now.Unix(), now.Add(seal.IdentityLife).Unix()
	until := now.Add(identityReuse)
	if !d.Dies.IsZero() && d.Dies.Unix() < expires {
		// A JWT counts whole seconds: in a key's very last one, which is cut off
		// by its death, the assertion ends with that second.
		expires = max(d.Dies.Unix(), issued+1)
		if end := time.Unix(expires, 0); end.Before(until) {
			until = end
		}
	}
	who := callerOf(d)
	token, err := i.sign(seal.Identity{
		Audience: v.API.Name, Subject: string(t.ID), Ref: t.Ref, TenantName: t.Name, Key: d.Key.String(), Scheme: v.speaks.name,
		Login: who.login(), Person: who.person, Role: who.role, Email: who.email,
		Environment: d.Environment, Permissions: d.Permissions, Metadata: t.Metadata, IssuedAt: issued, Expires: expires,
	})
	return assertion{
		token: token, from: now, until: until, dies: d.Dies, tenant: t.ID, version: t.Version,
		environment: d.Environment, permissions: d.Permissions, who: who,
	}, err
}

// keep remembers an assertion. A full shard first forgets what is no longer
// fresh, and if that frees nothing, everything: signing again costs 17 µs.
func (s *identityShard) keep(at identityKey, a assertion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.made[at]; !there && len(s.made) >= identityPerShard {
		for k, old := range s.made {
			if !a.from.Before(old.until) {
				delete(s.made, k)
			}
		}
		if len(s.made) >= identityPerShard {
			s.made = make(map[identityKey]assertion)
		}
	}
	s.made[at] = a
}
