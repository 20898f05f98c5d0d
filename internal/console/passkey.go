package console

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// Passkeys are the one thing that takes a script: passkey.js asks these, and the
// browser in between.

// asked is what a ceremony begins with.
type asked struct {
	Options json.RawMessage `json:"options"`
	Token   string          `json:"token"`
}

// answered is what it ends with.
type answered struct {
	Token  string          `json:"token"`
	Answer json.RawMessage `json:"answer"`
	Name   string          `json:"name"`
	Next   string          `json:"next"`
}

// party is this site, as passkeys are bound to it.
func (v *visit) party() people.Party {
	origin := v.Origin(v.r)
	p := people.Party{Origin: origin, Name: v.Name, Asker: v.from.Address}
	if u, err := url.Parse(origin); err == nil {
		p.ID = u.Hostname()
	} else if host, _, err := net.SplitHostPort(v.r.Host); err == nil {
		p.ID = host
	}
	return p
}

func (v *visit) beginPasskeySignIn() error {
	return v.ask(v.People.BeginPasskeySignIn(v.ctx(), v.party()))
}

// ask hands a challenge to the script.
func (v *visit) ask(c people.Challenge, err error) error {
	if err != nil {
		return v.refuseJSON(err)
	}
	_, token := c.Token.Reveal()
	return v.json(http.StatusOK, asked{Options: c.Options, Token: token})
}

func (v *visit) finishPasskeySignIn() error {
	in, ok := v.answer()
	if !ok {
		return nil
	}
	var session keywright.Credential
	if v.who != nil && !v.provesFirst() {
		session = v.sessionToken() // renewed; an operator who came in otherwise starts anew
	}
	signed, err := v.People.SignInWithPasskey(v.ctx(), v.party(), keywright.NewCredential("", in.Token), in.Answer, session, v.from)
	if err != nil {
		if errors.Is(err, people.ErrSignIn) {
			err = &keywright.Error{Kind: people.ErrSignIn, Detail: "That passkey does not open anything here. Try another, or sign in another way."}
		}
		return v.refuseJSON(err)
	}
	if old := v.sessionToken(); !old.IsZero() && (v.who == nil || v.who.Session.ID != signed.Session.ID) {
		if err := v.People.SignOut(v.ctx(), old, v.from); err != nil {
			return v.refuseJSON(err)
		}
	}
	v.keep(signed.Token)
	to := in.Next
	if !local(to) {
		to = root
	}
	return v.json(http.StatusOK, map[string]string{"next": to})
}

func (v *visit) beginPasskey() error {
	if err := v.People.FreshProof(v.who.Session); err != nil {
		return v.refuseJSON(err)
	}
	return v.ask(v.People.BeginPasskey(v.ctx(), v.party(), v.who.Person.ID))
}

func (v *visit) addPasskey() error {
	in, ok := v.answer()
	if !ok {
		return nil
	}
	if err := v.People.FreshProof(v.who.Session); err != nil {
		return v.refuseJSON(err)
	}
	name := strings.TrimSpace(in.Name)
	if name == "" {
		name = "Passkey"
	}
	if _, err := v.People.AddPasskey(v.ctx(), v.who.Actor, v.party(), keywright.NewCredential("", in.Token), in.Answer, name); err != nil {
		return v.refuseJSON(err)
	}
	return v.json(http.StatusOK, map[string]string{"next": v.link(root + "/passkeys?done=added")})
}

// answer reads what the script sends. Only JSON is taken, which no form can send.
func (v *visit) answer() (in answered, ok bool) {
	kind, _, _ := strings.Cut(v.r.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) != "application/json" || json.NewDecoder(v.r.Body).Decode(&in) != nil {
		_ = v.json(http.StatusBadRequest, map[string]string{"problem": "The browser's answer could not be read. Reload the page and try again."})
		return in, false
	}
	return in, true
}

func (v *visit) refuseJSON(err error) error {
	status, _ := v.status(err)
	words, _ := said(err)
	out := map[string]string{"problem": words}
	switch {
	case errors.Is(err, people.ProofNeeded):
		status, out["next"] = http.StatusForbidden, proofPath+"?next="+escape(root+"/passkeys")
	case status >= http.StatusInternalServerError:
		v.Log.ErrorContext(v.ctx(), "console: a passkey's ceremony failed", "request_id", v.from.RequestID, "error", err.Error())
		out["problem"] = "Something went wrong. Try again in a moment."
	}
	return v.json(status, out)
}

func (v *visit) json(status int, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return &keywright.Error{Kind: keywright.Internal, Cause: err}
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(text)
	return nil
}
