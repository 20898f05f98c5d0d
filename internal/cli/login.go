package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/cli/profile"
	"github.com/keywright/keywright/internal/cli/signin"
)

// loggingIn is what login's flags say.
type loggingIn struct {
	provider  string
	device    bool
	noBrowser bool
	withKey   bool
	wait      time.Duration
}

func loginCommand(a *app) *cobra.Command {
	var l loggingIn
	c := &cobra.Command{
		Use: "login", Short: "Log in to a provider's site as its customer", Args: exactly(),
		Long: `Logs you in at a site where an API's customers serve themselves: the address of
its documentation. Your browser opens at the site's identity provider, and comes
back to this command line by itself. Where there is no browser, or with --device,
you get a code to enter on any other device. From then on "keywright keys" makes
and manages your keys there, and the login renews itself for as long as the
identity provider lets it.

No token is ever shown. What is kept goes into the system's keyring; where there
is none, or with --keyring=false, into a file that only you can read.

Each login is a profile, called after the API unless --profile names it. The last
one is in use; "keywright profiles use" and --profile choose another.

With --with-key there is no login: the command asks for a key without showing it,
or reads it from standard input, and keeps that: an operator's key for a
management API, or your API key for a customer's site.`,
		Example: `  keywright login --server https://docs.example.com
  keywright login --server https://docs.example.com --device
  keywright login --server https://docs.example.com --profile work --provider company
  pass show keys/operator | keywright login --server https://keys.example.com --with-key --profile operator`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.login(cmd, l) },
	}
	f := c.Flags()
	f.StringVar(&l.provider, "provider", "", "the identity provider, where the site has several")
	f.BoolVar(&l.device, "device", false, "log in with a code, on any other device")
	f.BoolVar(&l.noBrowser, "no-browser", false, "print the address instead of opening a browser")
	f.BoolVar(&l.withKey, "with-key", false, "keep a key, from standard input or asked for, instead of logging in")
	f.DurationVar(&l.wait, "wait", 5*time.Minute, "how long to wait for you in the browser")
	f.StringVar(&a.profile, "profile", "", "what to call this login (default $KEYWRIGHT_PROFILE, or the API's name)")
	a.connection(c)
	a.keyringFlag(c)
	c.MarkFlagsMutuallyExclusive("device", "no-browser", "with-key")
	return c
}

// connection gives a command the flags of whoever speaks with a site.
func (a *app) connection(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&a.server, "server", "", "address of the site (default $KEYWRIGHT_SERVER)")
	f.StringVar(&a.config, "config-file", "", "configuration of this command line (default $KEYWRIGHT_CLI_CONFIG, or keywright/cli.json in the user's configuration folder)")
	f.StringVar(&a.ca, "ca", "", "PEM file of a certificate authority to trust besides the system's (default $KEYWRIGHT_CA)")
	f.BoolVar(&a.insecure, "allow-plain-http", false, "send secrets over http:// to another machine")
}

func (a *app) keyringFlag(c *cobra.Command) {
	c.Flags().BoolVar(&a.keyring, "keyring", true, "keep secrets in the system's keyring if there is one, else in a file (default also $KEYWRIGHT_KEYRING)")
}

func (a *app) login(cmd *cobra.Command, l loggingIn) error {
	site := a.server
	if site == "" {
		site = os.Getenv("KEYWRIGHT_SERVER")
	}
	if site == "" {
		return usage("say where: --server and the address of the API's documentation, such as https://docs.example.com")
	}
	site, err := siteAddress(site)
	if err != nil {
		return err
	}
	if l.withKey {
		return a.loginWithKey(cmd, site)
	}
	o, err := a.options()
	if err != nil {
		return err
	}
	at, err := client.Discover(cmd.Context(), site, o)
	if err != nil {
		return err
	}
	one, err := pick(at, l.provider)
	if err != nil {
		return err
	}
	place, err := a.place(at.API, profile.Profile{Kind: profile.Login, Server: site})
	if err != nil {
		return err
	}
	p := profile.Profile{Kind: profile.Login, Server: site, Site: true, API: at.API, Title: at.Title, Base: at.Base, Variable: at.Variable,
		Provider: one.Name, Issuer: one.Issuer, ClientID: one.ClientID, Scopes: one.Scopes, Resource: one.Resource}
	tokens, err := a.flow(cmd, l, &p)
	if err != nil {
		return loginFault(err)
	}
	return a.welcome(cmd, place, p, tokens)
}

// siteAddress takes a bare host for what it most likely is.
func siteAddress(text string) (string, error) {
	if !strings.Contains(text, "://") {
		host, _, _ := strings.Cut(text, "/")
		name, _, _ := strings.Cut(host, ":")
		if signin.ThisMachine(name) {
			text = "http://" + text
		} else {
			text = "https://" + text
		}
	}
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || strings.Contains(text, "#") {
		return "", usage("--server is an address such as https://docs.example.com")
	}
	return u.String(), nil
}

