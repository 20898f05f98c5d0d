package scheme

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

const goodTrusset = "trusset_AbCd1234_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// variantOf parses the minimal scheme with parts of it replaced.
func variantOf(t testing.TB, changes ...string) *Scheme {
	t.Helper()
	src := readFile(t, "testdata/minimal.yaml")
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(src, changes[i]) {
			t.Fatalf("%q is not in the file", changes[i])
		}
		src = strings.Replace(src, changes[i], changes[i+1], 1)
	}
	s, err := Parse("variant.yaml", []byte(src))
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	return s
}

// TestPresentOrder: transport, presence, companions, foreign, malformed. Each
// request has all the faults that come after the one it is answered with.
func TestPresentOrder(t *testing.T) {
	s := variantOf(t, "read: {header: X-API-Key}", "transport: tls\nread: {header: X-API-Key}\ncompanions: [{header: X-Version}, {header: X-Other, one_of: [a, b]}]")
	good := "acme_" + strings.Repeat("a", 43)
	for _, c := range []struct {
		name   string
		tls    bool
		header map[string][]string
		want   keywright.Reason
		part   uint8
	}{
		{"plain, nothing at all", false, nil, keywright.InsecureTransport, 0},
		{"no key, no companion", true, nil, keywright.Missing, AllParts},
		{"foreign, no companion", true, map[string][]string{"X-Api-Key": {"x"}}, keywright.CompanionMissing, 0},
		{"two lines, no companion", true, map[string][]string{"X-Api-Key": {"x", "y"}}, keywright.CompanionMissing, 0},
		{"foreign, one companion", true, map[string][]string{"X-Api-Key": {"x"}, "X-Version": {"1"}}, keywright.CompanionMissing, 1},
		{"another companion value", true, map[string][]string{"X-Api-Key": {"x"}, "X-Version": {"1"}, "X-Other": {"c"}}, keywright.CompanionMissing, 1},
		{"foreign", true, map[string][]string{"X-Api-Key": {"x"}, "X-Version": {"1"}, "X-Other": {"b"}}, keywright.Foreign, 0},
		{"malformed", true, map[string][]string{"X-Api-Key": {"acme_x"}, "X-Version": {"1"}, "X-Other": {"b"}}, keywright.Malformed, 0},
		{"two lines", true, map[string][]string{"X-Api-Key": {good, good}, "X-Version": {"1"}, "X-Other": {"b"}}, keywright.Malformed, 0},
		{"good", true, map[string][]string{"X-Api-Key": {good}, "X-Version": {"1"}, "X-Other": {"b"}}, keywright.Granted, 0},
		{"white space around", true, map[string][]string{"X-Api-Key": {" \t" + good + " "}, "X-Version": {"1"}, "X-Other": {" b"}}, keywright.Granted, 0},
	} {
		p := s.Present(&View{TLS: c.tls, Header: c.header})
		if p.Reason != c.want || p.Part != c.part {
			t.Errorf("%s: %s, part %d; want %s, part %d", c.name, p.Reason, p.Part, c.want, c.part)
		}
		if (p.Reason == keywright.Granted) == p.Credential.IsZero() {
			t.Errorf("%s: a credential comes with Granted and with nothing else", c.name)
		}
	}
}

