package gate

import (
	"fmt"
	"strings"
)

// pattern is a route's path, segment by segment.
type pattern struct {
	segments []segment
	rest     bool // any number of further segments
}

// segment is a literal, or "" for exactly one of anything.
type segment struct{ literal string }

func parsePattern(path string) (pattern, error) {
	if !strings.HasPrefix(path, "/") {
		return pattern{}, invalid("path", fmt.Sprintf(`%q must begin with a slash, such as "/v1/items/{id}"`, path))
	}
	var p pattern
	if path == "/" {
		return p, nil
	}
	body := strings.TrimSuffix(path[1:], "/")
	parts := strings.Split(body, "/")
	for i, part := range parts {
		name, open := strings.CutPrefix(part, "{")
		name, closed := strings.CutSuffix(name, "}")
		name, many := strings.CutSuffix(name, "...")
		switch {
		case !open && !closed:
			if strings.ContainsAny(part, "{}%") || !unambiguous("/"+part) || part == "" {
				return pattern{}, invalid("path", fmt.Sprintf("%q: the segment %q is neither plain text nor a name in braces", path, part))
			}
			p.segments = append(p.segments, segment{literal: part})
		case !open || !closed || name == "" || strings.ContainsAny(name, "{}.%*"):
			return pattern{}, invalid("path", fmt.Sprintf("%q: %q is not a name in braces; write {id}, or {rest...} at the end", path, part))
		case many && i != len(parts)-1:
			return pattern{}, invalid("path", fmt.Sprintf("%q: %s stands for everything that follows, so it must come last", path, part))
		case many:
			p.rest = true
		default:
			p.segments = append(p.segments, segment{})
		}
	}
	return p, nil
}

// match reports whether a clear path fits.
func (p *pattern) match(path string) bool {
	rest := strings.TrimSuffix(path[1:], "/")
	more := rest != ""
	for i := range p.segments {
		if !more {
			return false
		}
		var part string
		part, rest, more = strings.Cut(rest, "/")
		if want := p.segments[i].literal; want != "" && part != want && !spells(part, want) {
			return false
		}
	}
	return p.rest || !more
}

// spells reports whether an escaped segment decodes to a literal: an upstream
// would decode it, so the gate must see through it too.
func spells(escaped, literal string) bool {
	i := 0
	for j := 0; j < len(literal); j++ {
		if i >= len(escaped) {
			return false
		}
		c := escaped[i]
		if d, ok := unescape(escaped[i:]); ok {
			c, i = d, i+2
		}
		if c != literal[j] {
			return false
		}
		i++
	}
	return i == len(escaped)
}
