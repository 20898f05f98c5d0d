package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// Self calls the self-service API of one site, for one person. It is safe for
// concurrent use if its token is.
type Self struct {
	c      *Client
	token  func(ctx context.Context) (keywright.Credential, error)
	tenant string
}

// NewSelf returns a client of the site at base, such as https://docs.example.com;
// token returns the access token of a login, and is asked before each request. It
// returns an Invalid error as New does.
func NewSelf(base string, token func(ctx context.Context) (keywright.Credential, error), o Options) (*Self, error) {
	c, err := New(base, keywright.Credential{}, o)
	if err != nil {
		return nil, err
	}
	return &Self{c: c, token: token}, nil
}

// For returns a client for one of the person's tenants, by its id or ref.
func (s *Self) For(tenant string) *Self {
	return &Self{c: s.c, token: s.token, tenant: tenant}
}

// Discover asks a site, such as https://docs.example.com, how to log in to it.
// Addresses in the answer that would carry a token in plain text to another machine
// are refused.
func Discover(ctx context.Context, site string, o Options) (api.Discovery, error) {
	site = strings.TrimRight(site, "/")
	c, err := New(site, keywright.Credential{}, o)
	if err != nil {
		return api.Discovery{}, err
	}
	c.base.Path = strings.TrimSuffix(c.base.Path, "/v1")
	var out api.Discovery
	if err := c.send(ctx, request{method: http.MethodGet, path: "/.well-known/keywright.json"}, &out); err != nil {
		return api.Discovery{}, err
	}
	at, err := New(out.Base, keywright.Credential{}, o)
	if out.API == "" || err != nil {
		return api.Discovery{}, &keywright.Error{Kind: keywright.Invalid, Field: "server", Detail: "what answers there is no site of Keywright's"}
	}
	// A login's token goes to who was asked for it, and to nobody that they name.
	if at.base.Scheme != c.base.Scheme || at.base.Host != c.base.Host {
		return api.Discovery{}, &keywright.Error{Kind: keywright.Invalid, Field: "server", Detail: "the site says that it serves itself somewhere else: name that address, if you trust it, which is " + at.base.Scheme + "://" + at.base.Host}
	}
	return out, nil
}

// send sends a request as the person, about the chosen tenant.
func (s *Self) send(ctx context.Context, q request, out any) error {
	token, err := s.token(ctx)
	if err != nil {
		return err
	}
	as := *s.c
	as.key = token
	return as.send(ctx, q, out)
}

// about is send for operations that are about a tenant.
func (s *Self) about(ctx context.Context, q request, out any) error {
	if s.tenant != "" {
		if q.query == nil {
			q.query = url.Values{}
		}
		q.query.Set("tenant", s.tenant)
	}
	return s.send(ctx, q, out)
}

// Me says who the person is, and what of.
func (s *Self) Me(ctx context.Context) (api.Me, error) {
	var out api.Me
	err := s.about(ctx, request{method: http.MethodGet, path: "/me"}, &out)
	return out, err
}

// Keys lists the tenant's keys, the newest first.
func (s *Self) Keys(ctx context.Context) ([]api.KeyBody, error) {
	var out api.KeyPage
	err := s.about(ctx, request{method: http.MethodGet, path: "/me/keys"}, &out)
	return out.Items, err
}

// Key returns a key's record.
func (s *Self) Key(ctx context.Context, id string) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodGet, path: ownKey(id, "")}, &out)
	return out, err
}

func ownKey(id, act string) string {
	path := "/me/keys/" + url.PathEscape(id)
	if act != "" {
		path += "/" + act
	}
	return path
}

// CreateKey makes a key, as Client.CreateKey does.
func (s *Self) CreateKey(ctx context.Context, k api.CreateOwnKey) (api.Key, error) {
	return s.CreateKeyOnce(ctx, newIdempotencyKey(), k)
}

// CreateKeyOnce is CreateKey under an Idempotency-Key of the caller's.
func (s *Self) CreateKeyOnce(ctx context.Context, idempotencyKey string, k api.CreateOwnKey) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodPost, path: "/me/keys", header: once(idempotencyKey), body: k}, &out)
	return out, err
}

