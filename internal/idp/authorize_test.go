package idp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/internal/idp/idptest"
)

func TestARequestThatDoesNotFitNeverRedirectsToAStranger(t *testing.T) {
	t.Parallel()
	h := open(t)
	good := map[string]string{"client_id": "cli", "redirect_uri": back, "response_type": "code", "scope": "openid", "state": "s",
		"code_challenge": strings.Repeat("a", 43), "code_challenge_method": "S256"}
	for name, c := range map[string]struct {
		change map[string]string
		error  string // "" is a page here
	}{
		"unknown client":             {map[string]string{"client_id": "other"}, ""},
		"no redirect":                {map[string]string{"redirect_uri": ""}, ""},
		"stranger's redirect":        {map[string]string{"redirect_uri": "https://evil.example/callback"}, ""},
		"stranger's loopback name":   {map[string]string{"redirect_uri": "http://127.0.0.1.evil.example/callback"}, ""},
		"user in redirect":           {map[string]string{"redirect_uri": "http://127.0.0.1:80@evil.example/callback"}, ""},
		"backslash in redirect":      {map[string]string{"redirect_uri": `http://127.0.0.1\@evil.example/callback`}, ""},
		"another path":               {map[string]string{"redirect_uri": "http://127.0.0.1:4711/callback/../x"}, ""},
		"more query":                 {map[string]string{"redirect_uri": back + "?x=1"}, ""},
		"fragment":                   {map[string]string{"redirect_uri": back + "#x"}, ""},
		"https on loopback":          {map[string]string{"redirect_uri": "https://127.0.0.1:4711/callback"}, ""},
		"port 0":                     {map[string]string{"redirect_uri": "http://127.0.0.1:0/callback"}, ""},
		"another loopback name":      {map[string]string{"redirect_uri": "http://localhost:4711/callback"}, ""},
		"a script":                   {map[string]string{"redirect_uri": "javascript:alert(1)"}, ""},
		"confidential, another port": {map[string]string{"client_id": "web"}, ""},
		"token":                      {map[string]string{"response_type": "token"}, "unsupported_response_type"},
		"no PKCE":                    {map[string]string{"code_challenge": "", "code_challenge_method": ""}, "invalid_request"},
		"plain PKCE":                 {map[string]string{"code_challenge_method": "plain"}, "invalid_request"},
		"no openid":                  {map[string]string{"scope": "email"}, "invalid_scope"},
		"silent":                     {map[string]string{"prompt": "none"}, "login_required"},
		"another resource":           {map[string]string{"resource": "https://other.example.com"}, "invalid_target"},
		"request object":             {map[string]string{"request": "x.y.z"}, "request_not_supported"},
		"request by address":         {map[string]string{"request_uri": "http://127.0.0.1/"}, "request_uri_not_supported"},
		"form_post":                  {map[string]string{"response_mode": "form_post"}, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := url.Values{}
			for k, v := range good {
				q.Set(k, v)
			}
			for k, v := range c.change {
				q.Set(k, v)
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				answer := h.send(t, method, "/authorize", q)
				to := answer.Header.Get("Location")
				if c.error == "" {
					if to != "" || answer.StatusCode != http.StatusBadRequest || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
						t.Errorf("%s: %d to %q", method, answer.StatusCode, to)
					}
					continue
				}
				if name == "silent" && method == http.MethodPost {
					continue // a person pressed a button
				}
				u, err := url.Parse(to)
				if err != nil || u.Host != "127.0.0.1:4711" || u.Query().Get("error") != c.error || u.Query().Get("state") != "s" || u.Query().Get("iss") != h.issuer {
					t.Errorf("%s: sent to %q", method, to)
				}
			}
		})
	}
}

func TestNobodyAndRefusalsGoBackAsErrors(t *testing.T) {
	t.Parallel()
	h := open(t)
	address := h.config.AuthCodeURL("st", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))
	to, err := idptest.Choose(t.Context(), http.DefaultClient, address, "")
	if err != nil || to.Query().Get("error") != "access_denied" || to.Query().Get("code") != "" {
		t.Errorf("%v %v", to, err)
	}
	answer := h.send(t, http.MethodGet, "/authorize", url.Values{"client_id": {"cli", "cli"}, "redirect_uri": {back}})
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("two client_ids: %d", answer.StatusCode)
	}
	u, _ := url.Parse(address)
	q := u.Query()
	q.Add("scope", "email")
	if to := h.send(t, http.MethodGet, "/authorize", q).Header.Get("Location"); !strings.Contains(to, "error=invalid_request") {
		t.Errorf("two scopes: %q", to)
	}
	q = u.Query()
	q.Set("resource", "https://api.example.com")
	if answer := h.send(t, http.MethodGet, "/authorize", q); answer.StatusCode != http.StatusOK {
		t.Errorf("its own resource: %d", answer.StatusCode)
	}
}

func FuzzAuthorize(f *testing.F) {
	h, err := idp.New(idp.Options{Issuer: "http://id.localhost:1", Users: []idp.User{{Subject: "a", Email: "a@example.com"}}, Audience: "x",
		Clients: []idp.Client{{ID: "cli", Redirects: []string{"http://127.0.0.1/callback"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("client_id=cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&response_type=code&scope=openid&person=a&code_challenge_method=S256&code_challenge=" + strings.Repeat("a", 43))
	f.Add("client_id=cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%40evil.example%2Fcallback")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://id.localhost:1/authorize", strings.NewReader(query))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		if to == "" {
			return
		}
		u, err := url.Parse(to)
		if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.Path != "/callback" || u.User != nil {
			t.Errorf("%q is sent to %q", query, to)
		}
	})
}
