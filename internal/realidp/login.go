package realidp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Tokens are what a login gave.
type Tokens struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
}

// browser is a person's browser that fills in the provider's forms.
type browser struct {
	*http.Client
	home string // the issuer's host
}

func (p *Provider) browser() (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	home, err := url.Parse(p.Issuer)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}}
	return &browser{home: home.Host, Client: &http.Client{
		Jar: jar, Timeout: 20 * time.Second, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Login goes to an authorization address as a browser would, signs in as the user
// with this e-mail address, and returns where the provider sends the browser back
// to: the callback's address, with a code or an error. It does not go there.
func (p *Provider) Login(ctx context.Context, authorize, user string) (*url.URL, error) {
	b, err := p.browser()
	if err != nil {
		return nil, err
	}
	back, page, err := b.walk(ctx, http.MethodGet, authorize, nil, user)
	if err == nil && back == nil {
		err = fmt.Errorf("the login did not lead back: %.200s", page)
	}
	return back, err
}

// Approve goes to the verification address of a device flow (the complete one, with
// the user code), confirms it and signs in as the user.
func (p *Provider) Approve(ctx context.Context, verification, user string) error {
	b, err := p.browser()
	if err != nil {
		return err
	}
	_, page, err := b.walk(ctx, http.MethodGet, verification, nil, user)
	if err == nil && !strings.Contains(page, "You can go back to the device") {
		err = fmt.Errorf("the device was not approved: %.200s", page)
	}
	return err
}

// Tokens logs a user in through keywright-cli: a JWT access token for the
// provider's resource, an ID token and a refresh token.
func (p *Provider) Tokens(ctx context.Context, user string) (Tokens, error) {
	verifier := strings.Repeat("realidp", 7)
	sum := sha256.Sum256([]byte(verifier))
	const redirect = "http://127.0.0.1:9/callback"
	back, err := p.Login(ctx, p.Issuer+"/auth?"+url.Values{
		"client_id": {CLIClient}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid email profile offline_access"},
		"prompt": {"login"}, "resource": {p.Resource}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode(), user)
	if err != nil {
		return Tokens{}, err
	}
	code := back.Query().Get("code")
	if code == "" {
		return Tokens{}, fmt.Errorf("the login gave no code: %s", back.Query().Get("error"))
	}
	b, err := p.browser()
	if err != nil {
		return Tokens{}, err
	}
	resp, body, err := b.send(ctx, http.MethodPost, p.Issuer+"/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "client_id": {CLIClient},
		"code_verifier": {verifier}, "resource": {p.Resource},
	})
	if err != nil {
		return Tokens{}, err
	}
	var t Tokens
	if err := json.Unmarshal([]byte(body), &t); err != nil || resp.StatusCode != http.StatusOK || t.Access == "" {
		return Tokens{}, fmt.Errorf("the code was not exchanged: %s %.200s", resp.Status, body)
	}
	return t, nil
}

// walk follows redirects and fills forms in until it is sent to another host, or
// stands before a page without a form.
func (b *browser) walk(ctx context.Context, method, at string, form url.Values, user string) (*url.URL, string, error) {
	for range 20 {
		resp, body, err := b.send(ctx, method, at, form)
		if err != nil {
			return nil, "", err
		}
		method, form = http.MethodGet, nil
		if resp.StatusCode >= 300 && resp.StatusCode < 400 {
			next, err := resp.Location()
			if err != nil || next.Host != b.home {
				return next, "", err
			}
			at = next.String()
			continue
		}
		action, fields, ok := formOf(body)
		if !ok || resp.StatusCode != http.StatusOK {
			return nil, body, nil
		}
		if strings.Contains(body, `name="login"`) {
			fields.Set("login", user)
		}
		next, err := resp.URL.Parse(action)
		if err != nil {
			return nil, "", err
		}
		method, at, form = http.MethodPost, next.String(), fields
	}
	return nil, "", fmt.Errorf("the provider leads in circles")
}

func (b *browser) send(ctx context.Context, method, at string, form url.Values) (seen, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(form.Encode()))
	if err != nil {
		return seen{}, "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(req)
	if err != nil {
		return seen{}, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return seen{URL: resp.Request.URL, StatusCode: resp.StatusCode, Status: resp.Status, Location: resp.Location}, string(body), err
}

// seen is what matters of a response whose body has been read.
type seen struct {
	URL        *url.URL
	StatusCode int
	Status     string
	Location   func() (*url.URL, error)
}

// formOf reads the first form of a page, with its hidden fields.
func formOf(page string) (action string, fields url.Values, ok bool) {
	found := regexp.MustCompile(`<form[^>]*action="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		return "", nil, false
	}
	fields = url.Values{}
	for _, input := range regexp.MustCompile(`<input[^>]*>`).FindAllString(page, -1) {
		name, value := attribute(input, "name"), attribute(input, "value")
		if name != "" {
			fields.Set(name, value)
		}
	}
	return html.UnescapeString(found[1]), fields, true
}

func attribute(tag, name string) string {
	found := regexp.MustCompile(`\s` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}
