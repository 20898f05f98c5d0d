package introspect

import (
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// finding is what became of a token.
type finding struct {
	schemes  []*scheme.Scheme // whose key it is, or all that grant a JWT
	decision keywright.Decision
	read     bool // a scheme has such a form
}

// known reports whether it is known whose the token is.
func (f *finding) known() bool { return f.decision.Tenant != nil }

// find decides about a token: as a key of any scheme, and if it has no key's form,
// as a JWT. Nothing is counted.
func (s *server) find(by *Caller, q *question) finding {
	f := s.findKey(by, q)
	if f.read || s.Tokens == nil || !isJWT(q.token) {
		return f
	}
	return s.findToken(by, q)
}

// findKey asks for the token under every scheme that could have made it, and goes
// on when it has been found, so that the time taken does not tell which.
func (s *server) findKey(by *Caller, q *question) finding {
	out := finding{decision: keywright.Decision{Reason: keywright.Unknown}}
	s.each(by, q, func(one *scheme.Scheme, need *keywright.Need) {
		for _, c := range readings(one, q.token) {
			d := s.Index.Verify(s.Clock(), s.Pepper.Digest(c), need)
			if better(&d, &out.decision) {
				out.schemes, out.decision = []*scheme.Scheme{one}, d
			}
			out.read = true
		}
	})
	return out
}

// findToken asks under every scheme that takes JWTs, as one may ask for what
// another does not.
func (s *server) findToken(by *Caller, q *question) finding {
	out := finding{decision: keywright.Decision{Reason: keywright.Unknown}}
	s.each(by, q, func(one *scheme.Scheme, need *keywright.Need) {
		if !one.TakesTokens() {
			return
		}
		d := s.Tokens.VerifyToken(s.Clock(), q.token, need)
		if d.Granted() {
			out.schemes = append(out.schemes, one)
		}
		if better(&d, &out.decision) {
			out.decision = d
		}
	})
	return out
}

// each calls for every scheme that is asked about, in the order of their names,
// with what that scheme needs of its keys, of those that the caller may see.
func (s *server) each(by *Caller, q *question, do func(*scheme.Scheme, *keywright.Need)) {
	all := s.Schemes()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if q.scheme != "" && q.scheme != name {
			continue
		}
		need := all[name].Need()
		need.From = q.address
		need.Permissions = slices.Concat(need.Permissions, strings.Fields(q.scope))
		if by.Tenant != keywright.OperatorTenant {
			need.Tenant = by.Tenant
			if need.Tenant == "" {
				continue // nobody's caller sees nothing
			}
		}
		do(all[name], &need)
	}
}

// better prefers a grant to all else, what is found to what is not, and a failure
// to not knowing: what could not be looked up is not thereby unknown.
func better(d, than *keywright.Decision) bool {
	rank := func(d *keywright.Decision) int {
		switch {
		case d.Granted():
			return 3
		case d.Tenant != nil:
			return 2
		case d.Reason == keywright.Failure:
			return 1
		}
		return 0
	}
	return rank(d) > rank(than)
}

// readings are the credentials of a scheme that a token may spell: one secret, or
// a pair with a colon between, as in Basic. At most one is what was meant.
func readings(one *scheme.Scheme, token string) (all []keywright.Credential) {
	if c, reason := one.Read("", token); reason == keywright.Granted {
		all = append(all, c)
	}
	if public, secret, ok := strings.Cut(token, ":"); ok && public != "" {
		if c, reason := one.Read(public, secret); reason == keywright.Granted {
			all = append(all, c)
		}
	}
	return all
}

// isJWT reports whether a token has exactly two dots between base64url.
func isJWT(token string) bool {
	parts := strings.Split(token, ".")
	for _, p := range parts {
		if p == "" || strings.Trim(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(parts) == 3 && len(token) <= maxJWT
}

// maxJWT is what the gate takes for one, too.
const maxJWT = 8 << 10
