package domaintrust

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const maxName = 253

// canonical returns a domain's one spelling: lower case, in punycode, without a
// final dot. It refuses whatever could not be registered and resolved: a single
// label, an address, an underscore, a hyphen at an edge, punycode that does not
// decode, a name or label that is too long.
func canonical(name string) (string, error) {
	if name == "" {
		return "", errors.New("is required")
	}
	if !utf8.ValidString(name) || strings.ContainsRune(name, utf8.RuneError) {
		return "", errors.New("must be valid UTF-8")
	}
	if len(name) > 4*maxName {
		return "", errors.New("must have at most 253 characters")
	}
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
		idna.ValidateLabels(true), idna.VerifyDNSLength(true), idna.CheckHyphens(true), idna.CheckJoiners(true), idna.BidiRule())
	ascii, err := profile.ToASCII(strings.TrimSuffix(name, "."))
	if err != nil || len(ascii) > maxName {
		return "", errors.New("must be a domain name such as example.com")
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 0 {
		return "", errors.New("must have at least two labels, such as example.com")
	}
	if top := ascii[dot+1:]; strings.Trim(top, "0123456789") == "" {
		return "", errors.New("must be a domain name, not an address")
	}
	return ascii, nil
}
