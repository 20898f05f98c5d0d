package idp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/internal/idp/idptest"
)

const back = "http://127.0.0.1:4711/callback"

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now().Truncate(time.Second)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// house is a provider with a public and a confidential client, and go-oidc's view of it.
type house struct {
	issuer   string
	provider *oidc.Provider
	config   oauth2.Config // the public client's
	clock    *clock
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{clock: newClock()}
	h.issuer = idptest.Start(t, idp.Options{
		Clock: h.clock.now, Audience: "https://api.example.com",
		Clients: []idp.Client{
			{ID: "cli", Redirects: []string{"http://127.0.0.1/callback", "https://cli.example.com/back?a=1"}},
			{ID: "web", Secret: "s3cr3t/&+", Redirects: []string{"https://docs.example.com/account/callback/demo", "http://127.0.0.1/callback"}},
		},
	})
	var err error
	if h.provider, err = oidc.NewProvider(t.Context(), h.issuer); err != nil {
		t.Fatal(err)
	}
	h.config = oauth2.Config{ClientID: "cli", RedirectURL: back, Endpoint: h.provider.Endpoint(), Scopes: []string{"openid", "email", "profile", "offline_access"}}
	return h
}

// code signs Ada in and returns the code and its verifier.
func (h *house) code(t *testing.T, o ...oauth2.AuthCodeOption) (code, verifier string) {
	t.Helper()
	verifier = oauth2.GenerateVerifier()
	to, err := idptest.Choose(t.Context(), http.DefaultClient, h.config.AuthCodeURL("st", append(o, oauth2.S256ChallengeOption(verifier))...), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return to.Query().Get("code"), verifier
}

func (h *house) verifier() *oidc.IDTokenVerifier {
	return h.provider.Verifier(&oidc.Config{ClientID: "cli", Now: h.clock.now})
}

func TestTSP17_TheWholeFlowWithTheRealLibraries(t *testing.T) {
	t.Parallel()
	h := open(t)
	verifier := oauth2.GenerateVerifier()
	to, err := idptest.Choose(t.Context(), http.DefaultClient, h.config.AuthCodeURL("a state & more", oauth2.S256ChallengeOption(verifier), oidc.Nonce("n0nce")), "grace@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if q := to.Query(); to.Host != "127.0.0.1:4711" || to.Path != "/callback" || q.Get("state") != "a state & more" || q.Get("iss") != h.issuer {
		t.Fatalf("the browser is sent to %s", to)
	}
	token, err := h.config.Exchange(t.Context(), to.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := h.verifier().Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var who struct {
		Email    string
		Verified bool `json:"email_verified"`
		Name     string
	}
	if err := id.Claims(&who); err != nil || id.Subject != "grace" || id.Nonce != "n0nce" || who.Email != "grace@example.com" || !who.Verified || who.Name == "" {
		t.Fatalf("%v %+v %+v", err, id, who)
	}
	if left := id.Expiry.Sub(h.clock.now()); left != 10*time.Minute {
		t.Errorf("it lives for %s", left)
	}
	checkAccess(t, h, token)
	info, err := h.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != "grace" || info.Email != "grace@example.com" || !info.EmailVerified {
		t.Errorf("%v %+v", err, info)
	}
}

// checkAccess reads the access token as RFC 9068 has it.
func checkAccess(t *testing.T, h *house, token *oauth2.Token) {
	t.Helper()
	parts := strings.Split(token.AccessToken, ".")
	var head struct{ Typ, Alg, Kid string }
	var body map[string]any
	for i, into := range []any{&head, &body} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if head.Typ != "at+jwt" || head.Alg != "ES256" || head.Kid == "" {
		t.Errorf("%+v", head)
	}
	for name, want := range map[string]any{"iss": h.issuer, "sub": "grace", "aud": "https://api.example.com", "client_id": "cli",
		"scope": "openid email profile offline_access", "email": "grace@example.com", "email_verified": true, "name": "Grace Example",
		"iat": float64(h.clock.now().Unix()), "exp": float64(h.clock.now().Add(10 * time.Minute).Unix())} {
		if body[name] != want {
			if all, ok := body[name].([]any); !ok || len(all) != 1 || all[0] != want {
				t.Errorf("%s is %v, want %v", name, body[name], want)
			}
		}
	}
	if id, _ := body["jti"].(string); id == "" {
		t.Error("there is no jti")
	}
	if _, err := h.provider.Verifier(&oidc.Config{ClientID: "https://api.example.com", Now: h.clock.now}).Verify(t.Context(), token.AccessToken); err != nil {
		t.Errorf("the published key does not verify it: %v", err)
	}
	if d := time.Until(token.Expiry); d < 9*time.Minute || d > 10*time.Minute {
		t.Errorf("expires_in leaves %s", d)
	}
}

func TestACodeIsGoodOnceForOneMinuteAndForItsOwnClientAlone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*house, *string, *string) *oauth2.Config{
		"another verifier": func(_ *house, _, v *string) *oauth2.Config { *v = oauth2.GenerateVerifier(); return nil },
		"no verifier":      func(_ *house, _, v *string) *oauth2.Config { *v = ""; return nil },
		"a minute later":   func(h *house, _, _ *string) *oauth2.Config { h.clock.advance(time.Minute); return nil },
		"another redirect": func(h *house, _, _ *string) *oauth2.Config {
			c := h.config
			c.RedirectURL = "http://127.0.0.1:4712/callback"
			return &c
		},
		"another client": func(h *house, _, _ *string) *oauth2.Config {
			c := h.config
			c.ClientID, c.ClientSecret = "web", "s3cr3t/&+"
			return &c
		},
		"a made-up code": func(_ *house, c, _ *string) *oauth2.Config { *c = strings.Repeat("A", 43); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			code, verifier := h.code(t)
			config := spoil(h, &code, &verifier)
			if config == nil {
				config = &h.config
			}
			if _, err := config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestAReplayedCodeRevokesAllThatCameOfIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	code, verifier := h.code(t)
	token, err := h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
		t.Fatal("the code was good twice")
	}
	if _, err := h.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token)); err == nil {
		t.Error("the access token still opens userinfo")
	}
	if _, err := h.refresh(t, token.RefreshToken); err == nil {
		t.Error("the refresh token still works")
	}
}

