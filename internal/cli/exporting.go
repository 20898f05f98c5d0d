package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
)

// keyFilter are the flags that select keys.
type keyFilter struct {
	client.KeyFilter
	before string
}

func (f *keyFilter) flags(a *app, fl *pflag.FlagSet) {
	fl.StringVar(&a.tenant, "tenant", "", "only this tenant's: id or ref")
	fl.StringVar(&f.Scheme, "scheme", "", "only of this scheme")
	fl.StringSliceVar(&f.States, "state", nil, "only in one of these states; may be repeated")
	fl.StringVar(&f.Environment, "environment", "", "only of this environment")
	fl.StringVar(&f.Search, "search", "", "only those whose name, id or hint's visible characters begin with this")
	fl.StringVar(&f.before, "expires-before", "", "only those that expire before this: RFC 3339, or such as 30d from now")
	fl.StringVar(&f.Sort, "sort", "", "created, name or expires (default created)")
	fl.StringVar(&f.Order, "order", "", "asc or desc (default asc)")
}

// read looks at what was given.
func (f *keyFilter) read(a *app) error {
	for i, s := range f.States {
		f.States[i] = strings.ToUpper(s)
		if !slices.Contains(keywright.States(), keywright.State(f.States[i])) {
			return usage("--state is one of ACTIVE, PENDING_ROTATION, PAUSED, RETIRED, EXPIRED, REVOKED")
		}
	}
	if f.before != "" {
		at, err := time.Parse(time.RFC3339, f.before)
		if err != nil {
			length, err := readLength("--expires-before", f.before)
			if err != nil {
				return usage("--expires-before is a date and time such as 2030-01-01T00:00:00Z, or how long from now, such as 30d")
			}
			at = a.now().Add(length)
		}
		f.ExpiresBefore = at
	}
	f.Tenant = a.tenant
	return sorting(f.Sort, f.Order, "created", "name", "expires")
}

func sorting(sort, order string, known ...string) error {
	if sort != "" && !slices.Contains(known, sort) {
		return usage("--sort is one of " + strings.Join(known, ", "))
	}
	if order != "" && order != "asc" && order != "desc" {
		return usage("--order is asc or desc")
	}
	return nil
}

// tenantFilter are the flags that select tenants.
type tenantFilter struct {
	client.TenantFilter
	archived string
}

func (f *tenantFilter) flags(fl *pflag.FlagSet) {
	fl.StringVar(&f.Search, "search", "", "only those whose name, ref or id begins with this")
	fl.StringVar(&f.archived, "archived", "", "true: only archived ones; false: only others")
	fl.StringVar(&f.Plan, "plan", "", "only on this plan")
	fl.StringVar(&f.Environment, "environment", "", "only those that this environment was granted to")
	fl.StringVar(&f.Sort, "sort", "", "created, ref or name (default created)")
	fl.StringVar(&f.Order, "order", "", "asc or desc (default asc)")
}

func (f *tenantFilter) read() error {
	switch f.archived {
	case "":
	case "true", "false":
		archived := f.archived == "true"
		f.Archived = &archived
	default:
		return usage("--archived is true or false")
	}
	return sorting(f.Sort, f.Order, "created", "ref", "name")
}

// eventFilter are the flags that select events.
type eventFilter struct {
	client.EventFilter
	since, until string
}

func (f *eventFilter) flags(fl *pflag.FlagSet) {
	fl.StringVar(&f.Key, "key", "", "only what was done to this key")
	fl.StringVar(&f.Tenant, "tenant", "", "only what was done to this tenant or its keys: id or ref")
	fl.StringVar(&f.Act, "act", "", "only this act, such as key.revoked")
	fl.StringVar(&f.Actor, "actor", "", "only what was done with this key")
	fl.StringVar(&f.since, "since", "", "at this instant or after, RFC 3339")
	fl.StringVar(&f.until, "until", "", "before this instant, RFC 3339")
}

