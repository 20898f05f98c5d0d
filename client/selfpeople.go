package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// Sessions lists the person's sessions that are in force, the newest first.
func (s *Self) Sessions(ctx context.Context) ([]api.Session, error) {
	var out api.SessionPage
	err := s.send(ctx, request{method: http.MethodGet, path: "/me/sessions"}, &out)
	return out.Items, err
}

// EndSession ends one of the person's sessions.
func (s *Self) EndSession(ctx context.Context, id string) error {
	return s.send(ctx, request{method: http.MethodDelete, path: "/me/sessions/" + url.PathEscape(id)}, nil)
}

// Members lists the tenant's members.
func (s *Self) Members(ctx context.Context) ([]api.Member, error) {
	var out api.MemberPage
	err := s.about(ctx, request{method: http.MethodGet, path: "/me/members"}, &out)
	return out.Items, err
}

// AmendMember changes a member's role.
func (s *Self) AmendMember(ctx context.Context, person, role string) (api.Member, error) {
	var out api.Member
	err := s.about(ctx, request{method: http.MethodPatch, path: "/me/members/" + url.PathEscape(person), body: api.AmendMember{Role: role}}, &out)
	return out, err
}

// RemoveMember ends a membership; everybody may end their own.
func (s *Self) RemoveMember(ctx context.Context, person string) error {
	return s.about(ctx, request{method: http.MethodDelete, path: "/me/members/" + url.PathEscape(person)}, nil)
}

// Invite invites a person. The answer is the only one that holds the token and the link.
func (s *Self) Invite(ctx context.Context, email, role string) (api.Invitation, error) {
	var out api.Invitation
	err := s.about(ctx, request{method: http.MethodPost, path: "/me/invitations", body: api.Invite{Email: email, Role: role}}, &out)
	return out, err
}

// Invitations lists the tenant's open invitations.
func (s *Self) Invitations(ctx context.Context) ([]api.Invitation, error) {
	var out api.InvitationPage
	err := s.about(ctx, request{method: http.MethodGet, path: "/me/invitations"}, &out)
	return out.Items, err
}

// WithdrawInvitation ends an invitation.
func (s *Self) WithdrawInvitation(ctx context.Context, id string) error {
	return s.about(ctx, request{method: http.MethodDelete, path: "/me/invitations/" + url.PathEscape(id)}, nil)
}

// Register registers for a key at a site, without an account: the one operation of
// self-service that needs nobody. Each call is a new registration.
func Register(ctx context.Context, site, email string, o Options) (api.Registered, error) {
	c, err := New(site, keywright.Credential{}, o)
	if err != nil {
		return api.Registered{}, err
	}
	var out api.Registered
	err = c.send(ctx, request{method: http.MethodPost, path: "/register", body: api.Register{Email: email}}, &out)
	return out, err
}

// Held calls the self-service API of a site with a key that speaks for itself, or
// with a management token: for its own record, its rotation and its end.
type Held struct {
	c       *Client
	present func(h http.Header)
}

// NewHeld returns such a client; present puts the credential where the API reads
// it, such as into X-API-Key. It returns an Invalid error as New does.
func NewHeld(base string, present func(h http.Header), o Options) (*Held, error) {
	c, err := New(base, keywright.Credential{}, o)
	if err != nil {
		return nil, err
	}
	return &Held{c: c, present: present}, nil
}

func (h *Held) send(ctx context.Context, q request, out any) error {
	if q.header == nil {
		q.header = http.Header{}
	}
	h.present(q.header)
	return h.c.send(ctx, q, out)
}

// Key returns the record of the key, or of the one that a management token manages.
func (h *Held) Key(ctx context.Context) (api.Key, error) {
	var out api.Key
	err := h.send(ctx, request{method: http.MethodGet, path: "/key"}, &out)
	return out, err
}

// Rotate replaces the key, under an Idempotency-Key as CreateKey does.
func (h *Held) Rotate(ctx context.Context, r api.RotateKey) (api.Key, error) {
	var out api.Key
	err := h.send(ctx, request{method: http.MethodPost, path: "/key/rotate", header: once(newIdempotencyKey()), body: r}, &out)
	return out, err
}

// Revoke ends the key for good, and its management token. reason may be empty.
func (h *Held) Revoke(ctx context.Context, reason string) (api.Key, error) {
	var out api.Key
	err := h.send(ctx, request{method: http.MethodPost, path: "/key/revoke", body: api.RevokeKey{Reason: reason}}, &out)
	return out, err
}
