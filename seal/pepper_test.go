package seal_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

func link(fill byte) (l seal.Link) {
	for i := range l {
		l[i] = fill + byte(i)
	}
	return l
}

// expected spells the definition out: HMAC(p2, HMAC(p1, SHA-256(credential))).
func expected(text string, links ...seal.Link) keywright.Digest {
	sum := sha256.Sum256([]byte(text))
	for _, l := range links {
		mac := hmac.New(sha256.New, l[:])
		mac.Write(sum[:])
		sum = [32]byte(mac.Sum(nil))
	}
	return sum
}

func same(t *testing.T, what string, got, want keywright.Digest) {
	t.Helper()
	if got != want {
		t.Errorf("%s: the digest is %s, and should be %s", what, hex.EncodeToString(got[:]), hex.EncodeToString(want[:]))
	}
}

func TestDigestIsTheDefinition(t *testing.T) {
	t.Parallel()
	a, b := link(1), link(100)
	long := strings.Repeat("x", 5000)
	for _, c := range []struct{ public, secret, text string }{
		{"", "secret", "secret"}, {"", "", ""}, {"key", "secret", "key\x00secret"}, {"key", "", "key\x00"},
		{"", long, long}, {long, long, long + "\x00" + long},
	} {
		cred := keywright.NewCredential(c.public, c.secret)
		one, two := seal.NewPepper(a), seal.NewPepper(a, b)
		for range 2 { // the second time the state is used again
			same(t, "one link", one.Digest(cred), expected(c.text, a))
			same(t, "two links", two.Digest(cred), expected(c.text, a, b))
			same(t, "inner", one.DigestInner(sha256.Sum256([]byte(c.text))), expected(c.text, a))
			same(t, "wrapped", two.Wrap(one.Digest(cred)), expected(c.text, a, b))
		}
	}
}

// The answer that stands here was worked out with openssl: whoever changes it
// loses every key there is.
func TestDigestKnownAnswer(t *testing.T) {
	t.Parallel()
	var p seal.Link
	for i := range p {
		p[i] = byte(i)
	}
	d := seal.NewPepper(p).Digest(keywright.NewCredential("", "kw_test_known_answer"))
	if got := hex.EncodeToString(d[:]); got != knownAnswer {
		t.Errorf("the digest is %s", got)
	}
}

func TestWrapOfAnyChain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) seal.Link {
			return seal.Link(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
		}
		p := seal.NewPepper(draw("first"))
		c := keywright.NewCredential(rapid.String().Draw(t, "public"), rapid.String().Draw(t, "secret"))
		for range rapid.IntRange(1, 4).Draw(t, "rotations") {
			next := p.Extend(draw("next"))
			if next.Base() != p.ID() || next.ID() == p.ID() {
				t.Fatalf("%s is not %s with one more link", next.ID(), p.ID())
			}
			if next.Wrap(p.Digest(c)) != next.Digest(c) {
				t.Fatal("a wrapped digest is not the digest under the new chain")
			}
			p = next
		}
	})
}

func TestPepperID(t *testing.T) {
	t.Parallel()
	a, b := link(1), link(2)
	ids := map[string]string{}
	for name, p := range map[string]*seal.Pepper{"a": seal.NewPepper(a), "b": seal.NewPepper(b), "ab": seal.NewPepper(a, b), "ba": seal.NewPepper(b, a)} {
		if other, twice := ids[p.ID()]; twice {
			t.Errorf("the chains %s and %s have one id", name, other)
		}
		ids[p.ID()] = name
		if len(p.ID()) != len("pep_")+16 {
			t.Errorf("the id %s has another length", p.ID())
		}
	}
	if p := seal.NewPepper(a); ids[p.ID()] != "a" || p.Base() != "" {
		t.Error("an id is not a fingerprint of the chain alone")
	}
}

func TestDigestAllocatesNothing(t *testing.T) {
	if raced {
		t.Log("not counted under the race detector")
		return
	}
	p := seal.NewPepper(link(1), link(2))
	c := keywright.NewCredential(strings.Repeat("k", 48), strings.Repeat("s", 81))
	if n := testing.AllocsPerRun(1000, func() { p.Digest(c) }); n != 0 {
		t.Errorf("a digest allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { p.DigestInner([32]byte{1}) }); n != 0 {
		t.Errorf("a digest of an inner hash allocates %v times", n)
	}
}

func TestDigestSideBySide(t *testing.T) {
	t.Parallel()
	p, a := seal.NewPepper(link(1)), link(1)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				text := fmt.Sprint(g, "/", i, strings.Repeat("y", i))
				if p.Digest(keywright.NewCredential("", text)) != expected(text, a) {
					t.Error("a digest made beside others is wrong")
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestSecretsPrintNowhere(t *testing.T) {
	t.Parallel()
	var l seal.Link
	copy(l[:], "printable-printable-printable-32")
	sealer, err := seal.NewSealer(l)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := seal.NewSigner(l)
	if err != nil {
		t.Fatal(err)
	}
	s := seal.Secrets{Pepper: seal.NewPepper(l), Sealer: sealer, Identity: signer}
	type holder struct {
		Open   *seal.Secrets
		hidden *seal.Secrets
		links  []*seal.Pepper
		more   []any
	}
	var out bytes.Buffer
	for _, v := range []any{l, &l, s, &s, s.Pepper, sealer, signer, holder{&s, &s, []*seal.Pepper{s.Pepper}, []any{s, &s, s.Pepper, sealer, signer}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("said", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("said", "v", v)
		if text, err := json.Marshal(v); err == nil {
			out.Write(text)
		}
	}
	for _, form := range []string{"printable-pr", hex.EncodeToString(l[:8]), strings.ToUpper(hex.EncodeToString(l[:8])), "112 114 105 110 116", "0x70, 0x72"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("a secret was printed as %s", form)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	p := seal.NewPepper(link(1))
	c := keywright.NewCredential("", strings.Repeat("s", 81))
	b.ReportAllocs()
	for b.Loop() {
		p.Digest(c)
	}
}

// printf %s kw_test_known_answer | openssl dgst -sha256 -binary | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
const knownAnswer = "c52790b57a18f7d69e318de03646c7fa2dc94c28f1a31b4ab88b6d01b8cdda52"
