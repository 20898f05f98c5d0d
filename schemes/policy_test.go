package schemes

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

var update = flag.Bool("update", false, "write the golden files anew")

func shipped(t *testing.T, name string) *scheme.Scheme {
	t.Helper()
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

// life is a requirement on a scheme's rules of life.
type life struct {
	scheme string
	holds  func(p keywright.Policy, s *scheme.Scheme) bool
}

func lives() map[string]life {
	return map[string]life{
		"TFI-08 one pair per user": {"trustifi", func(p keywright.Policy, s *scheme.Scheme) bool { return p.MaxActive == 1 && s.Pair() }},
		"TFI-13 no name, no expiry": {"trustifi", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Name.Presence == keywright.Absent && p.Expiry.Presence == keywright.Absent
		}},
		"TFI-17 both can be copied again":   {"trustifi", func(_ keywright.Policy, s *scheme.Scheme) bool { return s.Recoverable() }},
		"TFI-19 regenerating keeps the key": {"trustifi", func(p keywright.Policy, _ *scheme.Scheme) bool { return p.Rotation.Allowed && p.Rotation.KeepsKey }},
		"TFI-20 no overlap": {"trustifi", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Rotation.Overlap == 0 && !p.Rotation.Settable
		}},
		"TSP-20 as many as needed": {"truestamp", func(p keywright.Policy, _ *scheme.Scheme) bool { return p.MaxActive == 0 }},
		"TSP-23 a description of 256, a ttl of 60 s": {"truestamp", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Name == keywright.NameRule{Presence: keywright.Optional, Max: 256} && p.Expiry == keywright.ExpiryRule{Presence: keywright.Optional, MinTTL: time.Minute}
		}},
		"TSP-24 revoked and replaced, not rotated": {"truestamp", func(p keywright.Policy, _ *scheme.Scheme) bool { return !p.Rotation.Allowed }},
		"TSP-38 pretty": {"truestamp", func(_ keywright.Policy, s *scheme.Scheme) bool {
			return s.Manners() == scheme.Manners{Accept: "application/json", ContentType: "application/json", Object: true, Pretty: true}
		}},
		"TRS-15 seven days of overlap, settable": {"trusset-instance", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Rotation == keywright.RotationRule{Allowed: true, Overlap: 168 * time.Hour, Settable: true}
		}},
		"TRS-17 ten active keys":             {"trusset-instance", func(p keywright.Policy, _ *scheme.Scheme) bool { return p.MaxActive == 10 }},
		"TRS-18 no permissions of their own": {"trusset-instance", func(p keywright.Policy, _ *scheme.Scheme) bool { return !p.Scoped }},
		"TRS-30 one MiCA key, replaced at once": {"trusset-mica", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.MaxActive == 1 && p.Rotation == keywright.RotationRule{Allowed: true}
		}},
		"TRS-32 one management token, not rotated": {"trusset-mica-management", func(p keywright.Policy, _ *scheme.Scheme) bool { return p.MaxActive == 1 && !p.Rotation.Allowed }},
		"DMT-07 DMT-12 two environments, one granted": {"domain-trust", func(p keywright.Policy, s *scheme.Scheme) bool {
			return fmt.Sprint(p.Environments) == "[{testing false} {production true}]" && fmt.Sprint(s.Need().Granted) == "[production]"
		}},
		"DMT-11 as many as needed": {"domain-trust", func(p keywright.Policy, _ *scheme.Scheme) bool { return p.MaxActive == 0 }},
		"DMT-19 a description": {"domain-trust", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Name == keywright.NameRule{Presence: keywright.Required, Max: 200}
		}},
		"DMT-21 DMT-23 an expiry that can be moved": {"domain-trust", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Expiry == keywright.ExpiryRule{Presence: keywright.Required, Revivable: true}
		}},
		"DMT-06 overlap 0, settable": {"domain-trust", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Rotation == keywright.RotationRule{Allowed: true, Settable: true}
		}},
		"TSW-04 a name": {"trust-swiftly", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return p.Name == keywright.NameRule{Presence: keywright.Required, Max: 200}
		}},
		"TSW-11 paid plans only": {"trust-swiftly", func(p keywright.Policy, s *scheme.Scheme) bool {
			return !p.Plans.Allows("free") && !p.Plans.Allows("") && p.Plans.Allows("growth") && fmt.Sprint(s.Need().Plans) == fmt.Sprint(p.Plans)
		}},
		"TSW-18 shown once":           {"trust-swiftly", func(_ keywright.Policy, s *scheme.Scheme) bool { return !s.Recoverable() }},
		"TSW-20 revoked and replaced": {"trust-swiftly", func(p keywright.Policy, _ *scheme.Scheme) bool { return !p.Rotation.Allowed }},
		"keywright: live and test, scoped permissions": {"keywright", func(p keywright.Policy, _ *scheme.Scheme) bool {
			return fmt.Sprint(p.Environments) == "[{live false} {test false}]" && p.Scoped
		}},
	}
}

