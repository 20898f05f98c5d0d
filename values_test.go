package keywright_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
)

func TestReasonNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	all := append(keywright.Refusals(), keywright.Granted)
	for _, r := range all {
		name := r.String()
		back, ok := keywright.ParseReason(name)
		text, err := r.MarshalText()
		if !ok || back != r || err != nil || string(text) != name || seen[name] || name == "" || strings.ToLower(name) != name {
			t.Errorf("%d is spelled %q, read back as %d", r, name, back)
		}
		seen[name] = true
	}
	if r, ok := keywright.ParseReason("no such reason"); ok || r != keywright.Failure {
		t.Error("an unknown name is a reason")
	}
	if _, ok := keywright.ParseReason(""); ok {
		t.Error("the empty name is a reason")
	}
	if keywright.Reason(200).String() != "failure" {
		t.Error("a reason outside the set is not a failure")
	}
	if slices.Contains(keywright.Refusals(), keywright.Granted) || len(all) != len(seen) {
		t.Error("the refusals hold the grant, or one twice")
	}
}

func TestKeyIDRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := keywright.KeyID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text := id.String()
		for _, spelling := range []string{text, strings.ToLower(text)} {
			if id.IsZero() {
				continue
			}
			if spelling[:4] != "key_" {
				continue
			}
			back, err := keywright.ParseKeyID(spelling)
			if err != nil || back != id {
				t.Fatalf("%s came back as %s, %v", spelling, back, err)
			}
		}
		var back keywright.KeyID
		out, err := json.Marshal(map[string]keywright.KeyID{"id": id})
		if err != nil || back.UnmarshalText([]byte(text)) != nil || back != id || !strings.Contains(string(out), `"`+text+`"`) {
			t.Fatalf("%s came back as %s", out, back)
		}
	})
}

func TestKeyIDsSortByTheirInstants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var ids, texts []string
		at := start
		for range 10 {
			id := keywright.NewKeyID(at, [10]byte(rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, "entropy")))
			ids, texts = append(ids, string(id[:])), append(texts, id.String())
			at = at.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(t, "ms")) * time.Millisecond)
		}
		if !sort.StringsAreSorted(ids) || !sort.StringsAreSorted(texts) {
			t.Fatal("they do not sort as their instants do")
		}
	})
	if id := keywright.NewKeyID(time.Time{}, [10]byte{1}); id.IsZero() || id[0] != 0 {
		t.Error("an instant before the epoch spoils the id")
	}
}

func TestParseKeyIDRefusals(t *testing.T) {
	t.Parallel()
	good := keywright.NewKeyID(start, [10]byte{1}).String()
	for _, bad := range []string{"", "key_", good[4:], good + "0", good[:len(good)-1], "key_8" + good[5:], "key_" + strings.Repeat("U", 26), "KEY_" + good[4:], "ten_" + good[4:], good[:29] + "é", " " + good, good[:10] + "-" + good[11:]} {
		_, err := keywright.ParseKeyID(bad)
		var e *keywright.Error
		if !errors.Is(err, keywright.Invalid) || !errors.As(err, &e) || e.Field != "id" {
			t.Errorf("%q: %v", bad, err)
		}
		var id keywright.KeyID
		if bad != "" && id.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q was unmarshalled", bad)
		}
	}
	id := keywright.KeyID{1}
	if err := id.UnmarshalText(nil); err != nil || !id.IsZero() || id.String() != "" {
		t.Error("the empty text is not the zero id")
	}
	if ten := keywright.NewTenantID(start, [10]byte{1}); ten != keywright.TenantID("ten_"+good[4:]) {
		t.Errorf("a tenant's id is %s", ten)
	}
}

func FuzzParseKeyID(f *testing.F) {
	f.Add(keywright.NewKeyID(start, [10]byte{1, 2, 3}).String())
	f.Add("key_00000000000000000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := keywright.ParseKeyID(s)
		if err != nil {
			return
		}
		if got := id.String(); !id.IsZero() && !strings.EqualFold(got, s) {
			t.Errorf("%q is read as %q", s, got)
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full, at secret/path")
	e := &keywright.Error{Kind: keywright.Unavailable, Field: "f", Detail: "d", Cause: cause}
	wrapped := fmt.Errorf("while: %w", e)
	joined := errors.Join(errors.New("other"), wrapped)
	for _, err := range []error{e, wrapped, joined} {
		if !errors.Is(err, keywright.Unavailable) || errors.Is(err, keywright.Invalid) || !errors.Is(err, cause) || keywright.KindOf(err) != keywright.Unavailable {
			t.Errorf("%v is not what it is", err)
		}
	}
	if e.Error() != "unavailable: f: d" || strings.Contains(e.Error(), "disk") {
		t.Errorf("it says %q: the cause is for our own logs", e.Error())
	}
	for err, want := range map[error]keywright.Kind{keywright.NotFound: keywright.NotFound, fmt.Errorf("x: %w", keywright.Conflict): keywright.Conflict, cause: keywright.Internal, nil: keywright.Internal} {
		if keywright.KindOf(err) != want {
			t.Errorf("the kind of %v is %s", err, keywright.KindOf(err))
		}
	}
}

func TestStatesAndRevocations(t *testing.T) {
	t.Parallel()
	var states, reasons []string
	for _, s := range keywright.States() {
		states = append(states, string(s))
		if s.Final() != (s == "RETIRED" || s == "REVOKED") {
			t.Errorf("%s is final: %v", s, s.Final())
		}
	}
	for _, r := range keywright.Revocations() {
		reasons = append(reasons, string(r))
	}
	if got := strings.Join(states, " "); got != "ACTIVE PENDING_ROTATION PAUSED RETIRED EXPIRED REVOKED" {
		t.Errorf("the states are spelled %s", got)
	}
	if got := strings.Join(reasons, "|"); got != "compromised|abuse|superseded|unused|unspecified" {
		t.Errorf("the reasons are spelled %s", got)
	}
}
