package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keywright/keywright/api"
)

// Members lists a tenant's members.
func (c *Client) Members(ctx context.Context, tenant string) ([]api.Member, error) {
	var out api.MemberPage
	err := c.send(ctx, request{method: http.MethodGet, path: tenantPath(tenant) + "/members"}, &out)
	return out.Items, err
}

func tenantPath(idOrRef string) string { return "/tenants/" + url.PathEscape(idOrRef) }

// AmendMember changes a member's role.
func (c *Client) AmendMember(ctx context.Context, tenant, person, role string) (api.Member, error) {
	var out api.Member
	err := c.send(ctx, request{method: http.MethodPatch, path: tenantPath(tenant) + "/members/" + url.PathEscape(person), body: api.AmendMember{Role: role}}, &out)
	return out, err
}

// RemoveMember ends a membership.
func (c *Client) RemoveMember(ctx context.Context, tenant, person string) error {
	return c.send(ctx, request{method: http.MethodDelete, path: tenantPath(tenant) + "/members/" + url.PathEscape(person)}, nil)
}

// Invite invites a person. The answer is the only one that holds the token and the link.
func (c *Client) Invite(ctx context.Context, tenant string, i api.Invite) (api.Invitation, error) {
	var out api.Invitation
	err := c.send(ctx, request{method: http.MethodPost, path: tenantPath(tenant) + "/invitations", body: i}, &out)
	return out, err
}

// Invitations lists a tenant's open invitations.
func (c *Client) Invitations(ctx context.Context, tenant string) ([]api.Invitation, error) {
	var out api.InvitationPage
	err := c.send(ctx, request{method: http.MethodGet, path: tenantPath(tenant) + "/invitations"}, &out)
	return out.Items, err
}

// WithdrawInvitation ends an invitation.
func (c *Client) WithdrawInvitation(ctx context.Context, tenant, id string) error {
	return c.send(ctx, request{method: http.MethodDelete, path: tenantPath(tenant) + "/invitations/" + url.PathEscape(id)}, nil)
}

// Register registers a stranger, for a provider's own endpoint: under the throttles
// of the API's site, counted by the stranger's address. Each call is a new
// registration. A throttled one is an Unavailable *Error of status 429.
func (c *Client) Register(ctx context.Context, r api.RegisterFor) (api.Registered, error) {
	var out api.Registered
	err := c.send(ctx, request{method: http.MethodPost, path: "/registrations", body: r}, &out)
	return out, err
}

// RotateRegistration replaces the key that a management token manages, for a
// provider's own endpoint that takes such tokens: id is the token's, as the
// gateway's identity names it. It is sent under an Idempotency-Key as CreateKey is.
func (c *Client) RotateRegistration(ctx context.Context, id string, r api.RotateRegistration) (api.Key, error) {
	return c.RotateRegistrationOnce(ctx, newIdempotencyKey(), id, r)
}

// RotateRegistrationOnce is RotateRegistration under an Idempotency-Key of the caller's.
func (c *Client) RotateRegistrationOnce(ctx context.Context, idempotencyKey, id string, r api.RotateRegistration) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPost, path: "/registrations/" + url.PathEscape(id) + "/rotate", header: once(idempotencyKey), body: r}, &out)
	return out, err
}

// RevokeRegistration ends the key that a management token manages, and the token.
func (c *Client) RevokeRegistration(ctx context.Context, id string, r api.RevokeRegistration) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPost, path: "/registrations/" + url.PathEscape(id) + "/revoke", body: r}, &out)
	return out, err
}
