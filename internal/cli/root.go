package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/client"
)

// app is what the commands share: flags, streams and the client made of them.
type app struct {
	server   string
	keyFile  string
	config   string
	ca       string
	output   string
	insecure bool
	yes      bool
	profile  string
	tenant   string
	keyring  bool
	now      func() time.Time
	asks     func(stream any) bool // whether a stream is a terminal
}

// New returns the command "keywright" with every command for customers and
// operators attached, and the extra ones.
func New(extra ...*cobra.Command) *cobra.Command {
	a := &app{now: time.Now, asks: terminal, keyring: true}
	root := &cobra.Command{
		Use:   "keywright",
		Short: "Issue, verify, rotate and revoke API keys",
		Long: `Keywright runs an API provider's keys: it issues them, shows them once, verifies
them on every request, expires, rotates and revokes them.

If you are a customer of an API, log in at its documentation's address and make
your keys: keywright login, then keywright keys. No token is ever shown.

If you run an API, most commands call the management API of a running keywright.
They need its address (--server or KEYWRIGHT_SERVER) and an operator key: from
KEYWRIGHT_KEY, from a file (--key-file or KEYWRIGHT_KEY_FILE), or from the profile
that "keywright setup" or "keywright login --with-key" made. With several profiles,
--profile or KEYWRIGHT_PROFILE names one; "keywright profiles" lists them.

A key is never given as an argument, where the list of processes and the shell's
history would keep it.

Exit codes: 0 done · 1 failed · 2 not used as it should be · 3 no such thing ·
4 not permitted or not logged in · 5 the state of things forbids it · 6 a value is wrong ·
7 the server cannot be reached or is not ready · 8 changed meanwhile ·
9 verified, and refused · 10 some rows of an import were refused`,
		Example: `  keywright demo
  keywright login --server https://docs.example.com
  keywright keys create --description ci --ttl 24h
  keywright tenants create --ref acme0001 --name "Acme Inc."
  keywright keys create --tenant acme0001 --scheme keywright --environment live --permission messages:read
  keywright keys list --tenant acme0001 --output json`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err.Error()) })
	root.AddCommand(loginCommand(a), logoutCommand(a), whoamiCommand(a), profilesCommand(a))
	root.AddCommand(tenantsCommand(a), keysCommand(a), eventsCommand(a), schemesCommand(a), membersCommand(a), invitationsCommand(a), registrationsCommand(a), setupCommand(a), versionCommand(a))
	root.AddCommand(apisCommand(a), providersCommand(a), verifiersCommand(a), accessCommand(a), usageCommand(a))
	root.AddCommand(extra...)
	return root
}

// remote gives a command the flags of those that call the API.
func (a *app) remote(cmds ...*cobra.Command) {
	for _, c := range cmds {
		f := c.PersistentFlags()
		f.StringVar(&a.server, "server", "", "address of the management API (default $KEYWRIGHT_SERVER, or the configuration's)")
		f.StringVar(&a.keyFile, "key-file", "", "file that holds the operator key (default $KEYWRIGHT_KEY, $KEYWRIGHT_KEY_FILE, or the configuration's)")
		f.StringVar(&a.profile, "profile", "", "profile to act by (default $KEYWRIGHT_PROFILE, or the one in use)")
		f.StringVar(&a.config, "config-file", "", "configuration of this command line (default $KEYWRIGHT_CLI_CONFIG, or keywright/cli.json in the user's configuration folder)")
		f.StringVar(&a.ca, "ca", "", "PEM file of a certificate authority to trust besides the system's (default $KEYWRIGHT_CA)")
		f.BoolVar(&a.insecure, "allow-plain-http", false, "send the operator key over http:// to another machine")
	}
}

// group is a command that only holds others.
func group(use, short, long, example string, cmds ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Sprintf("%q is no command of %q; see %q", args[0], cmd.CommandPath(), cmd.CommandPath()+" --help"))
			}
			return usage("say which: see " + cmd.CommandPath() + " --help")
		},
	}
	c.AddCommand(cmds...)
	return c
}

// exactly checks the number of arguments, as a fault of usage.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usage(fmt.Sprintf("%s takes %d argument(s): %v; see %s --help", cmd.CommandPath(), len(names), names, cmd.CommandPath()))
		}
		return nil
	}
}

// call makes the client and hands it to a command.
func (a *app) call(run func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd)
		if err != nil {
			return err
		}
		return run(cmd.Context(), cmd, c, args)
	}
}

func versionCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: exactly(), Example: "  keywright version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := struct {
				Version string `json:"version"`
				Go      string `json:"go"`
			}{"development", ""}
			if info, ok := debug.ReadBuildInfo(); ok {
				v.Go = info.GoVersion
				if info.Main.Version != "" && info.Main.Version != "(devel)" {
					v.Version = info.Main.Version
				}
			}
			return a.print(cmd, v, func(w io.Writer) { fmt.Fprintf(w, "keywright\t%s\t%s\n", v.Version, v.Go) })
		},
	}
	a.outputFlag(c)
	return c
}

// words writes for people: to standard error, so that standard output holds
// results alone.
func words(cmd *cobra.Command, format string, args ...any) {
	fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
}

// terminal reports whether a stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