func (f *eventFilter) read() (err error) {
	if f.since != "" {
		if f.Since, err = readInstant("--since", f.since); err != nil {
			return err
		}
	}
	if f.until != "" {
		f.Until, err = readInstant("--until", f.until)
	}
	return err
}

// target is where an export goes.
type target struct{ format, file string }

func (t *target) flags(fl *pflag.FlagSet) {
	fl.StringVar(&t.format, "format", "csv", "csv, or json for one object a line")
	fl.StringVar(&t.file, "file", "", "write to this file instead of standard output")
}

// write hands over where to write. A file takes its name only when it is whole.
func (t *target) write(cmd *cobra.Command, export func(client.ExportFormat, func(p []byte) (int, error)) error) (err error) {
	format := client.ExportFormat(t.format)
	if format != client.ExportCSV && format != client.ExportLines {
		return usage("--format is csv or json")
	}
	if t.file == "" {
		return export(format, cmd.OutOrStdout().Write)
	}
	part, err := os.CreateTemp(filepath.Dir(t.file), ".keywright-export-*")
	if err != nil {
		return &keywright.Error{Kind: keywright.Invalid, Field: "file", Detail: "cannot be written: look at the folder and its permissions", Cause: err}
	}
	defer func() {
		_ = part.Close()
		_ = os.Remove(part.Name()) // which is gone where it took its name
	}()
	if err := export(format, part.Write); err != nil {
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), t.file)
}

// writing is an io.Writer.
type writing func(p []byte) (int, error)

// Write implements io.Writer.
func (w writing) Write(p []byte) (int, error) { return w(p) }

func keysExport(a *app) *cobra.Command {
	var f keyFilter
	var to target
	c := &cobra.Command{
		Use: "export", Short: "Write keys to a file", Args: exactly(),
		Long: `Writes all keys that the filters leave, as CSV with a header line or as one JSON
object a line. No export holds a secret. In CSV a cell that a spreadsheet would take
for a formula begins with an apostrophe.`,
		Example: "  keywright keys export --file keys.csv\n  keywright keys export --tenant acme0001 --state ACTIVE --format json\n  keywright keys export --expires-before 30d --sort expires",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, _ []string) error {
			if err := f.read(a); err != nil {
				return err
			}
			return to.write(cmd, func(format client.ExportFormat, w func([]byte) (int, error)) error {
				switch {
				case h.operator != nil:
					return h.operator.ExportKeys(ctx, f.KeyFilter, format, writing(w))
				case h.member != nil:
					return h.member.ExportKeys(ctx, f.KeyFilter, format, writing(w))
				}
				return h.own.only("")
			})
		}),
	}
	f.flags(a, c.Flags())
	to.flags(c.Flags())
	return c
}

func tenantsExport(a *app) *cobra.Command {
	var f tenantFilter
	var to target
	c := &cobra.Command{
		Use: "export", Short: "Write tenants to a file", Args: exactly(),
		Example: "  keywright tenants export --file tenants.csv\n  keywright tenants export --plan growth --archived false --format json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := f.read(); err != nil {
				return err
			}
			return to.write(cmd, func(format client.ExportFormat, w func([]byte) (int, error)) error {
				return c.ExportTenants(ctx, f.TenantFilter, format, writing(w))
			})
		}),
	}
	f.flags(c.Flags())
	to.flags(c.Flags())
	return c
}

func eventsExport(a *app) *cobra.Command {
	var f eventFilter
	var to target
	c := &cobra.Command{
		Use: "export", Short: "Write events to a file, newest first", Args: exactly(),
		Example: "  keywright events export --since 2030-01-01T00:00:00Z --file events.csv\n  keywright events export --tenant acme0001 --format json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := f.read(); err != nil {
				return err
			}
			return to.write(cmd, func(format client.ExportFormat, w func([]byte) (int, error)) error {
				return c.ExportEvents(ctx, f.EventFilter, format, writing(w))
			})
		}),
	}
	f.flags(c.Flags())
	to.flags(c.Flags())
	return c
}