// pick chooses the identity provider.
func pick(at api.Discovery, name string) (api.DiscoveredIssuer, error) {
	var names []string
	for _, one := range at.Providers {
		if one.Name == name || (name == "" && len(at.Providers) == 1) {
			return one, nil
		}
		names = append(names, clean(one.Name))
	}
	switch {
	case len(names) == 0:
		return api.DiscoveredIssuer{}, &coded{code: ExitForbidden, text: "nobody can log in to this site from a command line: make a key on its pages, and use keywright login --with-key"}
	case name == "":
		return api.DiscoveredIssuer{}, usage("this site has several identity providers, so name one with --provider: " + strings.Join(names, ", "))
	}
	return api.DiscoveredIssuer{}, usage("this site has no such identity provider; it has " + strings.Join(names, ", "))
}

// place says which profile a login fills, before anybody has logged in for nothing.
func (a *app) place(apiName string, p profile.Profile) (chosen, error) {
	c := chosen{name: a.profileNamed()}
	named := c.name != ""
	if !named {
		c.name = apiName
	}
	if !profile.ValidName(c.name) {
		return c, badName()
	}
	var err error
	if c.store, err = a.store(); err != nil {
		return c, err
	}
	if c.set, err = c.store.Read(); err != nil {
		return c, err
	}
	old, there := c.set.Profiles[c.name]
	switch {
	case there && old.Kind != p.Kind:
		return c, usage(fmt.Sprintf("the profile %s holds something else already, for %s: name this one with --profile, or remove that one with keywright logout --profile %s", c.name, old.Server, c.name))
	case there && !named && old.Server != p.Server:
		return c, usage(fmt.Sprintf("the profile %s is for %s already: name this one with --profile", c.name, old.Server))
	}
	return c, nil
}

func badName() error {
	return usage("a profile's name is letters, digits, dots, dashes and underscores: give one with --profile")
}

// signing is what a profile says to signin.
func (a *app) signing(p *profile.Profile) (signin.Options, error) {
	h, err := a.brief()
	return signin.Options{Issuer: p.Issuer, ClientID: p.ClientID, Scopes: p.Scopes, Resource: p.Resource, HTTP: h, PlainHTTP: a.insecure}, err
}

// flow logs in by the way that the flags and this machine leave.
func (a *app) flow(cmd *cobra.Command, l loggingIn, p *profile.Profile) (signin.Tokens, error) {
	o, err := a.signing(p)
	if err != nil {
		return signin.Tokens{}, err
	}
	o.Words, o.Site, o.Wait = cmd.ErrOrStderr(), p.Title, l.wait
	if o.Site == "" {
		o.Site = p.Server
	}
	if !l.noBrowser {
		o.Open = signin.Opener(os.Getenv("KEYWRIGHT_BROWSER"))
	}
	switch {
	case l.device:
		return signin.Device(cmd.Context(), o)
	case l.noBrowser || o.Open != nil:
		return signin.Browser(cmd.Context(), o)
	}
	return signin.Headless(cmd.Context(), o)
}

func loginFault(err error) error {
	if errors.Is(err, signin.ErrNoDevice) {
		return &coded{code: ExitForbidden, text: "this identity provider has no login by a code: leave --device away"}
	}
	return plain(err)
}

// plain takes the kind out of the words: the exit code says it.
func plain(err error) error {
	var k *keywright.Error
	if errors.As(err, &k) && k.Detail != "" {
		return &coded{code: ExitCode(err), text: k.Detail}
	}
	return err
}

// welcome asks the site who has logged in, and only then keeps the login.
func (a *app) welcome(cmd *cobra.Command, place chosen, p profile.Profile, t signin.Tokens) error {
	who, err := a.self(p.Base, "", func(context.Context, bool) (keywright.Credential, error) { return t.Access, nil })
	if err != nil {
		return err
	}
	me, err := who.Me(cmd.Context())
	if err != nil {
		return fmt.Errorf("the identity provider let you in, but %s did not: %w", clean(p.Title), err)
	}
	p.Person = me.Person.Email
	kept, err := place.keep(p, profile.Secret{Access: t.Access, Refresh: t.Refresh, Expires: t.Expires})
	if err != nil {
		return err
	}
	words(cmd, "Logged in to %s as %s%s.", clean(p.Title), clean(me.Person.Email), roleIn(&me))
	words(cmd, "The login is kept in %s, as profile %q.", kept, place.name)
	if os.Getenv("KEYWRIGHT_KEY") != "" || os.Getenv("KEYWRIGHT_KEY_FILE") != "" {
		words(cmd, "An operator key is set in the environment, and goes before the login: unset it, or give --profile %s.", place.name)
	}
	if me.Tenant != nil {
		words(cmd, "Next: keywright keys create --help")
	}
	return nil
}

func roleIn(me *api.Me) string {
	if me.Tenant == nil {
		return "; you are nobody's member here yet"
	}
	return ", " + clean(me.Role) + " of " + clean(called(me.Tenant.Name, me.Tenant.Ref, me.Tenant.ID))
}

// called is the first name that there is.
func called(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return "-"
}
