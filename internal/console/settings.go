package console

import (
	"net/http"
	"strings"

	"github.com/keywright/keywright/people"
)

const settingsPath = root + "/settings"

// settingsForm is the first tab of the account's settings: who the person is.
func (v *visit) settingsForm() page {
	return page{Title: "Account settings", Tab: "Profile", Form: map[string][]string{"name": {v.who.Person.Name}}}
}

func (v *visit) settingsPage() error {
	p := v.settingsForm()
	if v.r.FormValue("done") == "name" {
		p.Notice = "Your name is changed."
	}
	return v.show(http.StatusOK, "settings", p)
}

func (v *visit) rename() error {
	name := strings.TrimSpace(v.r.PostFormValue("name"))
	if _, err := v.People.Rename(v.ctx(), v.who.Actor, v.who.Person.ID, name); err != nil {
		return v.again("settings", v.settingsForm(), err)
	}
	return v.redirect(v.link(settingsPath + "?done=name"))
}

// developerBody is where a customer's developers begin.
type developerBody struct {
	Kinds []kind // each with the button that makes one; none where the keys are a pair
	May   bool   // read keys
	Works int    // keys that open something now
	Use   use
}

func (v *visit) developerPage() error {
	var b developerBody
	if b.May = v.who.May(people.ReadKeys); b.May {
		rows, err := v.rows()
		if err != nil {
			return err
		}
		for i := range rows {
			if rows[i].Works() {
				b.Works++
			}
		}
		if v.pairScheme() == nil {
			word := v.Words.Token
			if word == "" {
				word = v.Words.Create
			}
			b.Kinds = v.kinds(rows, word)
		}
	}
	if b.May {
		b.Use = v.chosenUse(row{}, root+"/developer")
	}
	return v.show(http.StatusOK, "developer", page{Title: "Developer", Section: "Developer", Body: b})
}

// KeysWord is what this provider calls the page of keys.
func (p *page) KeysWord() string { return p.v.keysWord() }

// Pair reports whether the keys here are a pair, of which there is one at most.
func (p *page) Pair() bool { return p.v.pairScheme() != nil }
