package record

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// Narrow is how many records a filter may leave so that a bounded read looks at
// each of them; Budget is how many it looks at in order where no filter is that
// narrow: what is wider than the one is found often enough within the other.
const (
	Narrow = 3_000
	Budget = 3_000
)

// Never is how stores keep the expiry of a key that has none: after all others.
const Never = math.MaxInt64

// Expiry is a key's expiry as stores order by it.
func Expiry(t time.Time) int64 {
	if t.IsZero() {
		return Never
	}
	return min(Nanos(t), Never-1)
}

// Bound is Clamp for an instant that expiries are compared with.
func Bound(t time.Time) int64 { return min(Clamp(t), Never-1) }

// Fold returns what of a text takes part in ordering and searching.
func Fold(s string) string {
	s = s[:min(len(s), 4*keywright.MaxSortText)] // more takes no part, and need not be folded
	s = strings.ToLower(strings.ToValidUTF8(s, ""))
	if len(s) <= keywright.MaxSortText {
		return s
	}
	end := keywright.MaxSortText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// Visible returns the characters of a hint that are a part of the credential.
func Visible(hint string) string {
	if at := strings.LastIndex(hint, "…"); at >= 0 {
		hint = hint[at+len("…"):]
	}
	return Fold(strings.Trim(hint, ".*• "))
}

// Span is a part of an order: from a text on, and before another; "" is its end.
type Span struct{ From, Before string }

// Holds reports whether a text is in the span.
func (s Span) Holds(text string) bool { return text >= s.From && (s.Before == "" || text < s.Before) }

// Beginning is the span of all texts that begin with a prefix.
func Beginning(prefix string) Span {
	runes := []rune(prefix)
	for len(runes) > 0 {
		last := &runes[len(runes)-1]
		switch {
		case *last == 0xd7ff:
			*last = 0xe000
		case *last < utf8.MaxRune:
			*last++
		default:
			runes = runes[:len(runes)-1]
			continue
		}
		return Span{prefix, string(runes)}
	}
	return Span{From: prefix}
}

// Search is what a search looks for in each place where it looks.
type Search struct {
	Text Span   // names and refs, folded
	Hint Span   // visible characters, folded; of keys
	IDs  []Span // ids as they are spelled
}

// Searched reads a search; nil is none.
func Searched(text, idPrefix string) *Search {
	if text = strings.TrimSpace(text); !Storable(text) {
		text = "\x00" // which no record holds
	}
	folded := Fold(text)
	if folded == "" {
		return nil
	}
	out := &Search{Text: Beginning(folded), Hint: Beginning(Visible(text))}
	if len(text) > len(idPrefix) && strings.HasPrefix(folded, idPrefix) {
		rest := text[len(idPrefix):]
		for _, one := range []string{strings.ToUpper(rest), rest} {
			if span := Beginning(idPrefix + one); !slices.Contains(out.IDs, span) {
				out.IDs = append(out.IDs, span)
			}
		}
	}
	return out
}

// KeySearch reads a search for keys; nil is none.
func KeySearch(text string) *Search {
	s := Searched(text, "key_")
	if s != nil && len(s.IDs) > 1 {
		s.IDs = s.IDs[:1] // keys' ids are spelled in one way
	}
	return s
}

// TenantSearch reads a search for tenants; nil is none.
func TenantSearch(text string) *Search { return Searched(text, "ten_") }

// Finds reports whether a search finds a key.
func (s *Search) Finds(k *keywright.Key) bool {
	return s.Text.Holds(Fold(k.Name)) || s.hints(Visible(k.Hint)) || s.ids(k.ID.String())
}

func (s *Search) hints(visible string) bool {
	return s.Hint.From != "" && s.Hint.Holds(visible)
}

// FindsTenant reports whether a search finds a tenant.
func (s *Search) FindsTenant(t *keywright.Tenant) bool {
	return s.Text.Holds(Fold(t.Name)) || s.Text.Holds(Fold(t.Ref)) || s.ids(string(t.ID))
}

func (s *Search) ids(id string) bool {
	return slices.ContainsFunc(s.IDs, func(span Span) bool { return span.Holds(id) })
}

// IDRange turns a span of ids as they are spelled into the ids themselves: from
// the first to the last that lie in it. ok is false where none can.
func IDRange(span Span) (from, to keywright.KeyID, ok bool) {
	const digits, length = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26
	prefix := strings.TrimPrefix(span.From, "key_")
	if len(prefix) > length || strings.Trim(prefix, digits) != "" {
		return from, to, false
	}
	from, err1 := keywright.ParseKeyID("key_" + prefix + strings.Repeat("0", length-len(prefix)))
	to, err2 := keywright.ParseKeyID("key_" + prefix + strings.Repeat("Z", length-len(prefix)))
	return from, to, err1 == nil && err2 == nil
}

// The values of places: of an expiry, digits that are ordered as it is.

// ExpiryValue spells an expiry in a place.
func ExpiryValue(nanos int64) string { return fmt.Sprintf("%016x", uint64(nanos)^1<<63) }

// ReadExpiryValue reads what ExpiryValue wrote.
func ReadExpiryValue(value string) (int64, error) {
	n, err := strconv.ParseUint(value, 16, 64)
	if err != nil || len(value) != 16 {
		return 0, badPlace()
	}
	return int64(n ^ 1<<63), nil
}

// KeyPlace is where a key stands in an order.
func KeyPlace(by keywright.Sort, k *keywright.Key) keywright.Place {
	p := keywright.Place{ID: k.ID.String()}
	switch by {
	case keywright.ByName:
		p.Value = Fold(k.Name)
	case keywright.ByExpiry:
		p.Value = ExpiryValue(Expiry(k.Expires))
	}
	return p
}

// TenantPlace is where a tenant stands in an order.
func TenantPlace(by keywright.Sort, t *keywright.Tenant) keywright.Place {
	p := keywright.Place{ID: string(t.ID)}
	switch by {
	case keywright.ByName:
		p.Value = Fold(t.Name)
	case keywright.ByRef:
		p.Value = Fold(t.Ref)
	}
	return p
}

// CheckKeyListing returns an Invalid error for an order that keys do not have and
// for a place that is none of it.
func CheckKeyListing(l *keywright.Listing) error {
	if l.Sort != keywright.ByID && l.Sort != keywright.ByName && l.Sort != keywright.ByExpiry {
		return invalid("sort", "keys are ordered by their creation, name or expiry")
	}
	if l.From == (keywright.Place{}) {
		return nil
	}
	_, err := keywright.ParseKeyID(l.From.ID)
	if err == nil && l.Sort == keywright.ByExpiry {
		_, err = ReadExpiryValue(l.From.Value)
	}
	if err != nil || !plainPlace(l) {
		return badPlace()
	}
	return nil
}

// CheckTenantListing does for tenants what CheckKeyListing does for keys.
func CheckTenantListing(l *keywright.Listing) error {
	if l.Sort != keywright.ByID && l.Sort != keywright.ByName && l.Sort != keywright.ByRef {
		return invalid("sort", "tenants are ordered by their creation, ref or name")
	}
	if l.From != (keywright.Place{}) && (l.From.ID == "" || !plainPlace(l)) {
		return badPlace()
	}
	return nil
}

func plainPlace(l *keywright.Listing) bool {
	return Storable(l.From.ID) && Storable(l.From.Value) && (l.Sort != keywright.ByID || l.From.Value == "")
}

func badPlace() error {
	return invalid("cursor", "not a next_cursor of this list: start again without it")
}

// ComparePlaces tells which of two places an order has first.
func ComparePlaces(l *keywright.Listing, a, b keywright.Place) int {
	c := cmp.Or(strings.Compare(a.Value, b.Value), strings.Compare(a.ID, b.ID))
	if l.Descending {
		return -c
	}
	return c
}

// Part is what one way of reading has found: everything up to Rest, or to the end
// if that is zero.
type Part[T any] struct {
	Found []T
	Rest  keywright.Place
}

// Join makes one page of parts that may have found the same, and sets the rest.
func Join[T any](l *keywright.Listing, limit int, place func(*T) keywright.Place, parts ...Part[T]) []T {
	var until keywright.Place
	for _, p := range parts {
		if p.Rest != (keywright.Place{}) && (until == (keywright.Place{}) || ComparePlaces(l, p.Rest, until) < 0) {
			until = p.Rest
		}
	}
	var all []T
	for _, p := range parts {
		all = append(all, p.Found...)
	}
	slices.SortFunc(all, func(a, b T) int { return ComparePlaces(l, place(&a), place(&b)) })
	all = slices.CompactFunc(all, func(a, b T) bool { return place(&a) == place(&b) })
	if until != (keywright.Place{}) {
		all = slices.DeleteFunc(all, func(one T) bool { return ComparePlaces(l, place(&one), until) > 0 })
	}
	if len(all) > limit {
		all = all[:limit]
		until = place(&all[limit-1])
	}
	if l.Rest != nil {
		*l.Rest = until
	}
	return all
}

// Spread says how a bounded read answers a question about states: each of them
// has an index of its own but ACTIVE, which is what most keys are.
func Spread(states []keywright.State) bool {
	return len(states) > 0 && !slices.Contains(states, keywright.Active)
}

// Alive reports that states are of keys whose expiry has not come, and Dead that
// they are of keys whose expiry has.
func Alive(states []keywright.State) bool {
	return len(states) > 0 && !slices.ContainsFunc(states, func(s keywright.State) bool {
		return s != keywright.Active && s != keywright.PendingRotation && s != keywright.StatePaused
	})
}

// Dead is said of states beside Alive.
func Dead(states []keywright.State) bool {
	return len(states) > 0 && !slices.ContainsFunc(states, func(s keywright.State) bool { return s != keywright.StateExpired })
}
