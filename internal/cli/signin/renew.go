package signin

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/keywright/keywright"
)

// Renew trades a refresh token for new tokens. It returns ErrEnded if the provider
// will not: the person has to log in again.
func Renew(ctx context.Context, o Options, refresh keywright.Credential) (Tokens, error) {
	_, secret := refresh.Reveal()
	if secret == "" {
		return Tokens{}, ErrEnded
	}
	p, ctx, err := find(ctx, o)
	if err != nil {
		return Tokens{}, err
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {secret}, "client_id": {o.ClientID}}
	if o.Resource != "" {
		form.Set("resource", o.Resource)
	}
	var said struct {
		Access  string `json:"access_token"`
		Type    string `json:"token_type"`
		Expires int64  `json:"expires_in"`
		Refresh string `json:"refresh_token"`
	}
	if err := p.post(ctx, p.config.Endpoint.TokenURL, form, &said); err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) && answered.ErrorCode == "invalid_grant" {
			return Tokens{}, ErrEnded
		}
		return Tokens{}, failed(ctx, err)
	}
	if said.Access == "" || !strings.EqualFold(said.Type, "Bearer") {
		return Tokens{}, refused("the identity provider gave no token that is of use here")
	}
	out := Tokens{Access: keywright.NewCredential("", said.Access), Refresh: refresh}
	if said.Expires > 0 && said.Expires < 1<<31 {
		out.Expires = time.Now().Add(time.Duration(said.Expires) * time.Second)
	}
	if said.Refresh != "" {
		out.Refresh = keywright.NewCredential("", said.Refresh)
	}
	return out, nil
}

// Revoke ends a login at the provider (RFC 7009). It reports whether the provider
// has a way to do so.
func Revoke(ctx context.Context, o Options, refresh keywright.Credential) (bool, error) {
	_, secret := refresh.Reveal()
	if secret == "" {
		return false, nil
	}
	p, ctx, err := find(ctx, o)
	if err != nil {
		return false, err
	}
	if p.meta.Revocation == "" {
		return false, nil
	}
	err = p.post(ctx, p.meta.Revocation, url.Values{"token": {secret}, "token_type_hint": {"refresh_token"}, "client_id": {o.ClientID}}, nil)
	if err != nil {
		return true, failed(ctx, err)
	}
	return true, nil
}
