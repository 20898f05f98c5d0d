package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/scheme"
)

// place is an environment as the form offers it.
type place struct {
	Name, Why string
	Open      bool
	Chosen    bool
	Ask       string // where access to it is asked for; "" nowhere, or no more
}

// Title is the environment's name as people write it.
func (p place) Title() string { return capital(p.Name) }

// newKeyBody is what the form of a new key is made of.
type newKeyBody struct {
	Kind    kind
	Several bool
	Policy  keywright.Policy
	Places  []place
	Today   string
	Once    string
	Via     string // which page's button led here
	Back    string
}

// NameRequired and the like spare the templates the domain's words.
func (b newKeyBody) NameRequired() bool { return b.Policy.Name.Presence == keywright.Required }

// Names reports whether such keys have names.
func (b newKeyBody) Names() bool { return b.Policy.Name.Presence != keywright.Absent }

// Expires reports whether such keys may expire.
func (b newKeyBody) Expires() bool { return b.Policy.Expiry.Presence != keywright.Absent }

// MustExpire reports whether they have to.
func (b newKeyBody) MustExpire() bool { return b.Policy.Expiry.Presence == keywright.Required }

// viaDeveloper says that the form was opened from the developers' page.
const viaDeveloper = "developer"

func (v *visit) newKeyForm(of *scheme.Scheme) (page, error) {
	rows, err := v.inForce()
	if err != nil {
		return page{}, err
	}
	b := newKeyBody{Several: len(v.Schemes) > 1, Policy: of.Policy(), Today: v.now().Format(time.DateOnly), Once: v.once(), Back: v.link(keysPath)}
	word := v.Words.Create
	if v.r.FormValue("via") == viaDeveloper && v.Words.Token != "" {
		word, b.Via, b.Back = v.Words.Token, viaDeveloper, v.link(root+"/developer")
	}
	for _, k := range v.kinds(rows, word) {
		if k.Name == of.Name() {
			b.Kind = k
		}
	}
	if b.Places, err = v.envs(b.Policy); err != nil {
		return page{}, err
	}
	title := word
	switch {
	case title != "":
	case of.Pair():
		title = "Generate a key and secret"
	default:
		title = "Create a key"
	}
	p := page{Title: title, Section: v.keysWord(), Narrow: true, Body: b, Form: map[string][]string{}}
	if b.MustExpire() {
		p.Form["expires_date"], p.Form["expires_time"] = []string{v.now().AddDate(0, 0, 90).Format(time.DateOnly)}, []string{"12:00"}
	}
	if b.Policy.Scoped {
		p.Form["permissions"] = []string{"*"}
	}
	return p, nil
}

// envs are the environments that a key can be made in, and why not in the others.
func (v *visit) envs(p keywright.Policy) ([]place, error) {
	asked, err := v.asked(p)
	if err != nil {
		return nil, err
	}
	var all []place
	chosen, some := v.r.PostFormValue("environment"), false
	for _, e := range p.Environments {
		one := place{Name: e.Name, Open: true}
		switch {
		case e.Granted && !slices.Contains(v.who.Tenant.Environments, e.Name):
			one = v.closed(e.Name, asked)
		case !v.mayWrite(p, e.Name):
			one.Open, one.Why = false, "Your role here is "+string(v.who.Role)+", which makes no keys there. Ask an admin of yours."
		}
		one.Chosen = one.Open && (chosen == e.Name || (chosen == "" && !some))
		some = some || one.Chosen
		all = append(all, one)
	}
	return all, nil
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// chosenScheme is the kind of key that is meant.
func (v *visit) chosenScheme() (*scheme.Scheme, error) {
	name := v.r.FormValue("scheme")
	for _, s := range v.Schemes {
		if (name == "" || s.Name() == name) && len(s.Formats()) > 0 {
			return s, nil
		}
	}
	return nil, &keywright.Error{Kind: keywright.NotFound, Detail: "no keys of this kind are made here"}
}

func (v *visit) newKeyPage() error {
	of, err := v.chosenScheme()
	if err != nil {
		return err
	}
	if v.who.Tenant.ID == "" {
		return v.redirect(keysPath)
	}
	p, err := v.newKeyForm(of)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "newkey", p)
}

// newKeyAgain shows the form once more, with what is wrong.
func (v *visit) newKeyAgain(of *scheme.Scheme, err error) error {
	p, failed := v.newKeyForm(of)
	if failed != nil {
		return failed
	}
	if e, ok := errorOf(err); ok && e.Field == "plan" {
		e.Field = "" // no field of this form
		err = &e
	}
	return v.again("newkey", p, err)
}

func (v *visit) createKey() error {
	of, err := v.chosenScheme()
	if err != nil {
		return err
	}
	ask := api.CreateOwnKey{Scheme: of.Name(), Name: strings.TrimSpace(v.r.PostFormValue("name")), Environment: v.r.PostFormValue("environment")}
	ask.ExpiresAt, err = v.expiry(of.Policy().Expiry)
	if err != nil {
		return v.newKeyAgain(of, err)
	}
	ask.Permissions, ask.Addresses = words(v.r.PostFormValue("permissions")), words(v.r.PostFormValue("addresses"))
	out, err := v.Self.CreateKey(v.ctx(), *v.who, ask, v.r.PostFormValue("once"))
	if err != nil {
		return v.newKeyAgain(of, err)
	}
	return v.handOver(&out, "Your new key")
}

// words takes a text apart at spaces, commas and new lines.
func words(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' || c == '\n' || c == '\r' || c == '\t' })
}

// expiry reads the date and the time of a form, which are UTC's. nil is never.
func (v *visit) expiry(rule keywright.ExpiryRule) (*time.Time, error) {
	date, clock := v.r.PostFormValue("expires_date"), v.r.PostFormValue("expires_time")
	bad := func(text string) error {
		return &keywright.Error{Kind: keywright.Invalid, Field: "expires_at", Detail: text}
	}
	switch {
	case rule.Presence == keywright.Absent, date == "" && clock == "" && rule.Presence == keywright.Optional:
		return nil, nil //nolint:nilnil // never is a value here
	case date == "" || clock == "":
		return nil, bad("give both a date and a time, in UTC")
	}
	at, err := time.Parse("2006-01-02T15:04", date+"T"+clock)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", date+"T"+clock)
	}
	if err != nil {
		return nil, bad("give the date as 2030-12-31 and the time as 18:30")
	}
	if !at.After(v.now()) {
		return nil, bad("choose a date and time in the future")
	}
	return &at, nil
}
