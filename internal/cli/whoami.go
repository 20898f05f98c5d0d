package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/cli/profile"
)

// standing is what whoami says. No field of it is secret.
type standing struct {
	Profile  string           `json:"profile,omitempty"`
	Kind     string           `json:"kind"` // login, api-key, operator-key
	Server   string           `json:"server"`
	API      string           `json:"api,omitempty"`
	Person   *api.PersonBody  `json:"person,omitempty"`
	Tenant   *api.Tenant      `json:"tenant,omitempty"`
	Role     string           `json:"role,omitempty"`
	Tenants  []api.Membership `json:"tenants,omitempty"`
	Key      *api.KeyBody     `json:"key,omitempty"`
	Provider string           `json:"provider,omitempty"`
	Issuer   string           `json:"issuer,omitempty"`
	Until    *time.Time       `json:"until,omitempty"`
	Renews   bool             `json:"renews"`
	Kept     string           `json:"kept,omitempty"`
}

const operatorKey = "operator-key"

func whoamiCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "whoami", Short: "Say who you are, where and until when", Args: exactly(),
		Long: `Asks the server who the profile in use is. Exits with 4 if nobody is logged in,
or if the login has ended.`,
		Example: "  keywright whoami\n  keywright whoami --profile work --output json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.whoami(cmd) },
	}
	f := c.Flags()
	f.StringVar(&a.profile, "profile", "", "profile to ask about (default $KEYWRIGHT_PROFILE, or the one in use)")
	f.StringVar(&a.tenant, "tenant", "", "one of your tenants, by id or ref, where you have several")
	a.connection(c)
	a.outputFlag(c)
	return c
}

func (a *app) whoami(cmd *cobra.Command) error {
	c, err := a.choose()
	if err != nil {
		return err
	}
	if _, given, err := a.givenKey(cmd); err != nil || given {
		s := standing{Kind: operatorKey, Server: called(a.given(), c.Server), Kept: "the environment"}
		if err != nil {
			return err
		}
		return a.print(cmd, s, func(w io.Writer) { a.standingCard(w, &s) })
	}
	if c.name == "" {
		return &coded{code: ExitForbidden, text: "nobody is logged in: run keywright login --server and the address of the API's documentation"}
	}
	s := standing{Profile: c.name, Server: c.Server, API: c.API, Kept: c.Kept}
	switch {
	case c.Kind == profile.Login:
		err = a.whoLogin(cmd, c, &s)
	case c.Site:
		err = a.whoKey(cmd, c, &s)
	default:
		s.Kind = operatorKey
	}
	if err != nil {
		return err
	}
	return a.print(cmd, s, func(w io.Writer) { a.standingCard(w, &s) })
}

func (a *app) whoLogin(cmd *cobra.Command, c chosen, s *standing) error {
	who, err := a.selfAt(c, a.tenant)
	if err != nil {
		return err
	}
	me, err := who.Me(cmd.Context())
	if err = (hand{member: who, at: c}).over(err); err != nil {
		return err
	}
	s.Kind, s.Person, s.Tenant, s.Role, s.Tenants = string(profile.Login), &me.Person, me.Tenant, me.Role, me.Tenants
	s.Provider, s.Issuer = c.Provider, c.Issuer
	if secret, err := c.store.Secret(c.set, c.name); err == nil {
		_, refresh := secret.Refresh.Reveal()
		s.Renews = refresh != ""
		if !secret.Expires.IsZero() {
			until := secret.Expires.UTC()
			s.Until = &until
		}
	}
	return nil
}

func (a *app) whoKey(cmd *cobra.Command, c chosen, s *standing) error {
	secret, err := c.store.Secret(c.set, c.name)
	if err != nil {
		return err
	}
	held, err := a.held(&c.Profile, secret.Key)
	if err != nil {
		return err
	}
	k, err := held.Key(cmd.Context())
	if err != nil {
		return err
	}
	s.Kind, s.Key, s.Until = "api-key", &k.KeyBody, k.ExpiresAt
	return nil
}

func (a *app) standingCard(w io.Writer, s *standing) {
	line := func(name, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("Profile", s.Profile)
	line("Server", clean(s.Server))
	line("API", clean(s.API))
	if s.Person != nil {
		line("Person", strings.TrimSpace(clean(s.Person.Email)+"  "+clean(s.Person.Name)))
	}
	if s.Tenant != nil {
		line("Tenant", tenantCalled(s.Tenant.Name, s.Tenant.Ref, s.Tenant.ID))
	}
	line("Role", clean(s.Role))
	if len(s.Tenants) > 1 {
		for _, t := range s.Tenants {
			line("Member of", tenantCalled(t.Name, t.Ref, t.Tenant)+": "+clean(t.Role))
		}
	}
	if s.Provider != "" {
		line("Logged in with", clean(s.Provider)+" ("+clean(s.Issuer)+")")
	}
	if s.Key != nil {
		line("Key", clean(strings.TrimSpace(s.Key.ID+" "+s.Key.Name)))
		line("State", s.Key.State)
	}
	switch {
	case s.Kind == operatorKey:
		line("Acts as", "operator, with a key")
	case s.Renews:
		line("Until", a.when(s.Until)+"; renews itself")
	default:
		line("Until", never(a.when(s.Until)))
	}
	line("Kept in", s.Kept)
}

func tenantCalled(name, ref, id string) string {
	if name == "" {
		return clean(called(ref, id))
	}
	return clean(name) + " (" + clean(called(ref, id)) + ")"
}
