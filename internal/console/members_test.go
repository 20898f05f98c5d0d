package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/selfservice"
)

func TestMembersAndInvitations(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	a := b.post("/account/invitations", "email", "grace@example.com", "role", "member").want(t, http.StatusCreated, "shown this once", "/account/invitation?token=")
	link := regexp.MustCompile(`\?token=([^<"]+)`).FindStringSubmatch(a.Body)[1]
	if strings.Contains(b.get("/account/members").want(t, http.StatusOK, "grace@example.com").Body, link) {
		t.Error("the link is shown twice")
	}
	b.post("/account/invitations", "email", "no address", "role", "member").want(t, http.StatusUnprocessableEntity, "no address")
	grace := p.browser()
	grace.get("/account/invitation?token=" + link)
	grace.post("/account/invitation", "name", "Grace", "password", password).want(t, http.StatusSeeOther)
	if a := grace.get("/account/members"); a.Status == http.StatusOK && strings.Contains(a.Body, "Invite somebody") {
		t.Error("a member may invite")
	}
	grace.post("/account/invitations", "email", "eve@example.com", "role", "admin").want(t, http.StatusForbidden)
	id := regexp.MustCompile(`remove\?person=(per_[0-9A-Z]+)`).FindAllStringSubmatch(b.get("/account/members").Body, -1)
	for _, m := range id {
		b.get("/account/members/remove?person=" + m[1])
		b.post("/account/members/remove", "person", m[1]).want(t, http.StatusUnprocessableEntity, "nothing was done")
		b.post("/account/members/remove", "person", m[1], "confirm", "grace@example.com")
		b.post("/account/members/remove", "person", m[1], "confirm", ada)
	}
	if a := grace.get("/account/keys"); a.Status == http.StatusOK && !strings.Contains(a.Body, "member of nothing") {
		t.Error("a removed member sees the keys")
	}
	b.get("/account/members").want(t, http.StatusOK, ada) // the last admin stays
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	other := p.browser().signIn(ada)
	page := b.get("/account/sessions").want(t, http.StatusOK, "This session", "End every other session")
	if n := strings.Count(page.Body, `action="/account/sessions/end"`); n != 2 {
		t.Errorf("there are %d sessions", n)
	}
	b.post("/account/sessions/end-others").want(t, http.StatusSeeOther)
	if a := other.get("/account"); a.Status != http.StatusSeeOther {
		t.Error("the other session goes on")
	}
	if a := b.post("/account/sign-out"); !strings.HasPrefix(a.To, "/account/sign-in") || b.token() != "" {
		t.Error("signing out leaves the cookie")
	}
	b.get("/account").want(t, http.StatusSeeOther)
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	p := open(t, registering())
	b := p.browser()
	form := b.get("/mica-register") // TRS-29: public
	form.want(t, http.StatusOK, "store both")
	key, token := regexp.MustCompile(`trusset_mica_[0-9a-f]{64}`), regexp.MustCompile(`trusset_mgmt_[0-9a-f]{64}`)
	b.post("/mica-register", "once", once(t, form.Body), "email", "no address").want(t, http.StatusUnprocessableEntity, "no address")
	made := b.post("/mica-register", "once", once(t, form.Body), "email", ada)
	t.Run("TRS-29 anybody registers", func(t *testing.T) { made.want(t, http.StatusCreated) })
	t.Run("TRS-30 two credentials", func(t *testing.T) {
		if !key.MatchString(made.Body) || !token.MatchString(made.Body) {
			t.Errorf("the page lacks one:\n%s", made.Body)
		}
	})
	t.Run("TRS-34 the user is told to store both", func(t *testing.T) {
		made.want(t, http.StatusCreated, "Store both now: they are shown this once", "I have stored both")
	})
	again := b.post("/mica-register", "once", once(t, form.Body), "email", ada).want(t, http.StatusConflict, "used already")
	if key.MatchString(again.Body) || strings.Contains(p.Log.String(), token.FindString(made.Body)) {
		t.Error("a credential is shown twice, or logged")
	}
	for range 6 {
		form := b.get("/mica-register")
		made = b.post("/mica-register", "once", once(t, form.Body), "email", ada)
	}
	if made.want(t, http.StatusTooManyRequests, "Too many registrations").Header.Get("Retry-After") == "" {
		t.Error("nobody is told when to come back")
	}
}

func registering() wish {
	return wish{schemes: []string{"trusset-instance"}, register: &selfservice.Registration{Scheme: "trusset-mica", Management: "trusset-mica-management"}}
}
