package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/keywright/keywright"
)

// The exit codes, as the help of the root command documents them.
const (
	ExitOK           = 0
	ExitFailed       = 1
	ExitUsage        = 2
	ExitNotFound     = 3
	ExitForbidden    = 4
	ExitConflict     = 5
	ExitInvalid      = 6
	ExitUnavailable  = 7
	ExitPrecondition = 8
	ExitRefused      = 9  // verify and explain: the key was refused
	ExitPartly       = 10 // import: some rows were refused
)

// coded is an error that knows its exit code.
type coded struct {
	code int
	text string
}

// Error implements error.
func (c *coded) Error() string { return c.text }

func usage(text string) error { return &coded{code: ExitUsage, text: text} }

// ExitCode says what a process exits with after an error of Execute.
func ExitCode(err error) int {
	var c *coded
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &c):
		return c.code
	case errors.Is(err, context.Canceled):
		return ExitFailed
	}
	for kind, code := range map[keywright.Kind]int{
		keywright.NotFound: ExitNotFound, keywright.Forbidden: ExitForbidden, keywright.Conflict: ExitConflict,
		keywright.Invalid: ExitInvalid, keywright.Unavailable: ExitUnavailable, keywright.Precondition: ExitPrecondition,
	} {
		if errors.Is(err, kind) {
			return code
		}
	}
	// cobra's own errors of usage have no type.
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "required flag", "accepts ", "requires ", "invalid argument", "if any flags in the group"} {
		if strings.HasPrefix(err.Error(), start) {
			return ExitUsage
		}
	}
	return ExitFailed
}
