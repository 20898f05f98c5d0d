package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keywright/keywright/api"
)

// Schemes lists the wire contracts that are in force, by name.
func (c *Client) Schemes(ctx context.Context) ([]api.Scheme, error) {
	var out api.SchemePage
	err := c.send(ctx, request{method: http.MethodGet, path: "/schemes"}, &out)
	return out.Items, err
}

// Scheme returns one of them, with its YAML and its answers.
func (c *Client) Scheme(ctx context.Context, name string) (api.Scheme, error) {
	var out api.Scheme
	err := c.send(ctx, request{method: http.MethodGet, path: "/schemes/" + url.PathEscape(name)}, &out)
	return out, err
}

// LintScheme says what is wrong with the YAML of a scheme. That something is wrong
// is no error.
func (c *Client) LintScheme(ctx context.Context, source string) (api.SchemeFindings, error) {
	var out api.SchemeFindings
	err := c.send(ctx, request{method: http.MethodPost, path: "/schemes/lint", header: harmless(), body: api.LintScheme{Source: source}}, &out)
	return out, err
}

// TryScheme says what a scheme reads off a request, and how it would refuse it.
func (c *Client) TryScheme(ctx context.Context, t api.TryScheme) (api.Trial, error) {
	var out api.Trial
	err := c.send(ctx, request{method: http.MethodPost, path: "/schemes/try", header: harmless(), body: t}, &out)
	return out, err
}

// APIs lists the protected surfaces.
func (c *Client) APIs(ctx context.Context) ([]api.API, error) {
	var out api.SurfacePage
	err := c.send(ctx, request{method: http.MethodGet, path: "/apis"}, &out)
	return out.Items, err
}

// IdentityProviders lists the identity providers.
func (c *Client) IdentityProviders(ctx context.Context) ([]api.IdentityProvider, error) {
	var out api.IdentityProviderPage
	err := c.send(ctx, request{method: http.MethodGet, path: "/identity-providers"}, &out)
	return out.Items, err
}

// CheckIdentityProvider asks the server whether one of them answers. That it does
// not is no error.
func (c *Client) CheckIdentityProvider(ctx context.Context, name string) (api.ProviderCheck, error) {
	var out api.ProviderCheck
	err := c.send(ctx, request{method: http.MethodPost, path: "/identity-providers/" + url.PathEscape(name) + "/check"}, &out)
	return out, err
}

// Verifiers lists the nodes that verify keys, the answering one first.
func (c *Client) Verifiers(ctx context.Context) ([]api.Verifier, error) {
	var out api.VerifierPage
	err := c.send(ctx, request{method: http.MethodGet, path: "/verifiers"}, &out)
	return out.Items, err
}
