package keywright

import "errors"

// Kind says what sort of failure an Error is. It is itself an error, so that
// errors.Is(err, keywright.NotFound) works.
type Kind string

// The kinds of failure.
const (
	NotFound     Kind = "not found"    // no such key, tenant or scheme
	Conflict     Kind = "conflict"     // the state of things forbids it: cap reached, not ACTIVE, duplicate
	Invalid      Kind = "invalid"      // a field is wrong; Field names it
	Forbidden    Kind = "forbidden"    // the tenant may not: environment not granted, plan
	Precondition Kind = "precondition" // If-Match did not match
	Unavailable  Kind = "unavailable"  // a store or a freshness failure; a retry may help
	Internal     Kind = "internal"     // a fault of ours
)

// Error implements error.
func (k Kind) Error() string { return string(k) }

// Error is a failure with what a caller needs to act on it.
type Error struct {
	Kind   Kind
	Field  string // the field of the request that is wrong, if one is
	Detail string // a sentence for the caller, with the way out; never a secret
	Cause  error  // for our own logs; never shown to a caller
}

// Error implements error.
func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Field != "" {
		s += ": " + e.Field
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is lets errors.Is match on the Kind.
func (e *Error) Is(target error) bool { k, ok := target.(Kind); return ok && k == e.Kind }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of an error, or Internal if it has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Internal
}

func invalid(field, detail string) error { return &Error{Kind: Invalid, Field: field, Detail: detail} }
func conflict(detail string) error       { return &Error{Kind: Conflict, Detail: detail} }
func forbidden(field, detail string) error {
	return &Error{Kind: Forbidden, Field: field, Detail: detail}
}
