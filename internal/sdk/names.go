package sdk

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// names hands out identifiers, each once.
type names struct{ taken map[string]bool }

func newNames(reserved ...string) *names {
	n := &names{taken: map[string]bool{}}
	for _, r := range reserved {
		n.taken[r] = true
	}
	return n
}

// take makes an identifier of its own of what is wanted.
func (n *names) take(want string) string {
	got := want
	for i := 2; n.taken[got]; i++ {
		got = fmt.Sprint(want, i)
	}
	n.taken[got] = true
	return got
}

// words cuts any text into its ASCII words.
func words(s string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, string(word))
			word = nil
		}
	}
	before := ' '
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII || (!unicode.IsLetter(r) && !unicode.IsDigit(r)):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(before):
			flush()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		before = r
	}
	flush()
	if len(out) > 12 {
		out = out[:12]
	}
	return out
}

// pascal spells a text as the name of a type.
func pascal(s, otherwise string) string {
	var b strings.Builder
	for _, w := range words(s) {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	name := identifier(b.String(), otherwise)
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// camel spells a text as the name of a method or a parameter.
func camel(s, otherwise string) string {
	var b strings.Builder
	for i, w := range words(s) {
		switch {
		case i > 0:
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		case w == strings.ToUpper(w):
			b.WriteString(strings.ToLower(w))
		default:
			b.WriteString(strings.ToLower(w[:1]) + w[1:])
		}
	}
	return identifier(b.String(), otherwise)
}

// identifier makes sure that a name is one. Keywords need no care: a type's name
// begins in upper case, and the others are names of members.
func identifier(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	if s[0] >= '0' && s[0] <= '9' {
		s = "n" + s
	}
	if len(s) > 80 {
		s = s[:80]
	}
	return s
}

// bare reports whether a text may stand as a property's name without quotes.
func bare(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '$' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && s != "__proto__"
}

// property spells a property's name.
func property(s string) string {
	if bare(s) {
		return s
	}
	return quote(s)
}

// quote writes a text as a string literal. json.Marshal also escapes <, >, & and
// the two line ends of Unicode; what is no UTF-8 is replaced.
func quote(s string) string {
	out, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(out)
}

const maxComment = 2000

// comment writes a documentation comment, or nothing. No text can end it.
func comment(indent string, paragraphs ...string) string {
	var lines []string
	for _, p := range paragraphs {
		p = strings.ToValidUTF8(p, "")
		if len(p) > maxComment {
			p = strings.ToValidUTF8(p[:maxComment], "") + "…"
		}
		for _, line := range strings.FieldsFunc(p, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }) {
			if line = strings.TrimSpace(clean(line)); line != "" {
				lines = append(lines, line)
			}
		}
	}
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return indent + "/** " + lines[0] + " */\n"
	}
	return indent + "/**\n" + indent + " * " + strings.Join(lines, "\n"+indent+" * ") + "\n" + indent + " */\n"
}

// clean takes the meaning from whatever could end a comment, hide text in it, or
// turn its direction around.
func clean(s string) string {
	s = strings.ReplaceAll(s, "*/", "*\u200a/")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, s)
}
