package console

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// keyBody is one key's own page, or the confirmation of an act on it.
type keyBody struct {
	Key      row
	Once     string
	Overlaps []overlap
	Finish   bool // the key before this one still works
	Previous string
	Fixed    string // the overlap that cannot be chosen
}

// overlap is one length that a rotation can be given.
type overlap struct {
	Value, Text string
	Chosen      bool
}

// key reads the key that the address names.
func (v *visit) key() (row, error) {
	k, err := v.Self.Key(v.ctx(), *v.who, v.r.PathValue("id"))
	if err != nil {
		return row{}, err
	}
	return v.row(k.KeyBody), nil
}

func (v *visit) keyForm(r row) page {
	p := page{Title: r.Called(), Section: v.keysWord(), Body: keyBody{Key: r}}
	p.Form = map[string][]string{"name": {r.Name}}
	if r.ExpiresAt != nil {
		p.Form["expires_date"] = []string{r.ExpiresAt.UTC().Format(time.DateOnly)}
		p.Form["expires_time"] = []string{r.ExpiresAt.UTC().Format("15:04")}
	}
	return p
}

func (v *visit) keyPage() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	p := v.keyForm(r)
	p.Notice = map[string]string{
		"amended": "The change is saved.", "paused": "The key is paused. Requests with it are refused until it is resumed.",
		"resumed": "The key works again.", "stored": "Good. Your key is ready.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "key", p)
}

func (v *visit) amendKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	var ask api.AmendKey
	nulls := map[string]bool{}
	if r.Names() {
		name := strings.TrimSpace(v.r.PostFormValue("name"))
		ask.Name = &name
	}
	if r.Expires() && v.r.PostForm.Has("expires_date") && !v.sameExpiry(r) {
		if ask.ExpiresAt, err = v.expiry(r.Policy.Expiry); err != nil {
			return v.again("key", v.keyForm(r), err)
		}
		nulls["expires_at"] = ask.ExpiresAt == nil
	}
	if _, err := v.Self.AmendKey(v.ctx(), *v.who, r.ID, 0, ask, nulls); err != nil {
		return v.again("key", v.keyForm(r), err)
	}
	return v.done(r, "amended")
}

// sameExpiry reports whether a form left the expiry as it is: what it shows has no
// seconds, and changing a name must not cut them off.
func (v *visit) sameExpiry(r row) bool {
	date, clock := v.r.PostFormValue("expires_date"), v.r.PostFormValue("expires_time")
	if r.ExpiresAt == nil {
		return date == "" && clock == ""
	}
	return r.ExpiresAt.UTC().Format("2006-01-02 15:04") == date+" "+clock
}

func (v *visit) done(r row, what string) error {
	return v.redirect(v.link(keysPath + "/" + r.ID + "?done=" + what))
}

// keyActPage asks before something is done that cannot be taken back.
func (v *visit) keyActPage() error {
	titles := map[string]string{"rotate": "Rotate this key?", "revoke": "Revoke this key?", "delete": "Delete this key?", "pause": "Pause this key?", "reveal": "Show the secret again?"}
	act := v.r.PathValue("act")
	title, ok := titles[act]
	if !ok {
		return v.nowhere()
	}
	r, err := v.key()
	if err != nil {
		return err
	}
	if act == "rotate" && r.Policy.Rotation.KeepsKey {
		title = "Regenerate the secret?"
	}
	p, err := v.actForm(r, title)
	if err != nil {
		return err
	}
	if act == "reveal" {
		if err := v.People.FreshProof(v.who.Session); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, act, p)
}

func (v *visit) actForm(r row, title string) (page, error) {
	b := keyBody{Key: r, Once: rand.Text()}
	if once := v.r.PostFormValue("once"); once != "" && len(once) <= 64 {
		b.Once = once
	}
	rule := r.Policy.Rotation
	if rule.Settable {
		b.Overlaps = overlaps(rule.Overlap)
	} else if rule.Overlap > 0 {
		b.Fixed = span(rule.Overlap)
	}
	if r.Predecessor != "" {
		old, err := v.Self.Key(v.ctx(), *v.who, r.Predecessor)
		if err != nil && keywright.KindOf(err) != keywright.NotFound {
			return page{}, err
		}
		b.Finish, b.Previous = old.State == string(keywright.PendingRotation), old.Hint
	}
	return page{Title: title, Section: v.keysWord(), Narrow: true, Body: b}, nil
}

