package oidc

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

const callbackAt = "https://docs.example.com/account/callback/id"

func webHouse(t *testing.T, change func(*Provider)) *house {
	h := newHouse(t, func(p *Provider) {
		p.Web = WebClient{ID: "site"}
		if change != nil {
			change(p)
		}
	})
	return h
}

func (h *house) begin(t *testing.T) (Begun, url.Values) {
	t.Helper()
	b, err := h.Begin(t.Context(), "id", callbackAt)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	return b, u.Query()
}

// idClaims are those of a good ID token for a sign-in.
func (h *house) idClaims(q url.Values) map[string]any {
	return with(h.idp.claims(), "aud", "site", "nonce", q.Get("nonce"))
}

func (h *house) idToken(t *testing.T, q url.Values, change ...any) string {
	return h.idp.token(t, with(h.idClaims(q), change...), map[string]any{"typ": "JWT"})
}

func back(q url.Values, change ...string) map[string][]string {
	out := map[string][]string{"state": {q.Get("state")}, "code": {"the-code"}}
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == "" {
			delete(out, change[i])
		} else {
			out[change[i]] = []string{change[i+1]}
		}
	}
	return out
}

func TestTSP17_SignInOnTheWeb(t *testing.T) {
	t.Parallel()
	h := webHouse(t, func(p *Provider) { p.Web.Secret = keywright.NewCredential("", "pass word:+"); p.TrustEmail = true })
	b, q := h.begin(t)
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "site", "redirect_uri": callbackAt, "scope": "openid email profile", "code_challenge_method": "S256", "x": "1",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	if strings.Contains(b.URL, "the-code") || q.Get("state") == q.Get("nonce") || len(q.Get("state")) < 43 {
		t.Error("state and nonce")
	}
	h.idp.idToken = func(url.Values) string { return h.idToken(t, q) }
	who, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q))
	if err != nil {
		t.Fatal(err)
	}
	want := people.External{Provider: "id", Issuer: h.idp.URL, Subject: "ada", Email: "ada@example.com", EmailVerified: true, Name: "Ada", TrustEmail: true}
	if fmt.Sprint(who) != fmt.Sprint(want) {
		t.Errorf("%+v", who)
	}
	form := h.idp.form
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if encode(sum[:]) != q.Get("code_challenge") || form.Get("code") != "the-code" || form.Get("redirect_uri") != callbackAt || form.Get("grant_type") != "authorization_code" {
		t.Errorf("%v", form)
	}
	if h.idp.basic != "site:pass+word%3A%2B" || form.Has("client_secret") {
		t.Errorf("the client's secret came as %q", h.idp.basic)
	}
	if text := fmt.Sprint(b, b.State); strings.Contains(text, revealed(b.State)) {
		t.Error("the kept state prints itself")
	}
}

func revealed(c keywright.Credential) string { _, s := c.Reveal(); return s }

