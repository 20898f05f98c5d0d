package console

import (
	"errors"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

// homeBody is what the account's first page knows.
type homeBody struct {
	Welcome bool
	Passkey bool // the person should have one, and has none
	Keys    bool
}

func (v *visit) home() error {
	if v.Desk != nil && v.who.Tenant.ID != "" {
		return v.overview()
	}
	b := homeBody{
		Welcome: v.r.FormValue("welcome") != "",
		Passkey: v.Self == nil && v.who.Person.Passkeys == 0,
		Keys:    v.Self != nil && v.who.May(people.ReadKeys),
	}
	p := page{Title: "Your account", Section: "Home", Body: b}
	if v.r.FormValue("done") == "password" {
		p.Notice = "Your password is changed, and every other session is ended."
	}
	return v.show(http.StatusOK, "home", p)
}

// sessionsBody lists where a person is signed in.
type sessionsBody struct {
	Sessions []people.Session
	Current  string
}

func (v *visit) sessionsPage() error {
	all, err := v.People.Sessions(v.ctx(), v.who.Person.ID)
	if err != nil {
		return err
	}
	p := page{Title: "Sessions", Tab: "Sessions", Body: sessionsBody{all, v.who.Session.ID}}
	switch v.r.FormValue("done") {
	case "one":
		p.Notice = "That session is ended."
	case "others":
		p.Notice = "Every other session is ended."
	}
	return v.show(http.StatusOK, "sessions", p)
}

func (v *visit) endSession() error {
	id := v.r.PostFormValue("id")
	if id == v.who.Session.ID {
		return v.signOut()
	}
	err := v.People.EndSession(v.ctx(), v.who.Actor, v.who.Person.ID, id)
	if err != nil && !errors.Is(err, keywright.NotFound) { // ended meanwhile is ended
		return err
	}
	return v.redirect(v.link(root + "/sessions?done=one"))
}

func (v *visit) endOtherSessions() error {
	if err := v.People.EndOtherSessions(v.ctx(), v.who.Actor, v.who.Person.ID, v.who.Session.ID); err != nil {
		return err
	}
	return v.redirect(v.link(root + "/sessions?done=others"))
}

func (v *visit) passwordForm() page {
	return page{Title: "Change your password", Tab: "Password", Narrow: true}
}

// passwordPage and setPassword ask who is there first: a browser that was left open
// changes nobody's password.
func (v *visit) passwordPage() error {
	if v.NoPass {
		return v.nowhere()
	}
	if err := v.People.FreshProof(v.who.Session); err != nil {
		return err
	}
	return v.show(http.StatusOK, "password", v.passwordForm())
}

func (v *visit) setPassword() error {
	if v.NoPass {
		return v.nowhere()
	}
	if err := v.People.FreshProof(v.who.Session); err != nil {
		return err
	}
	if err := v.People.SetPassword(v.ctx(), v.who.Actor, v.who.Person.ID, v.secret("password"), v.who.Session.ID); err != nil {
		return v.again("password", v.passwordForm(), err)
	}
	return v.redirect(v.link(root + "?done=password"))
}

// The pages of passkeys.

type passkeysBody struct {
	Passkeys []people.Passkey
	Fresh    bool // who is there has just been asked: one may be added or removed
}

func (v *visit) passkeysPage() error {
	all, err := v.People.Passkeys(v.ctx(), v.who.Person.ID, v.party().ID)
	if err != nil {
		return err
	}
	p := page{Title: "Passkeys", Tab: "Passkeys", Body: passkeysBody{all, v.People.FreshProof(v.who.Session) == nil}}
	switch v.r.FormValue("done") {
	case "added":
		p.Notice = "The passkey is added. You can sign in with it from now on."
	case "removed":
		p.Notice = "The passkey is removed. Remove it from your device or password manager too."
	}
	return v.show(http.StatusOK, "passkeys", p)
}

func (v *visit) removePasskey() error {
	if err := v.People.FreshProof(v.who.Session); err != nil {
		return err
	}
	err := v.People.RemovePasskey(v.ctx(), v.who.Actor, v.who.Person.ID, v.party().ID, v.r.PostFormValue("id"))
	if err != nil && !errors.Is(err, keywright.NotFound) {
		return err
	}
	return v.redirect(v.link(root + "/passkeys?done=removed"))
}

// sessionToken is the token of the session that is there.
func (v *visit) sessionToken() keywright.Credential {
	token, _ := cookie(v.r, selfservice.SessionCookie)
	return token
}

func errorOf(err error) (keywright.Error, bool) {
	var e *keywright.Error
	if !errors.As(err, &e) {
		return keywright.Error{}, false
	}
	return *e, true
}
