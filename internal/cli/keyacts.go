package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

func keysRotate(a *app) *cobra.Command {
	var overlap, repeat string
	var finish bool
	c := &cobra.Command{
		Use: "rotate ID", Short: "Replace a key, and show the new credential once", Args: exactly("ID"),
		Long: `Makes a successor. The old key goes on working for the overlap, the scheme's own
unless --overlap names another; with an overlap of 0 it stops at once.

A profile that holds an API key (keywright login --with-key) rotates that one, as
"self", and keeps the new one.`,
		Example: "  keywright keys rotate key_01…\n  keywright keys rotate key_01… --overlap 48h --output key",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			r := api.RotateKey{Finish: finish}
			if cmd.Flags().Changed("overlap") {
				length, err := readLength("--overlap", overlap)
				if err != nil {
					return err
				}
				text := length.String()
				r.Overlap = &text
			}
			out, err := rotateKey(ctx, h, repeat, args[0], r)
			if err != nil {
				return err
			}
			return a.printIssued(cmd, &out, h.at.Variable)
		}),
	}
	c.Flags().StringVar(&overlap, "overlap", "", "how long both keys work, such as 168h or 7d")
	c.Flags().BoolVar(&finish, "finish", false, "end at once the overlap of the key before this one")
	c.Flags().StringVar(&repeat, "idempotency-key", "", "repeating the command with the same one makes no second successor")
	a.ofTenant(c)
	a.outputFlag(c, "key", "env")
	return c
}

func rotateKey(ctx context.Context, h hand, repeat, id string, r api.RotateKey) (api.Key, error) {
	if repeat == "" && h.operator != nil {
		return h.operator.RotateKey(ctx, id, r)
	}
	return h.RotateKeyOnce(ctx, repeat, id, r)
}

func keysFinish(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "finish ID", Short: "End now the overlap of a key that was rotated", Args: exactly("ID"),
		Long:    "The key that is PENDING_ROTATION stops at once; its successor goes on.",
		Example: "  keywright keys finish key_01… --yes",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			if err := a.confirm(cmd, "Programs that still use it will be refused. End the overlap of "+args[0]+" now?"); err != nil {
				return err
			}
			out, err := h.OverlapKey(ctx, args[0], time.Time{})
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	a.yesFlag(c)
	a.ofTenant(c)
	a.outputFlag(c)
	return c
}

func keysExtend(a *app) *cobra.Command {
	var until, by string
	c := &cobra.Command{
		Use: "extend ID", Short: "Move the end of a rotated key's overlap", Args: exactly("ID"),
		Long: `Lets a key that is PENDING_ROTATION go on until another instant, later or sooner: at
most 30 days after its rotation, and never past its own expiry.`,
		Example: "  keywright keys extend key_01… --by 3d\n  keywright keys extend key_01… --until 2030-01-31T12:00:00Z",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			end, err := newEnd(ctx, h, args[0], until, by)
			if err != nil {
				return err
			}
			out, err := h.OverlapKey(ctx, args[0], end)
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	c.Flags().StringVar(&until, "until", "", "when the overlap ends, RFC 3339")
	c.Flags().StringVar(&by, "by", "", "how much later than now planned, such as 3d")
	a.ofTenant(c)
	a.outputFlag(c)
	return c
}

// newEnd is where the end of an overlap goes: an instant, or so much later than it is.
func newEnd(ctx context.Context, h hand, id, until, by string) (time.Time, error) {
	switch {
	case (until == "") == (by == ""):
		return time.Time{}, usage("say when it ends: --until or --by; to end it now, keys finish")
	case until != "":
		return readInstant("--until", until)
	}
	length, err := readLength("--by", by)
	if err != nil {
		return time.Time{}, err
	}
	k, err := h.Key(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	if k.RetiresAt == nil {
		return time.Time{}, &keywright.Error{Kind: keywright.Conflict, Detail: "only a key that is PENDING_ROTATION has an overlap, and this one is " + k.State}
	}
	return k.RetiresAt.Add(length), nil
}

// endOf reads --until or --for; the zero time is neither.
func (a *app) endOf(until, length string) (time.Time, error) {
	switch {
	case until != "" && length != "":
		return time.Time{}, usage("give --until or --for, not both")
	case until != "":
		return readInstant("--until", until)
	case length != "":
		d, err := readLength("--for", length)
		return a.now().Add(d), err
	}
	return time.Time{}, nil
}

func keysPause(a *app) *cobra.Command {
	var until, length string
	c := &cobra.Command{
		Use: "pause ID", Short: "Suspend a key, for a time or until resumed", Args: exactly("ID"),
		Example: "  keywright keys pause key_01…\n  keywright keys pause key_01… --for 2h",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			end, err := a.endOf(until, length)
			if err != nil {
				return err
			}
			out, err := h.PauseKey(ctx, args[0], end)
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	c.Flags().StringVar(&until, "until", "", "when the pause ends by itself, RFC 3339")
	c.Flags().StringVar(&length, "for", "", "how long the pause lasts, such as 2h")
	a.ofTenant(c)
	a.outputFlag(c)
	return c
}

func keysResume(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "resume ID", Short: "End a pause", Args: exactly("ID"), Example: "  keywright keys resume key_01…",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			out, err := h.ResumeKey(ctx, args[0])
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	a.ofTenant(c)
	a.outputFlag(c)
	return c
}

func keysRevoke(a *app) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "revoke ID", Short: "End a key for good", Args: exactly("ID"),
		Example: "  keywright keys revoke key_01… --reason compromised",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			if reason != "" && !slices.Contains(keywright.Revocations(), keywright.Revocation(reason)) {
				return usage("--reason is one of " + strings.Join(revocations(), ", "))
			}
			if err := a.confirm(cmd, "A revoked key never works again. Revoke "+args[0]+"?"); err != nil {
				return err
			}
			out, err := h.RevokeKey(ctx, args[0], reason)
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	c.Flags().StringVar(&reason, "reason", "", "why: "+strings.Join(revocations(), ", "))
	_ = c.RegisterFlagCompletionFunc("reason", cobra.FixedCompletions(revocations(), cobra.ShellCompDirectiveNoFileComp))
	a.yesFlag(c)
	a.ofTenant(c)
	a.outputFlag(c)
	return c
}

func revocations() []string {
	var out []string
	for _, r := range keywright.Revocations() {
		out = append(out, string(r))
	}
	return out
}

func keysDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "delete ID", Short: "End a key and remove its record", Args: exactly("ID"),
		Long:    "The key stops at once and its record goes. What happened to it stays in the audit trail.",
		Example: "  keywright keys delete key_01… --yes",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			if err := a.confirm(cmd, "The key stops at once and its record goes. Delete "+args[0]+"?"); err != nil {
				return err
			}
			if err := h.DeleteKey(ctx, args[0]); err != nil {
				return err
			}
			words(cmd, "Deleted %s.", args[0])
			return nil
		}),
	}
	a.yesFlag(c)
	a.ofTenant(c)
	return c
}
