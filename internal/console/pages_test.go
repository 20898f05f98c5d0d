package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

var (
	keyLink    = regexp.MustCompile(`/account/keys/(key_[0-9A-Z]+)`)
	testingKey = regexp.MustCompile(`dt_test_[0-9A-Za-z]{46}`)
)

func signedIn(t *testing.T, w wish, plan string, environments ...string) (*place, *browser) {
	t.Helper()
	p := open(t, w)
	p.enrol(p.tenant("acme0001", plan, environments...), ada, people.Admin)
	return p, p.browser().signIn(ada)
}

// create makes a Testing key, and returns the page that shows it.
func create(t *testing.T, b *browser, more ...string) answer {
	t.Helper()
	form := b.get("/account/keys/new").want(t, http.StatusOK)
	fields := append([]string{"once", once(t, form.Body), "name", "CI", "environment", "testing", "expires_date", "2031-01-01", "expires_time", "12:30"}, more...)
	return b.post("/account/keys/new", fields...)
}

func TestEveryPageShows(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth")
	made := create(t, b).want(t, http.StatusCreated)
	id := keyLink.FindStringSubmatch(made.Body)[1]
	for path, text := range map[string]string{
		"/account": "Ada", "/account/keys": "CI", "/account/keys/new": "Create a key", "/account/keys/" + id: "1 Jan 2031, 12:30 UTC",
		"/account/keys/" + id + "/rotate": "Rotate this key?", "/account/keys/" + id + "/revoke": "Requests with it will fail",
		"/account/keys/" + id + "/delete": "Delete this key?", "/account/keys/" + id + "/pause": "Until you resume it",
		"/account/members": ada, "/account/sessions": "This session", "/account/passkeys": "Add a passkey", "/account/password": "New password",
	} {
		a := b.get(path).want(t, http.StatusOK, text)
		if strings.Count(a.Body, "<h1>") != 1 || !strings.Contains(a.Body, `class="skip"`) || !strings.Contains(a.Body, `lang="en"`) {
			t.Errorf("%s lacks its one heading, its skip link or its language", path)
		}
		if strings.Contains(a.Body, "<style") || strings.Contains(a.Body, " style=") || regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(a.Body) || regexp.MustCompile(` on[a-z]+=`).MatchString(a.Body) {
			t.Errorf("%s has something inline", path)
		}
	}
	b.get("/account/nothing").want(t, http.StatusNotFound, "There is no such page")
	b.get("/account/keys/key_01JZ8Q6V7N3F5T9X2B4C6D8E0G").want(t, http.StatusNotFound)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth")
	for _, path := range []string{"/account", "/account/sign-in", "/account/keys", "/account/nothing", "/account/invitation?token=x"} {
		h := b.get(path).Header
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if h.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", path, name, h.Get(name), value)
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, part+";") {
				t.Errorf("%s: the policy lacks %s", path, part)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %s", path, csp)
		}
	}
	asset := regexp.MustCompile(`/account/assets/console-[0-9a-f]{16}\.css`).FindString(b.get("/account").Body)
	if a := b.get(asset); a.Status != http.StatusOK || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d, %s", asset, a.Status, a.Header.Get("Cache-Control"))
	}
}

func TestSignInAnswersAlikeAndRotatesTheSession(t *testing.T) {
	t.Parallel()
	p := open(t, wish{})
	p.enrol(p.tenant("acme0001", "growth"), ada, people.Admin)
	strip := regexp.MustCompile(`value="[^"]*@[^"]*"`)
	b := p.browser()
	wrong := b.post("/account/sign-in", "email", ada, "password", "this is not the password").want(t, http.StatusForbidden)
	unknown := b.post("/account/sign-in", "email", "nobody@example.com", "password", "this is not the password").want(t, http.StatusForbidden)
	if strip.ReplaceAllString(wrong.Body, "") != strip.ReplaceAllString(unknown.Body, "") {
		t.Error("a wrong password and an unknown address are told apart")
	}
	if !strings.Contains(wrong.Body, ada) || strings.Contains(wrong.Body, "this is not the password") {
		t.Error("the form does not keep the address, or it keeps the password")
	}

	// Fixation: what a browser brought along opens nothing, before or after.
	u, _ := url.Parse(p.URL)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: selfservice.SessionCookie, Value: "planted", Path: "/", Secure: true}})
	b.signIn(ada)
	first := b.token()
	if first == "planted" || first == "" {
		t.Fatal("the session has the token that was planted")
	}
	b.signIn(ada)
	if b.token() == first {
		t.Error("a second sign-in kept the token")
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: selfservice.SessionCookie, Value: first, Path: "/", Secure: true}})
	if a := b.get("/account"); a.Status != http.StatusSeeOther {
		t.Errorf("the token of before opens %d", a.Status)
	}
}

