package selfservice

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// Members lists the people of the caller's tenant. Errors: Forbidden.
func (s *Service) Members(ctx context.Context, c Caller) ([]people.Member, error) {
	if err := c.need(people.ReadPeople); err != nil {
		return nil, err
	}
	return s.o.People.Members(ctx, c.Tenant.ID)
}

// AmendMember changes a role. Errors: Forbidden, NotFound, Invalid (role), Conflict
// (the last admin).
func (s *Service) AmendMember(ctx context.Context, c Caller, who string, role people.Role) (people.Member, error) {
	if err := c.need(people.WritePeople); err != nil {
		return people.Member{}, err
	}
	return s.o.People.AmendMember(ctx, c.Actor, c.Tenant.ID, people.PersonID(who), role)
}

// RemoveMember ends a membership; everybody may end their own. Errors: Forbidden,
// NotFound, Conflict (the last admin).
func (s *Service) RemoveMember(ctx context.Context, c Caller, who string) error {
	if c.Tenant.ID == "" || people.PersonID(who) != c.Person.ID {
		if err := c.need(people.WritePeople); err != nil {
			return err
		}
	}
	return s.o.People.RemoveMember(ctx, c.Actor, c.Tenant.ID, people.PersonID(who))
}

// Invitations lists the open ones. Errors: Forbidden.
func (s *Service) Invitations(ctx context.Context, c Caller) ([]people.Invitation, error) {
	if err := c.need(people.WritePeople); err != nil {
		return nil, err
	}
	return s.o.People.Invitations(ctx, c.Tenant.ID)
}

// Invite makes an invitation; its token goes into the link. Errors: Forbidden,
// Invalid (email, role), Conflict.
func (s *Service) Invite(ctx context.Context, c Caller, email string, role people.Role) (people.Invitation, keywright.Credential, error) {
	if err := c.need(people.WritePeople); err != nil {
		return people.Invitation{}, keywright.Credential{}, err
	}
	return s.o.People.Invite(ctx, c.Actor, string(c.Tenant.ID), email, role)
}

// Withdraw ends an invitation. Errors: Forbidden, NotFound.
func (s *Service) Withdraw(ctx context.Context, c Caller, id string) error {
	if err := c.need(people.WritePeople); err != nil {
		return err
	}
	return s.o.People.Withdraw(ctx, c.Actor, c.Tenant.ID, id)
}
