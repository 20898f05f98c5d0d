package record

import (
	"slices"
	"time"

	"github.com/keywright/keywright/people"
)

// What one of people's records may hold at most, so that every store can keep it
// and find it by an index.
const (
	maxBody = 64 << 10
	maxName = 1024
	maxWord = 256
)

// ForgetAtOnce bounds how many expired records one transaction forgets.
const ForgetAtOnce = 32

// forgetAfter is for how long an expired record stays at least: longer than the
// clocks of several nodes can differ.
const forgetAfter = time.Hour

// Record does for one of people's records what Key does for a key.
func Record(r people.Record) (people.Record, error) {
	switch {
	case r.Kind == "":
		return r, invalid("kind", "a record has a kind")
	case r.ID == "":
		return r, invalid("id", "a record has an id")
	case len(r.Body) > maxBody:
		return r, invalid("body", "must not be longer than 64 KiB")
	case len(r.Name) > maxName:
		return r, invalid("name", "must not be longer than 1,024 bytes")
	}
	if len(r.Body) == 0 {
		r.Body = nil
	}
	r = CloneRecord(r)
	return r, first(
		word("kind", string(r.Kind)), word("id", r.ID), text("name", r.Name), word("owner", r.Owner), word("tenant", string(r.Tenant)),
		instant("expires", &r.Expires), version(r.Version),
	)
}

func word(field, s string) error {
	if len(s) > maxWord {
		return invalid(field, "must not be longer than 256 bytes")
	}
	return text(field, s)
}

// CloneRecord copies a record so that neither side can change the other's.
func CloneRecord(r people.Record) people.Record {
	r.Body = slices.Clone(r.Body)
	return r
}

// Forgettable is the instant, as Nanos gives it, up to which a record must have
// expired to be forgotten, where the newest event of the log is of the instant
// at. A store has no clock of its own: the log's is that of whoever writes, which
// may be shifted. The second result is false where nothing is to be forgotten.
func Forgettable(at int64) (int64, bool) {
	if at == 0 || at < earliest().Add(forgetAfter).UnixNano() {
		return 0, false
	}
	return at - int64(forgetAfter), true
}
