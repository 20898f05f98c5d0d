package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func eventsCommand(a *app) *cobra.Command {
	c := group("events", "Read the audit trail", "Every write appends an event: who did what, to which key, from where and why.",
		"  keywright events list --key key_01…", eventsList(a), eventsExport(a))
	a.remote(c)
	return c
}

func eventsList(a *app) *cobra.Command {
	var f eventFilter
	var most int
	c := &cobra.Command{
		Use: "list", Short: "List events, newest first", Args: exactly(),
		Example: "  keywright events list --tenant acme0001 --act key.revoked\n  keywright events list --since 2030-01-01T00:00:00Z --limit 0 --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := f.read(); err != nil {
				return err
			}
			all := []api.Event{}
			for e, err := range c.Events(ctx, f.EventFilter) {
				if err != nil {
					return err
				}
				if all = append(all, e); most > 0 && len(all) == most {
					break
				}
			}
			return a.print(cmd, all, func(w io.Writer) { a.eventRows(w, all) })
		}),
	}
	f.flags(c.Flags())
	c.Flags().IntVar(&most, "limit", 50, "at most so many; 0 is all")
	a.outputFlag(c)
	return c
}

func (a *app) eventRows(w io.Writer, all []api.Event) {
	fmt.Fprintln(w, "AT\tACT\tKEY\tTENANT\tACTOR\tADDRESS\tREASON\tDETAIL")
	for i := range all {
		e := &all[i]
		who := e.Actor.ID
		if e.Actor.Name != "" {
			who += " (" + e.Actor.Name + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.when(&e.At), e.Act, dash(e.Key), dash(e.Tenant), dash(who), dash(e.Actor.Address), dash(e.Reason), dash(pairs(e.Detail)))
	}
}