func TestSessionCookieIsLocked(t *testing.T) {
	t.Parallel()
	p := open(t, wish{})
	p.enrol(p.tenant("acme0001", "growth"), ada, people.Admin)
	a := p.browser().post("/account/sign-in", "email", ada, "password", password)
	line := a.Header.Get("Set-Cookie")
	for _, part := range []string{"__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(line, part) {
			t.Errorf("the cookie lacks %s: %s", part, strings.Split(line, "=")[0])
		}
	}
	if strings.Contains(line, "Domain") {
		t.Error("the cookie goes to other hosts")
	}
}

func TestOpenRedirectsAreClosed(t *testing.T) {
	t.Parallel()
	p := open(t, wish{})
	p.enrol(p.tenant("acme0001", "growth"), ada, people.Admin)
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", " //evil.example",
		"javascript:alert(1)", "/a/../..//evil.example", "evil.example", "/\x00/evil.example", "http:/evil.example", "///evil.example", "/%5cevil.example/..//x\\",
	} {
		b := p.browser()
		if a := b.post("/account/sign-in", "email", ada, "password", password, "next", next); a.To != "/account" {
			t.Errorf("next=%q leads to %q", next, a.To)
		}
		if a := b.get("/account/sign-in?next=" + url.QueryEscape(next)); a.To != "/account" {
			t.Errorf("signed in, next=%q leads to %q", next, a.To)
		}
		if a := b.post("/account/proof", "password", password, "next", next); a.To != "/account" {
			t.Errorf("proof, next=%q leads to %q", next, a.To)
		}
	}
	if a := p.browser().post("/account/sign-in", "email", ada, "password", password, "next", "/account/keys?tenant=x"); a.To != "/account/keys?tenant=x" {
		t.Errorf("a page of the site leads to %q", a.To)
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"},
	} {
		for _, path := range []string{"/account/keys/new", "/account/sign-out", "/account/sessions/end-others", "/account/sign-in", "/account/invitations", "/account/passkey/begin"} {
			if a := b.send(http.MethodPost, path, url.Values{"name": {"x"}}, header...); a.Status != http.StatusForbidden {
				t.Errorf("%s with %v answered %d", path, header, a.Status)
			}
		}
	}
	if b.get("/account").Status != http.StatusOK {
		t.Error("the session was ended")
	}
	p.browser().get("/account/keys").want(t, http.StatusSeeOther)
	if a := p.browser().get("/account/keys?tenant=a"); a.To != "/account/sign-in?next="+url.QueryEscape("/account/keys?tenant=a") {
		t.Errorf("a stranger is led to %q", a.To)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	p := open(t, wish{})
	token := p.invite(p.tenant("acme0001", "growth"), ada, people.RoleMember)
	b := p.browser()
	a := b.get("/account/invitation?token="+token).want(t, http.StatusSeeOther)
	if a.To != "/account/invitation" || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the link leads to %q, %q", a.To, a.Header.Get("Referrer-Policy"))
	}
	form := b.get("/account/invitation").want(t, http.StatusOK, "Ada", "Acme acme0001", ada, `autocomplete="new-password"`)
	if strings.Contains(form.Body, token) {
		t.Error("the page holds the token")
	}
	b.post("/account/invitation", "name", "Ada L.", "password", "short").want(t, http.StatusUnprocessableEntity, "Ada L.")
	if a := b.post("/account/invitation", "name", "Ada L.", "password", password); a.To != "/account?welcome=1" {
		t.Fatalf("accepting led to %q: %s", a.To, a.Body)
	}
	b.get("/account?welcome=1").want(t, http.StatusOK, "Welcome, Ada L.", "Acme acme0001")

	again := p.browser()
	again.get("/account/invitation?token=" + token)
	again.get("/account/invitation").want(t, http.StatusNotFound, "cannot be used")
	for _, s := range p.seen {
		if strings.Contains(s.referrer, token) || (strings.Contains(s.uri, token) && !strings.HasPrefix(s.uri, "/account/invitation?token=")) {
			t.Errorf("the token went into %v", s)
		}
	}
	if strings.Contains(p.Log.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestInvitationOfWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	second := p.tenant("acme0002", "growth")
	b.get("/account/invitation?token=" + p.invite(second, ada, people.RoleMember))
	b.get("/account/invitation").want(t, http.StatusOK, "signed in under this address")
	if a := b.post("/account/invitation/as"); a.To != "/account?welcome=1" {
		t.Fatalf("%d to %q\n%s", a.Status, a.To, a.Body)
	}
	b.get("/account/keys?tenant="+string(second)).want(t, http.StatusOK, `name="tenant"`, "selected>Acme acme0002")
	b.get("/account/keys?tenant=ten_operators").want(t, http.StatusForbidden)
	b.get("/account/invitation?token=" + p.invite(second, "grace@example.com", people.RoleMember))
	b.get("/account/invitation").want(t, http.StatusOK, "another address")
	b.post("/account/invitation/as").want(t, http.StatusUnprocessableEntity, "address")
}

