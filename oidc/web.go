package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// Begun is a sign-in under way: where the browser goes, and what must be kept in
// its cookie until it comes back. State is a secret of that browser, and is good
// for ten minutes.
type Begun struct {
	URL   string
	State keywright.Credential
}

const maxParameter = 4 << 10

var errAnswer = errors.New("the identity provider's answer does not hold")

// web finds a provider that people sign in with on the web.
func (p *Providers) web(name string) (*provider, error) {
	if one := p.named(name); one != nil && one.Web.ID != "" {
		return one, nil
	}
	return nil, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no identity provider of that name to sign in with"}
}

// Begin starts a sign-in on the web: code flow, PKCE S256, state and nonce.
// redirect is the absolute address of the callback. Errors: NotFound (no such
// provider), Unavailable (it cannot be reached).
func (p *Providers) Begin(ctx context.Context, provider, redirect string) (Begun, error) {
	one, err := p.web(provider)
	if err != nil {
		return Begun{}, err
	}
	keys, err := one.ring.current(ctx)
	if err != nil {
		return Begun{}, refused(err)
	}
	at, err := url.Parse(keys.about.Authorize)
	if err != nil || keys.about.Authorize == "" {
		return Begun{}, refused(errUnavailable)
	}
	scopes := one.Web.Scopes
	if len(scopes) == 0 {
		scopes = []string{"openid", "email", "profile"}
	}
	if !slices.Contains(scopes, "openid") {
		scopes = append([]string{"openid"}, scopes...)
	}
	k := newKept(p.o.Clock())
	q := at.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": one.Web.ID, "redirect_uri": redirect, "scope": strings.Join(scopes, " "),
		"state": k.state(), "nonce": k.nonce(), "code_challenge": k.challenge(), "code_challenge_method": "S256",
	} {
		q.Set(name, value)
	}
	at.RawQuery = q.Encode()
	return Begun{URL: at.String(), State: k.seal(provider, redirect)}, nil
}

// Finish takes the callback's query and the kept state, exchanges the code, and
// verifies the ID token: signature, issuer, audience, nonce, times. Errors:
// people.ErrSignIn's kind, Unavailable.
func (p *Providers) Finish(ctx context.Context, provider, redirect string, state keywright.Credential, query map[string][]string) (people.External, error) {
	one, err := p.web(provider)
	if err != nil {
		return people.External{}, err
	}
	k := open(state, p.o.Clock(), provider, redirect)
	if k == nil {
		return people.External{}, refused(errAnswer)
	}
	keys, err := one.ring.current(ctx)
	if err != nil {
		return people.External{}, refused(err)
	}
	code, err := callback(k, one, keys, query)
	if err != nil {
		return people.External{}, refused(err)
	}
	got, err := p.exchange(ctx, one, keys, k, redirect, code)
	if err != nil {
		return people.External{}, refused(err)
	}
	who, err := p.identify(ctx, one, keys, k, got)
	if err != nil {
		return people.External{}, refused(err)
	}
	return who, nil
}

// callback reads what the browser brought back. An error's words are the
// provider's or anybody's: they are not repeated.
func callback(k *kept, one *provider, keys *keyset, query map[string][]string) (string, error) {
	get := func(name string) string {
		if all := query[name]; len(all) == 1 && len(all[0]) <= maxParameter {
			return all[0]
		}
		return ""
	}
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(query[name]) > 1 {
			return "", fmt.Errorf("%w: %s stands twice", errAnswer, name)
		}
	}
	if subtle.ConstantTimeCompare([]byte(get("state")), []byte(k.state())) != 1 {
		return "", fmt.Errorf("%w: the state is another's", errAnswer)
	}
	// RFC 9207: an answer of another provider is not mistaken for this one's.
	if _, says := query["iss"]; (says || keys.about.SaysIssuer) && get("iss") != one.Issuer {
		return "", fmt.Errorf("%w: it is of another issuer", errAnswer)
	}
	if _, failed := query["error"]; failed {
		return "", fmt.Errorf("%w: it is an error", errAnswer)
	}
	code := get("code")
	if code == "" {
		return "", fmt.Errorf("%w: it has no code", errAnswer)
	}
	return code, nil
}

// exchanged is what is read of the token endpoint's answer.
type exchanged struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
}

