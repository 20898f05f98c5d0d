package cli

import (
	"context"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func keysCommand(a *app) *cobra.Command {
	c := group("keys", "Manage keys", `A key is the record of a credential. The credential itself is shown once, when the
key is created or rotated.

After "keywright login" these commands act as you, on the keys of your tenant, and
need neither --tenant (unless you have several) nor --scheme (unless the site has
several). With an operator key they act on everybody's.`,
		"  keywright keys create --description ci --ttl 24h\n  keywright keys list\n  keywright keys create --tenant acme0001 --scheme keywright --environment live --name CI",
		keysCreate(a), keysList(a), keysExport(a), keysShow(a), keysAmend(a), keysRotate(a), keysFinish(a), keysExtend(a), keysPause(a), keysResume(a), keysRevoke(a), keysDelete(a),
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
for a pair the secret on the line after it. --output env prints lines that set the
environment variable of the API's examples, for a shell or a file of your own.`,
		Example: `  keywright keys create --description ci --ttl 3600
  eval "$(keywright keys create --description laptop --ttl 90d --output env)"
  keywright keys create --description ci --ttl 24h --output key | gh secret set API_KEY
  keywright keys create --tenant acme0001 --scheme keywright --environment live --name CI --permission messages:read
  keywright keys create --tenant ten_01… --scheme domain-trust --environment testing --name CI --expires 2030-01-01T00:00:00Z --output json`,
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, _ []string) error {
			if err := readLife(cmd, &k, expires, ttl); err != nil {
				return err
			}
			k.Tenant = a.tenant
			out, err := h.create(ctx, repeat, k)
			if err != nil {
				return err
			}
			return a.printIssued(cmd, &out, h.at.Variable)
		}),
	}
	f := c.Flags()
	f.StringVar(&a.tenant, "tenant", "", "the tenant's id or ref")
	f.StringVar(&k.Scheme, "scheme", "", "the wire contract; see keywright schemes list")
	f.StringVar(&k.Name, "name", "", "what the key is for")
	f.StringVar(&k.Name, "description", "", "the same as --name")
	f.StringVar(&k.Environment, "environment", "", "where the scheme has environments")
	f.StringVar(&expires, "expires", "", "when it dies, RFC 3339")
	f.StringVar(&ttl, "ttl", "", "how long it lives: whole seconds, or such as 24h or 90d; 0 is for ever")
	f.StringSliceVar(&k.Permissions, "permission", nil, "what it may do; may be repeated")
	f.StringSliceVar(&k.Addresses, "address", nil, "an address or CIDR prefix that it may be used from; may be repeated")
	f.StringToStringVar(&k.Metadata, "metadata", nil, "name=value of your own; may be repeated")
	f.StringVar(&repeat, "idempotency-key", "", "repeating the command with the same one makes no second key")
	c.MarkFlagsMutuallyExclusive("name", "description")
	a.outputFlag(c, "key", "env")
	return c
}

