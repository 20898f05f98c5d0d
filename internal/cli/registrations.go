package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func registrationsCommand(a *app) *cobra.Command {
	c := group("registrations", "Act for people who registered for a key without an account",
		"A registration is a key with a management token, which strangers get on an API's public page. These commands need an operator key.",
		"  keywright registrations create --api trusset --email ada@example.com --address 192.0.2.7",
		registrationsCreate(a), registrationsRotate(a), registrationsRevoke(a))
	a.remote(c)
	return c
}

func registrationsCreate(a *app) *cobra.Command {
	var r api.RegisterFor
	c := &cobra.Command{
		Use: "create", Short: "Register somebody, and show the key and its management token once", Args: exactly(),
		Long:    "Counts against the limits of the API's public page, by the address that is given.",
		Example: "  keywright registrations create --api trusset --email ada@example.com --address 192.0.2.7 --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			out, err := c.Register(ctx, r)
			if err != nil {
				return err
			}
			err = a.print(cmd, out, func(w io.Writer) {
				fmt.Fprintf(w, "Key ID\t%s\nTenant\t%s\nKey\t%s\n", out.KeyID, out.Tenant, out.APIKey)
				if out.ManagementToken != "" {
					fmt.Fprintf(w, "Management token\t%s\n", out.ManagementToken)
				}
			})
			words(cmd, "What is above is shown this once: store it now.")
			return err
		}),
	}
	c.Flags().StringVar(&r.API, "api", "", "the API whose site takes registrations")
	c.Flags().StringVar(&r.Email, "email", "", "the person's address")
	c.Flags().StringVar(&r.Address, "address", "", "where the request comes from")
	for _, name := range []string{"api", "email", "address"} {
		_ = c.MarkFlagRequired(name)
	}
	a.outputFlag(c)
	return c
}

func registrationsRotate(a *app) *cobra.Command {
	var r api.RotateRegistration
	var overlap string
	c := &cobra.Command{
		Use: "rotate ID", Short: "Replace the key of a registration, and show the new one once", Args: exactly("ID"),
		Long:    "ID is that of the management token's record.",
		Example: "  keywright registrations rotate key_01… --api trusset",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			if cmd.Flags().Changed("overlap") {
				length, err := readLength("--overlap", overlap)
				if err != nil {
					return err
				}
				text := length.String()
				r.Overlap = &text
			}
			out, err := c.RotateRegistration(ctx, args[0], r)
			if err != nil {
				return err
			}
			return a.printIssued(cmd, &out, "")
		}),
	}
	c.Flags().StringVar(&r.API, "api", "", "the API that was registered for")
	c.Flags().StringVar(&overlap, "overlap", "", "how long both keys work, such as 168h or 7d")
	c.Flags().BoolVar(&r.Finish, "finish", false, "end at once the overlap of the key before this one")
	_ = c.MarkFlagRequired("api")
	a.outputFlag(c, "key", "env")
	return c
}

func registrationsRevoke(a *app) *cobra.Command {
	var r api.RevokeRegistration
	c := &cobra.Command{
		Use: "revoke ID", Short: "End the key of a registration, and its management token, for good", Args: exactly("ID"),
		Long:    "ID is that of the key's or of the management token's record.",
		Example: "  keywright registrations revoke key_01… --api trusset --reason abuse",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			if r.Reason != "" && !slices.Contains(keywright.Revocations(), keywright.Revocation(r.Reason)) {
				return usage("--reason is one of " + strings.Join(revocations(), ", "))
			}
			if err := a.confirm(cmd, "The key and its management token never work again. Revoke "+args[0]+"?"); err != nil {
				return err
			}
			out, err := c.RevokeRegistration(ctx, args[0], r)
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	c.Flags().StringVar(&r.API, "api", "", "the API that was registered for")
	c.Flags().StringVar(&r.Reason, "reason", "", "why: "+strings.Join(revocations(), ", "))
	_ = c.MarkFlagRequired("api")
	a.yesFlag(c)
	a.outputFlag(c)
	return c
}
