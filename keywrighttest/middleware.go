package keywrighttest

import (
	"net/url"

	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// Middleware verifies for one of the server's APIs, from memory. Alone, it is
// the default API's.
func (s *Server) Middleware(api ...string) middleware.Middleware {
	s.t.Helper()
	name := DefaultAPI
	if len(api) > 0 {
		name = api[0]
	}
	m, err := middleware.Embedded(middleware.EmbeddedOptions{Gate: s.gate, API: name})
	s.must("middleware", err)
	return m
}

// Remote verifies by asking this server's verify endpoint. What the options lack
// is filled in: whom to ask, and the scheme "keywright".
func (s *Server) Remote(o middleware.RemoteOptions) middleware.Middleware {
	s.t.Helper()
	if o.Verifier == nil {
		o.Verifier = s.Client()
	}
	if o.Scheme == nil {
		o.Scheme = s.Scheme(DefaultScheme)
	}
	m, err := middleware.Remote(o)
	s.must("remote", err)
	return m
}

// Assertion is what the gateway would tell the upstream of an API about a key's
// request, as the value of the header seal.IdentityHeader; it lives for a minute.
func (s *Server) Assertion(api string, k Key) string {
	s.t.Helper()
	view := scheme.View{Method: "GET", Path: "/", Header: map[string][]string{}, TLS: true}
	q := url.Values{}
	k.speaks.Put(k.Credential, view.Header, q)
	view.RawQuery = q.Encode()
	contract := k.speaks.Contract
	p := contract.Present(&view)
	need := contract.Need()
	d := s.index.Verify(s.Now(), s.secrets.Pepper.Digest(p.Credential), &need)
	if !d.Granted() {
		s.t.Fatalf("keywrighttest: no assertion for a key that is refused: %s", d.Reason)
		return ""
	}
	now := s.Now()
	text, err := s.secrets.Identity.Sign(seal.Identity{
		Audience: api, Subject: string(d.Tenant.ID), Ref: d.Tenant.Ref, TenantName: d.Tenant.Name, Key: d.Key.String(), Scheme: contract.Name(),
		Environment: d.Environment, Permissions: d.Permissions, Metadata: d.Tenant.Metadata, IssuedAt: now.Unix(), Expires: now.Add(seal.IdentityLife).Unix(),
	})
	s.must("assertion", err)
	return text
}

// Gateway trusts this server's assertions for an API: what stands behind the
// gateway uses, with the keys at hand.
func (s *Server) Gateway(api string) middleware.Middleware {
	s.t.Helper()
	v, err := seal.NewVerifier(s.secrets.Identity.JWKS(), api, s.Now)
	s.must("gateway", err)
	m, err := middleware.Gateway(middleware.GatewayOptions{Assertions: middleware.Fixed(v)})
	s.must("gateway", err)
	return m
}
