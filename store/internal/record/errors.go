package record

import (
	"errors"
	"time"

	"github.com/keywright/keywright"
)

// DefaultLimit is how many records a query gives that names no limit.
const DefaultLimit = 100

// ReceiptLife is how long a receipt is kept at least. Remembering a receipt
// forgets those that are older by this.
const ReceiptLife = 24 * time.Hour

// Horizon is the instant, as Nanos gives it, before which receipts are
// forgotten when one of the instant at is remembered.
func Horizon(at time.Time) int64 {
	if at.IsZero() || at.Before(earliest().Add(ReceiptLife)) {
		return earliest().UnixNano()
	}
	return at.Add(-ReceiptLife).UnixNano()
}

// Limit is the limit of a query.
func Limit(asked int) int {
	if asked <= 0 {
		return DefaultLimit
	}
	return asked
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

// NoKey is the error for a key that is not there.
func NoKey() error { return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such key"} }

// NoTenant is the error for a tenant that is not there.
func NoTenant() error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such tenant"}
}

// NoReceipt is the error for a receipt that is not there.
func NoReceipt() error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: "this idempotency key has not been used"}
}

// NoRecord is the error for a record of people's that is not there.
func NoRecord() error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such record"}
}

// NameTaken is the error for a second record of one kind and name.
func NameTaken() error {
	return &keywright.Error{Kind: keywright.Conflict, Field: "name", Detail: "another record has this name"}
}

// DigestTaken is the error for a second key of one digest.
func DigestTaken() error {
	return &keywright.Error{Kind: keywright.Conflict, Field: "digest", Detail: "another key has this very credential"}
}

// RefTaken is the error for a second tenant of one ref.
func RefTaken() error {
	return &keywright.Error{Kind: keywright.Conflict, Field: "ref", Detail: "another tenant has this ref: choose another"}
}

// Closed is the error of a store that was closed.
func Closed() error {
	return &keywright.Error{Kind: keywright.Unavailable, Detail: "the store is closed"}
}

// Unavailable wraps a failure of a store, or a context that ended, which stays
// visible to errors.Is. An error that says already what it is passes unchanged.
func Unavailable(detail string, cause error) error {
	var known *keywright.Error
	if errors.As(cause, &known) {
		return cause
	}
	return &keywright.Error{Kind: keywright.Unavailable, Detail: detail, Cause: cause}
}

// Ended is the error for a context that ended before the store had answered.
func Ended(cause error) error {
	return Unavailable("the request ended before the store had answered", cause)
}
