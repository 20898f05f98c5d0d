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
	"github.com/keywright/keywright/api"
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

// TestTFI04_EveryOperationHasACommand pairs the operations of the management API
// with the commands, in the same words.
func TestTFI04_EveryOperationHasACommand(t *testing.T) {
	t.Parallel()
	commands := map[string]string{
		api.OpCreateKey: "keys create", api.OpListKeys: "keys list", api.OpGetKey: "keys show", api.OpAmendKey: "keys amend", api.OpDeleteKey: "keys delete",
		api.OpRotateKey: "keys rotate", api.OpOverlapKey: "keys extend", api.OpPauseKey: "keys pause", api.OpResumeKey: "keys resume", api.OpRevokeKey: "keys revoke",
		api.OpVerify: "keys verify", api.OpExplain: "keys explain", api.OpImport: "keys import", api.OpListEvents: "events list",
		api.OpExportKeys: "keys export", api.OpExportTenants: "tenants export", api.OpExportEvents: "events export",
		api.OpCreateTenant: "tenants create", api.OpListTenants: "tenants list", api.OpGetTenant: "tenants show", api.OpAmendTenant: "tenants amend", api.OpSetup: "setup",
		api.OpListMembers: "members list", api.OpAmendMember: "members amend", api.OpRemoveMember: "members remove",
		api.OpListInvitations: "invitations list", api.OpInvite: "invitations create", api.OpWithdrawInvitation: "invitations withdraw",
		api.OpRegisterFor: "registrations create", api.OpRotateRegistration: "registrations rotate", api.OpRevokeRegistration: "registrations revoke",
		api.OpListSchemes: "schemes remote list", api.OpGetScheme: "schemes remote show", api.OpLintScheme: "schemes remote lint", api.OpTryScheme: "schemes remote try",
		api.OpListAPIs: "apis list", api.OpListProviders: "identity-providers list", api.OpCheckProvider: "identity-providers check", api.OpListVerifiers: "verifiers list",
		api.OpListAccessRequests: "access list", api.OpGrantAccess: "access grant", api.OpDeclineAccess: "access decline", api.OpGetUsage: "usage",
	}
	root := New()
	for _, op := range api.Operations() {
		path, ok := commands[op.ID]
		if op.Tag == api.TagAccount {
			continue // the command line holds a key, which has no account; people have theirs in a browser
		}
		if !ok && op.ID != api.OpOpenAPI {
			t.Errorf("the operation %s has no command", op.ID)
			continue
		}
		if found, rest, err := root.Find(strings.Fields(path)); ok && (err != nil || len(rest) > 0 || found.RunE == nil) {
			t.Errorf("the operation %s: there is no command %q", op.ID, path)
		}
	}
}
