package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// tokens is the answer of RFC 6749, section 5.1.
type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int64  `json:"expires_in"`
	ID      string `json:"id_token,omitempty"`
	Refresh string `json:"refresh_token,omitempty"`
	Scope   string `json:"scope"`
}

// fault is the answer of section 5.2.
type fault struct {
	Code string `json:"error"`
	Text string `json:"error_description"`
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone cannot be told
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		answer(w, http.StatusBadRequest, fault{"invalid_request", "the body must be a form"})
		return
	}
	for name, all := range r.PostForm {
		if len(all) > 1 && name != "resource" {
			answer(w, http.StatusBadRequest, fault{"invalid_request", "a parameter is repeated"})
			return
		}
	}
	client, ok := p.authenticate(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
		answer(w, http.StatusUnauthorized, fault{"invalid_client", "the client is unknown or its secret is wrong"})
		return
	}
	for _, one := range r.PostForm["resource"] {
		if one != p.o.Audience {
			answer(w, http.StatusBadRequest, fault{"invalid_target", "there is no such resource"})
			return
		}
	}
	switch r.PostForm.Get("grant_type") {
	case grantCode:
		p.exchange(w, r.PostForm, client)
	case grantRefresh:
		p.refresh(w, r.PostForm, client)
	default:
		answer(w, http.StatusBadRequest, fault{"unsupported_grant_type", "grant_type is authorization_code or refresh_token"})
	}
}

// authenticate finds the client: a public one by its name, another by its secret,
// in one place only.
func (p *provider) authenticate(r *http.Request) (*Client, bool) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, basic := r.BasicAuth(); basic {
		name, err1 := url.QueryUnescape(user) // RFC 6749, section 2.3.1
		word, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil || secret != "" || (id != "" && id != name) {
			return nil, false
		}
		id, secret = name, word
	}
	client := p.clients[id]
	if client == nil {
		return nil, false
	}
	a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(client.Secret))
	return client, subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func (p *provider) exchange(w http.ResponseWriter, form url.Values, client *Client) {
	one, ok := p.grants.take(form.Get("code"), func(g *grant) bool {
		return g.kind == aCode && g.client == client.ID && g.redirect == form.Get("redirect_uri") && proves(form.Get("code_verifier"), g.challenge)
	})
	if !ok {
		answer(w, http.StatusBadRequest, fault{"invalid_grant", "the code is not one, is over, has been used, or was another's"})
		return
	}
	p.issue(w, one.family, one.nonce)
}

// proves is PKCE with S256.
func proves(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// refresh trades a refresh token for new tokens and for its successor.
func (p *provider) refresh(w http.ResponseWriter, form url.Values, client *Client) {
	for _, one := range strings.Fields(form.Get("scope")) {
		if !slices.Contains(scopes(), one) {
			answer(w, http.StatusBadRequest, fault{"invalid_scope", "no such scope was granted"})
			return
		}
	}
	one, ok := p.grants.take(form.Get("refresh_token"), func(g *grant) bool { return g.kind == aRefresh && g.client == client.ID })
	if !ok {
		answer(w, http.StatusBadRequest, fault{"invalid_grant", "the refresh token is not one, is over, has been used, or was another's"})
		return
	}
	p.issue(w, one.family, "")
}

func (p *provider) issue(w http.ResponseWriter, f *family, nonce string) {
	now := p.o.Clock()
	out := tokens{Type: "Bearer", Expires: int64(p.o.Life / time.Second), Scope: f.scope}
	var err error
	if out.Access, err = p.accessToken(f, now); err == nil {
		out.ID, err = p.idToken(f, now, nonce)
	}
	if err != nil {
		answer(w, http.StatusInternalServerError, fault{"server_error", "the tokens could not be signed"})
		return
	}
	if slices.Contains(strings.Fields(f.scope), "offline_access") {
		out.Refresh = p.grants.add(&grant{family: f, kind: aRefresh, until: now.Add(refreshLife)})
	}
	answer(w, http.StatusOK, out)
}
