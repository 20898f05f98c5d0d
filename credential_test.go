package keywright_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

const (
	publicHalf = "0123abcd-public-half"
	secretHalf = "tsw_verySecretIndeed42"
)

type outer struct {
	Exported keywright.Credential
	Pointer  *keywright.Credential
	Map      map[string]keywright.Credential
	Slice    []keywright.Credential
	Any      any
	hidden   keywright.Credential
	inner    struct{ deeper keywright.Credential }
	held     any
	list     []keywright.Credential
}

func everywhere() outer {
	c := keywright.NewCredential(publicHalf, secretHalf)
	o := outer{Exported: c, Pointer: &c, Map: map[string]keywright.Credential{"a": c}, Slice: []keywright.Credential{c}, Any: c, hidden: c, held: c, list: []keywright.Credential{c}}
	o.inner.deeper = c
	return o
}

// leaks reports whether text holds a half in any spelling that a formatter makes.
func leaks(text string) bool {
	for _, half := range []string{publicHalf, secretHalf} {
		decimal := strings.Trim(fmt.Sprintf("%d", []byte(half)), "[]")
		for _, form := range []string{half, fmt.Sprintf("%x", half), fmt.Sprintf("%X", half), decimal, fmt.Sprintf("% x", half), fmt.Sprintf("%#v", []byte(half))} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

func TestCredentialPrintsNowhere(t *testing.T) {
	t.Parallel()
	o := everywhere()
	values := map[string]any{"value": o.Exported, "pointer": &o.Exported, "struct": o, "pointer to struct": &o, "slice": o.Slice, "map": o.Map}
	for name, v := range values {
		for _, verb := range "vsqxXTpdtbcoOUeEfFgGw" {
			for _, flags := range []string{"", "+", "#", " ", "-", "0", "+#", "# ", "200", ".3", "+200.100"} {
				if out := fmt.Sprintf("%"+flags+string(verb), v); leaks(out) {
					t.Fatalf("%s with %%%s%c prints %s", name, flags, verb, out)
				}
			}
		}
		for out := range strings.SplitSeq(fmt.Sprint(v)+"\n"+fmt.Sprintln(v)+"\n"+fmt.Errorf("of %v: %w", v, errors.New("x")).Error(), "\n") {
			if leaks(out) {
				t.Errorf("%s prints %s", name, out)
			}
		}
	}
	if got := fmt.Sprintf("%v %s %q %x %#v", o.Exported, o.Exported, o.Exported, o.Exported, o.Exported); got != strings.TrimSpace(strings.Repeat("[redacted] ", 5)) {
		t.Errorf("a credential prints as %q", got)
	}
}

func TestCredentialEncodesNowhere(t *testing.T) {
	t.Parallel()
	o := everywhere()
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(o); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&out).Encode(o.Exported); err != nil {
		t.Fatal(err)
	}
	// gob has nothing to encode and says so: what matters is that it says no more.
	if err := gob.NewEncoder(&out).Encode(o.Exported); err != nil {
		out.WriteString(err.Error())
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("said", "value", o.Exported, "pointer", &o.Exported, "struct", o, "group", slog.GroupValue(slog.Any("c", o.Any)))
	}
	if leaks(out.String()) {
		t.Errorf("an encoder printed %s", out.String())
	}
	if !strings.Contains(out.String(), `"Exported":"[redacted]"`) {
		t.Errorf("json does not say redacted: %s", out.String())
	}
}

func TestCredentialPanicsWithoutItself(t *testing.T) {
	t.Parallel()
	defer func() {
		if said := fmt.Sprint(recover()); leaks(said) || said != "[redacted]" {
			t.Errorf("a recovered panic says %s", said)
		}
	}()
	panic(keywright.NewCredential(publicHalf, secretHalf))
}

func TestDigestPrintsNowhere(t *testing.T) {
	t.Parallel()
	d := keywright.Digest{0xde, 0xad, 0xbe, 0xef}
	k := keywright.Key{Digest: d}
	var out bytes.Buffer
	for _, verb := range "vsqxXdbcoOU" {
		for _, flags := range []string{"", "+", "#", " "} {
			fmt.Fprintf(&out, "%"+flags+string(verb)+"\n", d)
		}
	}
	fmt.Fprintf(&out, "%v %+v %#v %x %v", k, &k, k, k, []keywright.Digest{d})
	if err := json.NewEncoder(&out).Encode(k); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("said", "digest", d, "key", k)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("said", "digest", d, "key", k)
	for _, form := range []string{"deadbeef", "DEADBEEF", "de ad", "222 173", "0xde"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("a digest printed itself as %s:\n%s", form, out.String())
		}
	}
}

func TestCredentialHalves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public, secret string
		zero           bool
	}{{"", "", true}, {"", "s", false}, {"p", "", false}, {"p", "s", false}, {publicHalf, secretHalf, false}} {
		got := keywright.NewCredential(c.public, c.secret)
		public, secret := got.Reveal()
		if public != c.public || secret != c.secret || got.Public() != c.public || got.IsZero() != c.zero {
			t.Errorf("(%q, %q) came back as (%q, %q), zero %v", c.public, c.secret, public, secret, got.IsZero())
		}
	}
	if reflect.TypeFor[keywright.Credential]().Comparable() {
		t.Error("credentials can be compared with ==, which leaks by its timing")
	}
	if !(keywright.Credential{}).IsZero() || (keywright.Credential{}).Public() != "" {
		t.Error("the zero credential is not zero")
	}
}

func TestCredentialCostsNothing(t *testing.T) {
	secret := strings.Repeat("s", 40)
	if n := testing.AllocsPerRun(100, func() {
		c := keywright.NewCredential("p", secret)
		if _, s := c.Reveal(); len(s) != 40 {
			t.Fatal("lost")
		}
	}); n != 0 {
		t.Errorf("making and revealing a credential allocates %v times", n)
	}
}
