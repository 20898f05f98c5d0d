package scheme

import (
	"bytes"
	"crypto/rand"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
)

func mustForm(t testing.TB, s string) form {
	t.Helper()
	f, err := parseForm(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestChecksumKnownAnswer is the one that GitHub published.
func TestChecksumKnownAnswer(t *testing.T) {
	if got := spellChecksum(crc32Update(0, "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ")); got != "0mLq17" {
		t.Errorf("checksum %s, want 0mLq17", got)
	}
	f := mustForm(t, "ghp_{secret:base62:30}{checksum:crc32}")
	for value, want := range map[string]bool{
		"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":  true,
		"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18":  false,
		"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkj0mLq17":  false,
		"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJmLq17":   false,
		"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ00mLq17": false,
	} {
		if f.fits(value) != want {
			t.Errorf("%s: fits is %v", value, !want)
		}
	}
}

func TestChecksumIsTheStandardOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, more := rapid.String().Draw(t, "s"), rapid.String().Draw(t, "more")
		if got, want := crc32Update(0, s), crc32.ChecksumIEEE([]byte(s)); got != want {
			t.Fatalf("%08x, want %08x", got, want)
		}
		if crc32Update(crc32Update(0, s), more) != crc32.ChecksumIEEE([]byte(s+more)) {
			t.Fatal("going on is not the same as all at once")
		}
	})
}

// TestChecksumCoversTheRandomCharactersOnly: neither prefix nor ref counts.
func TestChecksumCoversTheRandomCharactersOnly(t *testing.T) {
	f := mustForm(t, "x_{ref:alnum:4}_{secret:base62:30}{checksum:crc32}")
	if !f.fits("x_AbCd_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17") || !f.fits("x_0000_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17") {
		t.Error("the ref changed the checksum")
	}
	g := mustForm(t, "{public:base62:10}-{secret:base62:20}{checksum:crc32}")
	if !g.fits("zQWBuTSOoR-i4A9spHcVY5ncnsDkxkJ0mLq17") {
		t.Error("public and secret characters count, and nothing between")
	}
}

