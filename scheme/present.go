package scheme

import (
	"encoding/base64"
	"net/netip"
	"strings"

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
	Credential keywright.Credential // with Granted, and the text of a Token
	Part       uint8                // with Missing, CompanionMissing: which of the scheme's parts, from 0; AllParts if none is there
	Wrapped    bool                 // with Foreign, Malformed: the value stands in quotes or in {{…}}
	Class      uint8                // with Granted: which of Classes
	Token      bool                 // with Unknown: the value has the form of a JWT, which the scheme takes beside keys
}

// AllParts is Presented.Part when no part of a pair was there at all.
const AllParts = 0xff

// maxToken bounds what is looked at to recognise a JWT.
const maxToken = 8 << 10

// found is what a place gave: nothing at all, something for another reader,
// something wrong, or a value.
type found uint8

const (
	absent found = iota
	other        // another word: not for this way
	wrong        // for this way, but not to be read
	present
)

// reading is what one way gave.
type reading struct {
	found       found
	missing     bool // of a pair, one half is absent
	part        uint8
	wrapped     bool
	key, secret string
}

// Present reads the credential off a request: transport, presence, companions,
// format and checksum, in that order. It allocates nothing, except to decode
// Basic and percent-coded query values.
func (s *Scheme) Present(v *View) Presented {
	if s.tlsOnly && !v.TLS {
		return Presented{Reason: keywright.InsecureTransport}
	}
	r, w, foreign := s.choose(v)
	if w == nil && !foreign {
		return Presented{Reason: keywright.Missing, Part: r.part}
	}
	if w != nil && r.missing {
		return Presented{Reason: keywright.Missing, Part: r.part}
	}
	for i := range s.companions {
		if !s.companions[i].there(v) {
			return Presented{Reason: keywright.CompanionMissing, Part: uint8(i)}
		}
	}
	switch {
	case w == nil:
		return Presented{Reason: keywright.Foreign, Wrapped: r.wrapped}
	case r.found == wrong:
		return Presented{Reason: keywright.Malformed, Wrapped: r.wrapped}
	}
	return s.judge(w, r.key, r.secret)
}

// choose finds the one way that the request uses. Without one, foreign says
// that something stands where a credential would, for somebody else.
func (s *Scheme) choose(v *View) (chosen reading, by *way, foreign bool) {
	chosen.part = AllParts
	for i := range s.ways {
		w := &s.ways[i]
		r := w.read(v)
		switch {
		case r.found == absent:
		case r.found == other:
			foreign = true
			chosen.wrapped = chosen.wrapped || (by == nil && r.wrapped)
		case by == nil:
			chosen, by = r, w
		case !s.first:
			return reading{found: wrong}, by, false
		}
	}
	return chosen, by, foreign
}

// read looks at every place of a way.
func (w *way) read(v *View) reading {
	p := &w.places[0]
	if p.basic != notBasic {
		return p.readBasic(v, w.longest)
	}
	a := reading{}
	a.key, a.found, a.wrapped = p.value(v, w.longest)
	if len(w.places) == 1 || a.found == other {
		return a
	}
	second, found, wrapped := w.places[1].value(v, w.longest)
	switch {
	case a.found == absent && found == absent:
		return reading{part: AllParts}
	case a.found == absent:
		return reading{found: wrong, missing: true, part: 0}
	case found == absent:
		return reading{found: wrong, missing: true, part: 1}
	case found != present:
		return reading{found: wrong, wrapped: wrapped}
	}
	a.secret = second
	return a
}

// value reads one place. longest bounds what is worth looking at.
func (p *place) value(v *View, longest int) (string, found, bool) {
	if p.query != "" {
		return queryValue(v.RawQuery, p.query, longest)
	}
	lines := v.Header[p.header]
	switch len(lines) {
	case 0:
		return "", absent, false
	case 1:
	default:
		return "", wrong, false
	}
	s := trim(lines[0])
	if s == "" {
		return "", absent, false
	}
	if len(p.words) == 0 {
		return s, present, false
	}
	return p.afterWord(s)
}

// afterWord takes what follows the word, in any letter case, and one or more
// spaces; a tab, a quote or nothing in their place is a fault.
func (p *place) afterWord(s string) (string, found, bool) {
	near, rest := false, ""
	for _, word := range p.words {
		if len(s) < len(word) || !foldEqual(s[:len(word)], word) {
			continue
		}
		near, rest = true, s[len(word):]
		if value := strings.TrimLeft(rest, " "); value != "" && len(value) < len(rest) {
			return value, present, false
		}
	}
	if near {
		return "", wrong, isWrapped(rest)
	}
	return "", other, isWrapped(s)
}