// exchange redeems the code.
func (p *Providers) exchange(ctx context.Context, one *provider, keys *keyset, k *kept, redirect, code string) (exchanged, error) {
	var got exchanged
	if keys.about.Token == "" {
		return got, errUnavailable
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {k.verifier()},
	}
	user, secret := "", ""
	if !one.Web.Secret.IsZero() {
		user = one.Web.ID
		_, secret = one.Web.Secret.Reveal()
	}
	basic := len(keys.about.Authentication) == 0 || slices.Contains(keys.about.Authentication, "client_secret_basic")
	if user == "" || !basic {
		form.Set("client_id", one.Web.ID)
		if secret != "" {
			form.Set("client_secret", secret)
		}
		user, secret = "", ""
	}
	answer, err := p.post(ctx, keys.about.Token, form, user, secret)
	switch {
	case err != nil, answer.status >= http.StatusInternalServerError:
		return got, errUnavailable
	case answer.status != http.StatusOK:
		return got, fmt.Errorf("%w: the code was refused", errAnswer)
	}
	if err := json.Unmarshal(answer.body, &got); err != nil || got.ID == "" {
		return got, fmt.Errorf("%w: there is no ID token in it", errAnswer)
	}
	return got, nil
}

// identify verifies the ID token, and asks userinfo where it has no address.
func (p *Providers) identify(ctx context.Context, one *provider, keys *keyset, k *kept, got exchanged) (people.External, error) {
	c, err := parseToken(got.ID)
	if err != nil {
		return people.External{}, err
	}
	if err := one.checkID(c, k.nonce()); err != nil {
		return people.External{}, err
	}
	if err := one.checkTimes(p.o.Clock(), c); err != nil {
		return people.External{}, err
	}
	at := fingerprintOf(got.ID)
	if _, err := p.checkSignature(ctx, one, c, got.ID, &at); err != nil {
		return people.External{}, err
	}
	who, err := externalOf(one, c)
	if err != nil || who.Email != "" || keys.about.UserInfo == "" || got.Access == "" {
		return who, err
	}
	return p.userInfo(ctx, one, keys, got.Access, who)
}

// checkID holds an ID token to what it must be for.
func (f *provider) checkID(c *claims, nonce string) error {
	said, err := c.all.text("nonce")
	if err != nil {
		return err
	}
	party, err := c.all.text("azp")
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(f.Algorithms, c.header.algorithm):
		return fmt.Errorf("%w: its algorithm is not taken", errAnswer)
	case c.issuer != f.Issuer:
		return fmt.Errorf("%w: it is of another issuer", errAnswer)
	case !slices.Contains(c.audience, f.Web.ID):
		return fmt.Errorf("%w: it is for another client", errAnswer)
	case party != f.Web.ID && (party != "" || len(c.audience) > 1):
		return fmt.Errorf("%w: it is for another client's use", errAnswer)
	case c.header.kind != "" && c.header.kind != "jwt":
		return fmt.Errorf("%w: it is no ID token", errAnswer)
	case c.subject == "" || len(c.subject) > maxSubject:
		return fmt.Errorf("%w: it has no subject", errAnswer)
	case subtle.ConstantTimeCompare([]byte(said), []byte(nonce)) != 1:
		return fmt.Errorf("%w: it answers another sign-in", errAnswer)
	}
	return nil
}

// userInfo adds what the ID token left out. Its sub must be the ID token's.
func (p *Providers) userInfo(ctx context.Context, one *provider, keys *keyset, access string, who people.External) (people.External, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, keys.about.UserInfo, nil)
	if err != nil {
		return who, errUnavailable
	}
	req.Header.Set("Authorization", "Bearer "+access)
	req.Header.Set("Accept", "application/json")
	answer, err := p.do(req)
	if err != nil || answer.status >= http.StatusInternalServerError {
		return who, errUnavailable
	}
	if answer.status != http.StatusOK || !strings.HasPrefix(answer.header.Get("Content-Type"), "application/json") {
		return who, nil // it tells no more; who signed in is known
	}
	all, err := readObject(answer.body)
	if err != nil {
		return who, err
	}
	subject, err := all.text("sub")
	if err != nil || subject != who.Subject {
		return who, fmt.Errorf("%w: userinfo speaks of somebody else", errAnswer)
	}
	more, err := externalOf(one, &claims{issuer: who.Issuer, subject: who.Subject, all: all})
	if more.Name == "" {
		more.Name = who.Name
	}
	return more, err
}
