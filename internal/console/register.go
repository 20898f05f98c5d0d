package console

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
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
	Token bool   // a management token comes with the key
	Key   string // the header that the key goes in; "" is not known
	Place string // and the token
}

func (v *visit) registerForm() page {
	key, token := v.Self.Registers()
	b := registerBody{Once: v.once(), Path: v.Register, Token: token != nil, Key: carriedBy(key), Place: carriedBy(token)}
	return page{Title: "Register for an API key", Narrow: true, Body: b}
}

// carriedBy spells the header that a scheme's credential goes in.
func carriedBy(of *scheme.Scheme) string {
	if of == nil {
		return ""
	}
	headers := of.CredentialHeaders()
	switch {
	case len(headers) == 0:
		return ""
	case headers[0] == "Authorization":
		return "Authorization: Bearer"
	}
	return strings.ReplaceAll(headers[0], "Api", "API") // as people write it
}

// managing is a call that does something to a registered key, in words and as a command.
type managing struct{ Act, Title, Call string }

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

// registered is the page of a registration: both credentials, once.
func (v *visit) registered(out api.Registered) shownBody {
	key, token := v.Self.Registers()
	name := v.variable()
	b := shownBody{Values: []value{{Label: "API key", Text: out.APIKey, Variable: name}}, Back: v.Docs, BackTo: "Go on to the documentation"}
	if header := carriedBy(key); header != "" {
		b.Values[0].Hint = "Opens the API: send it as " + header + " with each request for data."
	}
	if out.ManagementToken == "" {
		return b
	}
	b.Both, b.Token = true, true
	second := value{Label: "Management token", Text: out.ManagementToken, Variable: strings.TrimSuffix(name, "_KEY") + "_MANAGEMENT_TOKEN"}
	if header := carriedBy(token); header != "" {
		second.Hint = "Rotates and revokes that key, and does nothing else: send it as " + header + ". Keep it somewhere safer still."
		b.Manage = []managing{{"rotate", "Rotate it", v.manage("rotate", header, second.Variable)}, {"revoke", "Revoke it, for good", v.manage("revoke", header, second.Variable)}}
	}
	b.Values = append(b.Values, second)
	return b
}

// manage is a call that does something to the key that a management token manages.
func (v *visit) manage(act, header, variable string) string {
	ca := ""
	if v.CA != "" {
		ca = " --cacert " + quoted(v.CA)
	}
	sep := " "
	if !strings.Contains(header, ":") {
		sep = ": "
	}
	return "curl" + ca + " -X POST \\\n  -H \"" + header + sep + "$" + variable + "\" \\\n  " + quoted(v.Origin(v.r)+"/v1/key/"+act)
}