// TestPresentBearer is RFC 6750's 1*SP and RFC 9110's case-insensitive scheme.
func TestPresentBearer(t *testing.T) {
	s := variantOf(t, "{header: X-API-Key}", "{header: Authorization, word: Bearer}")
	good := "acme_" + strings.Repeat("a", 43)
	for value, want := range map[string]keywright.Reason{
		"Bearer " + good:               keywright.Granted,
		"bearer " + good:               keywright.Granted,
		"BEARER    " + good:            keywright.Granted,
		"Bearer" + good:                keywright.Malformed,
		"Bearer\t" + good:              keywright.Malformed,
		"Bearer \t" + good:             keywright.Foreign,
		"Bearer":                       keywright.Malformed,
		"Bearer \"" + good + "\"":      keywright.Foreign,
		"Bearer: " + good:              keywright.Malformed,
		"Basic " + good:                keywright.Foreign,
		good:                           keywright.Foreign,
		"Bearer " + good + " ":         keywright.Granted, // white space at the end is no part of a header's value
		"Bearer " + good + ",":         keywright.Malformed,
		"Bearer " + good + "\x00":      keywright.Malformed,
		"\u212aearer " + good:          keywright.Foreign,
		"Bearer\u00a0" + good:          keywright.Malformed,
		"":                             keywright.Missing,
		" \t ":                         keywright.Missing,
		"Bearer " + good + " " + good:  keywright.Malformed,
		"Bearer Bearer " + good:        keywright.Foreign,
		"Bear er " + good:              keywright.Foreign,
		strings.Repeat("Bearer ", 9e3): keywright.Foreign,
	} {
		if p := s.Present(&View{Header: map[string][]string{"Authorization": {value}}}); p.Reason != want {
			t.Errorf("%.40q: %s, want %s", value, p.Reason, want)
		}
	}
}

// TestPresentAnyOf: the rule for several ways at once.
func TestPresentAnyOf(t *testing.T) {
	good := "acme_" + strings.Repeat("a", 43)
	other := "acme_" + strings.Repeat("b", 43)
	read := "{any: [{header: Authorization, word: Bearer}, {header: X-API-Key}, {query: key}]"
	refuse := variantOf(t, "{header: X-API-Key}", read+"}")
	first := variantOf(t, "{header: X-API-Key}", read+", conflict: first}")
	both := &View{Header: map[string][]string{"X-Api-Key": {other}, "Authorization": {"Bearer " + good}}, RawQuery: "key=" + other}
	if p := refuse.Present(both); p.Reason != keywright.Malformed {
		t.Errorf("three at once: %s", p.Reason)
	}
	if p := first.Present(both); p.Reason != keywright.Granted || !sameCredential(p.Credential, keywright.NewCredential("", good)) {
		t.Errorf("the first of three: %s", p.Reason)
	}
	for name, v := range map[string]*View{
		"only the second":                    {Header: map[string][]string{"X-Api-Key": {good}}},
		"only the third":                     {RawQuery: "a=b&key=" + good},
		"the second, beside another's Basic": {Header: map[string][]string{"X-Api-Key": {good}, "Authorization": {"Basic abc"}}},
		"the third, percent-coded":           {RawQuery: "key=" + strings.Replace(good, "_", "%5F", 1)},
	} {
		for _, s := range []*Scheme{refuse, first} {
			if p := s.Present(v); p.Reason != keywright.Granted {
				t.Errorf("%s: %s", name, p.Reason)
			}
		}
	}
	if p := refuse.Present(&View{Header: map[string][]string{"Authorization": {"Basic abc"}}}); p.Reason != keywright.Foreign {
		t.Errorf("only another's: %s", p.Reason)
	}
	if p := refuse.Present(&View{}); p.Reason != keywright.Missing {
		t.Errorf("nothing: %s", p.Reason)
	}
}

// TestQueryIsReadOnlyWhereTheSchemeInsists, and Parse warns of it.
func TestQueryIsReadOnlyWhereTheSchemeInsists(t *testing.T) {
	plain := variantOf(t)
	if p := plain.Present(&View{RawQuery: "X-API-Key=acme_" + strings.Repeat("a", 43)}); p.Reason != keywright.Missing {
		t.Errorf("a key in the query: %s", p.Reason)
	}
	if len(plain.Warnings()) != 0 {
		t.Errorf("warnings of a plain scheme: %v", plain.Warnings())
	}
	insists := variantOf(t, "{header: X-API-Key}", "{query: key}")
	if w := insists.Warnings(); len(w) != 1 || !strings.Contains(w[0], "query") {
		t.Errorf("warnings: %v", w)
	}
	if w := variantOf(t, "base62:43", "hex:16").Warnings(); len(w) != 1 || !strings.Contains(w[0], "64 bits") {
		t.Errorf("warnings of a short secret: %v", w)
	}
}