func TestKeysAreShownOnceAndMadeOnce(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	form := b.get("/account/keys/new").want(t, http.StatusOK)
	fields := []string{"once", once(t, form.Body), "name", "CI", "environment", "testing", "expires_date", "2031-01-01", "expires_time", "12:30"}
	made := b.post("/account/keys/new", fields...).want(t, http.StatusCreated, "shown this once", "I have stored it", `export EXAMPLE_API_KEY=`, "https://api.example.com/v1/things")
	secret := testingKey.FindString(made.Body)
	if secret == "" {
		t.Fatalf("no key is shown:\n%s", made.Body)
	}
	if made.Header.Get("Cache-Control") != "no-store" || made.To != "" {
		t.Error("the page that shows the key is kept, or redirects")
	}
	// A reload of that page sends the form again.
	again := b.post("/account/keys/new", fields...).want(t, http.StatusCreated-1, "done already")
	id := keyLink.FindStringSubmatch(made.Body)[1]
	for _, a := range []answer{again, b.get("/account/keys"), b.get("/account/keys/" + id)} {
		if strings.Contains(a.Body, secret) {
			t.Error("the key is shown twice")
		}
	}
	if n := len(regexp.MustCompile(`<td data-label="Name"><a href="/account/keys/key_`).FindAllString(b.get("/account/keys").Body, -1)); n != 1 {
		t.Errorf("there are %d keys", n)
	}
	for _, s := range p.seen {
		if strings.Contains(s.uri+s.referrer, secret) {
			t.Error("the key stands in an address")
		}
	}
	if strings.Contains(p.Log.String(), secret) {
		t.Error("the key is in the log")
	}
}

func TestKeyFormSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth")
	b.get("/account/keys/new").want(t, http.StatusOK, "Production access has not been granted yet", `value="production" required disabled`)
	create(t, b, "name", "").want(t, http.StatusUnprocessableEntity, `aria-invalid="true"`, `id="w-name"`)
	create(t, b, "expires_date", "2020-01-01").want(t, http.StatusUnprocessableEntity, "in the future", "CI")
	create(t, b, "expires_time", "").want(t, http.StatusUnprocessableEntity, "both a date and a time")
	create(t, b, "environment", "production").want(t, http.StatusForbidden)
	create(t, b, "environment", "nowhere").want(t, http.StatusUnprocessableEntity)
	create(t, b, "name", `<script>alert(1)</script>`).want(t, http.StatusCreated)
	if a := b.get("/account/keys"); strings.Contains(a.Body, "<script>alert") {
		t.Error("a name is taken for markup")
	}
}

func TestKeyLife(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth", "production")
	made := create(t, b, "environment", "production").want(t, http.StatusCreated)
	id := keyLink.FindStringSubmatch(made.Body)[1]
	at := "/account/keys/" + id
	if a := b.post(at+"/amend", "name", "Renamed", "expires_date", "2032-02-02", "expires_time", "08:15"); a.To != at+"?done=amended" {
		t.Fatalf("amending answered %d\n%s", a.Status, a.Body)
	}
	b.get(at).want(t, http.StatusOK, "Renamed", "2 Feb 2032, 08:15 UTC")
	b.post(at+"/pause").want(t, http.StatusSeeOther)
	b.get(at).want(t, http.StatusOK, "Paused", "it is resumed")
	b.post(at+"/resume").want(t, http.StatusSeeOther)
	page := b.get(at+"/rotate").want(t, http.StatusOK, "How long the present key goes on working")
	fields := []string{"once", once(t, page.Body), "overlap", "24h0m0s"}
	turned := b.post(at+"/rotate", fields...).want(t, http.StatusCreated, "dt_prod_", "goes on working until")
	b.post(at+"/rotate", fields...).want(t, http.StatusOK, "done already")
	b.get(at).want(t, http.StatusOK, "Being replaced")
	next := "/account/keys/" + keyLink.FindStringSubmatch(turned.Body)[1]
	b.get(next+"/rotate").want(t, http.StatusOK, "End the key before this one now")
	b.post(next+"/rotate", "once", "x1").want(t, http.StatusConflict)
	b.post(next+"/revoke", "reason", "compromised", "confirm", "renamed").want(t, http.StatusUnprocessableEntity, "nothing was done", `value="renamed"`)
	b.get(next).want(t, http.StatusOK, "Active")
	b.post(next+"/revoke", "reason", "compromised", "confirm", "Renamed").want(t, http.StatusSeeOther)
	b.get(next).want(t, http.StatusOK, "Revoked", "compromised")
	b.post(next+"/delete").want(t, http.StatusUnprocessableEntity, "nothing was done")
	b.post(next+"/delete", "confirm", " Renamed ").want(t, http.StatusSeeOther)
	b.get(next).want(t, http.StatusNotFound)
}

