package schemes_test

import (
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

// TestTRS10_ASchemeReadsAnOlderFormat beside the current one, and mints the
// current one only.
func TestTRS10_ASchemeReadsAnOlderFormat(t *testing.T) {
	src, ok := schemes.Source("trusset-instance")
	if !ok {
		t.Fatal("the scheme does not ship")
	}
	current := `format: "trusset_{ref:alnum:8}_{secret:hex:64}"`
	both := "formats:\n  - {key: \"trusset_{ref:alnum:8}_{secret:hex:64}\"}\n  - {key: \"trusset-{secret:hex:40}\", mint: false}"
	page := strings.Replace(string(src), current, both, 1)
	if page == string(src) {
		t.Fatal("the scheme's format is written otherwise")
	}
	s, err := scheme.Parse("older.yaml", []byte(page))
	if err != nil {
		t.Fatal(err)
	}
	older := "trusset-" + strings.Repeat("0a", 20)
	if _, reason := s.Read("", older); reason != keywright.Granted {
		t.Errorf("the older format is %s", reason)
	}
	shipped, err := schemes.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if _, reason := shipped["trusset-instance"].Read("", older); reason == keywright.Granted {
		t.Error("without it, the older format is read too")
	}
	c, err := s.Mint(strings.NewReader(strings.Repeat("random", 100)), scheme.Minting{Ref: "abcd1234"})
	if err != nil {
		t.Fatal(err)
	}
	if _, secret := c.Reveal(); !strings.HasPrefix(secret, "trusset_abcd1234_") {
		t.Error("the older format was minted")
	}
}
