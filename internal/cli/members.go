package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// crew is what an operator does to any tenant's people, and an admin to those of
// the own one.
type crew interface {
	Members(ctx context.Context) ([]api.Member, error)
	AmendMember(ctx context.Context, person, role string) (api.Member, error)
	RemoveMember(ctx context.Context, person string) error
	Invitations(ctx context.Context) ([]api.Invitation, error)
	Invite(ctx context.Context, email, role string) (api.Invitation, error)
	WithdrawInvitation(ctx context.Context, id string) error
}

// anyCrew is an operator's.
type anyCrew struct {
	c      *client.Client
	tenant string
}

func (o anyCrew) Members(ctx context.Context) ([]api.Member, error) {
	return o.c.Members(ctx, o.tenant)
}

func (o anyCrew) AmendMember(ctx context.Context, person, role string) (api.Member, error) {
	return o.c.AmendMember(ctx, o.tenant, person, role)
}

func (o anyCrew) RemoveMember(ctx context.Context, person string) error {
	return o.c.RemoveMember(ctx, o.tenant, person)
}

func (o anyCrew) Invitations(ctx context.Context) ([]api.Invitation, error) {
	return o.c.Invitations(ctx, o.tenant)
}

func (o anyCrew) Invite(ctx context.Context, email, role string) (api.Invitation, error) {
	return o.c.Invite(ctx, o.tenant, api.Invite{Email: email, Role: role})
}

func (o anyCrew) WithdrawInvitation(ctx context.Context, id string) error {
	return o.c.WithdrawInvitation(ctx, o.tenant, id)
}

// callCrew gives a command the people of a tenant.
func (a *app) callCrew(run func(ctx context.Context, cmd *cobra.Command, c crew, args []string) error) func(*cobra.Command, []string) error {
	return a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
		if h.member != nil {
			return run(ctx, cmd, h.member, args)
		}
		if h.own != nil {
			return h.own.only("")
		}
		if a.tenant == "" {
			return usage(`required flag(s) "tenant" not set: an operator says whose people are meant`)
		}
		return run(ctx, cmd, anyCrew{h.operator, a.tenant}, args)
	})
}

func membersCommand(a *app) *cobra.Command {
	c := group("members", "Manage the people of a tenant", `A member is a person who may act for a tenant, with a role: admin (everything,
people included), member (keys), trial (keys where nothing has to be granted).
Operators are members of the operators' own tenant, as admin or viewer.

After "keywright login" these commands are about your own tenant.`,
		"  keywright members list\n  keywright members list --tenant acme0001", membersList(a), membersAmend(a), membersRemove(a))
	a.remote(c)
	c.PersistentFlags().StringVar(&a.tenant, "tenant", "", "the tenant's id or ref")
	return c
}

func membersList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List members", Args: exactly(), Example: "  keywright members list --output json",
		RunE: a.callCrew(func(ctx context.Context, cmd *cobra.Command, c crew, _ []string) error {
			all, err := c.Members(ctx)
			if err != nil {
				return err
			}
			return a.printMembers(cmd, all, all)
		}),
	}
	a.outputFlag(c)
	return c
}

func (a *app) printMembers(cmd *cobra.Command, whole any, all []api.Member) error {
	return a.print(cmd, whole, func(w io.Writer) {
		fmt.Fprintln(w, "ID\tEMAIL\tNAME\tROLE\tSINCE")
		for i := range all {
			m := &all[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.ID, dash(m.Email), dash(m.Name), dash(m.Role), a.when(&m.Since))
		}
	})
}

func membersAmend(a *app) *cobra.Command {
	var role string
	c := &cobra.Command{
		Use: "amend ID", Short: "Change a member's role", Args: exactly("ID"), Example: "  keywright members amend per_01… --role admin",
		RunE: a.callCrew(func(ctx context.Context, cmd *cobra.Command, c crew, args []string) error {
			out, err := c.AmendMember(ctx, args[0], role)
			if err != nil {
				return err
			}
			return a.printMembers(cmd, out, []api.Member{out})
		}),
	}
	c.Flags().StringVar(&role, "role", "", "admin, member or trial; for operators admin or viewer")
	_ = c.MarkFlagRequired("role")
	a.outputFlag(c)
	return c
}