// create makes a key, of one's own tenant or of anybody's.
func (h hand) create(ctx context.Context, repeat string, k api.CreateKey) (api.Key, error) {
	if h.member != nil {
		return h.member.CreateKeyOnce(ctx, repeat, api.CreateOwnKey{Scheme: k.Scheme, Name: k.Name, Environment: k.Environment, ExpiresAt: k.ExpiresAt,
			TTL: k.TTL, Permissions: k.Permissions, Addresses: k.Addresses, Metadata: k.Metadata})
	}
	if h.own != nil {
		return api.Key{}, h.own.only("")
	}
	var missing []string
	if k.Scheme == "" {
		missing = append(missing, `"scheme"`)
	}
	if k.Tenant == "" {
		missing = append(missing, `"tenant"`)
	}
	if len(missing) > 0 {
		return api.Key{}, usage("required flag(s) " + strings.Join(missing, ", ") + " not set: an operator says for whom a key is, and of which scheme")
	}
	if repeat != "" {
		return h.operator.CreateKeyOnce(ctx, repeat, k)
	}
	return h.operator.CreateKey(ctx, k)
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
	var f keyFilter
	var most int
	c := &cobra.Command{
		Use: "list", Short: "List keys", Args: exactly(),
		Example: "  keywright keys list --tenant acme0001\n  keywright keys list --state ACTIVE,PENDING_ROTATION --output json\n" +
			"  keywright keys list --search ci --sort name\n  keywright keys list --state ACTIVE --expires-before 30d --sort expires",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, _ []string) error {
			if err := f.read(a); err != nil {
				return err
			}
			all := []api.KeyBody{}
			for k, err := range h.keys(ctx, f.KeyFilter) {
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
	f.flags(a, c.Flags())
	c.Flags().IntVar(&most, "limit", 0, "at most so many; 0 is all")
	a.outputFlag(c)
	return c
}

// keys yields the keys that a filter selects.
func (h hand) keys(ctx context.Context, f client.KeyFilter) iter.Seq2[api.KeyBody, error] {
	if h.operator != nil {
		return h.operator.Keys(ctx, f)
	}
	return func(yield func(api.KeyBody, error) bool) {
		all, err := h.ownKeys(ctx)
		if err != nil {
			yield(api.KeyBody{}, err)
			return
		}
		for _, k := range leave(all, &f) {
			if !yield(k, nil) {
				return
			}
		}
	}
}

// leave does for a customer's keys, which come all at once, what the server does
// for everybody's.
func leave(all []api.KeyBody, f *client.KeyFilter) []api.KeyBody {
	search := strings.ToLower(strings.TrimSpace(f.Search))
	begins := func(text string) bool {
		return text != "" && strings.HasPrefix(strings.ToLower(text), strings.TrimLeft(search, "…"))
	}
	all = slices.DeleteFunc(slices.Clone(all), func(k api.KeyBody) bool {
		return (f.Scheme != "" && k.Scheme != f.Scheme) || (len(f.States) > 0 && !slices.Contains(f.States, k.State)) ||
			(f.Environment != "" && k.Environment != f.Environment) ||
			(!f.ExpiresBefore.IsZero() && (k.ExpiresAt == nil || !k.ExpiresAt.Before(f.ExpiresBefore))) ||
			(search != "" && !begins(k.Name) && !begins(k.ID) && !begins(strings.TrimLeft(k.Hint, "…")))
	})
	switch f.Sort {
	case "created":
		slices.SortStableFunc(all, func(a, b api.KeyBody) int { return strings.Compare(a.ID, b.ID) })
	case "name":
		slices.SortStableFunc(all, func(a, b api.KeyBody) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	case "expires":
		never := time.Unix(1<<40, 0)
		at := func(k *api.KeyBody) time.Time {
			if k.ExpiresAt == nil {
				return never
			}
			return *k.ExpiresAt
		}
		slices.SortStableFunc(all, func(a, b api.KeyBody) int { return at(&a).Compare(at(&b)) })
	}
	if f.Order == "desc" {
		slices.Reverse(all)
	}
	return all
}

// ownKeys lists the keys that a customer sees.
func (h hand) ownKeys(ctx context.Context) ([]api.KeyBody, error) {
	if h.own == nil {
		return h.member.Keys(ctx)
	}
	k, err := h.own.Key(ctx, self)
	return []api.KeyBody{k.KeyBody}, err
}

// ofTenant gives a command about one key --tenant: a member of several says whose.
func (a *app) ofTenant(c *cobra.Command) {
	c.Flags().StringVar(&a.tenant, "tenant", "", "your tenant's id or ref, where you have several")
}

func keysShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "Show a key's record", Args: exactly("ID"), Example: "  keywright keys show key_01JZ8Q6V7N3F5T9X2B4C6D8E0G",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			out, err := h.Key(ctx, args[0])
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

func keysAmend(a *app) *cobra.Command {
	var name, expires string
	var permissions, addresses []string
	var metadata map[string]string
	var version uint64
	c := &cobra.Command{
		Use: "amend ID", Short: "Change what is named, and nothing else", Args: exactly("ID"),
		Example: "  keywright keys amend key_01… --name \"CI, new runner\"\n  keywright keys amend key_01… --expires 2031-01-01T00:00:00Z\n  keywright keys amend key_01… --expires never",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error {
			var change api.AmendKey
			f := cmd.Flags()
			named(f.Changed("name") || f.Changed("description"), &change.Name, name)
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
			out, err := amendKey(ctx, h, args[0], version, change, f.Changed("expires") && expires == "never")
			if err != nil {
				return err
			}
			return a.printKey(cmd, &out)
		}),
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "a new name")
	f.StringVar(&name, "description", "", "the same as --name")
	f.StringVar(&expires, "expires", "", "a new expiry, RFC 3339, or never")
	f.StringSliceVar(&permissions, "permission", nil, "all permissions; may be repeated, empty is none")
	f.StringSliceVar(&addresses, "address", nil, "all addresses; may be repeated, empty is anywhere")
	f.StringToStringVar(&metadata, "metadata", nil, "all name=value of your own; may be repeated")
	f.Uint64Var(&version, "if-version", 0, "only if the key still has this version")
	c.MarkFlagsMutuallyExclusive("name", "description")
	a.ofTenant(c)
	a.outputFlag(c)
	return c
}

func amendKey(ctx context.Context, h hand, id string, version uint64, change api.AmendKey, never bool) (api.Key, error) {
	switch {
	case never && change != (api.AmendKey{}):
		return api.Key{}, usage("--expires never stands alone: change the rest with another command")
	case never:
		return h.AmendExpiry(ctx, id, version, time.Time{})
	case change == (api.AmendKey{}):
		return api.Key{}, usage("name what to change: --name, --expires, --permission, --address or --metadata")
	}
	return h.AmendKey(ctx, id, version, change)
}
