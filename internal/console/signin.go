package console

import (
	"errors"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

// signInBody is what the sign-in page shows beside its form.
type signInBody struct {
	Next      string
	Providers []oidc.Named
	Setup     bool
}

func (v *visit) signInBody() signInBody {
	b := signInBody{Next: v.next(), Setup: v.Setup != nil}
	if v.Providers != nil {
		b.Providers = v.Providers.Names()
	}
	return b
}

func (v *visit) signInForm() page {
	return page{Title: "Sign in", Narrow: true, Body: v.signInBody()}
}

func (v *visit) signInPage() error {
	if v.who != nil {
		return v.redirect(v.next())
	}
	p := v.signInForm()
	if v.r.FormValue("out") != "" {
		p.Notice = "You are signed out."
	}
	return v.show(http.StatusOK, "signin", p)
}

// secret reads a secret from a form. Only what was posted counts: a secret in an
// address would have been logged on its way.
func (v *visit) secret(name string) keywright.Credential {
	return keywright.NewCredential("", v.r.PostFormValue(name))
}

func (v *visit) signIn() error {
	in, err := v.People.SignIn(v.ctx(), v.r.PostFormValue("email"), v.secret("password"), v.from)
	if errors.Is(err, people.ErrSignIn) {
		// The same words whatever was wrong: whether an address is known here is
		// nobody's business.
		err = &keywright.Error{Kind: people.ErrSignIn, Detail: "The e-mail address and the password do not go together. Check both, or ask an admin of yours for a new invitation."}
	}
	if err != nil {
		return v.again("signin", v.signInForm(), err)
	}
	return v.enter(in, v.next())
}

func (v *visit) signOut() error {
	if token, ok := cookie(v.r, selfservice.SessionCookie); ok {
		if err := v.People.SignOut(v.ctx(), token, v.from); err != nil {
			return err
		}
	}
	v.setCookie(selfservice.SessionCookie, "", -1)
	// What this browser still holds of the pages goes too.
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	return v.redirect(signInPath + "?out=1")
}

// proofBody is what the page asks for, before an act that needs to know who is there.
type proofBody struct {
	Next      string
	Password  bool
	Passkey   bool
	Providers []oidc.Named
	Operator  bool
}

func (v *visit) proofForm() page {
	b := proofBody{Next: v.next(), Operator: v.provesFirst()}
	b.Passkey = v.who.Person.Passkeys > 0
	b.Password = v.who.Person.HasPassword && !v.NoPass && !b.Operator
	if v.Providers != nil && !b.Operator && !b.Password && !b.Passkey {
		b.Providers = v.Providers.Names()
	}
	return page{Title: "Confirm that it is you", Narrow: true, Body: b}
}

func (v *visit) proofPage() error {
	if v.who == nil {
		return v.redirect(signInPath + "?next=" + escape(v.next()))
	}
	if !v.provesFirst() && v.People.FreshProof(v.who.Session) == nil {
		return v.redirect(v.next())
	}
	return v.show(http.StatusOK, "proof", v.proofForm())
}

func (v *visit) prove() error {
	token, ok := cookie(v.r, selfservice.SessionCookie)
	if v.who == nil || !ok {
		return v.redirect(signInPath + "?next=" + escape(v.next()))
	}
	in, err := v.People.Prove(v.ctx(), token, v.secret("password"), v.from)
	if errors.Is(err, people.ErrSignIn) {
		err = &keywright.Error{Kind: people.ErrSignIn, Field: "password", Detail: "That is not your password. Try again."}
	}
	if err != nil {
		return v.again("proof", v.proofForm(), err)
	}
	return v.enter(in, v.next())
}
