package keywright

import (
	"context"
	"iter"
	"time"
)

// Cursor is a place in a store's log of changes. The zero cursor is before all
// of it. Cursors of one store are ordered as its commits are.
type Cursor int64

// Store keeps keys, tenants and the log of what happened to them. It holds no
// rule: Update runs the caller's function inside a transaction.
type Store interface {
	// View runs fn on one consistent snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn in a transaction, serializable against all others, and
	// commits durably if fn returns nil. fn may run more than once, so it must
	// have no effect outside tx. It returns fn's error unchanged, or an
	// Unavailable error. The cursor is that of the last event appended.
	Update(ctx context.Context, fn func(Tx) error) (Cursor, error)
	// Changes yields every committed event after a cursor, in order, none
	// skipped, each with its key and tenant as they stand at the time of the
	// read (nil when gone). From the zero cursor it yields the present state
	// instead of the history: one event without an act for each tenant, then
	// for each key, all with the cursor of the snapshot; an empty store yields
	// nothing. It ends when it has caught up.
	Changes(ctx context.Context, after Cursor) iter.Seq2[Event, error]
	// Changed is signalled after commits. A missed signal is harmless: poll too.
	Changed() <-chan struct{}
	Close() error
}

// Reader reads one snapshot. What it returns is the caller's to keep and change.
type Reader interface {
	// Key returns a NotFound error if there is none.
	Key(ctx context.Context, id KeyID) (Key, error)
	// Keys returns at most q.Limit keys in the query's order. Errors: Invalid for
	// an order that keys do not have, and for a place that no store has set.
	Keys(ctx context.Context, q KeyQuery) ([]Key, error)
	// Tenant finds by id or by ref; NotFound if there is none.
	Tenant(ctx context.Context, idOrRef string) (Tenant, error)
	// Tenants returns at most q.Limit tenants in the query's order. Errors: as Keys.
	Tenants(ctx context.Context, q TenantQuery) ([]Tenant, error)
	// Events returns at most q.Limit events, newest first, without Key and Tenant.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
	// Receipt returns what an idempotency key stands for; NotFound if nothing.
	Receipt(ctx context.Context, idempotencyKey string) (Receipt, error)
}

// Tx reads and writes inside one transaction. It sees its own writes.
type Tx interface {
	Reader
	// PutKey inserts or replaces by id. Conflict if another key has the digest.
	PutKey(ctx context.Context, k Key) error
	DeleteKey(ctx context.Context, id KeyID) error
	// PutTenant inserts or replaces by id. Conflict if another tenant has the ref.
	PutTenant(ctx context.Context, t Tenant) error
	// Append adds an event to the log; the store sets its cursor.
	Append(ctx context.Context, e Event) error
	// Remember keeps a receipt under its key, replacing one that stood there.
	Remember(ctx context.Context, r Receipt) error
}

// KeyQuery selects keys. Empty parts select everything; Limit 0 is 100.
type KeyQuery struct {
	Tenant      TenantID
	Scheme      string
	Environment string
	Digest      *Digest
	// Unrevoked leaves out keys whose RevokedAt is set: a coarse filter that
	// spares reading history; states themselves are derived by the caller.
	Unrevoked bool
	// States leaves only keys that are in one of them at Now.
	States []State
	Now    time.Time
	// Search leaves only keys whose name, whose id from its "key_" on, or whose
	// hint's visible characters begin with it, whatever the letters' case.
	Search        string
	ExpiresBefore time.Time // only keys with an expiry before this
	After         KeyID     // only ids greater than this
	Limit         int
	Listing
}

// TenantQuery selects tenants. Empty parts select everything; Limit 0 is 100.
type TenantQuery struct {
	Plan        string
	Environment string // only tenants that it was granted to
	Archived    *bool
	// Search leaves only tenants whose name, whose ref, or whose id from its
	// "ten_" on begins with it, whatever the letters' case.
	Search string
	After  TenantID // only ids greater than this
	Limit  int
	Listing
}

// Listing is in which order a query reads, and from where.
type Listing struct {
	Sort       Sort
	Descending bool
	From       Place // only what follows this place in the order
	// Rest, where it is not nil, is set to the place to go on from, zero at the
	// end. It also bounds the work: a read may then stop before it has found Limit
	// records, or any, where a filter leaves next to nothing of very many.
	Rest *Place
}

// Sort is what records are ordered by; of two that are alike the smaller id comes
// first, and Descending turns all of it round. Texts are ordered by the bytes of
// their first MaxSortText, in lower case.
type Sort string

// The orders.
const (
	ByID     Sort = ""        // of creation, as ids have it
	ByName   Sort = "name"    // those without one first
	ByRef    Sort = "ref"     // of tenants; those without one first
	ByExpiry Sort = "expires" // of keys; those without one last
)

// MaxSortText is how many bytes of a text take part in ordering and searching.
const MaxSortText = 64

// Place is a place in a listing, as a store has set it. The zero place is before
// all of it.
type Place struct{ Value, ID string }

// EventQuery selects events, newest first.
type EventQuery struct {
	Key    KeyID
	Tenant TenantID
	Act    Act
	Actor  string    // Actor.ID
	Since  time.Time // at or after
	Until  time.Time // before
	Before Cursor    // only cursors less than this; 0 is no bound
	Limit  int       // 0 is 100
}

// Receipt remembers that an idempotency key was used, and what came of it.
type Receipt struct {
	Key     string   // the idempotency key, already scoped to actor and operation
	Request [32]byte // a fingerprint of the request
	Result  KeyID
	At      time.Time
}

// Act is what was done.
type Act string

// The acts.
const (
	KeyIssued     Act = "key.issued"
	KeyImported   Act = "key.imported"
	KeyRotated    Act = "key.rotated"  // the retiring key
	KeyFinished   Act = "key.finished" // its overlap was ended early
	KeyAmended    Act = "key.amended"
	KeyPaused     Act = "key.paused"
	KeyResumed    Act = "key.resumed"
	KeyRevoked    Act = "key.revoked"
	KeyDeleted    Act = "key.deleted"
	KeyRepeppered Act = "key.repeppered"
	KeyRevealed   Act = "key.revealed" // a sealed secret was shown again
	TenantCreated Act = "tenant.created"
	TenantAmended Act = "tenant.amended"

	PersonCreated       Act = "person.created"
	PersonAmended       Act = "person.amended" // name, password, a way to sign in, disabled or enabled
	PersonSignedIn      Act = "person.signed_in"
	PersonSignedOut     Act = "person.signed_out" // a session was ended, by its person or another
	MemberInvited       Act = "member.invited"
	MemberAdded         Act = "member.added"
	MemberAmended       Act = "member.amended" // the role
	MemberRemoved       Act = "member.removed"
	InvitationWithdrawn Act = "invitation.withdrawn"

	AccessRequested Act = "access.requested" // a tenant asks for an environment
	AccessGranted   Act = "access.granted"
	AccessDeclined  Act = "access.declined"
)

// Actor is who did it, and from where.
type Actor struct {
	ID        string // a key's id, a person's id, or "system"
	Name      string
	Address   string
	RequestID string
}

// Event is one entry of the log: at once the audit trail and the feed.
type Event struct {
	Cursor Cursor
	At     time.Time
	Act    Act
	Actor  Actor
	Key    KeyID
	Tenant TenantID
	Reason string            // why, in the actor's words or a Revocation
	Detail map[string]string // what changed, never a secret

	// Only from Changes: the records as they stand, nil when gone.
	KeyNow    *Key
	TenantNow *Tenant
}
