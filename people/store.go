package people

import (
	"context"
	"time"

	"github.com/keywright/keywright"
)

// RecordKind says what a record is of.
type RecordKind string

// The kinds of record. A store knows them as words only.
const (
	PersonRecord     RecordKind = "person"
	MemberRecord     RecordKind = "member"
	InvitationRecord RecordKind = "invitation"
	SessionRecord    RecordKind = "session"
	PasskeyRecord    RecordKind = "passkey"
	SignInRecord     RecordKind = "sign_in" // a subject of an identity provider
	AccessRecord     RecordKind = "access_request"
	VerifierRecord   RecordKind = "verifier" // a node that shares the store
)

// Record is one thing that people keeps, as a store sees it: a body that only
// people reads, under the few words by which it is found again. No field of it is
// secret: tokens stand in it as digests.
type Record struct {
	Kind    RecordKind
	ID      string
	Name    string             // unique within the kind unless empty: an e-mail address, a token's digest
	Owner   string             // whose it is: a person's id; may be empty
	Tenant  keywright.TenantID // may be empty
	Expires time.Time          // zero: it stays; past it, a store may forget the record
	Version uint64             // set by whoever writes
	Body    []byte             // at most 64 KiB
}

// RecordQuery selects records of one kind. Empty parts select everything; Limit 0 is 100.
type RecordQuery struct {
	Kind   RecordKind
	Owner  string
	Tenant keywright.TenantID
	After  string // only ids greater than this
	Limit  int
}

// RecordReader reads one snapshot. What it returns is the caller's to keep and change.
type RecordReader interface {
	// Record returns a NotFound error if there is none. One that has expired is
	// there until it is forgotten: whoever reads looks at Expires.
	Record(ctx context.Context, kind RecordKind, id string) (Record, error)
	// Named finds by Name; NotFound if there is none.
	Named(ctx context.Context, kind RecordKind, name string) (Record, error)
	// Records returns at most q.Limit records in ascending order of id.
	Records(ctx context.Context, q RecordQuery) ([]Record, error)
}

// RecordTx reads and writes inside one transaction. It sees its own writes.
type RecordTx interface {
	RecordReader
	// PutRecord inserts or replaces by kind and id. Conflict if another record of
	// the kind has the name.
	PutRecord(ctx context.Context, r Record) error
	// DeleteRecord removes a record; that there is none is no error.
	DeleteRecord(ctx context.Context, kind RecordKind, id string) error
	// Append adds an event to the one log that keys' events are in too.
	Append(ctx context.Context, e keywright.Event) error
}

// Store keeps people's records beside the keys, in the same database. It holds no
// rule. Every store of package store implements it.
type Store interface {
	ViewRecords(ctx context.Context, fn func(RecordReader) error) error
	// UpdateRecords runs fn in a transaction, serializable against all others
	// (those of keywright.Store.Update included), and commits durably if fn returns
	// nil. fn may run more than once. It returns fn's error unchanged, or an
	// Unavailable error.
	UpdateRecords(ctx context.Context, fn func(RecordTx) error) error
}
