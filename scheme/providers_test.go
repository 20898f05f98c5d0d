package scheme

import (
	"crypto/rand"
	"encoding/base64"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/keywright/keywright"
)

// providerChecks are what testdata/providers/providers.checks.yaml holds for one
// provider: the grammar is judged by contracts it was not made for.
type providerChecks struct {
	Mint struct {
		Class       string `yaml:"class"`
		Environment string `yaml:"environment"`
		Key         string `yaml:"key"`
		Secret      string `yaml:"secret"`
	} `yaml:"mint"`
	Present []struct {
		Header [][2]string `yaml:"header"`
		Query  string      `yaml:"query"`
		Plain  bool        `yaml:"plain"`
		Reason string      `yaml:"reason"`
	} `yaml:"present"`
	Answers map[string]struct {
		Status    int    `yaml:"status"`
		Body      string `yaml:"body"`
		Challenge string `yaml:"challenge"`
	} `yaml:"answers"`
}

func parseFile(t testing.TB, file string) *Scheme {
	t.Helper()
	s, err := Parse(file, []byte(readFile(t, file)))
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	return s
}

func TestProvidersThatTheGrammarHasNotSeen(t *testing.T) {
	all := map[string]providerChecks{}
	src := readFile(t, "testdata/providers/providers.checks.yaml")
	if err := yaml.UnmarshalWithOptions([]byte(src), &all, yaml.Strict()); err != nil {
		t.Fatal(yaml.FormatError(err, false, true))
	}
	files, _ := filepath.Glob("testdata/providers/*.yaml")
	if len(files) < 13 || len(files)-1 != len(all) {
		t.Fatalf("%d files and %d providers with checks", len(files)-1, len(all))
	}
	for name, checks := range all {
		t.Run(name, func(t *testing.T) {
			s := parseFile(t, "testdata/providers/"+name+".yaml")
			c, err := s.Mint(rand.Reader, Minting{Class: checks.Mint.Class, Environment: environmentOf(s, checks.Mint.Environment)})
			if err != nil {
				t.Fatal(err)
			}
			key, secret := c.Reveal()
			if !s.Pair() {
				key, secret = secret, ""
			}
			if !regexp.MustCompile(checks.Mint.Key).MatchString(key) || !regexp.MustCompile(checks.Mint.Secret).MatchString(secret) {
				t.Errorf("minted a %d-character key that is not as the provider's", len(key))
			}
			for i, p := range checks.Present {
				v := &View{TLS: !p.Plain, Header: map[string][]string{}, RawQuery: fillIn(p.Query, key, secret)}
				for _, h := range p.Header {
					n := canonicalHeader(h[0])
					v.Header[n] = append(v.Header[n], fillIn(h[1], key, secret))
				}
				if got := s.Present(v); got.Reason.String() != p.Reason {
					t.Errorf("request %d: %s, want %s", i+1, got.Reason, p.Reason)
				}
			}
			checkAnswers(t, s, checks)
		})
	}
}

func checkAnswers(t *testing.T, s *Scheme, checks providerChecks) {
	t.Helper()
	for name, want := range checks.Answers {
		reason, ok := keywright.ParseReason(name)
		if !ok {
			t.Fatalf("no reason is called %s", name)
		}
		a := s.Answer(Presented{Reason: reason})
		if a.Status != want.Status {
			t.Errorf("%s: status %d, want %d", name, a.Status, want.Status)
		}
		if want.Body != "" && string(a.Body) != want.Body {
			t.Errorf("%s: body\n%s\nwant\n%s", name, a.Body, want.Body)
		}
		for _, h := range a.Header {
			if h.Name == "WWW-Authenticate" && want.Challenge != "" && h.Value != want.Challenge {
				t.Errorf("%s: challenge %s, want %s", name, h.Value, want.Challenge)
			}
		}
	}
}

func environmentOf(s *Scheme, asked string) string {
	if rules := s.Policy().Environments; asked == "" && len(rules) > 0 {
		return rules[0].Name
	}
	return asked
}

func fillIn(s, key, secret string) string {
	s = strings.NewReplacer("$key", key, "$secret", secret).Replace(s)
	before, rest, ok := strings.Cut(s, "$basic(")
	if !ok {
		return s
	}
	return before + "Basic " + base64.StdEncoding.EncodeToString([]byte(strings.TrimSuffix(rest, ")")))
}

// TestEveryMintedCredentialIsReadAgain goes over every scheme, class,
// environment and way: what is made is read, as what it was made.
func TestEveryMintedCredentialIsReadAgain(t *testing.T) {
	shipped, _ := filepath.Glob("../schemes/*.yaml")
	providers, _ := filepath.Glob("testdata/providers/*.yaml")
	for _, file := range append(shipped, providers...) {
		if strings.HasSuffix(file, ".vectors.yaml") || strings.HasSuffix(file, ".checks.yaml") {
			continue
		}
		s := parseFile(t, file)
		environments := []string{""}
		for i, e := range s.Policy().Environments {
			environments = append(environments[:i], e.Name)
		}
		for class, name := range s.Classes() {
			for _, env := range environments {
				c, err := s.Mint(rand.Reader, Minting{Ref: "AbCd1234", Environment: env, Class: name})
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				readAgain(t, s, c, uint8(class))
			}
		}
	}
}

func readAgain(t *testing.T, s *Scheme, c keywright.Credential, class uint8) {
	t.Helper()
	key, secret := c.Reveal()
	if got, reason := s.Read(key, secret); reason != keywright.Granted || !sameCredential(got, c) {
		t.Errorf("%s: an import of a minted credential is answered with %s", s.Name(), reason)
	}
	if !s.Pair() {
		key, secret = secret, ""
	}
	for i := range s.ways {
		w := &s.ways[i]
		if w.pair() != s.Pair() {
			continue
		}
		v := viewFor(s, w, key, secret)
		p := s.Present(v)
		if p.Reason != keywright.Granted || !sameCredential(p.Credential, c) || p.Class != class {
			t.Errorf("%s, way %d: %s, class %d", s.Name(), i, p.Reason, p.Class)
		}
		query := s.Strip(v.Header, v.RawQuery)
		if s.Present(&View{TLS: true, Header: v.Header, RawQuery: query}).Reason != keywright.Missing {
			t.Errorf("%s, way %d: the credential is still there after Strip", s.Name(), i)
		}
	}
}

// viewFor makes the request that a way reads.
func viewFor(s *Scheme, w *way, key, secret string) *View {
	v := &View{TLS: true, Header: map[string][]string{}}
	for _, c := range s.companions {
		v.Header[c.header] = []string{"x"}
		if len(c.oneOf) > 0 {
			v.Header[c.header] = c.oneOf[:1]
		}
	}
	for i, value := range []string{key, secret}[:len(w.places)] {
		p := &w.places[i]
		switch {
		case p.query != "":
			v.RawQuery += "&" + p.query + "=" + value
		case p.basic == basicPair:
			value = key + ":" + secret
		case p.basic == basicUser:
			value += ":" + p.beside
		case p.basic == basicPassword:
			value = p.beside + ":" + value
		}
		if p.basic != notBasic {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		if len(p.words) > 0 {
			value = p.words[len(p.words)-1] + " " + value
		}
		if p.header != "" {
			v.Header[p.header] = []string{value}
		}
	}
	return v
}

func sameCredential(a, b keywright.Credential) bool {
	p, s := a.Reveal()
	q, t := b.Reveal()
	return p == q && s == t
}
