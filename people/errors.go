package people

import (
	"errors"
	"time"

	"github.com/keywright/keywright"
)

// ErrSignIn's Kind is what every refused sign-in has; Throttled is one that came too often.
const (
	ErrSignIn keywright.Kind = "sign-in refused"
	Throttled keywright.Kind = "too many attempts"
	// ProofNeeded asks for the person's proof again before a sensitive act.
	ProofNeeded keywright.Kind = "proof needed"
)

// Wait is the cause of a Throttled error: how long until another attempt may do.
type Wait time.Duration

// Error implements error.
func (w Wait) Error() string { return "room again in " + time.Duration(w).String() }

// RetryAfter is how long to wait.
func (w Wait) RetryAfter() time.Duration { return time.Duration(w) }

// refused is the one answer to every sign-in that fails. It has no cause: what
// went wrong must not reach even a log that a caller could be shown.
func refused() error {
	return &keywright.Error{Kind: ErrSignIn, Detail: "this did not work: check what you entered, or sign in another way"}
}

func throttled(wait time.Duration) error {
	return &keywright.Error{Kind: Throttled, Detail: "too many attempts: wait a little and try again", Cause: Wait(max(wait, time.Second))}
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

func conflict(detail string) error {
	return &keywright.Error{Kind: keywright.Conflict, Detail: detail}
}

func notFound(detail string) error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: detail}
}

func internal(detail string, cause error) error {
	return &keywright.Error{Kind: keywright.Internal, Detail: detail, Cause: cause}
}

// missing reports whether an error says that a record is not there.
func missing(err error) bool { return errors.Is(err, keywright.NotFound) }
