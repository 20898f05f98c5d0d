package record

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// FuzzSearch looks for anything in anything: a span holds exactly what begins with
// its prefix, and what is folded is short, valid, and folded for good.
func FuzzSearch(f *testing.F) {
	for _, one := range []string{"", "a", "Ärger", "퟿", "\U0010ffff", "\U0010ffff\U0010ffff", "key_01", "\xff", strings.Repeat("K", 90), strings.Repeat("é", 40)} {
		f.Add(one, one+"x")
		f.Add("x", one)
	}
	f.Fuzz(func(t *testing.T, prefix, text string) {
		p, s := Fold(prefix), Fold(text)
		if len(s) > keywright.MaxSortText || !utf8.ValidString(s) || Fold(s) != s && strings.ToLower(s) == s {
			t.Errorf("%q is folded to %q", text, s)
		}
		if span := Beginning(p); span.Holds(s) != strings.HasPrefix(s, p) || !utf8.ValidString(span.Before) {
			t.Errorf("%+v holds %q: %v", span, s, span.Holds(s))
		}
		if search := KeySearch(text); search != nil {
			k := keywright.Key{Name: text, Hint: "…" + text}
			if Storable(text) && strings.TrimSpace(text) == text && !search.Finds(&k) {
				t.Errorf("%q does not find itself", text)
			}
			for _, span := range search.IDs {
				if from, to, ok := IDRange(span); ok && (!span.Holds(from.String()) || !span.Holds(to.String())) {
					t.Errorf("%+v is not from %s to %s", span, from, to)
				}
			}
		}
	})
}

// FuzzPlace reads any place: an expiry that is read is spelled as it was.
func FuzzPlace(f *testing.F) {
	f.Add("8000000000000000", "key_01JZ8Q6V7N3F5T9X2B4C6D8E0G")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, value, id string) {
		if n, err := ReadExpiryValue(value); err == nil && ExpiryValue(n) != strings.ToLower(value) {
			t.Errorf("%q is %d, and %q", value, n, ExpiryValue(n))
		}
		for _, by := range []keywright.Sort{keywright.ByID, keywright.ByName, keywright.ByExpiry, keywright.ByRef} {
			l := keywright.Listing{Sort: by, From: keywright.Place{Value: value, ID: id}}
			_, _ = CheckKeyListing(&l), CheckTenantListing(&l)
		}
	})
}
