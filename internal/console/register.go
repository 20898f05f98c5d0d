package console

import (
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

// used remembers which forms of the registration were used, so that a reload of the
// page that shows the credentials registers nobody again.
type used struct {
	mu    sync.Mutex
	forms map[string]time.Time
}

const (
	usedLife = 24 * time.Hour
	usedMost = 20_000
)

func newUsed() *used { return &used{forms: map[string]time.Time{}} }

// take notes that a form is used; it returns false if it was before.
func (u *used) take(form string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, was := u.forms[form]; was && now.Before(at.Add(usedLife)) {
		return false
	}
	if len(u.forms) >= usedMost {
		for other, at := range u.forms {
			if !now.Before(at.Add(usedLife)) || len(u.forms) >= usedMost {
				delete(u.forms, other)
			}
		}
	}
	u.forms[form] = now
	return true
}

// giveBack lets a form be used again that came to nothing.
func (u *used) giveBack(form string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.forms, form)
}

// registerBody is the form's own part.
type registerBody struct {
	Once  string
	Path  string
	Token bool // a management token comes with the key
}

func (v *visit) registerForm() page {
	reg := v.Self.Site().Registration
	b := registerBody{Once: rand.Text(), Path: v.Register, Token: reg != nil && reg.Management != ""}
	return page{Title: "Register for an API key", Narrow: true, Body: b}
}

func (v *visit) registerPage() error {
	return v.show(http.StatusOK, "register", v.registerForm())
}

// register makes a key for a stranger. Each form registers once.
func (v *visit) register() error {
	once := v.r.PostFormValue("once")
	if once == "" || len(once) > 64 || !v.used.take(once, time.Now()) {
		v.problem(http.StatusConflict, "This form was used already",
			"The credentials that it made were shown then, and are not shown again. If you have lost them, register once more: that makes new ones.")
		return nil
	}
	out, err := v.Self.Register(v.ctx(), selfservice.Registrant{Email: v.r.PostFormValue("email"), Address: v.from.Address})
	if err != nil {
		v.used.giveBack(once)
		if errors.Is(err, keywright.Invalid) || errors.Is(err, people.Throttled) {
			return v.again("register", v.registerForm(), err)
		}
		return err
	}
	return v.show(http.StatusCreated, "shown", page{Title: "Your credentials", Body: v.registered(out)})
}