func TestFormFits(t *testing.T) {
	for _, c := range []struct {
		form     string
		good     []string
		rejected []string
	}{
		{"a_{secret:hex:4}", []string{"a_0af9"}, []string{"", "a_", "a_0af", "a_0af90", "a_0AF9", "b_0af9", "a_0ag9", "a_0af9 ", " a_0af9", "a_0af\x00", "a_0af\xff"}},
		{"{int}|{secret:alnum:4}", []string{"1|abcd", "999999999999999999|abcd"}, []string{"|abcd", "0|abcd", "01|abcd", "1000000000000000000|abcd", "1|abc", "1||abcd", "-1|abcd"}},
		{"{ulid}_{secret:hex:2}", []string{"01ARZ3NDEKTSV4RRFFQ69G5FAV_ab", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ_ab"}, []string{"8ZZZZZZZZZZZZZZZZZZZZZZZZZ_ab", "01arz3ndektsv4rrffq69g5fav_ab", "01ARZ3NDEKTSV4RRFFQ69G5FAI_ab"}},
		{"{public:base64url:2-4}.{secret:base64url:3}", []string{"ab.abc", "abcd.a-_"}, []string{"a.abc", "abcde.abc", "ab.ab", "ab.abcd", "abcabc"}},
		{"{secret:hex:2-4}{public:digits:2}", []string{"ab12", "abcd12", "ab1212"}, []string{"a12", "abcde12", "abcdab"}},
		{"{secret:[x-z!]:3}", []string{"xyz", "!!!"}, []string{"xya", "x-z", "xy"}},
		{"{secret:base32:3}", []string{"A27"}, []string{"a27", "A18"}},
		{"p.{secret:lower:2-3}.s", []string{"p.ab.s", "p.abc.s"}, []string{"p.a.s", "p.abcd.s", "p.abs", "p.ab.s."}},
	} {
		f := mustForm(t, c.form)
		for _, s := range c.good {
			if !f.fits(s) {
				t.Errorf("%s does not fit %q", c.form, s)
			}
		}
		for _, s := range c.rejected {
			if f.fits(s) {
				t.Errorf("%s fits %q", c.form, s)
			}
		}
	}
}

// TestMintedFits: whatever a form mints fits it, and no neighbour of it does.
func TestMintedFits(t *testing.T) {
	forms := []string{
		"trusset_{ref:alnum:8}_{secret:hex:64}", "{ulid}_{secret:base62:32}", "tsw_{secret:base62:40}{checksum:crc32}",
		"{int}|{secret:alnum:40}", "xoxb-{int}-{int}-{secret:alnum:24}", "{public:base64url:24-28}.{secret:base64url:6}.x",
	}
	rapid.Check(t, func(t *rapid.T) {
		f, err := parseForm(rapid.SampledFrom(forms).Draw(t, "form"))
		if err != nil {
			t.Fatal(err)
		}
		value, err := f.mint(rand.Reader, Minting{Ref: "AbCd1234", At: time.Unix(1, 0)})
		if err != nil || !f.fits(value) || len(value) > f.max {
			t.Fatalf("a minted value does not fit: %v", err)
		}
		if f.fits(value+"0") && f.min == f.max || f.fits(value+" ") || f.fits("\t"+value) || f.fits(value+"\n") {
			t.Fatal("a value with junk around it fits")
		}
		i := rapid.IntRange(0, len(value)-1).Draw(t, "at")
		if f.fits(value[:i] + "\x00" + value[i+1:]) {
			t.Fatal("a value with a zero byte in it fits")
		}
	})
}

// TestDrawIsEven: no character of an alphabet is likelier than another, since
// bytes past the last whole multiple are thrown away.
func TestDrawIsEven(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	a := newAlphabet("base62", base62)
	s, err := a.draw(bytes.NewReader(append(all, all...)), 248) // each byte value once, of which 8 are no good
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(base62) {
		if n := strings.Count(s, base62[i:i+1]); n != 4 {
			t.Errorf("%c was drawn %d times in 248, want 4", base62[i], n)
		}
	}
}

func TestMintFails(t *testing.T) {
	s := parseFile(t, "../schemes/trusset-instance.yaml")
	for _, ref := range []string{"", "AbCd123", "AbCd12345", "AbCd-234", "AbCd 234", "AbCdé23"} {
		_, err := s.Mint(rand.Reader, Minting{Ref: ref})
		var e *keywright.Error
		if !errors.As(err, &e) || e.Kind != keywright.Invalid || e.Field != "tenant" {
			t.Errorf("ref %q: %v", ref, err)
		}
	}
	if _, err := s.Mint(strings.NewReader("too few"), Minting{Ref: "AbCd1234"}); !errors.Is(err, keywright.Internal) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no randomness: %v", err)
	}
	if _, err := s.Mint(rand.Reader, Minting{Ref: "AbCd1234", Class: "other"}); !isInvalid(err, "class") {
		t.Errorf("another class: %v", err)
	}
	d := parseFile(t, "../schemes/domain-trust.yaml")
	if _, err := d.Mint(rand.Reader, Minting{}); !isInvalid(err, "environment") {
		t.Errorf("no environment: %v", err)
	}
	p := parseFile(t, "../schemes/trustifi.yaml")
	if _, err := p.Mint(rand.Reader, Minting{Public: "short"}); !isInvalid(err, "public") {
		t.Errorf("a key that does not fit: %v", err)
	}
}

func isInvalid(err error, field string) bool {
	var e *keywright.Error
	return errors.As(err, &e) && e.Kind == keywright.Invalid && e.Field == field
}

// TestTFI19_MintKeepsTheKey: a rotation that keeps the key makes a new secret only.
func TestTFI19_MintKeepsTheKey(t *testing.T) {
	s := parseFile(t, "../schemes/trustifi.yaml")
	first, err := s.Mint(rand.Reader, Minting{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Mint(rand.Reader, Minting{Public: first.Public()})
	if err != nil {
		t.Fatal(err)
	}
	_, old := first.Reveal()
	_, fresh := second.Reveal()
	if second.Public() != first.Public() || fresh == old {
		t.Error("the key must stay, and the secret must not")
	}
}

// TestMintULIDHoldsTheInstant so that keys sort by age, and nothing more.
func TestMintULIDHoldsTheInstant(t *testing.T) {
	s := parseFile(t, "../schemes/truestamp.yaml")
	at := time.UnixMilli(1469918176385)
	c, err := s.Mint(rand.Reader, Minting{At: at})
	if err != nil {
		t.Fatal(err)
	}
	if _, value := c.Reveal(); !strings.HasPrefix(value, "01ARYZ6S41") || len(value) != 59 {
		t.Error("a ULID begins with its instant, and the key has 59 characters")
	}
}

func TestHint(t *testing.T) {
	s := parseFile(t, "../schemes/keywright.yaml")
	if h := s.Hint(keywright.NewCredential("", "kw_live_0123456789abcdefghijx7Kq")); h != "…x7Kq" {
		t.Errorf("hint %s", h)
	}
	if h := s.Hint(keywright.NewCredential("", "short")); h != "…" {
		t.Errorf("a hint of a short secret shows %s", h)
	}
}

// FuzzForm: no format makes the matcher hang, panic or read past a value, and
// what it mints fits.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"trusset_{ref:alnum:8}_{secret:hex:64}", "{int}|{secret:alnum:40}", "{secret:[a-z0-9]:2-9}-{checksum:crc32}", "{ulid}", "{secret:base62:", "}{"} {
		f.Add(s, "trusset_AbCd1234_00")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		form, err := parseForm(source)
		if err != nil {
			return
		}
		form.fits(value)
		made, err := form.mint(rand.Reader, Minting{Ref: value})
		if err == nil && !form.fits(made) {
			t.Fatalf("%q does not fit what it minted", source)
		}
	})
}
