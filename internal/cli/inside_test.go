package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
)

func TestOnATerminalItAsks(t *testing.T) {
	t.Parallel()
	for typed, done := range map[string]bool{"y\n": true, "Yes\n": true, "\n": false, "n\n": false, "": false, "yup\n": false} {
		a := &app{asks: func(any) bool { return true }}
		cmd := &cobra.Command{}
		var said bytes.Buffer
		cmd.SetIn(strings.NewReader(typed))
		cmd.SetErr(&said)
		if err := a.confirm(cmd, "Revoke it?"); (err == nil) != done || !strings.Contains(said.String(), "Revoke it? [y/N]") {
			t.Errorf("%q: %v, said %q", typed, err, said.String())
		}
		a.yes = true
		if err := a.confirm(cmd, "Revoke it?"); err != nil {
			t.Errorf("--yes: %v", err)
		}
	}
}

func TestDistancesReadWell(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "in 0 seconds", 59 * time.Second: "in 59 seconds", time.Minute: "in 1 minute", -90 * time.Minute: "1 hour ago",
		49 * time.Hour: "in 2 days", -800 * 24 * time.Hour: "2 years ago",
	} {
		if got := distance(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for code, errs := range map[int][]error{
		ExitOK: {nil}, ExitFailed: {errors.New("x"), context.Canceled, keywright.Internal}, ExitUsage: {usage("x"), errors.New("unknown flag: --x")},
		ExitNotFound: {keywright.NotFound, fmt.Errorf("x: %w", keywright.NotFound)}, ExitForbidden: {keywright.Forbidden}, ExitConflict: {keywright.Conflict},
		ExitInvalid: {keywright.Invalid}, ExitUnavailable: {keywright.Unavailable, &keywright.Error{Kind: keywright.Unavailable, Cause: client.ErrUnreachable}},
		ExitPrecondition: {keywright.Precondition}, ExitRefused: {&coded{code: ExitRefused}},
	} {
		for _, err := range errs {
			if got := ExitCode(err); got != code {
				t.Errorf("%v exits with %d, want %d", err, got, code)
			}
		}
	}
}

// TestWhatOthersNamedCannotCommandATerminal is about names of keys and tenants.
func TestWhatOthersNamedCannotCommandATerminal(t *testing.T) {
	t.Parallel()
	if got := clean("a\x1b[2Jb\u202ec\u009bd\ne"); got != "a?[2Jb?c?d?e" {
		t.Errorf("%q", got)
	}
}

// TestEveryCommandHasAnExample keeps --help useful.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s: no short text or no example", c.CommandPath())
		}
		for _, one := range c.Commands() {
			walk(one)
		}
	}
	walk(New())
}
