package console

import (
	"errors"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

// An invitation's token stands in its link once. From then on it is kept in the
// browser that opened the link, where no log, Referer or history has it.
const (
	invitationCookie = "__Host-keywright-invitation"
	invitationKept   = 60 * 60 // seconds
)

// invitationBody is what the page says about an invitation.
type invitationBody struct {
	Invitation people.Invitation
	To         string // the tenant's name; "" where it is not known
	Providers  []oidc.Named
	Same       bool // the person who is signed in has the invitation's address
}

func (v *visit) invitationPage() error {
	if token := v.r.URL.Query().Get("token"); token != "" {
		v.w.Header().Set("Referrer-Policy", "no-referrer")
		if len(token) <= 256 && safeCookie(token) {
			v.setCookie(invitationCookie, token, invitationKept)
		}
		return v.redirect(invitationPath)
	}
	p, err := v.invitationForm()
	if err != nil {
		return v.noInvitation(err)
	}
	return v.show(http.StatusOK, "invitation", p)
}

// safeCookie reports whether a text can stand in a cookie as it is.
func safeCookie(text string) bool {
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\' {
			return false
		}
	}
	return true
}

func (v *visit) invitationToken() keywright.Credential {
	token, _ := cookie(v.r, invitationCookie)
	return token
}

func (v *visit) invitationForm() (page, error) {
	inv, err := v.People.Invitation(v.ctx(), v.invitationToken())
	if err != nil {
		return page{}, err
	}
	b := invitationBody{Invitation: inv}
	switch {
	case v.who != nil:
		b.Same = v.who.Person.Email == inv.Email
	case v.Providers != nil:
		b.Providers = v.Providers.Names()
	}
	switch {
	case inv.Tenant == keywright.OperatorTenant:
		b.To = "the operators"
	case v.Tenant != nil:
		t, err := v.Tenant(v.ctx(), inv.Tenant)
		if err != nil && !errors.Is(err, keywright.NotFound) {
			return page{}, err
		}
		b.To = t.Name
	}
	return page{Title: "You are invited", Narrow: true, Body: b}, nil
}

// noInvitation says that a link opens nothing, whatever the cause.
func (v *visit) noInvitation(err error) error {
	if !errors.Is(err, keywright.NotFound) {
		return err
	}
	v.setCookie(invitationCookie, "", -1)
	v.problem(http.StatusNotFound, "This invitation cannot be used",
		"It may have been used already, withdrawn, or be too old. If you have joined, sign in; otherwise ask whoever invited you for a new link.")
	return nil
}

func (v *visit) acceptInvitation() error {
	in, err := v.People.Accept(v.ctx(), v.invitationToken(), v.r.PostFormValue("name"), v.secret("password"), v.from)
	switch {
	case errors.Is(err, keywright.NotFound):
		return v.noInvitation(err)
	case errors.Is(err, people.ErrSignIn):
		err = &keywright.Error{Kind: people.ErrSignIn, Field: "password", Detail: "There is an account under this address, and this is not its password."}
	}
	if err != nil {
		p, gone := v.invitationForm()
		if gone != nil {
			return v.noInvitation(gone)
		}
		return v.again("invitation", p, err)
	}
	return v.accepted(in)
}

func (v *visit) accepted(in people.Signed) error {
	v.setCookie(invitationCookie, "", -1)
	return v.enter(in, root+"?welcome=1")
}

// acceptWith takes the invitation for whom an identity provider vouches.
func (v *visit) acceptWith(who people.External) error {
	in, err := v.People.AcceptWith(v.ctx(), v.invitationToken(), who, v.from)
	switch {
	case errors.Is(err, keywright.NotFound):
		return v.noInvitation(err)
	case errors.Is(err, people.ErrSignIn), errors.Is(err, keywright.Invalid), errors.Is(err, keywright.Forbidden):
		p, gone := v.invitationForm()
		if gone != nil {
			return v.noInvitation(gone)
		}
		p.Problem = "That account does not have the address that was invited, or its provider has not verified it. Choose another account, or set a password here."
		return v.show(http.StatusForbidden, "invitation", p)
	case err != nil:
		return err
	}
	return v.accepted(in)
}

// acceptInvitationAs takes it for the person who is signed in.
func (v *visit) acceptInvitationAs() error {
	if v.who == nil {
		return v.redirect(invitationPath)
	}
	_, err := v.People.AcceptAs(v.ctx(), v.invitationToken(), v.who.Person.ID, v.from)
	if errors.Is(err, keywright.NotFound) {
		return v.noInvitation(err)
	}
	if err != nil {
		p, gone := v.invitationForm()
		if gone != nil {
			return v.noInvitation(gone)
		}
		return v.again("invitation", p, err)
	}
	v.setCookie(invitationCookie, "", -1)
	return v.redirect(root + "?welcome=1")
}
