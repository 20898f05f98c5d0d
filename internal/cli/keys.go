package cli

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func keysCommand(a *app) *cobra.Command {
	c := group("keys", "Manage keys", "A key is the record of a credential. The credential itself is shown once, when the key is created or rotated.",
		"  keywright keys create --tenant acme0001 --scheme keywright --environment live --name CI\n  keywright keys list --tenant acme0001",
		keysCreate(a), keysList(a), keysShow(a), keysAmend(a), keysRotate(a), keysPause(a), keysResume(a), keysRevoke(a), keysDelete(a),
		keysVerify(a, false), keysVerify(a, true), keysImport(a))
	a.remote(c)
	return c
}

func keysCreate(a *app) *cobra.Command {
	var k api.CreateKey
	var expires, ttl, repeat string
	c := &cobra.Command{
		Use: "create", Short: "Create a key, and show its credential once", Args: exactly(),
		Long: `Creates a key. The credential goes to standard output, once; what is said about
it goes to standard error. --output key prints the credential alone: the key, and
for a pair the secret on the line after it.`,
		Example: `  keywright keys create --tenant acme0001 --scheme keywright --environment live --name CI --permission messages:read
  ACME_API_KEY=$(keywright keys create --tenant acme0001 --scheme keywright --environment test --ttl 24h --output key)
  keywright keys create --tenant ten_01… --scheme domain-trust --environment testing --name CI --expires 2030-01-01T00:00:00Z --output json`,
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := readLife(cmd, &k, expires, ttl); err != nil {
				return err
			}
			out, err := createKey(ctx, c, repeat, k)
			if err != nil {
				return err
			}
			return a.printIssued(cmd, &out)
		}),
	}
	f := c.Flags()
	f.StringVar(&k.Tenant, "tenant", "", "the tenant's id or ref")
	f.StringVar(&k.Scheme, "scheme", "", "the wire contract; see keywright schemes list")
	f.StringVar(&k.Name, "name", "", "what the key is for")
	f.StringVar(&k.Environment, "environment", "", "where the scheme has environments")
	f.StringVar(&expires, "expires", "", "when it dies, RFC 3339")
	f.StringVar(&ttl, "ttl", "", "how long it lives: whole seconds, or such as 24h or 90d; 0 is for ever")
	f.StringSliceVar(&k.Permissions, "permission", nil, "what it may do; may be repeated")
	f.StringSliceVar(&k.Addresses, "address", nil, "an address or CIDR prefix that it may be used from; may be repeated")
	f.StringToStringVar(&k.Metadata, "metadata", nil, "name=value of your own; may be repeated")
	f.StringVar(&repeat, "idempotency-key", "", "repeating the command with the same one makes no second key")
	_ = c.MarkFlagRequired("tenant")
	_ = c.MarkFlagRequired("scheme")
	a.outputFlag(c, "key")
	return c
}

func createKey(ctx context.Context, c *client.Client, repeat string, k api.CreateKey) (api.Key, error) {
	if repeat != "" {
		return c.CreateKeyOnce(ctx, repeat, k)
	}
	return c.CreateKey(ctx, k)
}

func readLife(cmd *cobra.Command, k *api.CreateKey, expires, ttl string) error {
	if cmd.Flags().Changed("expires") && cmd.Flags().Changed("ttl") {
		return usage("give --expires or --ttl, not both")
	}
	if cmd.Flags().Changed("expires") {
		at, err := readInstant("--expires", expires)
		if err != nil {
			return err
		}
		k.ExpiresAt = &at
	}
	if cmd.Flags().Changed("ttl") {
		length, err := readLength("--ttl", ttl)
		if err != nil {
			return err
		}
		if length%time.Second != 0 {
			return usage("--ttl is in whole seconds")
		}
		seconds := int64(length / time.Second)
		k.TTL = &seconds
	}
	return nil
}

func readInstant(flag, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage(flag + " is a date and time as in RFC 3339, such as 2030-01-01T00:00:00Z")
	}
	return at, nil
}

