package journey

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is a person at a site, without a browser: forms and cookies by hand.
type browser struct {
	d      *demo
	site   string
	cookie map[string]string
}

func (d *demo) at(system string) *browser {
	return &browser{d: d, site: d.Sites[system], cookie: map[string]string{}}
}

// do sends a request as a page of the site's own would, and keeps its cookies.
func (b *browser) do(t *testing.T, method, path string, form url.Values, more ...string) answer {
	t.Helper()
	h := header{"Origin", b.site, "Sec-Fetch-Site", "same-origin"}
	if form != nil {
		h = append(h, "Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookie {
		h = append(h, "Cookie", name+"="+value)
	}
	if len(more) > 0 {
		h = append(more, h[4:]...)
	}
	a := b.d.send(t, method, b.site+path, h, form.Encode())
	for _, line := range a.Header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		delete(b.cookie, c.Name)
		if c.MaxAge >= 0 && c.Value != "" {
			b.cookie[c.Name] = b.d.remember(c.Value)
		}
	}
	return a
}

func (b *browser) signIn(t *testing.T, email, password string) answer {
	t.Helper()
	return b.do(t, http.MethodPost, "/account/sign-in", url.Values{"email": {email}, "password": {password}})
}

func (d *demo) person(t *testing.T, email string) (password, invitation string) {
	t.Helper()
	for _, p := range d.People {
		if p.Email == email {
			return p.Password, p.Invitation
		}
	}
	t.Fatalf("nobody is called %s", email)
	return "", ""
}

const session = "__Host-keywright-session"

var once = regexp.MustCompile(`name="once" value="([^"]+)"`)

func TestAMemberSignsInAndMakesAKey(t *testing.T) {
	b := shared.at("trusset")
	password, _ := shared.person(t, "ada@trusset.example")
	a := b.signIn(t, "ada@trusset.example", password)
	wants(t, a, http.StatusSeeOther)
	if line := a.Header.Get("Set-Cookie"); !strings.HasPrefix(line, session+"=") || !strings.Contains(line, "HttpOnly") || !strings.Contains(line, "SameSite=Lax") || !strings.Contains(line, "Secure") {
		t.Errorf("the session's cookie is %q", strings.SplitN(line, ";", 2)[1])
	}
	form := b.do(t, http.MethodGet, "/account/keys/new", nil)
	wants(t, form, http.StatusOK)
	token := once.FindStringSubmatch(form.Body)
	if token == nil {
		t.Fatal("the form has no token that makes it count once")
	}
	made := b.do(t, http.MethodPost, "/account/keys/new", url.Values{"name": {"By hand"}, "once": {token[1]}})
	key := regexp.MustCompile(`trusset_demo0001_[0-9a-f]{64}`).FindString(html.UnescapeString(made.Body))
	if key == "" {
		t.Fatalf("no key is shown: %d", made.Status)
	}
	shared.remember(key)
	wants(t, shared.get(t, shared.Trusset.Base+"/customers/api/manage", "X-API-Key", key), http.StatusOK)
	t.Run("it is shown once", func(t *testing.T) {
		again := b.do(t, http.MethodPost, "/account/keys/new", url.Values{"name": {"By hand"}, "once": {token[1]}})
		if strings.Contains(again.Body, key) || strings.Contains(b.do(t, http.MethodGet, "/account/keys", nil).Body, key) {
			t.Error("the key is shown again")
		}
	})
	t.Run("signing out ends the session", func(t *testing.T) {
		old := b.cookie[session]
		b.do(t, http.MethodPost, "/account/sign-out", url.Values{})
		b.cookie[session] = old
		if a := b.do(t, http.MethodGet, "/account/keys", nil); a.Status != http.StatusSeeOther {
			t.Errorf("the old cookie answers %d", a.Status)
		}
	})
}

func TestSignInTellsNothingAndStopsGuessing(t *testing.T) {
	d := own(t)
	b := d.at("acme")
	known, unknown := b.signIn(t, "ada@acme.example", "not the password at all"), b.signIn(t, "nobody@acme.example", "not the password at all")
	strip := func(a answer) string { return regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(a.Body, "") }
	if known.Status != unknown.Status || strip(known) != strip(unknown) {
		t.Errorf("an account that is there answers %d, one that is not %d", known.Status, unknown.Status)
	}
	status := 0
	for range 40 {
		if status = b.signIn(t, "ada@acme.example", "not the password at all").Status; status == http.StatusTooManyRequests {
			return
		}
	}
	t.Errorf("the fortieth guess answers %d", status)
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	b := shared.at("acme")
	password, _ := shared.person(t, "ada@acme.example")
	wants(t, b.signIn(t, "ada@acme.example", password), http.StatusSeeOther)
	for _, path := range []string{"/account/keys/new", "/account/sign-out", "/v1/me/keys"} {
		a := b.do(t, http.MethodPost, path, url.Values{"name": {"x"}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		if a.Status != http.StatusForbidden {
			t.Errorf("%s answers %d", path, a.Status)
		}
	}
	if a := b.do(t, http.MethodGet, "/account/sign-in?next=//evil.example/", nil); strings.Contains(a.Header.Get("Location"), "evil") || strings.Contains(a.Body, "evil.example") {
		t.Error("a redirect leads elsewhere")
	}
	if a := b.do(t, http.MethodGet, "/v1/me", nil); a.Status != http.StatusOK || a.str(t, "person.email") != "ada@acme.example" {
		t.Errorf("the session answers %d", a.Status)
	}
}
