package record

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// Stores keep an instant as nanoseconds since 1970 in 64 bits, where 0 is none.
func earliest() time.Time { return time.Unix(0, -1<<63) }
func latest() time.Time   { return time.Unix(0, 1<<63-1) }

// Nanos is an instant as stores keep it; 0 is the zero time.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Clamp is Nanos for a bound in a query, which may be any instant.
func Clamp(t time.Time) int64 {
	switch {
	case t.Before(earliest()):
		return earliest().UnixNano()
	case t.After(latest()):
		return latest().UnixNano()
	}
	return t.UnixNano()
}

// Instant is what Nanos came from, in UTC.
func Instant(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

func instant(field string, t *time.Time) error {
	if t.IsZero() {
		return nil
	}
	if t.Before(earliest()) || t.After(latest()) {
		return invalid(field, "must lie between the years 1678 and 2262; for a key that never expires, leave the expiry out")
	}
	*t = Instant(t.UnixNano())
	return nil
}

// Storable reports whether every store can keep a text: PostgreSQL takes neither
// a NUL nor broken UTF-8.
func Storable(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

func text(field string, all ...string) error {
	for _, s := range all {
		if !Storable(s) {
			return invalid(field, "must be valid UTF-8 without NUL")
		}
	}
	return nil
}

func words(field string, list *[]string) error {
	if len(*list) == 0 {
		*list = nil
		return nil
	}
	*list = slices.Clone(*list)
	return text(field, *list...)
}

func pairs(field string, m *map[string]string) error {
	if len(*m) == 0 {
		*m = nil
		return nil
	}
	*m = maps.Clone(*m)
	for name, value := range *m {
		if err := text(field, name, value); err != nil {
			return err
		}
	}
	return nil
}

// Key returns a copy of a key in the form that every store keeps and gives
// back: instants in UTC without a monotonic reading, empty lists as nil. It
// returns an Invalid error for what cannot be kept.
func Key(k keywright.Key) (keywright.Key, error) {
	if k.ID.IsZero() {
		return k, invalid("id", "a key has an id")
	}
	k = CloneKey(k)
	if len(k.Sealed) == 0 {
		k.Sealed = nil
	}
	if len(k.Addresses) == 0 {
		k.Addresses = nil
	}
	for _, a := range k.Addresses {
		if !a.IsValid() || a.Addr().Zone() != "" {
			return k, invalid("addresses", "each is an address range such as 192.0.2.0/24")
		}
	}
	return k, first(
		words("permissions", &k.Permissions), pairs("metadata", &k.Metadata),
		text("tenant", string(k.Tenant)), text("scheme", k.Scheme), text("name", k.Name), text("environment", k.Environment),
		text("public", k.Public), text("hint", k.Hint), text("pepper", k.Pepper), text("revocation", string(k.Revocation)),
		instant("created", &k.Created), instant("expires_at", &k.Expires), instant("paused_at", &k.PausedAt),
		instant("until", &k.PausedUntil), instant("retires", &k.Retires), instant("revoked_at", &k.RevokedAt), version(k.Version),
	)
}

// Tenant does for a tenant what Key does for a key.
func Tenant(t keywright.Tenant) (keywright.Tenant, error) {
	if t.ID == "" {
		return t, invalid("id", "a tenant has an id")
	}
	return t, first(
		words("services", &t.Services), words("environments", &t.Environments), pairs("metadata", &t.Metadata),
		text("id", string(t.ID)), text("ref", t.Ref), text("name", t.Name), text("plan", t.Plan),
		instant("created", &t.Created), version(t.Version),
	)
}

// Event does for an event what Key does for a key; the records that only
// Changes adds are left out.
func Event(e keywright.Event) (keywright.Event, error) {
	e.KeyNow, e.TenantNow = nil, nil
	return e, first(
		pairs("detail", &e.Detail), instant("at", &e.At), text("act", string(e.Act)), text("tenant", string(e.Tenant)),
		text("reason", e.Reason), text("actor", e.Actor.ID, e.Actor.Name, e.Actor.Address, e.Actor.RequestID),
	)
}

// Receipt does for a receipt what Key does for a key.
func Receipt(r keywright.Receipt) (keywright.Receipt, error) {
	if r.Key == "" {
		return r, invalid("idempotency_key", "a receipt has a key")
	}
	return r, first(text("idempotency_key", r.Key), instant("at", &r.At))
}

func version(v uint64) error {
	if v > 1<<63-1 {
		return invalid("version", "too large")
	}
	return nil
}

func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// CloneKey copies a key so that neither side can change the other's.
func CloneKey(k keywright.Key) keywright.Key {
	k.Permissions, k.Addresses = slices.Clone(k.Permissions), slices.Clone(k.Addresses)
	k.Metadata, k.Sealed = maps.Clone(k.Metadata), slices.Clone(k.Sealed)
	return k
}

// CloneTenant copies a tenant so that neither side can change the other's.
func CloneTenant(t keywright.Tenant) keywright.Tenant {
	t.Services, t.Environments, t.Metadata = slices.Clone(t.Services), slices.Clone(t.Environments), maps.Clone(t.Metadata)
	return t
}

// CloneEvent copies an event so that neither side can change the other's.
func CloneEvent(e keywright.Event) keywright.Event {
	e.Detail = maps.Clone(e.Detail)
	return e
}
