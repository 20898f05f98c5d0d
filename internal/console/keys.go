package console

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// row is one key as a list or its own page shows it.
type row struct {
	api.KeyBody
	Kind   string // the scheme's title
	Of     *scheme.Scheme
	Policy keywright.Policy
	May    bool // write it
	now    time.Time
}

// Called is what people know the key by.
func (r row) Called() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Of != nil && r.Of.Pair():
		return "Key and secret"
	default:
		return "API key"
	}
}

// StateWords says a state as people would.
func (r row) StateWords() string {
	switch keywright.State(r.State) {
	case keywright.Active:
		return "Active"
	case keywright.PendingRotation:
		return "Being replaced"
	case keywright.StatePaused:
		return "Paused"
	case keywright.StateRetired:
		return "Replaced"
	case keywright.StateExpired:
		return "Expired"
	case keywright.StateRevoked:
		return "Revoked"
	}
	return r.State
}

// Works reports whether the key opens anything now.
func (r row) Works() bool {
	return r.State == string(keywright.Active) || r.State == string(keywright.PendingRotation)
}

// Over reports whether the key can never work again.
func (r row) Over() bool { return keywright.State(r.State).Final() }

// Paused, Revives, Rotates and Reveals say what can be done with it.
func (r row) Paused() bool { return r.State == string(keywright.StatePaused) }

// Pauses reports whether it can be paused.
func (r row) Pauses() bool { return r.Works() }

// Rotates reports whether it can be replaced by another.
func (r row) Rotates() bool {
	return r.Policy.Rotation.Allowed && r.State == string(keywright.Active)
}

// Reveals reports whether its secret can be shown again.
func (r row) Reveals() bool { return r.Of != nil && r.Of.Recoverable() && !r.Over() }

// Amends reports whether its name or expiry can be changed.
func (r row) Amends() bool {
	if r.Over() || (r.State == string(keywright.StateExpired) && !r.Policy.Expiry.Revivable) {
		return false
	}
	return r.Names() || r.Expires()
}

// Names reports whether such keys have names.
func (r row) Names() bool { return r.Policy.Name.Presence != keywright.Absent }

// MustName reports whether they have to have one.
func (r row) MustName() bool { return r.Policy.Name.Presence == keywright.Required }

// Expires reports whether such keys may expire.
func (r row) Expires() bool { return r.Policy.Expiry.Presence != keywright.Absent }

// Soon reports whether it expires within two weeks.
func (r row) Soon() bool {
	return r.ExpiresAt != nil && r.Works() && r.ExpiresAt.Sub(r.now) < 14*24*time.Hour
}

func (v *visit) row(k api.KeyBody) row {
	of := v.scheme(k.Scheme)
	r := row{KeyBody: k, Of: of, now: v.now(), Kind: k.Scheme}
	if of != nil {
		r.Kind, r.Policy = of.Title(), of.Policy()
	}
	r.May = v.mayWrite(r.Policy, k.Environment)
	return r
}

func (v *visit) scheme(name string) *scheme.Scheme {
	at := slices.IndexFunc(v.Schemes, func(s *scheme.Scheme) bool { return s.Name() == name })
	if at < 0 {
		return nil
	}
	return v.Schemes[at]
}

// mayWrite mirrors self-service's rule, so that nobody is offered what they will be
// refused. That rule is what holds.
func (v *visit) mayWrite(p keywright.Policy, environment string) bool {
	for _, e := range p.Environments {
		if e.Name == environment && e.Granted {
			return v.who.May(people.GrantedKeys)
		}
	}
	return v.who.May(people.WriteKeys)
}

// keysBody is the list.
type keysBody struct {
	Live, Over []row
	Kinds      []kind
	Several    bool // kinds of key
	Nothing    bool // the person is a member of nothing here
}

// kind is one scheme that keys are made of here.
type kind struct {
	Name, Title string
	Why         string // no key of it can be made now; "" where one can
	Pair        bool
}

func (v *visit) keysPage() error {
	p := page{Title: v.keysWord(), Section: v.keysWord()}
	if v.r.URL.Path == root+"/settings/api" {
		p.Tab = "API"
	}
	if v.who.Tenant.ID == "" {
		p.Body = keysBody{Nothing: true}
		return v.show(http.StatusOK, "keys", p)
	}
	all, err := v.Self.Keys(v.ctx(), *v.who)
	if err != nil {
		return err
	}
	var b keysBody
	for i := range all {
		if r := v.row(all[i]); r.Over() {
			b.Over = append(b.Over, r)
		} else {
			b.Live = append(b.Live, r)
		}
	}
	for _, s := range v.Schemes {
		if len(s.Formats()) > 0 {
			b.Kinds = append(b.Kinds, kind{Name: s.Name(), Title: s.Title(), Why: v.whyNot(s, b.Live), Pair: s.Pair()})
		}
	}
	b.Several = len(b.Kinds) > 1
	p.Body = b
	p.Notice = map[string]string{
		"revoked": "The key is revoked. Requests with it are refused from now on.",
		"deleted": "The key is deleted. Requests with it are refused.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "keys", p)
}

// whyNot says why no key of a scheme can be made, before anybody fills in a form.
func (v *visit) whyNot(s *scheme.Scheme, live []row) string {
	p := s.Policy()
	active := 0
	for _, r := range live {
		if r.Scheme == s.Name() && (r.State == string(keywright.Active) || r.State == string(keywright.StatePaused)) {
			active++
		}
	}
	switch {
	case !v.who.May(people.WriteKeys):
		return "Your role here is " + string(v.who.Role) + ", which makes no keys. Ask an admin of yours."
	case v.who.Tenant.Archived:
		return "This account is archived."
	case !p.Plans.Allows(v.who.Tenant.Plan):
		return "API access is not part of your plan. Change to one that includes it first."
	case p.MaxActive == 1 && active == 1:
		return "There is one already, and there can only be one."
	case p.MaxActive > 0 && active >= p.MaxActive:
		return "You have as many keys as you may. Revoke one that you no longer need."
	}
	return ""
}

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
		Today: v.now().Format(time.DateOnly), Once: rand.Text(),
	}
	if once := v.r.PostFormValue("once"); once != "" && len(once) <= 64 {
		b.Once = once // of a form that came to nothing
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
