package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/cli/profile"
	"github.com/keywright/keywright/internal/cli/signin"
)

func logoutCommand(a *app) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "logout", Short: "Forget a login, and end it at its identity provider", Args: exactly(),
		Long: `Forgets the profile in use, or the one that is named, with what is kept for it.
A login is ended at the identity provider too, where that can be done. Keys that
you have made go on working: revoke those that you no longer need.`,
		Example: "  keywright logout\n  keywright logout --profile work\n  keywright logout --all",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.choose()
			if err != nil {
				return err
			}
			names := []string{c.name}
			switch {
			case all:
				names = c.set.Names()
			case c.name == "":
				return &coded{code: ExitNotFound, text: "nobody is logged in"}
			}
			for _, name := range names {
				if err := a.logout(cmd, c, name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&a.profile, "profile", "", "profile to forget (default $KEYWRIGHT_PROFILE, or the one in use)")
	f.BoolVar(&all, "all", false, "forget all profiles")
	a.connection(c)
	return c
}

// logout ends one profile. That the provider cannot be reached keeps nobody logged in here.
func (a *app) logout(cmd *cobra.Command, c chosen, name string) error {
	p := c.set.Profiles[name]
	secret, err := c.store.Secret(c.set, name)
	if err != nil && !errors.Is(err, keywright.NotFound) {
		words(cmd, "What was kept for %s could not be read, so it could not be ended at its provider.", name)
	}
	if err := c.store.Update(func(tx *profile.Tx) error { return tx.Remove(name) }); err != nil {
		return err
	}
	if p.Kind == profile.Login {
		a.endAtProvider(cmd, &p, secret)
	}
	words(cmd, "Logged out of %s (profile %s).", clean(called(p.Title, p.Server)), name)
	return nil
}

func (a *app) endAtProvider(cmd *cobra.Command, p *profile.Profile, secret profile.Secret) {
	o, err := a.signing(p)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
	defer cancel()
	if _, err := signin.Revoke(ctx, o, secret.Refresh); err != nil {
		words(cmd, "The identity provider could not be told; its part of the login ends by itself.")
	}
}

func profilesCommand(a *app) *cobra.Command {
	c := group("profiles", "Look at your logins and keys, and choose one", "A profile is one server and who you are there. keywright login, and keywright setup for operators, make them.",
		"  keywright profiles list\n  keywright profiles use work", profilesList(a), profilesUse(a), profilesRemove(a))
	f := c.PersistentFlags()
	f.StringVar(&a.config, "config-file", "", "configuration of this command line (default $KEYWRIGHT_CLI_CONFIG, or keywright/cli.json in the user's configuration folder)")
	return c
}

// profileRow is what the list says of a profile.
type profileRow struct {
	Name   string       `json:"name"`
	InUse  bool         `json:"in_use"`
	Kind   profile.Kind `json:"kind"`
	Server string       `json:"server"`
	API    string       `json:"api"`
	Person string       `json:"person"`
	Kept   string       `json:"kept"`
}

func profilesList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List profiles", Args: exactly(), Example: "  keywright profiles list --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			set, err := store.Read()
			if err != nil {
				return err
			}
			all := []profileRow{}
			for _, name := range set.Names() {
				p := set.Profiles[name]
				all = append(all, profileRow{name, name == set.Current, p.Kind, p.Server, p.API, p.Person, p.Kept})
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "IN USE\tNAME\tKIND\tSERVER\tAPI\tPERSON\tKEPT IN")
				for _, p := range all {
					mark := ""
					if p.InUse {
						mark = "*"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", mark, p.Name, p.Kind, clean(p.Server), dash(p.API), dash(p.Person), p.Kept)
				}
			})
		},
	}
	a.outputFlag(c)
	return c
}

func profilesUse(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Choose the profile that commands act by", Args: exactly("NAME"), Example: "  keywright profiles use work",
		ValidArgsFunction: a.profileNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			if err := store.Update(func(tx *profile.Tx) error { return tx.Use(args[0]) }); err != nil {
				return err
			}
			words(cmd, "In use: %s.", args[0])
			return nil
		},
	}
}

func profilesRemove(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Forget a profile, as logout does", Args: exactly("NAME"), Example: "  keywright profiles remove work",
		ValidArgsFunction: a.profileNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.profile = args[0]
			c, err := a.choose()
			if err != nil {
				return err
			}
			return a.logout(cmd, c, c.name)
		},
	}
}

func (a *app) profileNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	store, err := a.store()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	set, err := store.Read()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return set.Names(), cobra.ShellCompDirectiveNoFileComp
}