// TestPolicies compares each scheme's rules of life with the settled contracts.
func TestPolicies(t *testing.T) {
	for requirement, c := range lives() {
		t.Run(requirement, func(t *testing.T) {
			s := shipped(t, c.scheme)
			if p := s.Policy(); p.Scheme != c.scheme || s.Need().Scheme != c.scheme || !c.holds(p, s) {
				t.Errorf("%s has %+v", c.scheme, p)
			}
		})
	}
}

// TestPublishedLimits are those that docs/guide/settled.md states.
func TestPublishedLimits(t *testing.T) {
	for name, want := range map[string]string{
		"trusset-instance":        "[{minute 0 200 1m0s false false} {address 1 100 1m0s false false}]",
		"trusset-mica":            "[{minute 0 60 1m0s false false} {day 0 5000 24h0m0s true true}]",
		"trusset-mica-management": "[]",
		"trust-swiftly":           "[{minute 0 300 1m0s false false} {second 0 5 1s false false}]",
		"trustifi":                "[]",
		"truestamp":               "[]",
		"domain-trust":            "[]",
		"keywright":               "[{minute 0 6000 1m0s false false}]",
		"trusset-members":         "[]",
		"domain-trust-members":    "[]",
	} {
		if got := fmt.Sprint(shipped(t, name).Limits()); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestAnswers compares every answer of every scheme, whole, with the golden file.
func TestAnswers(t *testing.T) {
	for _, name := range Names() {
		s := shipped(t, name)
		var b strings.Builder
		for _, r := range keywright.Refusals() {
			a := s.Answer(scheme.Presented{Reason: r, Part: scheme.AllParts})
			fmt.Fprintf(&b, "%s: %d\n", r, a.Status)
			for _, h := range a.Header {
				fmt.Fprintf(&b, "    %s: %s\n", h.Name, h.Value)
			}
			fmt.Fprintf(&b, "    %s\n", strings.ReplaceAll(string(a.Body), "\n", "\n    "))
		}
		golden := "testdata/" + name + ".answers.txt"
		if *update {
			if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != b.String() {
			t.Errorf("%s: the answers have changed (%v); look at them, and run with -update\n%s", name, err, b.String())
		}
	}
}

// TestUniformRefusals: where a vendor gives several causes one code, the bodies
// are the same byte for byte, and the headers the same set.
func TestUniformRefusals(t *testing.T) {
	for name, groups := range map[string][]string{
		"trustifi":                {"foreign malformed unknown revoked retired expired paused tenant_archived plan_required permission_missing"},
		"truestamp":               {"missing foreign malformed unknown revoked retired expired paused tenant_archived"},
		"trusset-instance":        {"foreign malformed unknown revoked retired expired paused tenant_archived"},
		"trusset-mica":            {"missing foreign", "malformed unknown revoked retired expired paused tenant_archived"},
		"trusset-mica-management": {"missing foreign", "malformed unknown revoked retired expired paused tenant_archived"},
		"domain-trust":            {"missing foreign malformed unknown revoked retired expired paused tenant_archived"},
		"trust-swiftly":           {"missing foreign malformed unknown revoked retired expired paused tenant_archived"},
		"trusset-members":         {"foreign malformed unknown revoked retired expired paused tenant_archived"},
		"domain-trust-members":    {"missing foreign malformed unknown revoked retired expired paused tenant_archived"},
		"keywright":               {"foreign malformed unknown revoked retired expired paused tenant_archived"},
	} {
		s := shipped(t, name)
		for _, group := range groups {
			first := ""
			for _, word := range strings.Fields(group) {
				r, ok := keywright.ParseReason(word)
				if !ok {
					t.Fatal(word)
				}
				a := s.Answer(scheme.Presented{Reason: r})
				if r == keywright.Missing {
					a = s.Answer(scheme.Presented{Reason: r, Part: scheme.AllParts})
				}
				whole := fmt.Sprint(a.Status, a.Header, string(a.Body))
				if first == "" {
					first = whole
				}
				if whole != first {
					t.Errorf("%s: %s is told apart:\n%s\n%s", name, word, whole, first)
				}
			}
		}
	}
}

// TestDMT_ContentTypeHasNoCharset: the vendor's client compares it exactly.
func TestDMT_ContentTypeHasNoCharset(t *testing.T) {
	for _, r := range keywright.Refusals() {
		if got := headerOf(shipped(t, "domain-trust").Answer(scheme.Presented{Reason: r}), "Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: %s", r, got)
		}
	}
}

// TestKeysOf256Bits: the default for new providers.
func TestKeysOf256Bits(t *testing.T) {
	for _, f := range shipped(t, "keywright").Formats() {
		if !strings.Contains(f, "{secret:base62:43}{checksum:crc32}") {
			t.Errorf("%s", f)
		}
	}
	for _, name := range Names() {
		if w := shipped(t, name).Warnings(); len(w) != 0 {
			t.Errorf("%s ships with warnings: %v", name, w)
		}
	}
}