// readBasic decodes Basic credentials.
func (p *place) readBasic(v *View, longest int) reading {
	coded, found, _ := p.value(v, longest)
	if found != present {
		return reading{found: found, part: AllParts}
	}
	if len(coded) > base64.StdEncoding.EncodedLen(2*longest+maxBeside) {
		return reading{found: wrong}
	}
	plain, err := base64.StdEncoding.Strict().DecodeString(coded)
	if err != nil || strings.ContainsAny(coded, "\r\n") { // even Strict passes over line ends
		return reading{found: wrong}
	}
	user, password, ok := strings.Cut(string(plain), ":")
	if !ok {
		return reading{found: wrong}
	}
	switch p.basic {
	case basicPair:
		if user == "" || password == "" {
			return halves(user, password)
		}
		return reading{found: present, key: user, secret: password}
	case basicPassword:
		user, password = password, user
	}
	switch {
	case user == "":
		return reading{found: wrong, missing: true}
	case !p.anyBeside && password != p.beside:
		return reading{found: wrong}
	}
	return reading{found: present, key: user}
}

const maxBeside = 128

func halves(user, password string) reading {
	switch {
	case user == "" && password == "":
		return reading{found: wrong, missing: true, part: AllParts}
	case user == "":
		return reading{found: wrong, missing: true, part: 0}
	default:
		return reading{found: wrong, missing: true, part: 1}
	}
}

// judge looks at the value: foreign, malformed, or of one of the forms.
func (s *Scheme) judge(w *way, key, secret string) Presented {
	if len(key) <= w.longest && len(secret) <= w.longest {
		for _, f := range w.formats {
			if f.key.fits(key) && (!f.pair || f.secret.fits(secret)) {
				p := Presented{Reason: keywright.Granted, Class: f.classIndex}
				if f.pair {
					p.Credential = keywright.NewCredential(key, secret)
				} else {
					p.Credential = keywright.NewCredential("", key)
				}
				return p
			}
		}
	}
	if s.jwt && isJWT(key) {
		return Presented{Reason: keywright.Unknown, Token: true, Credential: keywright.NewCredential("", key)}
	}
	wrapped := isWrapped(key) || isWrapped(secret)
	for _, f := range w.formats {
		if strings.HasPrefix(key, f.key.prefix) {
			return Presented{Reason: keywright.Malformed, Wrapped: wrapped}
		}
	}
	return Presented{Reason: keywright.Foreign, Wrapped: wrapped}
}

// Read checks a credential that did not come in a request: an import. The fault
// is Granted, Foreign or Malformed.
func (s *Scheme) Read(public, secret string) (keywright.Credential, keywright.Reason) {
	key, second, pair := secret, "", public != ""
	if pair {
		key, second = public, secret
	}
	reason := keywright.Foreign
	for i := range s.ways {
		if s.ways[i].pair() != pair {
			reason = keywright.Malformed
			continue
		}
		p := s.judge(&s.ways[i], key, second)
		switch {
		case p.Reason == keywright.Granted:
			return p.Credential, keywright.Granted
		case p.Reason != keywright.Foreign:
			reason = keywright.Malformed
		}
	}
	return keywright.Credential{}, reason
}

// there reports whether a companion stands in the request, once, as it must.
func (c *companion) there(v *View) bool {
	lines := v.Header[c.header]
	if len(lines) != 1 {
		return false
	}
	value := trim(lines[0])
	if len(c.oneOf) == 0 {
		return value != ""
	}
	for _, one := range c.oneOf {
		if value == one {
			return true
		}
	}
	return false
}

// isJWT reports whether a value has exactly two dots between base64url.
func isJWT(s string) bool {
	if len(s) > maxToken {
		return false
	}
	dots, run := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if run == 0 {
				return false
			}
			dots, run = dots+1, 0
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			run++
		default:
			return false
		}
	}
	return dots == 2 && run > 0
}

// isWrapped reports the two mistakes that are made most: quotes that were meant
// for the shell or for JSON, and a template that was never filled in.
func isWrapped(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '"', '\'', '`', '<':
		return true
	}
	return strings.HasPrefix(s, "{{") || strings.HasPrefix(s, "${")
}

// trim takes off the white space that is not part of a header's value.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// foldEqual compares ASCII without regard to case; strings.EqualFold would take
// a Kelvin sign for a k.
func foldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		if y >= 'A' && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			return false
		}
	}
	return true
}