func (h *house) refresh(t *testing.T, refresh string) (*oauth2.Token, error) {
	t.Helper()
	return h.config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: refresh}).Token()
}

func TestARefreshTokenIsReplacedAndItsReuseEndsAll(t *testing.T) {
	t.Parallel()
	h := open(t)
	code, verifier := h.code(t)
	first, err := h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.refresh(t, first.RefreshToken)
	if err != nil || second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Fatal("no new tokens", err)
	}
	if _, err := h.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(second)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.refresh(t, first.RefreshToken); err == nil {
		t.Fatal("the old refresh token still works")
	}
	if _, err := h.refresh(t, second.RefreshToken); err == nil {
		t.Error("the reuse did not end the new one")
	}
	code, verifier = h.code(t)
	if first, err = h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(24 * time.Hour)
	if _, err := h.refresh(t, first.RefreshToken); err == nil {
		t.Error("it lives for more than a day")
	}
	h.config.Scopes = []string{"openid"}
	code, verifier = h.code(t)
	if first, err = h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err != nil || first.RefreshToken != "" {
		t.Errorf("a refresh token came without offline_access (%v)", err)
	}
}

func (h *house) send(t *testing.T, method, path string, q url.Values) *http.Response {
	t.Helper()
	target, body := h.issuer+path, io.Reader(nil)
	if method == http.MethodGet {
		target += "?" + q.Encode()
	} else {
		body = strings.NewReader(q.Encode())
	}
	r, _ := http.NewRequestWithContext(t.Context(), method, target, body)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return h.do(t, r)
}

func (h *house) do(t *testing.T, r *http.Request) *http.Response {
	t.Helper()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func TestAConfidentialClientNeedsItsSecret(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.config.ClientID, h.config.RedirectURL = "web", "https://docs.example.com/account/callback/demo"
	for secret, good := range map[string]bool{"s3cr3t/&+": true, "wrong": false, "": false} {
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
			h.config.ClientSecret, h.config.Endpoint.AuthStyle = secret, style
			code, verifier := h.code(t)
			_, err := h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
			if (err == nil) != good || (err != nil && !strings.Contains(err.Error(), "invalid_client")) {
				t.Errorf("%q, style %d: %v", secret, style, err)
			}
		}
	}
}

