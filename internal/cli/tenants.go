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

func tenantsCommand(a *app) *cobra.Command {
	c := group("tenants", "Manage tenants", "A tenant is whoever a key is bound to and whose data must not leak: an instance, an organization, an account, a user.",
		"  keywright tenants create --ref acme0001 --name \"Acme Inc.\"\n  keywright tenants list",
		tenantsCreate(a), tenantsList(a), tenantsExport(a), tenantsShow(a), tenantsAmend(a), tenantsArchive(a, true), tenantsArchive(a, false))
	a.remote(c)
	return c
}

func tenantsCreate(a *app) *cobra.Command {
	var t api.CreateTenant
	c := &cobra.Command{
		Use: "create", Short: "Create a tenant", Args: exactly(),
		Example: "  keywright tenants create --ref acme0001 --name \"Acme Inc.\" --plan growth --service files --environment live",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			out, err := c.CreateTenant(ctx, t)
			if err != nil {
				return err
			}
			return a.printTenant(cmd, &out)
		}),
	}
	f := c.Flags()
	f.StringVar(&t.Ref, "ref", "", "short and unique; made up unless given")
	f.StringVar(&t.Name, "name", "", "for people")
	f.StringVar(&t.Plan, "plan", "", "the plan it is on")
	f.StringSliceVar(&t.Services, "service", nil, "a service to switch on; may be repeated")
	f.StringSliceVar(&t.Environments, "environment", nil, "an environment to grant; may be repeated")
	f.StringToStringVar(&t.Metadata, "metadata", nil, "name=value of your own; may be repeated")
	a.outputFlag(c)
	return c
}

func tenantsList(a *app) *cobra.Command {
	var f tenantFilter
	var most int
	c := &cobra.Command{
		Use: "list", Short: "List tenants", Args: exactly(),
		Example: "  keywright tenants list --output json\n  keywright tenants list --search acme --archived false\n  keywright tenants list --plan growth --sort name --limit 50",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := f.read(); err != nil {
				return err
			}
			all := []api.Tenant{}
			for t, err := range c.TenantsWhere(ctx, f.TenantFilter) {
				if err != nil {
					return err
				}
				if all = append(all, t); most > 0 && len(all) == most {
					break
				}
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "ID\tREF\tNAME\tPLAN\tSERVICES\tENVIRONMENTS\tARCHIVED")
				for i := range all {
					t := &all[i]
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%t\n", t.ID, dash(t.Ref), dash(t.Name), dash(t.Plan),
						dash(strings.Join(t.Services, " ")), dash(strings.Join(t.Environments, " ")), t.Archived)
				}
			})
		}),
	}
	f.flags(c.Flags())
	c.Flags().IntVar(&most, "limit", 0, "at most so many; 0 is all")
	a.outputFlag(c)
	return c
}

func tenantsShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "show ID-OR-REF", Short: "Show a tenant", Args: exactly("ID-OR-REF"), Example: "  keywright tenants show acme0001",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			out, err := c.Tenant(ctx, args[0])
			if err != nil {
				return err
			}
			return a.printTenant(cmd, &out)
		}),
	}
	a.outputFlag(c)
	return c
}

func tenantsAmend(a *app) *cobra.Command {
	var name, plan string
	var services, environments []string
	var metadata map[string]string
	var version uint64
	c := &cobra.Command{
		Use: "amend ID-OR-REF", Short: "Change what is named, and nothing else", Args: exactly("ID-OR-REF"),
		Example: "  keywright tenants amend acme0001 --plan growth\n  keywright tenants amend acme0001 --service \"\"   # switches every service off",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			var change api.AmendTenant
			f := cmd.Flags()
			named(f.Changed("name"), &change.Name, name)
			named(f.Changed("plan"), &change.Plan, plan)
			named(f.Changed("service"), &change.Services, filled(services))
			named(f.Changed("environment"), &change.Environments, filled(environments))
			named(f.Changed("metadata"), &change.Metadata, metadata)
			if change == (api.AmendTenant{}) {
				return usage("name what to change: --name, --plan, --service, --environment or --metadata")
			}
			out, err := c.AmendTenant(ctx, args[0], version, change)
			if err != nil {
				return err
			}
			return a.printTenant(cmd, &out)
		}),
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "a new name")
	f.StringVar(&plan, "plan", "", "a new plan; empty is none")
	f.StringSliceVar(&services, "service", nil, "all services to have on; may be repeated, empty is none")
	f.StringSliceVar(&environments, "environment", nil, "all environments to grant; may be repeated, empty is none")
	f.StringToStringVar(&metadata, "metadata", nil, "all name=value of your own; may be repeated")
	f.Uint64Var(&version, "if-version", 0, "only if the tenant still has this version")
	a.outputFlag(c)
	return c
}

// named sets a part of an amendment if its flag was given.
func named[T any](given bool, into **T, value T) {
	if given {
		*into = &value
	}
}

// filled drops empty texts, so that --service "" means none.
func filled(in []string) []string {
	out := []string{}
	for _, one := range in {
		if one != "" {
			out = append(out, one)
		}
	}
	return out
}

func tenantsArchive(a *app, archive bool) *cobra.Command {
	use, short := "unarchive", "Let an archived tenant's keys pass again"
	if archive {
		use, short = "archive", "Refuse all of a tenant's keys"
	}
	c := &cobra.Command{
		Use: use + " ID-OR-REF", Short: short, Args: exactly("ID-OR-REF"), Example: "  keywright tenants " + use + " acme0001",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			if archive {
				if err := a.confirm(cmd, "Every key of "+args[0]+" will be refused from the next request on. Archive it?"); err != nil {
					return err
				}
			}
			out, err := c.AmendTenant(ctx, args[0], 0, api.AmendTenant{Archived: &archive})
			if err != nil {
				return err
			}
			return a.printTenant(cmd, &out)
		}),
	}
	if archive {
		a.yesFlag(c)
	}
	a.outputFlag(c)
	return c
}

func (a *app) printTenant(cmd *cobra.Command, t *api.Tenant) error {
	return a.print(cmd, t, func(w io.Writer) {
		fmt.Fprintf(w, "ID\t%s\nRef\t%s\nName\t%s\nPlan\t%s\nServices\t%s\nEnvironments\t%s\nMetadata\t%s\nArchived\t%t\nCreated\t%s\nVersion\t%d\n",
			t.ID, dash(t.Ref), dash(t.Name), dash(t.Plan), dash(strings.Join(t.Services, " ")), dash(strings.Join(t.Environments, " ")),
			dash(pairs(t.Metadata)), t.Archived, a.when(&t.CreatedAt), t.Version)
	})
}
