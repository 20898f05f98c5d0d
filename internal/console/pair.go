package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// A site whose one kind of key is a pair, of which there is one at most, shows no list:
// it shows the pair, with a switch that makes it and ends it.

// pairBody is the page of the pair.
type pairBody struct {
	On     bool
	Why    string // the switch cannot be turned on; "" where it can
	May    bool   // end it or regenerate its secret
	Shows  bool   // the secret can be had again, by who is there
	Key    row
	Once   string
	Names  [2]string // what the two values are called, and
	Heads  [2]string // the headers that they are sent in
	Values []value   // both values, where they are shown; none where the secret is masked
	Ready  shownBody // the lines for the environment, and the first call
	Proved bool      // who is there has just proved who they are, to see the secret
	Fresh  bool      // the values were made just now
	Use    use       // of all that the account called
	Via    string    // where the page was opened: "settings", or ""
}

// pairScheme is the scheme of a site that has such pairs and nothing else; nil where
// keys are lists, or where making one asks for more than a switch can.
func (s *site) pairScheme() *scheme.Scheme {
	var only *scheme.Scheme
	for _, of := range s.Schemes {
		if len(of.Formats()) == 0 {
			continue
		}
		if only != nil {
			return nil
		}
		only = of
	}
	if only == nil || !only.Pair() {
		return nil
	}
	p := only.Policy()
	asks := p.Name.Presence == keywright.Required || p.Expiry.Presence == keywright.Required || len(p.Environments) > 0 || p.Scoped
	if p.MaxActive != 1 || asks || (p.Rotation.Allowed && !p.Rotation.KeepsKey) {
		return nil
	}
	return only
}

// pairRoutes are bound where the site has a pair.
func (s *site) pairRoutes() {
	s.act("POST /account/pair/on", api.OpCreateOwnKey, (*visit).pairOn)
	s.member("GET /account/pair/off", (*visit).pairOffPage)
	s.act("POST /account/pair/off", api.OpRevokeOwnKey, (*visit).pairOff)
	s.member("GET /account/pair/regenerate", (*visit).pairRegeneratePage)
	s.act("POST /account/pair/regenerate", api.OpRotateOwnKey, (*visit).pairRegenerate)
	s.act("POST /account/pair/reveal", api.OpRevealOwnKey, (*visit).pairReveal)
	s.member("GET /account/pair", func(v *visit) error { return v.redirect(v.link(keysPath)) })
}

