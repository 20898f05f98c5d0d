package scheme_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

// TestPresentAllocatesNothing holds the first stage of a verification to no
// allocation, for good keys and for bad ones, in every shipped scheme.
func TestPresentAllocatesNothing(t *testing.T) {
	all, err := schemes.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range all {
		good := request(t, s, name)
		if p := s.Present(good); p.Reason != keywright.Granted && !p.Token {
			t.Fatalf("%s: a minted key is answered with %s", name, p.Reason)
		}
		views := map[string]*scheme.View{"good": good, "none": {TLS: true}}
		for _, h := range s.CredentialHeaders() {
			bad := &scheme.View{TLS: true, Header: map[string][]string{}}
			for k, v := range good.Header {
				bad.Header[k] = v
			}
			bad.Header[h] = []string{good.Header[h][0] + "x"}
			views["bad "+h] = bad
			huge := &scheme.View{TLS: true, Header: map[string][]string{h: {"Bearer " + strings.Repeat("a", 10<<10)}}}
			views["huge "+h] = huge
		}
		for what, v := range views {
			if n := testing.AllocsPerRun(100, func() {
				p := s.Present(v)
				if p.Reason != keywright.Granted {
					_ = s.Answer(p)
				}
				_ = s.Check(v, true)
			}); n != 0 {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}

// request mints a key and makes the request that carries it.
func request(t testing.TB, s *scheme.Scheme, name string) *scheme.View {
	t.Helper()
	environment := ""
	if rules := s.Policy().Environments; len(rules) > 0 {
		environment = rules[0].Name
	}
	if len(s.Formats()) == 0 {
		return &scheme.View{TLS: true, Header: map[string][]string{"Authorization": {"Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"}}}
	}
	c, err := s.Mint(rand.Reader, scheme.Minting{Ref: "AbCd1234", Environment: environment})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	public, secret := c.Reveal()
	h := map[string][]string{"User-Agent": {"test"}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}
	switch headers := s.CredentialHeaders(); {
	case s.Pair():
		h[headers[0]], h[headers[1]] = []string{public}, []string{secret}
	case headers[0] == "Authorization":
		h["Authorization"] = []string{"Bearer " + secret}
	default:
		h[headers[0]] = []string{secret}
	}
	return &scheme.View{TLS: true, Header: h}
}

func BenchmarkPresent(b *testing.B) {
	all, err := schemes.Shipped()
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"trusset-instance", "keywright", "trustifi", "truestamp"} {
		s := all[name]
		v := request(b, s, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.Present(v)
			}
		})
	}
}
