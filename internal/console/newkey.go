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
}

// Title is the environment's name as people write it.
func (p place) Title() string { return capital(p.Name) }

// newKeyBody is what the form of a new key is made of.
type newKeyBody struct {
	Kind     kind
	Several  bool
	Policy   keywright.Policy
	Places   []place
	Today    string
	Once     string
	NameHint string
}

// NameRequired and the like spare the templates the domain's words.
func (b newKeyBody) NameRequired() bool { return b.Policy.Name.Presence == keywright.Required }

// Names reports whether such keys have names.
func (b newKeyBody) Names() bool { return b.Policy.Name.Presence != keywright.Absent }

// Expires reports whether such keys may expire.
func (b newKeyBody) Expires() bool { return b.Policy.Expiry.Presence != keywright.Absent }

// MustExpire reports whether they have to.
func (b newKeyBody) MustExpire() bool { return b.Policy.Expiry.Presence == keywright.Required }

func (v *visit) newKeyForm(of *scheme.Scheme) page {
	b := newKeyBody{
		Kind: kind{Name: of.Name(), Title: of.Title(), Pair: of.Pair()}, Several: len(v.Schemes) > 1, Policy: of.Policy(),
		Today: v.now().Format(time.DateOnly), Once: v.once(),
	}
	chosen := v.r.PostFormValue("environment")
	for _, e := range b.Policy.Environments {
		one := place{Name: e.Name, Open: true}
		switch {
		case e.Granted && !slices.Contains(v.who.Tenant.Environments, e.Name):
			one.Open, one.Why = false, capital(e.Name)+" access has not been granted yet. Ask "+v.Name+" for it."
		case !v.mayWrite(b.Policy, e.Name):
			one.Open, one.Why = false, "Your role here is "+string(v.who.Role)+", which makes no keys there. Ask an admin of yours."
		}
		one.Chosen = one.Open && (chosen == e.Name || (chosen == "" && !slices.ContainsFunc(b.Places, func(p place) bool { return p.Chosen })))
		b.Places = append(b.Places, one)
	}
	title := "Create a key"
	if of.Pair() {
		title = "Generate a key and secret"
	}
	p := page{Title: title, Section: v.keysWord(), Narrow: true, Body: b}
	if b.MustExpire() {
		p.Form = map[string][]string{"expires_date": {v.now().AddDate(0, 0, 90).Format(time.DateOnly)}, "expires_time": {"12:00"}}
	}
	if b.Policy.Scoped {
		if p.Form == nil {
			p.Form = map[string][]string{}
		}
		p.Form["permissions"] = []string{"*"}
	}
	return p
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
	return v.show(http.StatusOK, "newkey", v.newKeyForm(of))
}

func (v *visit) createKey() error {
	of, err := v.chosenScheme()
	if err != nil {
		return err
	}
	ask := api.CreateOwnKey{Scheme: of.Name(), Name: strings.TrimSpace(v.r.PostFormValue("name")), Environment: v.r.PostFormValue("environment")}
	ask.ExpiresAt, err = v.expiry(of.Policy().Expiry)
	if err != nil {
		return v.again("newkey", v.newKeyForm(of), err)
	}
	ask.Permissions, ask.Addresses = words(v.r.PostFormValue("permissions")), words(v.r.PostFormValue("addresses"))
	out, err := v.Self.CreateKey(v.ctx(), *v.who, ask, v.r.PostFormValue("once"))
	if err != nil {
		return v.again("newkey", v.newKeyForm(of), err)
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
