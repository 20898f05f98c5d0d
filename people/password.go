package people

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// A password may stand alone here, so NIST SP 800-63B-4 asks for 15 characters of
// any kind, no rule of composition, and a look at what is usual or to be expected.
const (
	minPassword = 15
	maxPassword = 1024 // bytes
	minOwn      = 8    // characters that remain when what is to be expected is taken away
)

//go:embed common.txt
var commonText string

// checkPassword returns an Invalid error for a password that nobody should have.
// expected are the person's address, their name and the service's.
func checkPassword(password keywright.Credential, expected ...string) error {
	text, fit := passwordText(password)
	switch n := utf8.RuneCountInString(text); {
	case n < minPassword:
		return invalid("password", "at least 15 characters; a few words that do not belong together are easy to remember")
	case !fit:
		return invalid("password", "at most 1,024 bytes of text without control characters")
	}
	plain := letters(text)
	if usual(plain) {
		return invalid("password", "too usual: it is among what is tried first")
	}
	for _, one := range expected {
		for _, word := range strings.FieldsFunc(strings.ToLower(one), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(word) >= 4 {
				plain = strings.ReplaceAll(plain, word, "")
			}
		}
	}
	if utf8.RuneCountInString(plain) < minOwn {
		return invalid("password", "too easy to guess: it is mostly your name, your address or this service's name")
	}
	return nil
}

// letters is a text without what people add to make it look different.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || (r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// usual reports whether a password is a usual one, a few usual ones in a row, or a
// short piece over and over.
func usual(plain string) bool {
	for line := range strings.Lines(commonText) {
		if word := strings.TrimSpace(line); word != "" && word[0] != '#' {
			plain = strings.ReplaceAll(plain, word, "")
		}
	}
	distinct := map[rune]bool{}
	for _, r := range plain {
		distinct[r] = true
	}
	return len(distinct) < 5 || repeats(plain)
}

// repeats reports whether a text is one piece of at most a third of it, again and again.
func repeats(s string) bool {
	for n := 1; n <= len(s)/3; n++ {
		if s[:len(s)-n] == s[n:] {
			return true
		}
	}
	return false
}
