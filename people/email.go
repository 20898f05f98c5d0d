package people

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

const (
	maxEmail = 254
	maxLocal = 64
	maxLabel = 63
	maxName  = 200
)

// NormalEmail returns an address as people is known by it: trimmed and in lower
// case. Only ASCII is taken: beyond it two spellings that look or fold alike could
// be two mailboxes, and one of them another's. Errors: Invalid.
func NormalEmail(s string) (string, error) {
	const wrong = "must be an e-mail address such as ada@example.com"
	if len(s) > 4*maxEmail {
		return "", invalid("email", wrong)
	}
	s = strings.Trim(s, " \t\r\n")
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return "", invalid("email", wrong)
		}
	}
	s = strings.ToLower(s)
	local, domain, ok := strings.Cut(s, "@")
	parsed, err := mail.ParseAddress(s)
	if !ok || err != nil || parsed.Address != s || parsed.Name != "" || len(s) > maxEmail || len(local) > maxLocal || !isDomain(domain) {
		return "", invalid("email", wrong)
	}
	return s, nil
}

func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

// checkName trims a person's name and bounds it.
func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) > maxName {
		return "", invalid("name", "at most 200 characters")
	}
	return name, keywright.CheckText("name", name)
}

// tidy makes what a client said about itself fit to be kept and shown.
func tidy(s string, most int) string {
	if len(s) > 4*most {
		s = s[:4*most]
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}
