package management

import (
	"context"
	"net/http"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/people"
)

// peopleRoutes binds the operations on the person, their tenant and its people.
func (s *selfServer) peopleRoutes() {
	s.accountRoutes(s.ownAccount())
	register(&s.desk, api.OpAmendOwnTenant, s.amendTenant)
	register(&s.desk, api.OpListOwnMembers, s.listMembers)
	register(&s.desk, api.OpAmendOwnMember, s.amendMember)
	register(&s.desk, api.OpRemoveOwnMember, s.removeMember)
	register(&s.desk, api.OpListOwnInvites, s.listInvitations)
	register(&s.desk, api.OpInviteOwn, s.invite)
	register(&s.desk, api.OpWithdrawOwn, s.withdraw)
}

type amendOwnTenantIn struct {
	Chosen
	Body api.AmendOwnTenant
}

func (s *selfServer) amendTenant(ctx context.Context, c *call, in *amendOwnTenantIn) (*listing[api.Tenant], error) {
	t, err := s.Self.SetServices(ctx, c.caller, in.Body.Services)
	if err != nil {
		return nil, err
	}
	out := wire.Tenant(&t)
	out.Metadata = map[string]string{}
	return &listing[api.Tenant]{Body: out}, nil
}

func (s *selfServer) listMembers(ctx context.Context, c *call, _ *chosenIn) (*listing[api.MemberPage], error) {
	all, err := s.Self.Members(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	return &listing[api.MemberPage]{Body: wire.Members(all)}, nil
}

// OwnMemberIn is what every operation about one member takes.
type OwnMemberIn struct {
	Chosen
	Person string `path:"person" maxLength:"64" doc:"The person's id." example:"per_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

type amendOwnMemberIn struct {
	OwnMemberIn
	Body api.AmendMember
}

func (s *selfServer) amendMember(ctx context.Context, c *call, in *amendOwnMemberIn) (*listing[api.Member], error) {
	m, err := s.Self.AmendMember(ctx, c.caller, in.Person, people.Role(in.Body.Role))
	if err != nil {
		return nil, gone("member", err)
	}
	return &listing[api.Member]{Body: wire.Member(&m)}, nil
}

func (s *selfServer) removeMember(ctx context.Context, c *call, in *OwnMemberIn) (*nothing, error) {
	return nil, gone("member", s.Self.RemoveMember(ctx, c.caller, in.Person))
}

func (s *selfServer) listInvitations(ctx context.Context, c *call, _ *chosenIn) (*listing[api.InvitationPage], error) {
	all, err := s.Self.Invitations(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	return &listing[api.InvitationPage]{Body: wire.Invitations(all)}, nil
}

type inviteOwnIn struct {
	Chosen
	Body api.Invite
}

func (s *selfServer) invite(ctx context.Context, c *call, in *inviteOwnIn) (*created[api.Invitation], error) {
	if in.Body.API != "" {
		return nil, invalidField("api", "the invitation is to this site: leave it out")
	}
	made, token, err := s.Self.Invite(ctx, c.caller, in.Body.Email, people.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	site := ""
	if s.Origin != nil {
		site = s.Origin(c.request)
	}
	return &created[api.Invitation]{Status: http.StatusCreated, Body: invited(&made, token, site)}, nil
}

type withdrawOwnIn struct {
	Chosen
	Invitation string `path:"invitation" maxLength:"64" doc:"The invitation's id." example:"inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

func (s *selfServer) withdraw(ctx context.Context, c *call, in *withdrawOwnIn) (*nothing, error) {
	return nil, gone("open invitation", s.Self.Withdraw(ctx, c.caller, in.Invitation))
}