func membersRemove(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "remove ID", Short: "End a membership", Args: exactly("ID"),
		Long:    "The person can do nothing for the tenant from the next request on. Keys stay: revoke those that should not.",
		Example: "  keywright members remove per_01… --yes",
		RunE: a.callCrew(func(ctx context.Context, cmd *cobra.Command, c crew, args []string) error {
			if err := a.confirm(cmd, "The person can do nothing for the tenant from then on. Remove "+args[0]+"?"); err != nil {
				return err
			}
			if err := c.RemoveMember(ctx, args[0]); err != nil {
				return err
			}
			words(cmd, "Removed %s.", args[0])
			return nil
		}),
	}
	a.yesFlag(c)
	return c
}

func invitationsCommand(a *app) *cobra.Command {
	c := group("invitations", "Invite people to a tenant", `An invitation is a link that makes whoever opens it a member, once. It is shown
when it is made, and never again.

After "keywright login" these commands are about your own tenant.`,
		"  keywright invitations create --email grace@example.com --role member\n  keywright invitations list", invitationsCreate(a), invitationsList(a), invitationsWithdraw(a))
	a.remote(c)
	c.PersistentFlags().StringVar(&a.tenant, "tenant", "", "the tenant's id or ref")
	return c
}

func invitationsCreate(a *app) *cobra.Command {
	var email, role string
	c := &cobra.Command{
		Use: "create", Short: "Invite a person, and show the link once", Args: exactly(),
		Example: "  keywright invitations create --email grace@example.com --role member\n  keywright invitations create --tenant acme0001 --email ada@example.com --role admin --output json",
		RunE: a.callCrew(func(ctx context.Context, cmd *cobra.Command, c crew, _ []string) error {
			out, err := c.Invite(ctx, email, role)
			if err != nil {
				return err
			}
			err = a.print(cmd, out, func(w io.Writer) {
				fmt.Fprintf(w, "ID\t%s\nEmail\t%s\nRole\t%s\nExpires\t%s\n", out.ID, clean(out.Email), out.Role, a.when(&out.ExpiresAt))
				if out.Link != "" {
					fmt.Fprintf(w, "Link\t%s\n", clean(out.Link))
				} else {
					fmt.Fprintf(w, "Token\t%s\n", clean(out.Token))
				}
			})
			words(cmd, "Send this to the person and to nobody else: whoever opens it first is the member. It is shown this once.")
			return err
		}),
	}
	c.Flags().StringVar(&email, "email", "", "the person's address")
	c.Flags().StringVar(&role, "role", "member", "admin, member or trial; for operators admin or viewer")
	_ = c.MarkFlagRequired("email")
	a.outputFlag(c)
	return c
}

func invitationsList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List open invitations", Args: exactly(), Example: "  keywright invitations list",
		RunE: a.callCrew(func(ctx context.Context, cmd *cobra.Command, c crew, _ []string) error {
			all, err := c.Invitations(ctx)
			if err != nil {
				return err
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "ID\tEMAIL\tROLE\tBY\tEXPIRES")
				for i := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", all[i].ID, dash(all[i].Email), all[i].Role, dash(all[i].InvitedBy), a.when(&all[i].ExpiresAt))
				}
			})
		}),
	}
	a.outputFlag(c)
	return c
}

func invitationsWithdraw(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "withdraw ID", Short: "End an invitation", Args: exactly("ID"), Example: "  keywright invitations withdraw inv_01…",
		RunE: a.callCrew(func(ctx context.Context, cmd *cobra.Command, c crew, args []string) error {
			if err := c.WithdrawInvitation(ctx, args[0]); err != nil {
				return err
			}
			words(cmd, "Withdrawn: %s.", args[0])
			return nil
		}),
	}
}
