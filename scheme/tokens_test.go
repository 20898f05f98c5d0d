package scheme

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

// A contract for those who log in: no key is made for it, and none is read.
func TestTRS12_ASchemeThatTakesTokensAlone(t *testing.T) {
	s := parseFile(t, "../schemes/trusset-members.yaml")
	if !s.TakesTokens() || len(s.Formats()) != 0 || s.Pair() || s.Recoverable() || len(s.Classes()) != 0 {
		t.Error("it is not what it should be")
	}
	if _, err := s.Mint(rand.Reader, Minting{Ref: "AbCd1234"}); keywright.KindOf(err) != keywright.Invalid || !strings.Contains(err.Error(), "scheme") {
		t.Errorf("minted: %v", err)
	}
	for _, text := range []string{"a.b.c", "x", "", "trusset_AbCd1234_" + strings.Repeat("0a", 32)} {
		if _, reason := s.Read("", text); reason == keywright.Granted {
			t.Errorf("%q was read as a key", text)
		}
	}
	bearer := func(value string) Presented {
		return s.Present(&View{Header: map[string][]string{"Authorization": {"Bearer " + value}}})
	}
	if p := bearer("a.b.c"); p.Reason != keywright.Unknown || !p.Token || tokenOf(p.Credential) != "a.b.c" {
		t.Errorf("a token: %+v", p.Reason)
	}
	if p := bearer("abc"); p.Reason != keywright.Foreign || p.Token || !p.Credential.IsZero() {
		t.Errorf("something else: %+v", p.Reason)
	}
}

func TestTokensAloneIsHeldToWhatItCanBe(t *testing.T) {
	src, err := os.ReadFile("../schemes/trusset-members.yaml")
	if err != nil {
		t.Fatal(err)
	}
	page := string(src)
	compiled := compiledSchema(t)
	if err := validate(t, compiled, src); err != nil {
		t.Errorf("the JSON Schema refuses it: %v", err)
	}
	for name, c := range map[string]struct{ page, says string }{
		"with life":       {page + "life: {rotation: none}\n", "leave life out"},
		"without tokens":  {strings.Replace(page, "tokens: jwt\n", "", 1), `needs the field "format"`},
		"in the query":    {strings.Replace(page, "{header: Authorization, word: Bearer}", "{query: token}", 1), "read from a header"},
		"as Basic":        {strings.Replace(page, "{header: Authorization, word: Bearer}", "{basic: user}", 1), "read from a header"},
		"format, no life": {strings.Replace(page, "tokens: jwt\n", "tokens: jwt\nformat: \"x_{secret:hex:64}\"\n", 1), `needs the field "life"`},
	} {
		if _, err := Parse("x.yaml", []byte(c.page)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.HasSuffix(name, "life") || name == "without tokens" {
			if validate(t, compiled, []byte(c.page)) == nil {
				t.Errorf("%s: the JSON Schema lets it pass", name)
			}
		}
	}
}