func TestKeyOfAnotherTenantIsNone(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	id := keyLink.FindStringSubmatch(create(t, b).Body)[1]
	p.enrol(p.tenant("other001", "growth"), "grace@example.com", people.Admin)
	eve := p.browser().signIn("grace@example.com")
	for _, path := range []string{"", "/rotate", "/revoke", "/delete", "/pause"} {
		eve.get("/account/keys/"+id+path).want(t, http.StatusNotFound)
		if path != "" && path != "/delete" {
			eve.post("/account/keys/"+id+path).want(t, http.StatusNotFound)
		}
	}
	eve.post("/account/keys/"+id+"/delete", "confirm", "CI").want(t, http.StatusNotFound)
	b.get("/account/keys/"+id).want(t, http.StatusOK, "Active")
}

func TestPairs(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{schemes: []string{"trustifi"}}, "growth")
	form := b.get("/account/keys/new").want(t, http.StatusOK, "Generate key and secret")
	made := b.post("/account/keys/new", "once", once(t, form.Body)).want(t, http.StatusCreated, "Copy both", "I have stored both", "x-trustifi-secret: $EXAMPLE_API_SECRET")
	values := regexp.MustCompile(`<code id="value-\d" tabindex="0">([0-9a-f]+)</code>`).FindAllStringSubmatch(made.Body, -1)
	if len(values) != 2 || len(values[0][1]) != 48 || len(values[1][1]) != 32 {
		t.Fatalf("the page shows %d values", len(values))
	}
	b.get("/account/keys").want(t, http.StatusOK, `aria-checked="true"`)
	at := "/account/keys/" + keyLink.FindStringSubmatch(made.Body)[1]
	page := b.get(at+"/rotate").want(t, http.StatusOK, "Regenerate the secret?", "Existing requests will fail")
	b.post(at+"/rotate", "once", once(t, page.Body)).want(t, http.StatusCreated, values[0][1])

	id := keyLink.FindAllStringSubmatch(b.get("/account/keys").Body, -1)[0][1]
	p.Clock.Advance(6 * time.Minute)
	if a := b.get("/account/keys/" + id + "/reveal"); !strings.HasPrefix(a.To, "/account/proof?next=") {
		t.Errorf("a reveal without a proof leads to %q", a.To)
	}
	if a := b.post("/account/keys/" + id + "/reveal"); !strings.HasPrefix(a.To, "/account/proof?next=") {
		t.Errorf("a reveal without a proof leads to %q", a.To)
	}
	before := b.token()
	b.post("/account/proof", "password", "not my password at all").want(t, http.StatusForbidden)
	if a := b.post("/account/proof", "password", password, "next", "/account/keys/"+id+"/reveal"); a.To != "/account/keys/"+id+"/reveal" {
		t.Fatalf("the proof leads to %q\n%s", a.To, a.Body)
	}
	if b.token() == before {
		t.Error("a proof kept the session's token")
	}
	b.get("/account/keys/"+id+"/reveal").want(t, http.StatusOK, "audit log")
	b.post("/account/keys/"+id+"/reveal").want(t, http.StatusOK, values[0][1])
}

func TestPlansAndRolesAreSaidBeforehand(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{schemes: []string{"trust-swiftly"}}, "free")
	b.get("/account/keys").want(t, http.StatusOK, "API access is part of paid plans only, and yours is free", `aria-disabled="true"`)
	b.post("/account/keys/new", "name", "x", "once", "y").want(t, http.StatusForbidden, "part of your plan")

	p := open(t, wish{})
	p.enrol(p.tenant("acme0001", "growth", "production"), ada, people.Trial)
	trial := p.browser().signIn(ada)
	trial.get("/account/keys/new").want(t, http.StatusOK, "Your role here is trial")
	create(t, trial, "environment", "production").want(t, http.StatusForbidden)
	create(t, trial).want(t, http.StatusCreated)
	trial.get("/account/members").want(t, http.StatusForbidden)
}
