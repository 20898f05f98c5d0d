package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// A sign-in with an identity provider that is under way is kept in the browser that
// began it: nobody else's answer is taken there.
const (
	loginCookie = "__Host-keywright-login"
	loginLife   = 10 * time.Minute
)

// login is what that cookie holds. State is secret, and goes nowhere but into it.
type login struct {
	Provider string `json:"p"`
	State    string `json:"s"`
	Next     string `json:"n"`
	Invited  bool   `json:"i,omitempty"` // it takes the invitation that is kept beside it
}

func (l login) spell() string {
	text, _ := json.Marshal(l) // of strings alone: it cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

func readLogin(value string) (l login, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(value)
	return l, err == nil && json.Unmarshal(text, &l) == nil
}

// beginProvider sends the browser to an identity provider.
func (v *visit) beginProvider() error {
	name := v.r.PathValue("provider")
	invited := v.r.FormValue("invitation") != ""
	if from := v.r.Header.Get("Sec-Fetch-Site"); invited && from != "" && from != "same-origin" {
		// An invitation is taken by who reads it here, not by another site's link.
		return v.redirect(invitationPath)
	}
	if v.Providers == nil {
		return v.nowhere()
	}
	begun, err := v.Providers.Begin(v.ctx(), name, v.callback(name))
	if err != nil {
		return err
	}
	_, state := begun.State.Reveal()
	l := login{Provider: name, State: state, Next: v.next(), Invited: invited}
	v.setCookie(loginCookie, l.spell(), int(loginLife/time.Second))
	return v.redirect(begun.URL)
}

func (v *visit) callback(provider string) string {
	return v.Origin(v.r) + root + "/callback/" + escape(provider)
}

// finishProvider takes the provider's answer, once, in the browser that asked.
func (v *visit) finishProvider() error {
	name := v.r.PathValue("provider")
	// The code in this address is spent, and goes into no Referer all the same.
	v.w.Header().Set("Referrer-Policy", "no-referrer")
	kept, ok := cookie(v.r, loginCookie)
	if !ok {
		return v.notEntered("This browser did not begin that sign-in, or took longer than ten minutes. Begin again here.")
	}
	v.setCookie(loginCookie, "", -1)
	_, value := kept.Reveal()
	l, ok := readLogin(value)
	if !ok || l.Provider != name || v.Providers == nil {
		return v.notEntered("This browser did not begin that sign-in, or took longer than ten minutes. Begin again here.")
	}
	who, err := v.Providers.Finish(v.ctx(), name, v.callback(name), keywright.NewCredential("", l.State), v.r.URL.Query())
	if err != nil {
		return v.afterProvider(err, "The sign-in was not completed. Begin again, or sign in another way.")
	}
	if v.Self != nil {
		who.SignUp = v.Self.SignUp()
	}
	if l.Invited {
		return v.acceptWith(who)
	}
	in, err := v.People.SignInWith(v.ctx(), who, v.from)
	if err != nil {
		return v.afterProvider(err, "You were recognised, but nobody here has that account. Ask an admin of yours for an invitation, and open its link.")
	}
	to := l.Next
	if !local(to) {
		to = root
	}
	return v.enter(in, to)
}

// afterProvider goes on after a sign-in that came to nothing: on the sign-in page,
// unless the failure is ours.
func (v *visit) afterProvider(err error, words string) error {
	if errors.Is(err, people.ErrSignIn) || errors.Is(err, keywright.NotFound) {
		return v.notEntered(words)
	}
	return err
}

func (v *visit) notEntered(words string) error {
	p := v.signInForm()
	p.Problem = words
	return v.show(http.StatusForbidden, "signin", p)
}
