package scheme

import (
	"strings"

	"github.com/keywright/keywright"
)

// Manners are what the scheme asks of a request beside the credential.
type Manners struct {
	Accept      string // the media type that Accept must allow; "" asks nothing
	ContentType string // what a body must be sent as; "" asks nothing
	Object      bool   // a body must be a JSON object
	Pretty      bool   // JSON answers are indented by two spaces
}

// compileManners checks the page's media types.
func (c *compiler) compileManners() {
	p := &c.page.manners
	for _, t := range []text{p.accept, p.contentType} {
		if t.set && !isMediaType(t.v) {
			c.add(t.at, "a media type is written type/subtype in lower case, such as application/json")
		}
	}
	c.s.manners = Manners{
		Accept: p.accept.v, ContentType: p.contentType.v, Object: p.object.v, Pretty: c.page.style.indent.v == 2,
	}
}

func isMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	return ok && kind != "" && sub != "" && len(s) <= 100 && only(kind+sub, lower+digits+"-.+")
}

// Manners returns them.
func (s *Scheme) Manners() Manners { return s.manners }

// Check looks at Accept and Content-Type: Granted, NotAcceptable or
// UnsupportedMedia. hasBody says whether the request carries one.
func (s *Scheme) Check(v *View, hasBody bool) keywright.Reason {
	if s.manners.Accept != "" && !accepts(v.Header["Accept"], s.manners.Accept) {
		return keywright.NotAcceptable
	}
	if hasBody && s.manners.ContentType != "" && !isOfType(v.Header["Content-Type"], s.manners.ContentType) {
		return keywright.UnsupportedMedia
	}
	return keywright.Granted
}

// accepts reads Accept as RFC 9110 says: the most specific range decides, and a
// weight of zero refuses. No Accept at all takes anything.
func accepts(lines []string, media string) bool {
	if len(lines) == 0 {
		return true
	}
	kind, _, _ := strings.Cut(media, "/")
	best, allowed, ranges := 0, false, 0
	for _, line := range lines {
		for rest := line; rest != ""; {
			var one string
			one, rest = cutOutsideQuotes(rest, ',')
			name, parameters := cutOutsideQuotes(one, ';')
			if name = trim(name); name == "" {
				continue
			}
			ranges++
			rank := specificity(name, media, kind)
			if rank < best || rank == 0 {
				continue
			}
			weighs, plain := weight(parameters)
			if !plain && rank == 3 && !charsetOnly(parameters) {
				continue // another form of the type, such as ;profile="…"
			}
			if rank > best {
				best, allowed = rank, weighs
			} else {
				allowed = allowed || weighs
			}
		}
	}
	return allowed || ranges == 0
}

func specificity(name, media, kind string) int {
	switch {
	case foldEqual(name, media):
		return 3
	case len(name) == len(kind)+2 && strings.HasSuffix(name, "/*") && foldEqual(name[:len(kind)], kind):
		return 2
	case name == "*/*":
		return 1
	}
	return 0
}

// weight reads q off a range's parameters: whether it is above zero, and
// whether there was nothing else. A weight that cannot be read refuses.
func weight(parameters string) (above, plain bool) {
	above, plain = true, true
	for parameters != "" {
		var one string
		one, parameters = cutOutsideQuotes(parameters, ';')
		name, value, ok := strings.Cut(trim(one), "=")
		switch {
		case name == "":
		case ok && foldEqual(trim(name), "q"):
			above = aboveZero(trim(value))
			return above, plain
		default:
			plain = false
		}
	}
	return above, plain
}

// aboveZero reads a weight: 0 to 1 with up to three decimals.
func aboveZero(q string) bool {
	if q == "" || len(q) > 5 || (q[0] != '0' && q[0] != '1') || (len(q) > 1 && q[1] != '.') {
		return false
	}
	above := q[0] == '1'
	for i := 2; i < len(q); i++ {
		switch c := q[i]; {
		case c < '0' || c > '9', q[0] == '1' && c != '0':
			return false
		case c != '0':
			above = true
		}
	}
	return above
}

func charsetOnly(parameters string) bool {
	for parameters != "" {
		var one string
		one, parameters = cutOutsideQuotes(parameters, ';')
		name, _, _ := strings.Cut(trim(one), "=")
		if name != "" && !foldEqual(name, "charset") && !foldEqual(name, "q") {
			return false
		}
	}
	return true
}

// isOfType reads one Content-Type; of its parameters only charset=utf-8 matters.
func isOfType(lines []string, media string) bool {
	if len(lines) != 1 {
		return false
	}
	name, parameters := cutOutsideQuotes(lines[0], ';')
	if !foldEqual(trim(name), media) {
		return false
	}
	for parameters != "" {
		var one string
		one, parameters = cutOutsideQuotes(parameters, ';')
		name, value, _ := strings.Cut(trim(one), "=")
		if foldEqual(trim(name), "charset") && !foldEqual(strings.Trim(trim(value), `"`), "utf-8") {
			return false
		}
	}
	return true
}

// cutOutsideQuotes cuts at the first separator that is not in quotes.
func cutOutsideQuotes(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