// What comes back is held to what was begun, in that browser, at that provider.
func TestAttacksOnTheCallback(t *testing.T) {
	t.Parallel()
	h := webHouse(t, nil)
	b, q := h.begin(t)
	other, otherQuery := h.begin(t)
	h.idp.idToken = func(url.Values) string { return h.idToken(t, q) }
	try := func(name, redirect string, state keywright.Credential, query map[string][]string) {
		t.Helper()
		_, err := h.Finish(t.Context(), "id", redirect, state, query)
		if keywright.KindOf(err) != people.ErrSignIn {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: it is echoed: %v", name, err)
		}
	}
	broken := []byte(revealed(b.State))
	broken[20] ^= 1
	try("another browser's state", callbackAt, other.State, back(q))
	try("another sign-in's answer", callbackAt, b.State, back(otherQuery))
	try("no state in the answer", callbackAt, b.State, back(q, "state", ""))
	try("no kept state", callbackAt, keywright.Credential{}, back(q))
	try("a broken kept state", callbackAt, keywright.NewCredential("", string(broken)), back(q))
	try("a kept state that is too long", callbackAt, keywright.NewCredential("", strings.Repeat("A", 1<<20)), back(q))
	try("another redirect", callbackAt+"/x", b.State, back(q))
	try("an error", callbackAt, b.State, back(q, "error", "evil<script>"))
	try("no code", callbackAt, b.State, back(q, "code", ""))
	try("a code without end", callbackAt, b.State, back(q, "code", strings.Repeat("a", 5000)))
	try("another issuer", callbackAt, b.State, back(q, "iss", "https://evil.example.com"))
	twice := back(q)
	twice["code"] = append(twice["code"], "another")
	try("two codes", callbackAt, b.State, twice)
	if h.idp.count("/token") != 0 {
		t.Error("a code was redeemed for one of them")
	}
	if _, err := h.Finish(t.Context(), "nobody", callbackAt, b.State, back(q)); keywright.KindOf(err) != keywright.NotFound {
		t.Error("another provider")
	}
	if _, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q, "iss", h.idp.URL)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestAKeptStateEndsAfterTenMinutes(t *testing.T) {
	t.Parallel()
	k := newKept(noon)
	sealed := k.seal("id", callbackAt)
	for at, ok := range map[time.Time]bool{
		noon: true, noon.Add(signInLife - time.Second): true, noon.Add(signInLife): false, noon.Add(-time.Second): false, noon.Add(24 * time.Hour): false,
	} {
		if got := open(sealed, at, "id", callbackAt); (got != nil) != ok {
			t.Errorf("at %s", at.Sub(noon))
		}
	}
	if open(sealed, noon, "other", callbackAt) != nil || open(sealed, noon, "id", "https://other.example.com") != nil {
		t.Error("it is taken for another provider or redirect")
	}
	if open(sealed, noon, "idh", callbackAt[1:]) != nil {
		t.Error("provider and redirect run into each other")
	}
}

func TestSayingTheIssuerIsAsked(t *testing.T) {
	t.Parallel()
	h := webHouse(t, nil)
	h.idp.about = map[string]any{"authorization_response_iss_parameter_supported": true}
	b, q := h.begin(t)
	h.idp.idToken = func(url.Values) string { return h.idToken(t, q) }
	if _, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q)); keywright.KindOf(err) != people.ErrSignIn {
		t.Errorf("a provider that says its issuer did not: %v", err)
	}
}

func TestTSP17_AttacksOnTheIDToken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]any{
		"another client":            {"aud", "other"},
		"no audience":               {"aud", nil},
		"two without azp":           {"aud", []string{"site", "other"}},
		"another party":             {"azp", "other"},
		"another nonce":             {"nonce", "x"},
		"no nonce":                  {"nonce", nil},
		"another issuer":            {"iss", "https://id.example.com"},
		"expired":                   {"exp", noon.Add(-time.Minute).Unix(), "iat", noon.Add(-time.Hour).Unix()},
		"no exp":                    {"exp", nil},
		"no iat":                    {"iat", nil},
		"from the future":           {"iat", noon.Add(time.Minute).Unix()},
		"no subject":                {"sub", nil},
		"an e-mail without end":     {"email", strings.Repeat("a", 500)},
		"an e-mail that is no text": {"email", []string{"ada@example.com"}},
	} {
		h := webHouse(t, nil)
		b, q := h.begin(t)
		h.idp.idToken = func(url.Values) string { return h.idToken(t, q, change...) }
		if _, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q)); keywright.KindOf(err) != people.ErrSignIn {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, token := range map[string]func(h *house, q url.Values) string{
		"alg none": func(h *house, q url.Values) string {
			return h.idp.token(t, h.idClaims(q), map[string]any{"alg": "none"})
		},
		"access token": func(h *house, q url.Values) string { return h.idp.token(t, h.idClaims(q), nil) },
		"changed":      func(h *house, q url.Values) string { return flip(h.idToken(t, q)) },
		"nothing":      func(*house, url.Values) string { return "" },
	} {
		h := webHouse(t, nil)
		b, q := h.begin(t)
		h.idp.idToken = func(url.Values) string { return token(h, q) }
		if _, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q)); keywright.KindOf(err) != people.ErrSignIn {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUserInfoIsAskedOnlyForAMissingAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		info  string
		email string
		kind  keywright.Kind
	}{
		"the same subject":     {`{"sub":"ada","email":"a@example.com","email_verified":true}`, "a@example.com", ""},
		"another subject":      {`{"sub":"eve","email":"eve@example.com"}`, "", people.ErrSignIn},
		"no subject":           {`{"email":"eve@example.com"}`, "", people.ErrSignIn},
		"a name that is twice": {`{"sub":"ada","sub":"eve"}`, "", people.ErrSignIn},
		"without an address":   {`{"sub":"ada"}`, "", ""},
	} {
		h := webHouse(t, nil)
		h.idp.userInfo = c.info
		b, q := h.begin(t)
		h.idp.idToken = func(url.Values) string { return h.idToken(t, q, "email", nil) }
		who, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q))
		if (c.kind == "") != (err == nil) || (err != nil && keywright.KindOf(err) != c.kind) || who.Email != c.email && err == nil {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
	h := webHouse(t, nil)
	b, q := h.begin(t)
	h.idp.idToken = func(url.Values) string { return h.idToken(t, q) }
	if _, err := h.Finish(t.Context(), "id", callbackAt, b.State, back(q)); err != nil || h.idp.count("/userinfo") != 0 {
		t.Errorf("%v, userinfo asked %d times", err, h.idp.count("/userinfo"))
	}
}

func TestSignInWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	h := webHouse(t, nil)
	h.idp.set(func() { h.idp.down = true })
	if _, err := h.Begin(t.Context(), "id", callbackAt); keywright.KindOf(err) != keywright.Unavailable {
		t.Errorf("%v", err)
	}
	if _, err := h.Begin(t.Context(), "nobody", callbackAt); keywright.KindOf(err) != keywright.NotFound {
		t.Errorf("%v", err)
	}
	up := webHouse(t, nil)
	b, q := up.begin(t)
	up.idp.set(func() { up.idp.down = true })
	if _, err := up.Finish(t.Context(), "id", callbackAt, b.State, back(q)); keywright.KindOf(err) != keywright.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestNamesAndCLI(t *testing.T) {
	t.Parallel()
	p, err := New(Options{Providers: []Provider{
		{Name: "a", Issuer: "https://a.example.com", Web: WebClient{ID: "x"}},
		{Name: "b", Title: "The B", Issuer: "https://b.example.com", Web: WebClient{ID: "x"}, CLI: CLIClient{ID: "cli", Resource: audience}},
		{Name: "c", Issuer: "https://c.example.com"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Names()); got != "[{a a} {b The B}]" {
		t.Error(got)
	}
	if c, issuer, ok := p.CLI("b"); !ok || issuer != "https://b.example.com" || c.ID != "cli" || c.Resource != audience || len(c.Scopes) == 0 {
		t.Errorf("%+v %s %v", c, issuer, ok)
	}
	if _, _, ok := p.CLI("a"); ok {
		t.Error("nobody logs in on the command line with a")
	}
}

// A redirect of the provider leads nowhere.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	p, err := New(Options{HTTP: &http.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	if p.requests.CheckRedirect == nil || p.requests.CheckRedirect(nil, nil) != http.ErrUseLastResponse || p.requests.Timeout == 0 {
		t.Error("it follows redirects, or waits without end")
	}
}

func FuzzOpenState(f *testing.F) {
	f.Add(revealed(newKept(noon).seal("id", callbackAt)))
	f.Fuzz(func(t *testing.T, s string) {
		if k := open(keywright.NewCredential("", s), noon, "other", callbackAt); k != nil {
			// Only somebody who made it so can have it open: nothing is guessed.
			if got := revealed(k.seal("other", callbackAt)); got != s {
				t.Errorf("%q opens, and is spelled %q", s, got)
			}
		}
	})
}