func TestStrip(t *testing.T) {
	s := variantOf(t, "{header: X-API-Key}", "{any: [{header: Authorization, word: Bearer}, {query: key}]}\ncompanions: [{header: X-Version}]")
	h := map[string][]string{"Authorization": {"Basic x", "Bearer y"}, "X-Version": {"1"}, "X-Other": {"z"}}
	if q := s.Strip(h, "a=1&key=secret&b=2&k%65y=secret&keys=3&key"); q != "a=1&b=2&keys=3" {
		t.Errorf("query %q", q)
	}
	if len(h) != 2 || h["Authorization"] != nil {
		t.Errorf("headers %v: every line of the credential goes, and nothing else", h)
	}
	if q := variantOf(t).Strip(map[string][]string{}, "key=1&%zz"); q != "key=1&%zz" {
		t.Errorf("query %q of a scheme that reads no query", q)
	}
	want := "Authorization X-Version"
	if got := strings.Join(s.CredentialHeaders(), " "); got != want {
		t.Errorf("credential headers %s, want %s", got, want)
	}
}

// TestJWTShape: exactly two dots between base64url.
func TestJWTShape(t *testing.T) {
	for s, want := range map[string]bool{
		"a.b.c": true, "eyJ_-0.eyJ9.c2ln": true, "a.b": false, "a.b.c.d": false, "a..c": false, ".b.c": false, "a.b.": false,
		"a.b.c=": false, "a.b.c d": false, "": false, "..": false, strings.Repeat("a", 9000) + ".b.c": false,
	} {
		if isJWT(s) != want {
			t.Errorf("%.20q: %v", s, !want)
		}
	}
	s := parseFile(t, "../schemes/truestamp.yaml")
	p := s.Present(&View{TLS: true, Header: map[string][]string{"Authorization": {"Bearer a.b.c"}}})
	if p.Reason != keywright.Unknown || !p.Token || tokenOf(p.Credential) != "a.b.c" || !s.TakesTokens() {
		t.Errorf("a JWT is answered with %s", p.Reason)
	}
	other := parseFile(t, "../schemes/keywright.yaml")
	if p := other.Present(&View{Header: map[string][]string{"Authorization": {"Bearer a.b.c"}}}); p.Reason != keywright.Foreign || p.Token {
		t.Errorf("where no JWT is taken: %s", p.Reason)
	}
}

