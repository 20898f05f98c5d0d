package scheme

import (
	"slices"

	"github.com/keywright/keywright"
)

// Scheme is one wire contract, ready to use. It is immutable.
type Scheme struct {
	name, title, source string
	warnings            []string

	tlsOnly    bool
	jwt        bool
	first      bool // of several ways used at once, the first counts
	ways       []way
	companions []companion
	formats    []format
	classes    []string

	rules       keywright.Policy
	need        keywright.Need
	recoverable bool
	hint        int

	limits   []keywright.LimitRule
	dialects []dialect
	policy   string // the value of RateLimit-Policy
	manners  Manners

	style    style
	answers  []*Answer
	variants []variant
}

// Name is the scheme's name.
func (s *Scheme) Name() string { return s.name }

// Title is what people call it.
func (s *Scheme) Title() string {
	if s.title == "" {
		return s.name
	}
	return s.title
}

// Source is the address of the page that the scheme was written from.
func (s *Scheme) Source() string { return s.source }

// Warnings are what Parse let pass, but would not do: a credential in the query
// string, a short secret.
func (s *Scheme) Warnings() []string { return slices.Clone(s.warnings) }

// Policy is what the scheme says of its keys' life.
func (s *Scheme) Policy() keywright.Policy { return s.rules }

// Need is what every route of the scheme asks for: Scheme, Granted, Plans.
func (s *Scheme) Need() keywright.Need { return s.need }

// Classes names the classes of credential, as Presented.Class counts them; a
// scheme that does not tell classes apart has the one class "".
func (s *Scheme) Classes() []string { return slices.Clone(s.classes) }

// TakesTokens reports whether the scheme takes a JWT where a key may stand.
func (s *Scheme) TakesTokens() bool { return s.jwt }

// Formats lists the accepted formats as they are written, those that are minted
// first; of a pair, both halves with a space between.
func (s *Scheme) Formats() []string {
	var minted, read []string
	for i := range s.formats {
		f := &s.formats[i]
		one := f.key.source
		if f.pair {
			one += " " + f.secret.source
		}
		if f.mint {
			minted = append(minted, one)
		} else {
			read = append(read, one)
		}
	}
	return append(minted, read...)
}

// EnvironmentOf returns the environment that a credential's own format fixes,
// such as "production" for dt_prod_…; "" where the format does not tell.
func (s *Scheme) EnvironmentOf(c keywright.Credential) string {
	key, secret := c.Reveal()
	for i := range s.formats {
		f := &s.formats[i]
		if (f.pair && f.key.fits(key) && f.secret.fits(secret)) || (!f.pair && key == "" && f.key.fits(secret)) {
			return f.environment
		}
	}
	return ""
}

// Hint returns what may be shown of a credential to tell keys apart, such as "…x7Kq".
func (s *Scheme) Hint(c keywright.Credential) string {
	_, secret := c.Reveal()
	if s.hint == 0 || len(secret) < 4*s.hint {
		return "…"
	}
	return "…" + secret[len(secret)-s.hint:]
}

// Pair reports whether the credential that is minted is a key and a secret.
func (s *Scheme) Pair() bool { return s.pairMinted() }

func (s *Scheme) pairMinted() bool {
	return slices.ContainsFunc(s.formats, func(f format) bool { return f.mint && f.pair })
}

// Recoverable reports whether the secret is sealed to be shown again.
func (s *Scheme) Recoverable() bool { return s.recoverable }
