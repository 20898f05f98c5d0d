package keywright

import (
	"net/netip"
	"time"
)

// Key is the record of a credential: its digest, its public half and its
// instants, never the secret. A zero instant means "not so". Every instant is
// exclusive at its end: a key is dead at its expiry, not after it.
type Key struct {
	ID          KeyID
	Tenant      TenantID
	Scheme      string
	Name        string
	Environment string
	Permissions []string          // what it may do; "*" is everything, nil is nothing
	Addresses   []netip.Prefix    // where it may be used from; nil is anywhere
	Metadata    map[string]string // the provider's own

	Public string // the public half of a pair; "" otherwise
	Hint   string // the characters that may be shown to tell keys apart
	Digest Digest
	Pepper string // names the chain of peppers that made the digest
	Sealed []byte // the sealed secret, only where the scheme reveals again

	Created     time.Time
	Expires     time.Time
	PausedAt    time.Time
	PausedUntil time.Time // zero while PausedAt is set: until resumed
	Retires     time.Time // the end of the overlap; set by rotation
	RevokedAt   time.Time
	Revocation  Revocation

	Predecessor KeyID  // the key that this one replaced
	Successor   KeyID  // the key that replaced this one
	Version     uint64 // grows by one with each write; the ETag
}

// State is where a key stands in its life. It is derived, never stored.
type State string

// The states.
const (
	Active          State = "ACTIVE"
	PendingRotation State = "PENDING_ROTATION"
	StatePaused     State = "PAUSED"
	StateRetired    State = "RETIRED"
	StateExpired    State = "EXPIRED"
	StateRevoked    State = "REVOKED"
)

// States lists every state.
func States() []State {
	return []State{Active, PendingRotation, StatePaused, StateRetired, StateExpired, StateRevoked}
}

// Final reports whether nothing leads out of a state.
func (s State) Final() bool { return s == StateRetired || s == StateRevoked }

// StateAt returns the state at an instant.
func (k *Key) StateAt(now time.Time) State {
	switch {
	case reached(k.RevokedAt, now):
		return StateRevoked
	case reached(k.Retires, now):
		return StateRetired
	case reached(k.Expires, now):
		return StateExpired
	case reached(k.PausedAt, now) && !reached(k.PausedUntil, now):
		return StatePaused
	case !k.Retires.IsZero():
		return PendingRotation
	default:
		return Active
	}
}

// CountsAt reports whether the key counts against its tenant's cap: ACTIVE and
// PAUSED keys do, and those on their way out do not.
func (k *Key) CountsAt(now time.Time) bool {
	switch k.StateAt(now) {
	case Active:
		return true
	case StatePaused:
		return k.Retires.IsZero()
	default:
		return false
	}
}

// Orphaned reports whether the key is on its way out with nobody to follow it:
// its successor, nil if it was deleted, has ended before it. Such a key counts
// against the cap itself, else rotating and revoking in turn would be a way round it.
func (k *Key) Orphaned(successor *Key, now time.Time) bool {
	if !k.pendingAt(now) {
		return false
	}
	if successor == nil {
		return true
	}
	s := successor.StateAt(now)
	return s.Final() || s == StateExpired
}

// pendingAt reports whether the overlap of a rotation runs, paused or not.
func (k *Key) pendingAt(now time.Time) bool {
	s := k.StateAt(now)
	return s == PendingRotation || (s == StatePaused && !k.Retires.IsZero())
}

// DiesAt returns the earliest instant at which the key stops being accepted by
// itself, or the zero time if there is none.
func (k *Key) DiesAt() time.Time { return earliest(k.Expires, k.Retires) }

// reached reports whether a set instant has come; the end is exclusive.
func reached(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// earliest returns the earlier of two instants of which zero means none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// Revocation is why a key was revoked.
type Revocation string

// The reasons that a revocation may give.
const (
	Compromised Revocation = "compromised"
	Abuse       Revocation = "abuse"
	Superseded  Revocation = "superseded"
	Unused      Revocation = "unused"
	Unspecified Revocation = "unspecified"
)

// Revocations lists every reason that a revocation may give.
func Revocations() []Revocation {
	return []Revocation{Compromised, Abuse, Superseded, Unused, Unspecified}
}
