package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func (v *visit) setupForm() page {
	return page{Title: "Set up Keywright", Narrow: true}
}

func (v *visit) setupPage() error {
	return v.show(http.StatusOK, "setup", v.setupForm())
}

// setup makes the first operator, for whoever can read the set-up token's file.
func (v *visit) setup() error {
	email, password := v.r.PostFormValue("email"), v.secret("password")
	if _, text := password.Reveal(); text == "" {
		return v.again("setup", v.setupForm(), &keywright.Error{Kind: keywright.Invalid, Field: "password", Detail: "choose a password"})
	}
	token := keywright.NewCredential("", strings.TrimSpace(v.r.PostFormValue("token")))
	err := v.Setup(v.ctx(), token, func(by keywright.Actor) error {
		_, err := v.People.Enrol(v.ctx(), by, keywright.OperatorTenant, email, v.r.PostFormValue("name"), people.Admin, password)
		return err
	})
	if errors.Is(err, people.ErrSignIn) {
		err = &keywright.Error{Kind: people.ErrSignIn, Field: "token", Detail: "The set-up token is wrong, has been used, or is older than 15 minutes. Restart Keywright for a new one, whose path it prints."}
	}
	if err != nil {
		return v.again("setup", v.setupForm(), err)
	}
	in, err := v.People.SignIn(v.ctx(), email, password, v.from)
	if err != nil {
		return err
	}
	return v.enter(in, root+"?welcome=1")
}
