package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// account is one made-up person of the demo: a member of a tenant from the start,
// or one who is invited.
type account struct {
	system string // "" is the operators' own site
	email  string
	name   string
	tenant string // its ref
	role   people.Role
	invite bool // not a member yet: there is a link
}

// accounts are all of them. A person's account at the identity provider has the
// same address.
func accounts() []account {
	return []account{
		{"acme", "ada@acme.example", "Ada", "demo-acme", people.Admin, false},
		{"acme", "newcomer@acme.example", "Newcomer", "demo-acme", people.RoleMember, true},
		{"trustifi", "ada@trustifi.example", "Ada", "demo-trustifi-1", people.Admin, false},
		{"trustifi", "grace@trustifi.example", "Grace", "demo-trustifi-2", people.Admin, false},
		{"trustifi", "newcomer@trustifi.example", "Newcomer", "demo-trustifi-3", people.Admin, true},
		{"truestamp", "ada@truestamp.example", "Ada", "demo-truestamp-1", people.Admin, false},
		{"truestamp", "grace@truestamp.example", "Grace", "demo-truestamp-2", people.Admin, false},
		{"truestamp", "newcomer@truestamp.example", "Newcomer", "demo-truestamp-3", people.Admin, true},
		{"trusset", "ada@trusset.example", "Ada", "demo0001", people.Admin, false},
		{"trusset", "grace@trusset.example", "Grace", "demo0002", people.Admin, false},
		{"trusset", "newcomer@trusset.example", "Newcomer", "demo0001", people.RoleMember, true},
		{"domaintrust", "ada@domaintrust.example", "Ada", "demo-domaintrust-1", people.Admin, false},
		{"domaintrust", "grace@domaintrust.example", "Grace", "demo-domaintrust-3", people.Admin, false},
		{"domaintrust", "newcomer@domaintrust.example", "Newcomer", "demo-domaintrust-1", people.RoleMember, true},
		{"trustswiftly", "ada@trustswiftly.example", "Ada", "demo-trustswiftly-1", people.Admin, false},
		{"trustswiftly", "grace@trustswiftly.example", "Grace", "demo-trustswiftly-2", people.Admin, false},
		{"trustswiftly", "newcomer@trustswiftly.example", "Newcomer", "demo-trustswiftly-1", people.RoleMember, true},
		{"", "operator@keywright.example", "Operator", string(keywright.OperatorTenant), people.Admin, false},
	}
}

// users are the accounts as the embedded identity provider knows them.
func users() []idp.User {
	var all []idp.User
	for _, a := range accounts() {
		all = append(all, idp.User{Subject: "demo|" + a.email, Email: a.email, Name: a.name + " (" + nameOf(a.system) + ")"})
	}
	return all
}

func nameOf(system string) string {
	for _, s := range systems() {
		if s.name == system {
			return s.brand
		}
	}
	return "operator"
}

// newcomers have a tenant of their own where a tenant is a user, without any key.
func (s *seeder) newcomers(ctx context.Context) error {
	for _, w := range []struct{ ref, system string }{{"demo-trustifi-3", "trustifi"}, {"demo-truestamp-3", "truestamp"}} {
		_, _, err := s.tenant(ctx, wish{ref: w.ref, name: "newcomer@" + w.system + ".example", system: w.system}, "")
		if err != nil {
			return err
		}
	}
	return nil
}

// people makes the persons, members and invitations, and says what they sign in with.
func (s *seeder) members(ctx context.Context, who *people.Service, c *Credentials, link func(system, token string) string) error {
	for _, a := range accounts() {
		if err := s.member(ctx, who, c, &a, link); err != nil {
			return fmt.Errorf("the person %s: %w", a.email, err)
		}
	}
	return nil
}

func (s *seeder) member(ctx context.Context, who *people.Service, c *Credentials, a *account, link func(system, token string) string) error {
	tenant, err := s.keeper.EnsureTenant(ctx, by(), keeper.TenantDraft{Ref: a.tenant})
	if a.system == "" {
		tenant, err = keywright.Tenant{ID: keywright.OperatorTenant}, nil
	}
	if err != nil {
		return err
	}
	has := Person{System: a.system, Email: a.email, Role: string(a.role)}
	if a.invite {
		_, token, err := who.Invite(ctx, by(), string(tenant.ID), a.email, a.role)
		switch {
		case errors.Is(err, keywright.Conflict):
			return nil // a member since an earlier run
		case err != nil:
			return err
		}
		_, secret := token.Reveal()
		has.Invitation = link(a.system, secret)
		c.People = append(c.People, has)
		return nil
	}
	// A new password each time, so that none stands in a page for good.
	has.Password = rand.Text()
	secret := keywright.NewCredential("", has.Password)
	p, err := who.Enrol(ctx, by(), tenant.ID, a.email, a.name, a.role, keywright.Credential{})
	if err == nil {
		err = who.SetPassword(ctx, by(), p.ID, secret, "")
	}
	c.People = append(c.People, has)
	return err
}
