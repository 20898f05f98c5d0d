package meter

import (
	"context"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// MaxAddresses is how many addresses are kept of a key: the latest.
const MaxAddresses = 20

// Scope is whose use is counted.
type Scope string

// Everybody is the scope of all decisions, those about no key included.
const Everybody Scope = ""

// OfKey is the scope of one key.
func OfKey(id keywright.KeyID) Scope { return Scope("key:" + id.String()) }

// OfTenant is the scope of a tenant's keys, and of its people's tokens.
func OfTenant(id keywright.TenantID) Scope { return Scope("tenant:" + string(id)) }

// Count is how often something was decided within an hour.
type Count struct {
	Scope  Scope
	API    string
	Hour   int64 // of UTC, from the first of 1970
	Reason string
	Times  int64
}

// Address is where a key was presented from.
type Address struct {
	From  netip.Addr // never with a zone, never IPv4 in IPv6
	Times int64
	At    time.Time // last
}

// KeyUse is who presented a key.
type KeyUse struct {
	Key       keywright.KeyID
	At        time.Time  // last
	From      netip.Addr // last; the zero one is not known
	Addresses []Address  // at most MaxAddresses
}

// Batch is what is added at once.
type Batch struct {
	ID     [16]byte  // made at random: a batch that is added twice counts once
	At     time.Time // when it was made, by the clock of key life
	Counts []Count
	Keys   []KeyUse
}

// Query selects counts.
type Query struct {
	Scope       Scope
	API         string // "" is all
	From, Until int64  // hours: From and what follows, before Until
	Step        int64  // so many hours are one sum
}

// Sum is how often something was decided within a step.
type Sum struct {
	Hour   int64 // the step's first, a multiple of the step
	Reason string
	Times  int64
}

// Store keeps use; the store packages implement it. It holds no rule but that
// what is added to is added up, and that of two uses the later one stays.
type Store interface {
	// AddUse adds a batch as a whole, or nothing of it, or nothing more of one
	// that was added before. Of a key it keeps the latest MaxAddresses addresses.
	AddUse(ctx context.Context, b Batch) error
	// Use returns the sums that a query selects, in no order.
	Use(ctx context.Context, q Query) ([]Sum, error)
	// LastUse returns when and from where keys were last presented, without their
	// addresses; those that never were are left out.
	LastUse(ctx context.Context, keys []keywright.KeyID) ([]KeyUse, error)
	// Addresses returns the addresses of a key, the latest first.
	Addresses(ctx context.Context, key keywright.KeyID) ([]Address, error)
	// ForgetUse forgets some counts, uses and addresses of before an instant, and
	// ids of batches of a day before the newest; it reports whether there may be more.
	ForgetUse(ctx context.Context, before time.Time) (more bool, err error)
}

// HourOf is the hour of UTC that an instant is in.
func HourOf(t time.Time) int64 { return floor(t.Unix(), 3600) }

// HourStart is where an hour begins.
func HourStart(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

// floor divides towards the past, also before 1970.
func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}
