package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func accessCommand(a *app) *cobra.Command {
	c := group("access", "Ask for environments, and decide who gets them", `Some environments, such as production, are only for tenants that the provider has
granted them to. After "keywright login" you ask for one; an operator grants it or
declines.`,
		"  keywright access request --environment production --reason \"We go live in March.\"\n  keywright access list --state open\n  keywright access grant acc_01…",
		accessRequest(a), accessList(a), accessGrant(a), accessDecline(a))
	a.remote(c)
	c.PersistentFlags().StringVar(&a.tenant, "tenant", "", "your tenant, where you have several: id or ref")
	return c
}

func accessRequest(a *app) *cobra.Command {
	var r api.RequestAccess
	c := &cobra.Command{
		Use: "request", Short: "Ask for an environment", Args: exactly(),
		Example: "  keywright access request --environment production --reason \"We go live in March.\"",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, _ []string) error {
			switch {
			case h.own != nil:
				return h.own.only("")
			case h.member == nil:
				return usage("a customer asks for access: log in with keywright login; an operator gives it with keywright tenants amend --environment")
			}
			out, err := h.member.RequestAccess(ctx, r)
			if err != nil {
				return err
			}
			return a.printAccess(cmd, out, []api.AccessRequest{out})
		}),
	}
	c.Flags().StringVar(&r.Environment, "environment", "", "the one that is asked for")
	c.Flags().StringVar(&r.Reason, "reason", "", "what it is for: whoever decides reads it")
	_ = c.MarkFlagRequired("environment")
	a.outputFlag(c)
	return c
}

func accessList(a *app) *cobra.Command {
	var state string
	c := &cobra.Command{
		Use: "list", Short: "List requests, the newest first", Args: exactly(),
		Long:    "After keywright login, your tenant's; for an operator, all tenants'.",
		Example: "  keywright access list --state open\n  keywright access list --output json",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, _ []string) error {
			all, err := h.accessRequests(ctx, state)
			if err != nil {
				return err
			}
			return a.printAccess(cmd, all, all)
		}),
	}
	c.Flags().StringVar(&state, "state", "", "only those that are open, granted or declined")
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{api.AccessOpen, api.AccessGranted, api.AccessDeclined}, cobra.ShellCompDirectiveNoFileComp))
	a.outputFlag(c)
	return c
}

func (h hand) accessRequests(ctx context.Context, state string) ([]api.AccessRequest, error) {
	switch {
	case state != "" && state != api.AccessOpen && state != api.AccessGranted && state != api.AccessDeclined:
		return nil, usage("--state is one of open, granted, declined")
	case h.own != nil:
		return nil, h.own.only("")
	case h.member == nil:
		return h.operator.AccessRequests(ctx, state)
	}
	all, err := h.member.AccessRequests(ctx)
	kept := []api.AccessRequest{}
	for i := range all {
		if state == "" || all[i].State == state {
			kept = append(kept, all[i])
		}
	}
	return kept, err
}

func accessGrant(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "grant ID", Short: "Give the tenant the environment that it asks for", Args: exactly("ID"), Example: "  keywright access grant acc_01…",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			out, err := c.GrantAccess(ctx, args[0])
			if err != nil {
				return err
			}
			return a.printAccess(cmd, out, []api.AccessRequest{out})
		}),
	}
	a.outputFlag(c)
	return c
}

func accessDecline(a *app) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "decline ID", Short: "Say no, and why", Args: exactly("ID"), Example: "  keywright access decline acc_01… --reason \"Finish the review first.\"",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			out, err := c.DeclineAccess(ctx, args[0], reason)
			if err != nil {
				return err
			}
			return a.printAccess(cmd, out, []api.AccessRequest{out})
		}),
	}
	c.Flags().StringVar(&reason, "reason", "", "why, and what would change it: the tenant's people read it")
	_ = c.MarkFlagRequired("reason")
	a.outputFlag(c)
	return c
}

func (a *app) printAccess(cmd *cobra.Command, whole any, all []api.AccessRequest) error {
	return a.print(cmd, whole, func(w io.Writer) {
		fmt.Fprintln(w, "ID\tTENANT\tENVIRONMENT\tSTATE\tASKED BY\tASKED\tREASON\tANSWER")
		for i := range all {
			r := &all[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, dash(r.TenantName), clean(r.Environment), r.State, dash(r.RequestedBy), a.when(&r.CreatedAt), dash(r.Reason), dash(r.Answer))
		}
	})
}