// readLength takes whole seconds, whole days, and what Go writes.
func readLength(flag, text string) (time.Duration, error) {
	const most = 100 * 365 * 24 * 60 * 60
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 && n <= most {
		return time.Duration(n) * time.Second, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 64); err == nil && n >= 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, usage(flag + " is a length of time, such as 3600, 24h or 90d")
	}
	return d, nil
}

func keysList(a *app) *cobra.Command {
	var f client.KeyFilter
	var most int
	c := &cobra.Command{
		Use: "list", Short: "List keys", Args: exactly(),
		Example: "  keywright keys list --tenant acme0001\n  keywright keys list --state ACTIVE,PENDING_ROTATION --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			for i, s := range f.States {
				f.States[i] = strings.ToUpper(s)
				if !slices.Contains(keywright.States(), keywright.State(f.States[i])) {
					return usage("--state is one of ACTIVE, PENDING_ROTATION, PAUSED, RETIRED, EXPIRED, REVOKED")
				}
			}
			all := []api.KeyBody{}
			for k, err := range c.Keys(ctx, f) {
				if err != nil {
					return err
				}
				if all = append(all, k); most > 0 && len(all) == most {
					break
				}
			}
			return a.print(cmd, all, func(w io.Writer) { a.keyRows(w, all) })
		}),
	}
	c.Flags().StringVar(&f.Tenant, "tenant", "", "only this tenant's: id or ref")
	c.Flags().StringVar(&f.Scheme, "scheme", "", "only of this scheme")
	c.Flags().StringSliceVar(&f.States, "state", nil, "only in one of these states; may be repeated")
	c.Flags().IntVar(&most, "limit", 0, "at most so many; 0 is all")
	a.outputFlag(c)
	return c
}

func keysShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "Show a key's record", Args: exactly("ID"), Example: "  keywright keys show key_01JZ8Q6V7N3F5T9X2B4C6D8E0G",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			out, err := c.Key(ctx, args[0])
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	a.outputFlag(c)
	return c
}

func keysAmend(a *app) *cobra.Command {
	var name, expires string
	var permissions, addresses []string
	var metadata map[string]string
	var version uint64
	c := &cobra.Command{
		Use: "amend ID", Short: "Change what is named, and nothing else", Args: exactly("ID"),
		Example: "  keywright keys amend key_01… --name \"CI, new runner\"\n  keywright keys amend key_01… --expires 2031-01-01T00:00:00Z\n  keywright keys amend key_01… --expires never",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			var change api.AmendKey
			f := cmd.Flags()
			named(f.Changed("name"), &change.Name, name)
			named(f.Changed("permission"), &change.Permissions, filled(permissions))
			named(f.Changed("address"), &change.Addresses, filled(addresses))
			named(f.Changed("metadata"), &change.Metadata, metadata)
			if f.Changed("expires") && expires != "never" {
				at, err := readInstant("--expires", expires)
				if err != nil {
					return err
				}
				change.ExpiresAt = &at
			}
			out, err := amendKey(ctx, c, args[0], version, change, f.Changed("expires") && expires == "never")
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "a new name")
	f.StringVar(&expires, "expires", "", "a new expiry, RFC 3339, or never")
	f.StringSliceVar(&permissions, "permission", nil, "all permissions; may be repeated, empty is none")
	f.StringSliceVar(&addresses, "address", nil, "all addresses; may be repeated, empty is anywhere")
	f.StringToStringVar(&metadata, "metadata", nil, "all name=value of your own; may be repeated")
	f.Uint64Var(&version, "if-version", 0, "only if the key still has this version")
	a.outputFlag(c)
	return c
}

func amendKey(ctx context.Context, c *client.Client, id string, version uint64, change api.AmendKey, never bool) (api.Key, error) {
	switch {
	case never && change != (api.AmendKey{}):
		return api.Key{}, usage("--expires never stands alone: change the rest with another command")
	case never:
		return c.AmendExpiry(ctx, id, version, time.Time{})
	case change == (api.AmendKey{}):
		return api.Key{}, usage("name what to change: --name, --expires, --permission, --address or --metadata")
	}
	return c.AmendKey(ctx, id, version, change)
}
