package cli

import (
	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/cli/profile"
)

func setupCommand(a *app) *cobra.Command {
	var token string
	var show bool
	c := &cobra.Command{
		Use: "setup", Short: "Turn the one-use set-up token into the first operator key", Args: exactly(),
		Long: `A keywright that has no operator key yet writes a set-up token to a file that
only its owner may read, and prints the file's path. The token is valid for 15
minutes, once. This command takes it, and keeps the first operator key, which may
do everything, for this command line: in the system's keyring, or where there is
none in a file that only you can read. --profile keeps it under another name than
"default"; with --show it prints the key once instead of keeping it.`,
		Example: "  keywright setup --server http://127.0.0.1:8080 --token-file /var/lib/keywright/secrets/setup-token",
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := secretFile(cmd, token)
			if err != nil {
				return err
			}
			at, err := a.setupAt()
			if err != nil {
				return err
			}
			server, err := a.address(at)
			if err != nil {
				return err
			}
			c, err := a.clientAt(server, keywright.Credential{})
			if err != nil {
				return err
			}
			out, err := c.Setup(cmd.Context(), keywright.NewCredential("", secret))
			if err != nil {
				return err
			}
			if show || out.Credential == nil {
				return a.printIssued(cmd, &out, "")
			}
			kept, err := at.keep(profile.Profile{Kind: profile.Key, Server: server}, profile.Secret{Key: keywright.NewCredential("", out.Credential.Key)})
			if err != nil {
				words(cmd, "The configuration could not be written, so here is the key.")
				if printed := a.printIssued(cmd, &out, ""); printed != nil {
					return printed
				}
				return err
			}
			out.Credential = nil
			words(cmd, "The first operator key is in %s, as profile %q; this command line uses it from now on.", kept, at.name)
			return a.printKey(cmd, &out)
		},
	}
	c.Flags().StringVar(&token, "token-file", "", "the file whose path keywright printed, or - for standard input")
	c.Flags().BoolVar(&show, "show", false, "print the key once instead of keeping it")
	_ = c.MarkFlagRequired("token-file")
	a.remote(c)
	a.keyringFlag(c)
	a.outputFlag(c, "key")
	return c
}

// setupAt is the profile that setup fills, whether it is there already or not. One
// that holds a login is left alone.
func (a *app) setupAt() (chosen, error) {
	at := chosen{name: a.profileNamed()}
	if at.name == "" {
		at.name = profile.Default
	}
	if !profile.ValidName(at.name) {
		return at, badName()
	}
	var err error
	if at.store, err = a.store(); err != nil {
		return at, err
	}
	if at.set, err = at.store.Read(); err != nil {
		return at, err
	}
	at.Profile = at.set.Profiles[at.name]
	if at.Kind == profile.Login {
		return at, usage("the profile " + at.name + " is a login: name another with --profile")
	}
	return at, nil
}

// keep puts a profile into the configuration, makes it the one in use, and says where
// its secret is.
func (c *chosen) keep(p profile.Profile, secret profile.Secret) (string, error) {
	err := c.store.Update(func(tx *profile.Tx) error {
		if err := tx.Put(c.name, &p, secret); err != nil {
			return err
		}
		return tx.Use(c.name)
	})
	if p.InKeyring() {
		return "the system's keyring", err
	}
	return "a file that only you can read, beside " + c.store.Path(), err
}
