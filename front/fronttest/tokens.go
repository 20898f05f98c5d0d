package fronttest

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// vouched is what stands behind a fixture that is a token: whom it speaks for,
// and the tenant, which the index has.
type vouched struct {
	grant  keywright.Grant
	tenant keywright.TenantID
}

// VerifyToken implements gate.Tokens: an identity provider that made each token
// itself, and remembers it.
func (f *fixtures) VerifyToken(now time.Time, token string, n *keywright.Need) keywright.Decision {
	v, ok := f.tokens[token]
	if !ok {
		return keywright.Decision{Reason: keywright.Unknown}
	}
	return keywright.DecideToken(now, v.grant, f.index.Tenant(v.tenant), *n)
}

// takesTokensAlone reports whether no key is ever made for a scheme.
func takesTokensAlone(s *scheme.Scheme) bool { return len(s.Formats()) == 0 }

// token makes a text of a JWT's form. What it would say is not read by a front.
func (f *fixtures) token() keywright.Credential {
	var random [48]byte
	_, err := rand.Read(random[:])
	must(f.t, err)
	text := base64.RawURLEncoding.EncodeToString(random[:])
	return keywright.NewCredential("", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9."+text[:40]+"."+text[40:])
}

// vouch remembers a token as good, until its key's stand-in would expire.
func (f *fixtures) vouch(c keywright.Credential, k *keywright.Key) {
	_, text := c.Reveal()
	until := k.Expires
	if until.IsZero() {
		until = base().Add(24 * time.Hour)
	}
	who := &keywright.Principal{Issuer: "https://id.example.com", ID: string(k.Tenant), Person: "per_fixture", Role: "member", Counts: k.ID}
	f.tokens[text] = vouched{tenant: k.Tenant, grant: keywright.Grant{Principal: who, Environment: k.Environment, Permissions: k.Permissions, Expires: until}}
}