func TestOnlyItsOwnHostIsAnswered(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{"/", "/authorize", "/jwks", "/.well-known/openid-configuration"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.issuer+path, nil)
		r.Host = "rebound.example"
		if answer := h.do(t, r); answer.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
}

func TestAnotherSiteCannotPressTheButton(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		u, _ := url.Parse(h.config.AuthCodeURL("st", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
		q := u.Query()
		q.Set("person", "ada")
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, h.issuer+"/authorize", strings.NewReader(q.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(name, value)
		if answer := h.do(t, r); answer.StatusCode != http.StatusForbidden || answer.Header.Get("Location") != "" {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
}

func TestThePageIsPlainAndStrict(t *testing.T) {
	t.Parallel()
	h := open(t)
	u, _ := url.Parse(h.config.AuthCodeURL(`"><script>alert(1)</script>`, oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	answer := h.send(t, http.MethodGet, "/authorize", u.Query())
	raw, _ := io.ReadAll(answer.Body)
	text := string(raw)
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(text)
	if style == nil || strings.Contains(text, "<script") {
		t.Fatal("no style, or a script, on the page")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; form-action 'self' http://127.0.0.1:4711; frame-ancestors 'none'; base-uri 'none'", base64.StdEncoding.EncodeToString(sum[:]))
	if got := answer.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("the policy is %s\nwant %s", got, want)
	}
	for _, one := range []string{"For demos only", "made up", "no password", `<html lang="en">`, "Ada Example", "ada@example.com", "127.0.0.1:4711"} {
		if !strings.Contains(text, one) {
			t.Errorf("the page does not say %q", one)
		}
	}
	if answer.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page may be kept")
	}
}

func TestDiscoverySaysWhatThereIs(t *testing.T) {
	t.Parallel()
	h := open(t)
	answer := h.send(t, http.MethodGet, "/.well-known/openid-configuration", nil)
	var said map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	if _, there := said["device_authorization_endpoint"]; there || said["authorization_response_iss_parameter_supported"] != true {
		t.Errorf("%v", said)
	}
	answer = h.send(t, http.MethodGet, "/jwks", nil)
	raw, _ := io.ReadAll(answer.Body)
	if strings.Contains(string(raw), `"d"`) || !strings.Contains(string(raw), "ES256") {
		t.Errorf("the keys are %s", raw)
	}
}

func TestUserInfoTakesAccessTokensAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	code, verifier := h.code(t)
	token, err := h.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	id, _ := token.Extra("id_token").(string)
	for name, bearer := range map[string]string{"nothing": "", "junk": "junk", "an ID token": id, "the refresh token": token.RefreshToken, "spoiled": token.AccessToken[:len(token.AccessToken)-2] + "AA"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.issuer+"/userinfo", nil)
		r.Header.Set("Authorization", "Bearer "+bearer)
		if answer := h.do(t, r); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	h.clock.advance(10 * time.Minute)
	if _, err := h.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token)); err == nil {
		t.Error("it works after its end")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	h := open(t)
	u, _ := url.Parse(h.config.AuthCodeURL("st", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	q := u.Query()
	q.Set("state", strings.Repeat("s", 20<<10))
	if answer := h.send(t, http.MethodGet, "/authorize", q); answer.StatusCode != http.StatusRequestURITooLong {
		t.Errorf("a long query: %d", answer.StatusCode)
	}
	if answer := h.send(t, http.MethodPost, "/authorize", q); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a long form: %d", answer.StatusCode)
	}
}

func TestOptionsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	users, clients := []idp.User{{Subject: "a"}}, []idp.Client{{ID: "c"}}
	for name, o := range map[string]idp.Options{
		"no issuer":         {Users: users, Clients: clients, Audience: "x"},
		"plain HTTP":        {Issuer: "http://id.example.com", Users: users, Clients: clients, Audience: "x"},
		"a path":            {Issuer: "https://id.example.com/a", Users: users, Clients: clients, Audience: "x"},
		"nobody":            {Issuer: "https://id.example.com", Clients: clients, Audience: "x"},
		"no client":         {Issuer: "https://id.example.com", Users: users, Audience: "x"},
		"no audience":       {Issuer: "https://id.example.com", Users: users, Clients: clients},
		"two of one person": {Issuer: "https://id.example.com", Users: append(users, users...), Clients: clients, Audience: "x"},
	} {
		if _, err := idp.New(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