// TestRead is for imports.
func TestRead(t *testing.T) {
	s := parseFile(t, "../schemes/trust-swiftly.yaml")
	for value, want := range map[string]keywright.Reason{
		"17|abcdefghijABCDEFGHIJ0123456789abcdefghij": keywright.Granted,
		"17|abc": keywright.Malformed,
		"":       keywright.Malformed,
	} {
		if _, got := s.Read("", value); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
	if _, got := s.Read("public", "17|abcdefghijABCDEFGHIJ0123456789abcdefghij"); got != keywright.Malformed {
		t.Errorf("a pair where one value is read: %s", got)
	}
	i := parseFile(t, "../schemes/trusset-instance.yaml")
	if c, got := i.Read("", goodTrusset); got != keywright.Granted || c.Public() != "" {
		t.Errorf("a good key: %s", got)
	}
	if _, got := i.Read("", "sk_live_1"); got != keywright.Foreign {
		t.Errorf("another's key: %s", got)
	}
	p := parseFile(t, "../schemes/trustifi.yaml")
	if c, got := p.Read(strings.Repeat("a", 48), strings.Repeat("b", 32)); got != keywright.Granted || c.Public() != strings.Repeat("a", 48) {
		t.Errorf("a good pair: %s", got)
	}
	if _, got := p.Read("", strings.Repeat("b", 32)); got == keywright.Granted {
		t.Error("half a pair")
	}
}

// TestBasicIsCanonical, and a huge one is refused before it is decoded.
func TestBasicIsCanonical(t *testing.T) {
	s := variantOf(t, "{header: X-API-Key}", "{basic: user}")
	good := base64.StdEncoding.EncodeToString([]byte("acme_" + strings.Repeat("a", 43) + ":")) // 49 bytes: it ends in "Og=="
	for value, want := range map[string]keywright.Reason{
		"Basic " + good: keywright.Granted,
		"basic " + good: keywright.Granted,
		"Basic " + strings.Replace(good, "Og==", "Oh==", 1): keywright.Malformed,
		"Basic " + strings.TrimRight(good, "="):             keywright.Malformed,
		"Basic " + good + "\n":                              keywright.Malformed,
		"Basic \"" + good + "\"":                            keywright.Malformed,
		"Basic Og==":                                        keywright.Missing,
	} {
		if p := s.Present(&View{Header: map[string][]string{"Authorization": {value}}}); p.Reason != want {
			t.Errorf("%q: %s, want %s", value, p.Reason, want)
		}
	}
	huge := &View{Header: map[string][]string{"Authorization": {"Basic " + strings.Repeat("AAAA", 100_000)}}}
	if n := testing.AllocsPerRun(10, func() { s.Present(huge) }); n != 0 {
		t.Errorf("a huge Basic value is decoded: %v allocations", n)
	}
}

func TestEnvironmentOf(t *testing.T) {
	d := parseFile(t, "../schemes/domain-trust.yaml")
	for _, env := range []string{"testing", "production"} {
		c, err := d.Mint(rand.Reader, Minting{Environment: env})
		if err != nil || d.EnvironmentOf(c) != env {
			t.Errorf("DMT-13 a key for %s is taken for %q (%v)", env, d.EnvironmentOf(c), err)
		}
	}
	if env := d.EnvironmentOf(keywright.NewCredential("", "dt_prod_x")); env != "" {
		t.Errorf("no key at all is of the environment %q", env)
	}
	p := parseFile(t, "../schemes/trustifi.yaml")
	if env := p.EnvironmentOf(keywright.NewCredential(strings.Repeat("a", 48), strings.Repeat("b", 32))); env != "" {
		t.Errorf("a pair of no environment is of %q", env)
	}
}

// FuzzPresent: no header and no query makes reading panic, and what is granted
// is of the scheme's form, to the byte.
func FuzzPresent(f *testing.F) {
	f.Add("X-API-Key", goodTrusset, "", "", "key=x")
	f.Add("Authorization", "Bearer x", "Authorization", "Basic Og==", "key=%zz&key")
	f.Add("Authorization", "Basic OnNlY3JldA==", "X-Trustifi-Secret", "\x00", "&&==")
	all := []*Scheme{}
	for _, file := range []string{
		"../schemes/trusset-instance.yaml", "../schemes/trustifi.yaml", "../schemes/truestamp.yaml", "testdata/providers/twilio.yaml",
		"testdata/providers/slack.yaml", "testdata/providers/github.yaml", "testdata/providers/algolia.yaml",
	} {
		all = append(all, parseFile(f, file))
	}
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2, query string) {
		for _, s := range all {
			v := &View{TLS: true, RawQuery: query, Header: map[string][]string{"User-Agent": {"fuzz"}}}
			for _, h := range [][2]string{{name1, value1}, {name2, value2}} {
				n := canonicalHeader(h[0])
				v.Header[n] = append(v.Header[n], h[1])
			}
			p := s.Present(v)
			public, secret := p.Credential.Reveal()
			if p.Reason == keywright.Granted {
				if _, again := s.Read(public, secret); again != keywright.Granted {
					t.Fatalf("%s: granted, and not well formed", s.Name())
				}
			}
			a := s.Answer(p)
			if p.Reason != keywright.Granted && (len(a.Body) == 0 || a.Status < 200) {
				t.Fatalf("%s: no answer for %s", s.Name(), p.Reason)
			}
			s.Check(v, true)
			s.Strip(v.Header, query)
		}
	})
}

func tokenOf(c keywright.Credential) string {
	_, token := c.Reveal()
	return token
}
