package cli

import (
	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
)

func setupCommand(a *app) *cobra.Command {
	var token string
	var show bool
	c := &cobra.Command{
		Use: "setup", Short: "Turn the one-use set-up token into the first operator key", Args: exactly(),
		Long: `A keywright that has no operator key yet writes a set-up token to a file that
only its owner may read, and prints the file's path. The token is valid for 15
minutes, once. This command takes it, and keeps the first operator key, which may
do everything, in the configuration of this command line (0600); with --show it
prints the key once instead of keeping it.`,
		Example: "  keywright setup --server http://127.0.0.1:8080 --token-file /var/lib/keywright/secrets/setup-token",
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := secretFile(cmd, token)
			if err != nil {
				return err
			}
			s, err := a.load()
			if err != nil {
				return err
			}
			server, err := a.address(s)
			if err != nil {
				return err
			}
			c, err := a.clientWith(s, "")
			if err != nil {
				return err
			}
			out, err := c.Setup(cmd.Context(), keywright.NewCredential("", secret))
			if err != nil {
				return err
			}
			if show || out.Credential == nil {
				return a.printIssued(cmd, &out)
			}
			path, err := a.save(settings{Server: server, Key: out.Credential.Key})
			if err != nil {
				words(cmd, "The configuration could not be written, so here is the key.")
				if printed := a.printIssued(cmd, &out); printed != nil {
					return printed
				}
				return err
			}
			out.Credential = nil
			words(cmd, "The first operator key is in %s; this command line uses it from now on.", path)
			return a.printKey(cmd, &out)
		},
	}
	c.Flags().StringVar(&token, "token-file", "", "the file whose path keywright printed, or - for standard input")
	c.Flags().BoolVar(&show, "show", false, "print the key once instead of keeping it")
	_ = c.MarkFlagRequired("token-file")
	a.remote(c)
	a.outputFlag(c, "key")
	return c
}
