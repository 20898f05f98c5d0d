package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// How much is kept at most, and for how long.
const (
	codeLife    = time.Minute
	usedLife    = 10 * time.Minute // a used code is remembered, so that its replay is known
	refreshLife = 24 * time.Hour
	maxGrants   = 4096
)

// family is all that came of one choice of a person; a replay ends all of it.
type family struct {
	user    *User
	client  string
	scope   string
	nonce   string
	chosen  time.Time
	revoked bool
}

// What a grant is.
type kind uint8

const (
	aCode kind = iota + 1
	aRefresh
	anAccess
)

// grant is a code, a refresh token or the name of an access token, by its hash.
type grant struct {
	*family
	kind      kind
	redirect  string // codes only
	challenge string // codes only
	until     time.Time
	used      bool
}

// grants is a bounded memory of all that was granted.
type grants struct {
	clock func() time.Time
	mu    sync.Mutex
	all   map[[sha256.Size]byte]*grant
}

func newGrants(clock func() time.Time) *grants {
	return &grants{clock: clock, all: map[[sha256.Size]byte]*grant{}}
}

// add keeps a grant and returns its secret.
func (g *grants) add(one *grant) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.makeRoom()
	secret := random()
	g.all[sha256.Sum256([]byte(secret))] = one
	return secret
}

// makeRoom drops what is over, and when that is not enough what ends soonest.
func (g *grants) makeRoom() {
	if len(g.all) < maxGrants {
		return
	}
	now := g.clock()
	var soonest [sha256.Size]byte
	var first time.Time
	for h, one := range g.all {
		if !now.Before(one.until) {
			delete(g.all, h)
			continue
		}
		if first.IsZero() || one.until.Before(first) {
			soonest, first = h, one.until
		}
	}
	if len(g.all) >= maxGrants {
		delete(g.all, soonest)
	}
}

// take uses a grant up, if fits says that it is the one asked for. A second use, by
// whoever it is, revokes the family (RFC 9700): the secret has leaked.
func (g *grants) take(secret string, fits func(*grant) bool) (*grant, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.all[sha256.Sum256([]byte(secret))]
	if one == nil || one.kind == anAccess {
		return nil, false
	}
	if one.used {
		one.revoked = true
		return nil, false
	}
	now := g.clock()
	if one.revoked || !now.Before(one.until) || !fits(one) {
		return nil, false
	}
	one.used = true
	if one.kind == aCode {
		one.until = now.Add(usedLife)
	}
	return one, true
}

// named returns the family of an access token that is still good, or nil.
func (g *grants) named(name string) *family {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.all[sha256.Sum256([]byte(name))]
	if one == nil || one.kind != anAccess || one.revoked || !g.clock().Before(one.until) {
		return nil
	}
	return one.family
}

// random is 256 bits for a URL.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program rather than return less
	return base64.RawURLEncoding.EncodeToString(b[:])
}
