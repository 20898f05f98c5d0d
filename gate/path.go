package gate

import (
	"strings"
	"unicode/utf8"
)

// maxPath bounds a path that is looked at.
const maxPath = 8 << 10

// unambiguous reports whether every reader of a path, however it decodes and cleans,
// reads the same one. A path that is not clear is refused, never normalized into
// another route: no dot segments, no empty ones but the last, nothing that is a
// separator or a dot once decoded, no parameters, no bytes that RFC 3986 does
// not allow, and no escape that decodes to an escape or to broken UTF-8.
func unambiguous(path string) bool {
	if path == "" || path[0] != '/' || len(path) > maxPath {
		return false
	}
	for rest := path[1:]; ; {
		segment, more, found := strings.Cut(rest, "/")
		if segment == "." || segment == ".." || (segment == "" && found) || !clearSegment(segment) {
			return false
		}
		if !found {
			return true
		}
		rest = more
	}
}

func clearSegment(s string) bool {
	for i := 0; i < len(s); {
		if s[i] != '%' {
			if !plain(s[i]) {
				return false
			}
			i++
			continue
		}
		n := clearEscape(s[i:])
		if n == 0 {
			return false
		}
		i += n
	}
	return true
}

// plain reports whether a byte may stand for itself in a segment.
func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,=:@[]", c) >= 0
}

// clearEscape returns the length of the escapes that s begins with and that make
// one character, or 0 if that character is not clear.
func clearEscape(s string) int {
	c, ok := unescape(s)
	switch {
	case !ok || c < ' ' || c == 0x7f || strings.IndexByte(`/\.;`, c) >= 0:
		return 0
	case c == '%' && doubly(s[3:]):
		return 0
	case c < utf8.RuneSelf:
		return 3
	}
	var char [utf8.UTFMax]byte
	n := 0
	for n < len(char) {
		b, ok := unescape(s[3*n:])
		if !ok {
			break
		}
		char[n] = b
		n++
	}
	r, size := utf8.DecodeRune(char[:n])
	if r == utf8.RuneError && size <= 1 {
		return 0
	}
	return 3 * size
}

// doubly reports whether what follows an escaped percent sign could make an
// escape of it, for a reader that decodes twice: two hexadecimal digits, of which
// each may be escaped itself.
func doubly(s string) bool {
	return len(s) > 0 && (s[0] == '%' || (len(s) >= 2 && isHex(s[0]) && (s[1] == '%' || isHex(s[1]))))
}

// unescape decodes the escape that s begins with.
func unescape(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' || !isHex(s[1]) || !isHex(s[2]) {
		return 0, false
	}
	return hexValue(s[1])<<4 | hexValue(s[2]), true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}
