package scheme

import (
	"fmt"
	"math"
	"strings"
)

// alphabet is a set of characters that a stretch of a format is made of.
type alphabet struct {
	name  string
	chars string
	set   *[256]byte // 1 for each character of the alphabet
}

const (
	digits = "0123456789"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	base62 = digits + upper + lower

	crockford  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ulidLength = 26
)

// alphabets are the named ones. One spelling each: hex is lower case only, and
// base32 upper case only, so that a credential has one canonical form.
func alphabets() []alphabet {
	return []alphabet{
		newAlphabet("hex", digits+"abcdef"),
		newAlphabet("base62", base62),
		newAlphabet("alnum", base62),
		newAlphabet("base32", upper+"234567"),
		newAlphabet("base64url", upper+lower+digits+"-_"),
		newAlphabet("digits", digits),
		newAlphabet("lower", lower+digits),
		newAlphabet("upper", upper+digits),
	}
}

func newAlphabet(name, chars string) alphabet {
	a := alphabet{name: name, chars: chars, set: new([256]byte)}
	for i := range len(chars) {
		a.set[chars[i]] = 1
	}
	return a
}

func (a *alphabet) has(c byte) bool { return a.set[c] != 0 }

// all reports whether every character of s is of the alphabet.
func (a *alphabet) all(s string) bool {
	set, ok := a.set, byte(1)
	for i := range len(s) {
		ok &= set[s[i]]
	}
	return ok == 1
}

// bits is how much one character, drawn at random, is worth.
func (a *alphabet) bits() float64 { return math.Log2(float64(len(a.chars))) }

// parseAlphabet reads a name, or a set such as [a-z0-9_].
func parseAlphabet(s string) (alphabet, error) {
	all := alphabets()
	names := make([]string, len(all))
	for i, a := range all {
		if a.name == s {
			return a, nil
		}
		names[i] = a.name
	}
	set, ok := strings.CutPrefix(s, "[")
	if !ok || !strings.HasSuffix(set, "]") {
		return alphabet{}, fmt.Errorf("unknown alphabet %q%s (a set of your own is written as [a-z0-9])", s, didYouMean(s, names))
	}
	return parseSet(s, set[:len(set)-1])
}

func parseSet(name, set string) (alphabet, error) {
	var chars strings.Builder
	add := func(c byte) error {
		if c <= ' ' || c > '~' || strings.IndexByte(`"'{}\,`, c) >= 0 {
			return fmt.Errorf("the set %s may not hold %q: only visible ASCII without quotes, braces, backslash and comma", name, string(rune(c)))
		}
		if strings.IndexByte(chars.String(), c) >= 0 {
			return fmt.Errorf("the set %s holds %q twice", name, string(c))
		}
		return chars.WriteByte(c)
	}
	for i := 0; i < len(set); i++ {
		from, to := set[i], set[i]
		if i+2 < len(set) && set[i+1] == '-' {
			to = set[i+2]
			i += 2
		}
		if from > to {
			return alphabet{}, fmt.Errorf("the set %s has a range that runs backwards: %c-%c", name, from, to)
		}
		for c := int(from); c <= int(to); c++ {
			if err := add(byte(c)); err != nil {
				return alphabet{}, err
			}
		}
	}
	if chars.Len() < 2 {
		return alphabet{}, fmt.Errorf("the set %s needs at least two characters", name)
	}
	return newAlphabet(name, chars.String()), nil
}
