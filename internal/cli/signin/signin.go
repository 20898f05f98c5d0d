package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/keywright/keywright"
)

// Options say with whom to log in, and how to speak with the person.
type Options struct {
	Issuer   string
	ClientID string
	Scopes   []string
	Resource string // RFC 8707: what the access token is to be for; "" says nothing
	HTTP     *http.Client
	// PlainHTTP allows http:// to a provider on another machine.
	PlainHTTP bool
	Words     io.Writer // for people
	Site      string    // what the person logs in to, in their words
	// Open opens a browser; nil only prints the address.
	Open func(ctx context.Context, address string) error
	Wait time.Duration // how long the person may take in the browser; 0 is 5 minutes
}

// Tokens are what a login yields. They refuse to print themselves.
type Tokens struct {
	Access  keywright.Credential
	Refresh keywright.Credential // zero: the login ends with the access token
	Expires time.Time            // of the access token; zero if the provider did not say
}

// ErrEnded says that a login cannot be renewed: one has to log in again.
var ErrEnded = errors.New("the login has ended")

// metadata is what go-oidc does not keep of the provider's own description.
type metadata struct {
	Names      bool   `json:"authorization_response_iss_parameter_supported"`
	Revocation string `json:"revocation_endpoint"`
}

// provider is an identity provider that was found.
type provider struct {
	o      Options
	meta   metadata
	config oauth2.Config
	oidc   *oidc.Provider
}

// find reads what the provider says of itself.
func find(ctx context.Context, o Options) (*provider, context.Context, error) {
	if err := o.secure(o.Issuer); err != nil {
		return nil, ctx, err
	}
	ctx = oidc.ClientContext(ctx, o.HTTP)
	found, err := oidc.NewProvider(ctx, o.Issuer)
	if err != nil {
		return nil, ctx, &keywright.Error{Kind: keywright.Unavailable, Detail: "the identity provider " + o.Issuer + " cannot be reached, or is not one", Cause: err}
	}
	p := &provider{o: o, oidc: found}
	if err := found.Claims(&p.meta); err != nil {
		return nil, ctx, &keywright.Error{Kind: keywright.Unavailable, Detail: "the identity provider's description cannot be read", Cause: err}
	}
	end := found.Endpoint()
	end.AuthStyle = oauth2.AuthStyleInParams // a public client: to try both ways would spend the code
	for _, one := range []string{end.AuthURL, end.TokenURL, end.DeviceAuthURL, p.meta.Revocation} {
		if err := o.secure(one); one != "" && err != nil {
			return nil, ctx, err
		}
	}
	p.config = oauth2.Config{ClientID: o.ClientID, Endpoint: end, Scopes: o.Scopes}
	return p, ctx, nil
}

// secure refuses an address that would show a code or a token to those on the way.
func (o Options) secure(address string) error {
	u, err := url.Parse(address)
	if err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || (u.Scheme == "http" && (o.PlainHTTP || ThisMachine(u.Hostname())))) {
		return nil
	}
	return &keywright.Error{Kind: keywright.Invalid, Field: "issuer", Detail: "the identity provider's address " + printable(address) + " is not https://"}
}

// ThisMachine reports whether a host is this machine for certain.
func ThisMachine(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && a.Unmap().IsLoopback())
}

// resource is RFC 8707's parameter, where there is one.
func (o Options) resource() []oauth2.AuthCodeOption {
	if o.Resource == "" {
		return nil
	}
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("resource", o.Resource)}
}

// offline reports whether a refresh token is asked for by scope. Providers give one
// only to whoever consents to that.
func (o Options) offline() bool { return slices.Contains(o.Scopes, oidc.ScopeOfflineAccess) }

// taken turns an answer into tokens, after its ID token, if it has one, was verified.
func (p *provider) taken(ctx context.Context, t *oauth2.Token, nonce string) (Tokens, error) {
	if raw, _ := t.Extra("id_token").(string); raw != "" {
		id, err := p.oidc.Verifier(&oidc.Config{ClientID: p.o.ClientID}).Verify(ctx, raw)
		if err != nil || (nonce != "" && id.Nonce != nonce) {
			return Tokens{}, refused("the identity provider's answer does not verify: it is not for this login")
		}
	}
	if !strings.EqualFold(t.Type(), "Bearer") {
		return Tokens{}, refused("the identity provider gave a token of a kind that is not known here")
	}
	out := Tokens{Access: keywright.NewCredential("", t.AccessToken), Expires: t.Expiry}
	if t.RefreshToken != "" {
		out.Refresh = keywright.NewCredential("", t.RefreshToken)
	}
	return out, nil
}

func refused(text string) error { return &keywright.Error{Kind: keywright.Forbidden, Detail: text} }

// failed says in words of ours what a provider refused. The answer's body MUST NOT
// be in them: it may hold what is secret.
func failed(ctx context.Context, err error) error {
	var r *oauth2.RetrieveError
	switch {
	case errors.As(err, &r) && r.ErrorCode != "":
		return refusedFor(r.ErrorCode, r.ErrorDescription)
	case errors.As(err, &r) && r.Response != nil:
		return &keywright.Error{Kind: keywright.Unavailable, Detail: fmt.Sprintf("the identity provider answered %d", r.Response.StatusCode)}
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &keywright.Error{Kind: keywright.Unavailable, Detail: "the identity provider cannot be reached", Cause: err}
}

// refusedFor puts OAuth's error codes into words.
func refusedFor(code, text string) error {
	said := map[string]string{
		"access_denied":       "the login was refused at the identity provider",
		"expired_token":       "the code was not used in time: run the command again",
		"invalid_client":      "the identity provider does not know this application",
		"unauthorized_client": "the identity provider does not let this application log in this way",
		"invalid_target":      "the identity provider does not know this API",
	}[code]
	if said == "" {
		said = "the identity provider refused: " + printable(code)
		if text != "" {
			said += " (" + printable(text) + ")"
		}
	}
	if code == "temporarily_unavailable" || code == "server_error" {
		return &keywright.Error{Kind: keywright.Unavailable, Detail: said}
	}
	return refused(said)
}

// visible takes out of others' words what a terminal would obey.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '?'
		}
		return r
	}, s)
}

// printable is visible, and cut: for what is only a remark. An address must stay whole.
func printable(s string) string {
	const most = 300
	s = visible(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// post sends a form and reads a small JSON answer.
func (p *provider) post(ctx context.Context, address string, form url.Values, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	answer, err := p.o.HTTP.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		fault := &oauth2.RetrieveError{Response: answer}
		var said struct {
			Code string `json:"error"`
			Text string `json:"error_description"`
		}
		if json.Unmarshal(raw, &said) == nil {
			fault.ErrorCode, fault.ErrorDescription = said.Code, said.Text
		}
		return fault
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}
