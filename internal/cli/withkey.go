package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/cli/profile"
	"github.com/keywright/keywright/schemes"
)

// loginWithKey keeps a key that exists already, once the server has taken it.
func (a *app) loginWithKey(cmd *cobra.Command, site string) error {
	p := profile.Profile{Kind: profile.Key, Server: site}
	name := profile.Default
	o, err := a.options()
	if err != nil {
		return err
	}
	at, err := client.Discover(cmd.Context(), site, o)
	switch {
	case err == nil:
		p.Site, p.API, p.Title, p.Base, p.Variable, p.Scheme = true, at.API, at.Title, at.Base, at.Variable, at.Scheme
		name = at.API + "-key"
	case errors.Is(err, keywright.Unavailable):
		return err
	}
	place, err := a.place(name, p)
	if err != nil {
		return err
	}
	text, err := a.askSecret(cmd, "The key: ")
	if err != nil {
		return err
	}
	if text == "" {
		return usage("no key was given")
	}
	key := keywright.NewCredential("", text)
	who, err := a.tryKey(cmd, &p, key)
	if err != nil {
		return err
	}
	kept, err := place.keep(p, profile.Secret{Key: key})
	if err != nil {
		return err
	}
	words(cmd, "%s The key is kept in %s, as profile %q.", who, kept, place.name)
	return nil
}

// tryKey shows the key to the server, and says what it is.
func (a *app) tryKey(cmd *cobra.Command, p *profile.Profile, key keywright.Credential) (string, error) {
	if p.Site {
		held, err := a.held(p, key)
		if err != nil {
			return "", err
		}
		k, err := held.Key(cmd.Context())
		if err != nil {
			return "", fmt.Errorf("%s does not take this key: %w", clean(called(p.Title, p.Server)), err)
		}
		return "This is the key " + clean(called(k.Name, k.ID)) + " of " + clean(called(p.Title, p.API)) + ".", nil
	}
	c, err := a.clientAt(p.Server, key)
	if err != nil {
		return "", err
	}
	for _, err := range c.Keys(cmd.Context(), client.KeyFilter{Page: 1}) {
		var answered *client.Error
		if err != nil && (!errors.As(err, &answered) || answered.Status != 403) {
			return "", err
		}
		break // taken, though it may not list keys
	}
	return "The management API takes this key.", nil
}

// askSecret reads a secret without showing it, or from standard input where nobody
// sits at a terminal.
func (a *app) askSecret(cmd *cobra.Command, question string) (string, error) {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return secretFile(cmd, "-")
	}
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	// Ctrl-C ends us in the middle of the question: the terminal must not stay mute.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	defer signal.Stop(stop)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-stop:
			_ = term.Restore(int(in.Fd()), before)
			words(cmd, "")
			os.Exit(ExitFailed)
		case <-done:
		}
	}()
	fmt.Fprint(cmd.ErrOrStderr(), question)
	raw, err := term.ReadPassword(int(in.Fd()))
	words(cmd, "")
	if len(raw) > maxSecret {
		return "", usage("that is too long for a key")
	}
	return string(raw), err
}

// held is the client of an API key that speaks for itself. Where its scheme is read
// from is only known of the schemes that ship.
func (a *app) held(p *profile.Profile, key keywright.Credential) (*client.Held, error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	shipped, err := schemes.Shipped()
	if err != nil {
		return nil, err
	}
	header := "Authorization"
	if s := shipped[p.Scheme]; s != nil {
		if s.Pair() {
			return nil, usage("the keys of this API are pairs: keep them in your program's configuration")
		}
		header = s.CredentialHeaders()[0]
	}
	_, secret := key.Reveal()
	return client.NewHeld(p.Base, func(h http.Header) {
		if header == "Authorization" {
			h.Set(header, "Bearer "+secret)
			return
		}
		h.Set(header, secret)
	}, o)
}
