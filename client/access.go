package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keywright/keywright/api"
)

// AccessRequests lists tenants' requests for environments, the newest first. state
// is api.AccessOpen, AccessGranted or AccessDeclined; "" is all.
func (c *Client) AccessRequests(ctx context.Context, state string) ([]api.AccessRequest, error) {
	query := url.Values{}
	put(query, "state", state)
	var out api.AccessRequestPage
	err := c.send(ctx, request{method: http.MethodGet, path: "/access-requests", query: query}, &out)
	return out.Items, err
}

// GrantAccess grants a request: its environment becomes one of the tenant's.
func (c *Client) GrantAccess(ctx context.Context, id string) (api.AccessRequest, error) {
	var out api.AccessRequest
	err := c.send(ctx, request{method: http.MethodPost, path: "/access-requests/" + url.PathEscape(id) + "/grant"}, &out)
	return out, err
}

// DeclineAccess says no to a request; the tenant's people read the reason.
func (c *Client) DeclineAccess(ctx context.Context, id, reason string) (api.AccessRequest, error) {
	var out api.AccessRequest
	err := c.send(ctx, request{method: http.MethodPost, path: "/access-requests/" + url.PathEscape(id) + "/decline", body: api.DeclineAccess{Reason: reason}}, &out)
	return out, err
}

// RequestAccess asks for an environment that the tenant has to be granted.
func (s *Self) RequestAccess(ctx context.Context, r api.RequestAccess) (api.AccessRequest, error) {
	var out api.AccessRequest
	err := s.about(ctx, request{method: http.MethodPost, path: "/me/access-requests", body: r}, &out)
	return out, err
}

// AccessRequests lists the tenant's requests for environments, the newest first.
func (s *Self) AccessRequests(ctx context.Context) ([]api.AccessRequest, error) {
	var out api.AccessRequestPage
	err := s.about(ctx, request{method: http.MethodGet, path: "/me/access-requests"}, &out)
	return out.Items, err
}
