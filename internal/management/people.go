package management

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

// peopleRoutes binds the operations on members, invitations and registrations.
func (s *server) peopleRoutes() {
	register(&s.desk, api.OpListMembers, s.listMembers)
	register(&s.desk, api.OpAmendMember, s.amendMember)
	register(&s.desk, api.OpRemoveMember, s.removeMember)
	register(&s.desk, api.OpListInvitations, s.listInvitations)
	register(&s.desk, api.OpInvite, s.invite)
	register(&s.desk, api.OpWithdrawInvitation, s.withdraw)
	register(&s.desk, api.OpRegisterFor, s.registerFor)
	register(&s.desk, api.OpRotateRegistration, s.rotateRegistration)
	register(&s.desk, api.OpRevokeRegistration, s.revokeRegistration)
}

// pathTenant finds the tenant that a path names.
func (s *server) pathTenant(ctx context.Context, idOrRef string) (keywright.Tenant, error) {
	t, err := s.tenant(ctx, idOrRef)
	if errors.Is(err, keywright.NotFound) {
		return t, noSuch("tenant")
	}
	return t, err
}

func noSuch(what string) error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such " + what}
}

func (s *server) listMembers(ctx context.Context, _ *call, in *TenantIn) (*listing[api.MemberPage], error) {
	t, err := s.pathTenant(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	members, err := s.People.Members(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	return &listing[api.MemberPage]{Body: wire.Members(members)}, nil
}

// MemberIn is what every operation about one member takes.
type MemberIn struct {
	TenantIn
	Person string `path:"person" maxLength:"64" doc:"The person's id." example:"per_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

type amendMemberIn struct {
	MemberIn
	Body api.AmendMember
}

func (s *server) amendMember(ctx context.Context, c *call, in *amendMemberIn) (*listing[api.Member], error) {
	t, err := s.mayMove(ctx, c, &in.MemberIn)
	if err != nil {
		return nil, err
	}
	role := people.Role(in.Body.Role)
	if err := mayGive(c, t.ID, rolePermissions(role)); err != nil {
		return nil, err
	}
	if err := mayGiveRole(c, t.ID, role); err != nil {
		return nil, err
	}
	m, err := s.People.AmendMember(ctx, s.actor(ctx, c), t.ID, people.PersonID(in.Person), role)
	if err != nil {
		return nil, gone("member", err)
	}
	return &listing[api.Member]{Body: wire.Member(&m)}, nil
}

// mayMove refuses to let a caller change what an operator is who may do more than
// the caller.
func (s *server) mayMove(ctx context.Context, c *call, in *MemberIn) (keywright.Tenant, error) {
	t, err := s.pathTenant(ctx, in.ID)
	if err != nil || t.ID != keywright.OperatorTenant {
		return t, err
	}
	members, err := s.People.Members(ctx, t.ID)
	if err != nil {
		return t, err
	}
	at := slices.IndexFunc(members, func(m people.Member) bool { return string(m.Person) == in.Person })
	if at < 0 {
		return t, noSuch("member")
	}
	return t, mayGive(c, t.ID, rolePermissions(members[at].Role))
}

// gone says "no such thing" in one way, whatever people says.
func gone(what string, err error) error {
	if errors.Is(err, keywright.NotFound) {
		return noSuch(what)
	}
	return err
}

func (s *server) removeMember(ctx context.Context, c *call, in *MemberIn) (*nothing, error) {
	t, err := s.mayMove(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return nil, gone("member", s.People.RemoveMember(ctx, s.actor(ctx, c), t.ID, people.PersonID(in.Person)))
}

func (s *server) listInvitations(ctx context.Context, _ *call, in *TenantIn) (*listing[api.InvitationPage], error) {
	t, err := s.pathTenant(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.People.Invitations(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	return &listing[api.InvitationPage]{Body: wire.Invitations(all)}, nil
}

type inviteIn struct {
	TenantIn
	Body api.Invite
}

// created answers 201 about a record that has no version.
type created[T any] struct {
	Status int
	Body   T
}

func (s *server) invite(ctx context.Context, c *call, in *inviteIn) (*created[api.Invitation], error) {
	t, err := s.pathTenant(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	role := people.Role(in.Body.Role)
	if err := mayGive(c, t.ID, rolePermissions(role)); err != nil {
		return nil, err
	}
	if err := mayGiveRole(c, t.ID, role); err != nil {
		return nil, err
	}
	link, err := s.linkTo(t.ID, in.Body.API)
	if err != nil {
		return nil, err
	}
	made, token, err := s.People.Invite(ctx, s.actor(ctx, c), string(t.ID), in.Body.Email, role)
	if err != nil {
		return nil, err
	}
	return &created[api.Invitation]{Status: http.StatusCreated, Body: invited(&made, token, link)}, nil
}

// linkTo is the address of the site that an invitation leads to; "" where none is known.
func (s *server) linkTo(t keywright.TenantID, apiName string) (string, error) {
	if t == keywright.OperatorTenant {
		if apiName != "" {
			return "", invalidField("api", "operators sign in on the management API's own host: leave it out")
		}
	} else if apiName == "" {
		return "", nil
	}
	if s.SiteURL == nil {
		return "", nil
	}
	at := s.SiteURL(apiName)
	if at == "" && apiName != "" {
		return "", invalidField("api", "no api of this name has a site here")
	}
	return at, nil
}

// invitationPath is the page that accepts an invitation, on every site.
const invitationPath = "/account/invitation"

// invited spells a new invitation: its token stands in this answer and in no other.
func invited(i *people.Invitation, token keywright.Credential, site string) api.Invitation {
	out := wire.Invitation(i)
	_, out.Token = token.Reveal()
	if site != "" {
		out.Link = site + invitationPath + "?token=" + url.QueryEscape(out.Token)
	}
	return out
}

type withdrawIn struct {
	TenantIn
	Invitation string `path:"invitation" maxLength:"64" doc:"The invitation's id." example:"inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

func (s *server) withdraw(ctx context.Context, c *call, in *withdrawIn) (*nothing, error) {
	t, err := s.pathTenant(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, gone("open invitation", s.People.Withdraw(ctx, s.actor(ctx, c), t.ID, in.Invitation))
}

// site finds the self-service of an API that takes registrations.
func (s *server) site(name string) (*selfservice.Service, error) {
	at := s.Sites(name)
	if at == nil || at.Site().Registration == nil {
		return nil, invalidField("api", "no api of this name takes registrations here")
	}
	return at, nil
}

type registerForIn struct{ Body api.RegisterFor }

func (s *server) registerFor(ctx context.Context, c *call, in *registerForIn) (*created[api.Registered], error) {
	at, err := s.site(in.Body.API)
	if err != nil {
		return nil, err
	}
	from, err := netip.ParseAddr(in.Body.Address)
	if err != nil || from.IsUnspecified() {
		return nil, invalidField("address", "an IP address, such as 192.0.2.7")
	}
	by := s.actor(ctx, c)
	out, err := at.Register(ctx, selfservice.Registrant{Email: in.Body.Email, Address: from, Actor: by})
	if err != nil {
		return nil, err
	}
	return &created[api.Registered]{Status: http.StatusCreated, Body: out}, nil
}

type rotateRegistrationIn struct {
	KeyIn
	IdempotencyKey string `header:"Idempotency-Key" doc:"Repeating a request with the same one makes no second successor."`
	Body           api.RotateRegistration
}

func (s *server) rotateRegistration(ctx context.Context, c *call, in *rotateRegistrationIn) (*reply[api.Key], error) {
	at, err := s.site(in.Body.API)
	if err != nil {
		return nil, err
	}
	h, err := at.HolderByID(ctx, s.actor(ctx, c), in.ID)
	if err != nil {
		return nil, err
	}
	k, err := at.RotateHeld(ctx, h, api.RotateKey{Overlap: in.Body.Overlap, Finish: in.Body.Finish}, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return made(k), nil
}

// made answers 201 with a new key, or 200 without its credential on a replay.
func made(k api.Key) *reply[api.Key] {
	status := http.StatusCreated
	if k.Replayed {
		status = http.StatusOK
	}
	return &reply[api.Key]{Status: status, ETag: etag(k.Version), Body: k}
}

type revokeRegistrationIn struct {
	KeyIn
	Body api.RevokeRegistration
}

func (s *server) revokeRegistration(ctx context.Context, c *call, in *revokeRegistrationIn) (*reply[api.Key], error) {
	at, err := s.site(in.Body.API)
	if err != nil {
		return nil, err
	}
	h, err := at.HolderByID(ctx, s.actor(ctx, c), in.ID)
	if err != nil {
		return nil, err
	}
	k, err := at.RevokeHeld(ctx, h, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &reply[api.Key]{Status: http.StatusOK, ETag: etag(k.Version), Body: k}, nil
}
