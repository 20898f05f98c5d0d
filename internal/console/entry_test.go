package console_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/idp/idptest"
	"github.com/keywright/keywright/internal/webtest"
	"github.com/keywright/keywright/people"
)

// throughProvider goes to the provider and chooses a person there; it returns where
// the browser is sent back to.
func throughProvider(t *testing.T, b *browser, path, email string) string {
	t.Helper()
	begun := b.get(path, "Sec-Fetch-Site", "same-origin").want(t, http.StatusSeeOther)
	u, err := url.Parse(begun.To)
	if err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("state") == "" {
		t.Fatalf("the provider is asked with %q", begun.To)
	}
	back, err := idptest.Choose(t.Context(), http.DefaultClient, begun.To, email)
	if err != nil {
		t.Fatal(err)
	}
	return back.String()
}

func TestTSP17SignInWithAProvider(t *testing.T) {
	t.Parallel()
	p := open(t, wish{provider: true})
	p.enrol(p.tenant("acme0001", "growth"), ada, people.Admin)
	b := p.browser()
	b.get("/account/sign-in").want(t, http.StatusOK, "Demo ID", `href="/account/sign-in/demo`)
	back := throughProvider(t, b, "/account/sign-in/demo?next=/account/keys", ada)
	in := b.get(back)
	if in.To != "/account/keys" || b.token() == "" {
		t.Fatalf("the callback answered %d to %q\n%s", in.Status, in.To, in.Body)
	}
	t.Run("TSP-18 login never shows the JWT", func(t *testing.T) {
		jwt := regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.`)
		for _, a := range []answer{in, b.get("/account"), b.get("/account/keys")} {
			if jwt.MatchString(a.Body) || jwt.MatchString(strings.Join(a.Header["Set-Cookie"], " ")+a.To) {
				t.Error("a JWT is shown")
			}
		}
	})
	t.Run("a callback is taken once", func(t *testing.T) { b.get(back).want(t, http.StatusForbidden, "did not begin that sign-in") })
	t.Run("only by the browser that began", func(t *testing.T) {
		mine := throughProvider(t, b, "/account/sign-in/demo", ada)
		victim := p.browser()
		victim.get(mine).want(t, http.StatusForbidden)
		if victim.token() != "" {
			t.Error("a browser was signed in by another's callback")
		}
	})
	t.Run("not with another's code", func(t *testing.T) {
		other, victim := p.browser(), p.browser()
		code := throughProvider(t, other, "/account/sign-in/demo", ada)
		victim.get("/account/sign-in/demo")
		victim.get(code).want(t, http.StatusForbidden)
	})
	t.Run("an unknown person", func(t *testing.T) {
		stranger := p.browser()
		stranger.get(throughProvider(t, stranger, "/account/sign-in/demo", "grace@example.com")).want(t, http.StatusForbidden, "Ask an admin of yours for an invitation")
	})
	t.Run("nobody", func(t *testing.T) {
		nobody := p.browser()
		nobody.get(throughProvider(t, nobody, "/account/sign-in/demo", "")).want(t, http.StatusForbidden, "not completed")
	})
	p.browser().get("/account/sign-in/other").want(t, http.StatusNotFound)
	evil := p.browser()
	if to := evil.get(throughProvider(t, evil, "/account/sign-in/demo?next="+url.QueryEscape("//evil.example"), ada)).To; to != "/account" {
		t.Errorf("the callback leads to %q", to)
	}
}

func TestInvitationWithAProvider(t *testing.T) {
	t.Parallel()
	p := open(t, wish{provider: true})
	tenant := p.tenant("acme0001", "growth")
	b := p.browser()
	b.get("/account/invitation?token=" + p.invite(tenant, "grace@example.com", people.RoleMember))
	b.get("/account/invitation").want(t, http.StatusOK, "/account/sign-in/demo?invitation=1")
	if a := b.get("/account/sign-in/demo?invitation=1", "Sec-Fetch-Site", "cross-site"); a.To != "/account/invitation" {
		t.Errorf("another site's link goes on to %q", a.To)
	}
	b.get(throughProvider(t, b, "/account/sign-in/demo?invitation=1", ada)).want(t, http.StatusForbidden, "address that was invited")
	if a := b.get(throughProvider(t, b, "/account/sign-in/demo?invitation=1", "grace@example.com")); a.To != "/account?welcome=1" {
		t.Fatalf("accepting answered %d to %q\n%s", a.Status, a.To, a.Body)
	}
	b.get("/account/keys").want(t, http.StatusOK, "Create key")
}

func TestPasswordChangeAsksFirstAndEndsOtherSessions(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	other := p.browser().signIn(ada)
	p.Clock.Advance(6 * time.Minute)
	if a := b.post("/account/password", "password", "nine quiet herons by the weir"); !strings.HasPrefix(a.To, "/account/proof?next=") {
		t.Fatalf("an old proof is taken: %d to %q", a.Status, a.To)
	}
	b.post("/account/proof", "password", password).want(t, http.StatusSeeOther)
	b.post("/account/password", "password", "short").want(t, http.StatusUnprocessableEntity)
	b.post("/account/password", "password", "nine quiet herons by the weir").want(t, http.StatusSeeOther)
	b.get("/account?done=password").want(t, http.StatusOK, "Your password is changed")
	if other.get("/account").Status != http.StatusSeeOther {
		t.Error("the other session goes on")
	}
}

func TestOperatorsSite(t *testing.T) {
	t.Parallel()
	taken := false
	p := open(t, wish{operators: true, change: func(_ *place, o *console.Options) {
		o.Setup = func(_ context.Context, token keywright.Credential, act func(keywright.Actor) error) error {
			if _, text := token.Reveal(); text != "kwsetup_right" || taken {
				return people.ErrSignIn
			}
			err := act(keywright.Actor{ID: "system", Name: "set-up"})
			taken = err == nil
			return err
		}
	}})
	b := p.browser()
	b.get("/account/setup").want(t, http.StatusOK, "Set-up token")
	fields := []string{"token", "kwsetup_wrong", "name", "Op", "email", "op@example.com", "password", password}
	b.post("/account/setup", fields...).want(t, http.StatusForbidden, "older than 15 minutes", "op@example.com")
	fields[1] = "kwsetup_right"
	if a := b.post("/account/setup", fields...); a.To != "/account?welcome=1" {
		t.Fatalf("setting up answered %d to %q\n%s", a.Status, a.To, a.Body)
	}
	b.get("/account").want(t, http.StatusOK, "Add a passkey", "Operators", "admin")
	b.get("/account/keys").want(t, http.StatusNotFound)
	p.browser().post("/account/setup", fields...).want(t, http.StatusForbidden)
	b.post("/account/invitations", "email", "viewer@example.com", "role", "viewer").want(t, http.StatusCreated, "/account/invitation?token=")
	p.enrol(keywright.OperatorTenant, "viewer2@example.com", people.Viewer)
	v := p.browser().signIn("viewer2@example.com")
	v.post("/account/invitations", "email", "eve@example.com", "role", "admin").want(t, http.StatusForbidden)
	v.post("/account/invitations/withdraw", "id", "inv_x").want(t, http.StatusForbidden)
	v.post("/account/members/role", "person", "per_x", "role", "admin").want(t, http.StatusForbidden)

	p.enrol(p.tenant("acme0001", "growth"), "customer@example.com", people.Admin)
	c := p.browser().signIn("customer@example.com")
	c.get("/account").want(t, http.StatusOK, "you are no operator here")
	c.get("/account/members").want(t, http.StatusForbidden)
}

func TestOperatorsWithAPasskeyUseItInABrowser(t *testing.T) {
	t.Parallel()
	p := open(t, wish{operators: true, plain: true})
	p.enrol(keywright.OperatorTenant, ada, people.Admin)
	webtest.Run(t, "testdata/operator.mjs", map[string]any{"site": p.URL, "email": ada, "password": password, "look": !testing.Short()})
}

func TestPairsInABrowser(t *testing.T) {
	t.Parallel()
	p := open(t, wish{plain: true, schemes: []string{"trustifi"}, provider: true})
	p.enrol(p.tenant("acme0001", "growth"), ada, people.Admin)
	webtest.Run(t, "testdata/pair.mjs", map[string]any{"site": p.URL, "email": ada, "password": password})
}