func overlaps(usual time.Duration) []overlap {
	lengths := []time.Duration{0, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, keywright.MaxOverlap}
	var all []overlap
	seen := false
	for _, d := range lengths {
		if !seen && usual < d {
			all = append(all, overlap{usual.String(), span(usual), true})
			seen = true
		}
		all = append(all, overlap{d.String(), span(d), d == usual})
		seen = seen || d == usual
	}
	return all
}

// span says a length in words.
func span(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d == 0:
		return "not at all: it stops at once"
	case d == day:
		return "1 day"
	case d%day == 0:
		return itoa(int(d/day)) + " days"
	case d == time.Hour:
		return "1 hour"
	case d%time.Hour == 0:
		return itoa(int(d/time.Hour)) + " hours"
	default:
		return d.String()
	}
}

func (v *visit) rotateKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	ask := api.RotateKey{Finish: v.r.PostFormValue("finish") != ""}
	if length := v.r.PostFormValue("overlap"); length != "" && r.Policy.Rotation.Settable {
		ask.Overlap = &length
	}
	out, err := v.Self.RotateKey(v.ctx(), *v.who, r.ID, ask, v.r.PostFormValue("once"))
	if err != nil {
		p, failed := v.actForm(r, "Rotate this key?")
		if failed != nil {
			return failed
		}
		return v.again("rotate", p, err)
	}
	if r.Policy.Rotation.KeepsKey {
		return v.handOver(&out, "Your new secret")
	}
	return v.handOver(&out, "Your new key")
}

func (v *visit) pauseKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	var until time.Time
	if v.r.PostFormValue("expires_date") != "" || v.r.PostFormValue("expires_time") != "" {
		at, err := v.expiry(keywright.ExpiryRule{Presence: keywright.Required})
		if err != nil {
			return v.actAgain(r, "pause", "Pause this key?", err)
		}
		until = *at
	}
	if _, err := v.Self.PauseKey(v.ctx(), *v.who, r.ID, until); err != nil {
		return v.actAgain(r, "pause", "Pause this key?", err)
	}
	return v.done(r, "paused")
}

func (v *visit) actAgain(r row, act, title string, err error) error {
	p, failed := v.actForm(r, title)
	if failed != nil {
		return failed
	}
	return v.again(act, p, err)
}

func (v *visit) resumeKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	if _, err := v.Self.ResumeKey(v.ctx(), *v.who, r.ID); err != nil {
		return err
	}
	return v.done(r, "resumed")
}

func (v *visit) revokeKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	if _, err := v.Self.RevokeKey(v.ctx(), *v.who, r.ID, v.r.PostFormValue("reason")); err != nil {
		return v.actAgain(r, "revoke", "Revoke this key?", err)
	}
	return v.redirect(v.link(keysPath + "?done=revoked"))
}

func (v *visit) deleteKey() error {
	r, err := v.key()
	if keywright.KindOf(err) == keywright.NotFound {
		return v.redirect(v.link(keysPath + "?done=deleted")) // a form sent twice
	}
	if err != nil {
		return err
	}
	if err := v.Self.DeleteKey(v.ctx(), *v.who, r.ID); err != nil {
		return v.actAgain(r, "delete", "Delete this key?", err)
	}
	return v.redirect(v.link(keysPath + "?done=deleted"))
}

func (v *visit) revealKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	shown, err := v.Self.RevealKey(v.ctx(), *v.who, r.ID)
	if keywright.KindOf(err) == keywright.Conflict {
		return v.actAgain(r, "reveal", "Show the secret again?", err)
	}
	if err != nil {
		return err
	}
	return v.handOver(&api.Key{KeyBody: r.KeyBody, Credential: &shown}, "Your key and secret")
}