// CreateTestKey makes a key that lives for an hour.
func (s *Self) CreateTestKey(ctx context.Context) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodPost, path: "/me/keys/test"}, &out)
	return out, err
}

// AmendKey changes a key. ifVersion is the version that the caller saw, or 0.
func (s *Self) AmendKey(ctx context.Context, id string, ifVersion uint64, a api.AmendKey) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodPatch, path: ownKey(id, ""), header: ifMatch(ifVersion), body: a}, &out)
	return out, err
}

// AmendExpiry moves a key's expiry; the zero time is never.
func (s *Self) AmendExpiry(ctx context.Context, id string, ifVersion uint64, to time.Time) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodPatch, path: ownKey(id, ""), header: ifMatch(ifVersion), body: expiry(to)}, &out)
	return out, err
}

// DeleteKey removes a key.
func (s *Self) DeleteKey(ctx context.Context, id string) error {
	return s.about(ctx, request{method: http.MethodDelete, path: ownKey(id, "")}, nil)
}

// RotateKey replaces a key, under an Idempotency-Key as CreateKey does.
func (s *Self) RotateKey(ctx context.Context, id string, r api.RotateKey) (api.Key, error) {
	return s.RotateKeyOnce(ctx, newIdempotencyKey(), id, r)
}

// RotateKeyOnce is RotateKey under an Idempotency-Key of the caller's.
func (s *Self) RotateKeyOnce(ctx context.Context, idempotencyKey, id string, r api.RotateKey) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodPost, path: ownKey(id, "rotate"), header: once(idempotencyKey), body: r}, &out)
	return out, err
}

// OverlapKey moves the end of a retiring key's overlap; the zero time ends it now.
func (s *Self) OverlapKey(ctx context.Context, id string, until time.Time) (api.Key, error) {
	return s.act(ctx, id, "overlap", nil, overlapEnd(until))
}

// PauseKey suspends a key until an instant, or until resumed if that is zero.
func (s *Self) PauseKey(ctx context.Context, id string, until time.Time) (api.Key, error) {
	return s.act(ctx, id, "pause", nil, pause(until))
}

// ResumeKey ends a pause.
func (s *Self) ResumeKey(ctx context.Context, id string) (api.Key, error) {
	return s.act(ctx, id, "resume", nil, nil)
}

// RevokeKey ends a key for good; repeating it is harmless. reason may be empty.
func (s *Self) RevokeKey(ctx context.Context, id, reason string) (api.Key, error) {
	return s.act(ctx, id, "revoke", harmless(), api.RevokeKey{Reason: reason})
}

// RevealKey shows a sealed secret again. A person who calls with a token is always
// told to prove who they are (an *Error whose Type is api.ProofNeeded): it is for
// the site's pages.
func (s *Self) RevealKey(ctx context.Context, id string) (api.Credential, error) {
	var out api.Credential
	err := s.about(ctx, request{method: http.MethodPost, path: ownKey(id, "reveal")}, &out)
	return out, err
}

func (s *Self) act(ctx context.Context, id, act string, header http.Header, body any) (api.Key, error) {
	var out api.Key
	err := s.about(ctx, request{method: http.MethodPost, path: ownKey(id, act), header: header, body: body}, &out)
	return out, err
}

// Rename changes what the person is called.
func (s *Self) Rename(ctx context.Context, name string) (api.PersonBody, error) {
	var out api.PersonBody
	err := s.send(ctx, request{method: http.MethodPatch, path: "/me", body: api.AmendMe{Name: name}}, &out)
	return out, err
}

// SetServices switches on those of the switchable services that are named, and off the
// others.
func (s *Self) SetServices(ctx context.Context, on []string) (api.Tenant, error) {
	if on == nil {
		on = []string{}
	}
	var out api.Tenant
	err := s.about(ctx, request{method: http.MethodPatch, path: "/me/tenant", body: api.AmendOwnTenant{Services: on}}, &out)
	return out, err
}

// Passkeys lists the person's passkeys of this site.
func (s *Self) Passkeys(ctx context.Context) ([]api.Passkey, error) {
	var out api.PasskeyPage
	err := s.send(ctx, request{method: http.MethodGet, path: "/me/passkeys"}, &out)
	return out.Items, err
}
