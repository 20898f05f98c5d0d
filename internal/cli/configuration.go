package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func apisCommand(a *app) *cobra.Command {
	c := group("apis", "Look at the protected APIs", "An API is a protected surface of the configuration: hosts, and routes with what they need. These commands need an operator key.",
		"  keywright apis list", apisList(a))
	a.remote(c)
	return c
}

func apisList(a *app) *cobra.Command {
	routes := false
	c := &cobra.Command{
		Use: "list", Short: "List APIs, and with --routes what each route needs", Args: exactly(),
		Example: "  keywright apis list\n  keywright apis list --routes\n  keywright apis list --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			all, err := c.APIs(ctx)
			if err != nil {
				return err
			}
			return a.print(cmd, all, func(w io.Writer) {
				if routes {
					routeRows(w, all)
					return
				}
				fmt.Fprintln(w, "NAME\tSCHEME\tROUTES\tBASE\tSITE")
				for i := range all {
					fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", clean(all[i].Name), clean(all[i].Scheme), len(all[i].Routes), dash(all[i].Base), dash(all[i].Site))
				}
			})
		}),
	}
	c.Flags().BoolVar(&routes, "routes", false, "a line for each route")
	a.outputFlag(c)
	return c
}

func routeRows(w io.Writer, all []api.API) {
	fmt.Fprintln(w, "API\tMETHODS\tPATH\tSCHEME\tTAKES\tNEEDS")
	for i := range all {
		for _, r := range all[i].Routes {
			methods := "any"
			if len(r.Methods) > 0 {
				methods = strings.Join(r.Methods, " ")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", clean(all[i].Name), clean(methods), clean(r.Path), clean(r.Scheme), r.Takes, dash(needs(&r.Need)))
		}
	}
}

// needs says in a few words what a route asks.
func needs(n *api.NeedBody) string {
	var all []string
	for _, one := range []struct {
		name   string
		values []string
	}{
		{"service", filled([]string{n.Service})}, {"permission", n.Permissions}, {"environment", n.Environments}, {"plan", n.Plans}, {"no plan", n.ExceptPlans},
	} {
		if len(one.values) > 0 {
			all = append(all, one.name+" "+strings.Join(one.values, "|"))
		}
	}
	return strings.Join(all, ", ")
}

func providersCommand(a *app) *cobra.Command {
	c := group("identity-providers", "Look at the identity providers", "Who customers and operators sign in with. These commands need an operator key.",
		"  keywright identity-providers list\n  keywright identity-providers check workforce", providersList(a), providersCheck(a))
	a.remote(c)
	return c
}

func providersList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List identity providers", Args: exactly(), Example: "  keywright identity-providers list --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			all, err := c.IdentityProviders(ctx)
			if err != nil {
				return err
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "NAME\tISSUER\tAPIS\tOPERATORS\tWEB\tCOMMAND LINE\tTRUSTS E-MAIL")
				for i := range all {
					p := &all[i]
					fmt.Fprintf(w, "%s\t%s\t%s\t%t\t%t\t%t\t%t\n", clean(p.Name), clean(p.Issuer), dash(strings.Join(p.APIs, " ")), p.Operators, p.Web, p.CLI, p.TrustEmail)
				}
			})
		}),
	}
	a.outputFlag(c)
	return c
}

func providersCheck(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "check NAME", Short: "Ask whether an identity provider answers", Args: exactly("NAME"),
		Long:    "The server reads the provider's discovery document and its keys. Exits with 7 if it cannot.",
		Example: "  keywright identity-providers check workforce",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			out, err := c.CheckIdentityProvider(ctx, args[0])
			if err != nil {
				return err
			}
			err = a.print(cmd, out, func(w io.Writer) { fmt.Fprintf(w, "Reachable\t%t\nDetail\t%s\n", out.Reachable, clean(out.Detail)) })
			if err == nil && !out.Reachable {
				return &coded{code: ExitUnavailable, text: "the identity provider does not answer as it should"}
			}
			return err
		}),
	}
	a.outputFlag(c)
	return c
}

func verifiersCommand(a *app) *cobra.Command {
	c := group("verifiers", "Look at the nodes that verify keys", "Every node answers from its own memory. One whose view of the keys grows too old refuses everything until it is fresh again. These commands need an operator key.",
		"  keywright verifiers list", verifiersList(a))
	a.remote(c)
	return c
}

func verifiersList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List verifiers, and how fresh each is", Args: exactly(), Example: "  keywright verifiers list --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			all, err := c.Verifiers(ctx)
			if err != nil {
				return err
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "NODE\tFRESH\tAGE\tBOUND\tCURSOR\tBEHIND\tLAST SEEN")
				for i := range all {
					v := &all[i]
					name := clean(v.Node)
					if v.Self {
						name += " (answers)"
					}
					bound := "none"
					if v.BoundSeconds > 0 {
						bound = fmt.Sprintf("%.1fs", v.BoundSeconds)
					}
					fmt.Fprintf(w, "%s\t%t\t%.2fs\t%s\t%d\t%d\t%s\n", name, v.Fresh, v.AgeSeconds, bound, v.Cursor, v.Behind, a.when(&v.LastSeen))
				}
			})
		}),
	}
	a.outputFlag(c)
	return c
}