// keysOrPair is the page of the keys, whichever kind it is here.
func (v *visit) keysOrPair() error {
	if v.pairScheme() == nil || v.who.Tenant.ID == "" {
		return v.keysPage()
	}
	p, err := v.pairForm()
	if err != nil {
		return err
	}
	b, _ := p.Body.(pairBody)
	if b.On {
		b.Use = v.chosenUse(row{}, v.pairHome())
	}
	b.Proved = v.r.FormValue("show") != "" && b.Shows && v.People.FreshProof(v.who.Session) == nil
	p.Body = b
	p.Notice = map[string]string{
		"off":    "The API is switched off. Requests with the key and the secret are refused from now on.",
		"again":  "That was done already. What is below is how things are now.",
		"stored": "Good. Your key and secret are ready.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "pair", p)
}

// pair finds the pair that there is; nil is none.
func (v *visit) pair(rows []row) *row {
	for i := range rows {
		if !rows[i].Over() && !rows[i].Pending() {
			return &rows[i]
		}
	}
	return nil
}

// pairForm is the page of the pair as things are, with the secret masked.
func (v *visit) pairForm() (page, error) {
	rows, err := v.rows()
	if err != nil {
		return page{}, err
	}
	of := v.pairScheme()
	b := pairBody{Once: v.once(), Via: v.via()}
	b.Names = [2]string{"API key", "API secret"}
	if h := of.CredentialHeaders(); len(h) > 1 {
		b.Heads = [2]string{strings.ToLower(h[0]), strings.ToLower(h[1])}
	}
	if k := v.pair(rows); k != nil {
		named := v.values(of, api.Credential{Key: k.PublicKey, Secret: "your_secret_goes_here"})
		b.Ready = shownBody{Values: named, Curl: v.curl(of, named)}
		b.On, b.Key, b.May = true, *k, k.May
		b.Shows = k.Reveals() && v.who.May(people.GrantedKeys)
	} else {
		b.Why = v.whyNot(of, rows)
	}
	p := page{Title: v.keysWord(), Section: v.keysWord(), Body: b}
	if b.Via != "" {
		p.Tab = "API"
	}
	return p, nil
}

// via says whether the page was opened among the settings, so that one stays there.
func (v *visit) via() string {
	if v.r.URL.Path == settingsAPIPath || v.r.FormValue("via") == viaSettings {
		return viaSettings
	}
	return ""
}

const (
	settingsAPIPath = root + "/settings/api"
	viaSettings     = "settings"
)

// pairHome is the address of the pair's page, where one came from.
func (v *visit) pairHome() string {
	if v.via() != "" {
		return settingsAPIPath
	}
	return keysPath
}

// pairShown answers with the page on which both values stand.
func (v *visit) pairShown(status int, c *api.Credential, fresh bool) error {
	if c == nil { // the form was sent before: nothing is made or shown twice
		return v.redirect(v.link(v.pairHome() + "?done=again"))
	}
	p, err := v.pairForm()
	if err != nil {
		return err
	}
	b, _ := p.Body.(pairBody)
	of := v.pairScheme()
	b.Values, b.Fresh = v.values(of, *c), fresh
	b.Ready = shownBody{Values: b.Values, Curl: v.curl(of, b.Values)}
	p.Body = b
	return v.show(status, "pair", p)
}

// pairAgain shows the page once more, with what is wrong.
func (v *visit) pairAgain(err error) error {
	p, failed := v.pairForm()
	if failed != nil {
		return failed
	}
	return v.again("pair", p, err)
}

func (v *visit) pairOn() error {
	of := v.pairScheme()
	out, err := v.Self.CreateKey(v.ctx(), *v.who, api.CreateOwnKey{Scheme: of.Name()}, v.r.PostFormValue("once"))
	if err != nil {
		return v.pairAgain(err)
	}
	return v.pairShown(http.StatusCreated, out.Credential, true)
}

// thePair is the pair that an act is about; that there is none is an error.
func (v *visit) thePair() (row, error) {
	rows, err := v.rows()
	if err != nil {
		return row{}, err
	}
	k := v.pair(rows)
	if k == nil {
		return row{}, &keywright.Error{Kind: keywright.Conflict, Detail: "there is no key and secret: somebody switched the API off meanwhile"}
	}
	return *k, nil
}

// pairAct is a page that asks before something happens to the pair.
func (v *visit) pairAct(title string) (page, error) {
	p, err := v.pairForm()
	if err != nil {
		return page{}, err
	}
	p.Title, p.Narrow, p.Tab = title, true, ""
	return p, nil
}

func (v *visit) askPair(title, name string) error {
	p, err := v.pairAct(title)
	if err != nil {
		return err
	}
	if b, _ := p.Body.(pairBody); !b.On {
		return v.redirect(v.link(v.pairHome()))
	}
	return v.show(http.StatusOK, name, p)
}

const (
	offTitle        = "Switch the API off?"
	regenerateTitle = "Regenerate the secret?"
)

func (v *visit) pairOffPage() error { return v.askPair(offTitle, "pairoff") }

func (v *visit) pairOff() error {
	r, err := v.thePair()
	if err != nil {
		return v.pairAgain(err)
	}
	if err = v.confirmed(r); err == nil {
		_, err = v.Self.RevokeKey(v.ctx(), *v.who, r.ID, "unused")
	}
	if err != nil {
		p, failed := v.pairAct(offTitle)
		if failed != nil {
			return failed
		}
		return v.again("pairoff", p, err)
	}
	return v.redirect(v.link(v.pairHome() + "?done=off"))
}

func (v *visit) pairRegeneratePage() error { return v.askPair(regenerateTitle, "pairregenerate") }

func (v *visit) pairRegenerate() error {
	r, err := v.thePair()
	if err != nil {
		return v.pairAgain(err)
	}
	// Of the pair that the page was about: sent again, the form makes no other secret.
	id := r.ID
	if meant := v.r.PostFormValue("key"); meant != "" {
		id = meant
	}
	out, err := v.Self.RotateKey(v.ctx(), *v.who, id, api.RotateKey{}, v.r.PostFormValue("once"))
	if err != nil {
		p, failed := v.pairAct(regenerateTitle)
		if failed != nil {
			return failed
		}
		return v.again("pairregenerate", p, err)
	}
	return v.pairShown(http.StatusCreated, out.Credential, true)
}

// pairReveal shows the secret again, to who has just proved who they are. The script
// of the button that copies both asks for the values alone.
func (v *visit) pairReveal() error {
	r, err := v.thePair()
	if err != nil {
		return v.pairAgain(err)
	}
	bare := v.r.Header.Get("Accept") == "application/json"
	out, err := v.Self.RevealKey(v.ctx(), *v.who, r.ID)
	switch {
	case errors.Is(err, people.ProofNeeded):
		proof := proofPath + "?next=" + escape(v.link(v.pairHome()+"?show=1"))
		if bare {
			return v.handValues(map[string]string{"proof": proof})
		}
		return v.redirect(proof)
	case err != nil:
		return v.pairAgain(err)
	case bare:
		return v.handValues(map[string]string{"text": shownBody{Values: v.values(v.pairScheme(), out)}.All()})
	}
	return v.pairShown(http.StatusOK, &out, false)
}

func (v *visit) handValues(answer map[string]string) error {
	v.w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(v.w).Encode(answer) // whoever went away does not read it
	return nil
}
