package console

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// overlap is one length that a rotation can be given.
type overlap struct {
	Value, Text string
	Chosen      bool
}

// actTitle is what the page of an act asks; "" is no act.
func actTitle(r row, act string) string {
	switch act {
	case "rotate":
		if r.Policy.Rotation.KeepsKey {
			return "Regenerate the secret?"
		}
		return "Rotate this key?"
	case "revoke":
		return "Revoke this key?"
	case "delete":
		return "Delete this key?"
	case "pause":
		return "Pause this key?"
	case "reveal":
		return "Show the secret again?"
	case "finish":
		return "End the old key now?"
	case "extend":
		return "When shall the old key end?"
	}
	return ""
}

// keyActPage asks before something is done that cannot be taken back.
func (v *visit) keyActPage() error {
	act := v.r.PathValue("act")
	r, err := v.key()
	if err != nil {
		return err
	}
	title := actTitle(r, act)
	if title == "" {
		return v.nowhere()
	}
	if (act == "finish" || act == "extend") && !r.Pending() {
		return v.redirect(v.link(keysPath + "/" + r.ID)) // it has ended meanwhile
	}
	p, err := v.actForm(r, act)
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

// actForm is the page of an act.
func (v *visit) actForm(r row, act string) (page, error) {
	b := keyBody{Key: r, Once: v.once(), Use: v.useOf(r, v.now().Add(-24*time.Hour), api.StepHour)}
	var err error
	switch act {
	case "rotate":
		rule := r.Policy.Rotation
		if rule.Settable {
			b.Overlaps = overlaps(rule.Overlap)
		} else if rule.Overlap > 0 {
			b.Fixed = span(rule.Overlap)
		}
		if b.Turning, err = v.turning(r); err != nil {
			return page{}, err
		}
		if b.Turning != nil && b.Turning.New.ID == r.ID {
			b.Finish, b.Previous = true, b.Turning.Old.Hint
		}
	case "pause":
		b.Moments = v.choose(pauses())
	case "finish", "extend":
		if b.Turning, err = v.turning(r); err != nil {
			return page{}, err
		}
		b.Moments = v.choose(extensions())
		if b.Turning != nil {
			latest := b.Turning.New.CreatedAt.Add(keywright.MaxOverlap)
			b.Latest = &latest
		}
	}
	return page{Title: actTitle(r, act), Section: v.keysWord(), Narrow: true, Body: b}, nil
}

// once is what tells one sending of a form from another: that of a form which came
// to nothing, or a new one.
func (v *visit) once() string {
	if once := v.r.PostFormValue("once"); once != "" && len(once) <= 64 {
		return once
	}
	return rand.Text()
}

// actAgain shows the page of an act once more, with what is wrong.
func (v *visit) actAgain(r row, act string, err error) error {
	p, failed := v.actForm(r, act)
	if failed != nil {
		return failed
	}
	return v.again(act, p, err)
}

// confirmed makes sure that a person who ends a key has typed its name.
func (v *visit) confirmed(r row) error {
	if !r.May {
		return &keywright.Error{Kind: keywright.Forbidden, Detail: "your role here is " + string(v.who.Role) + ", which does not allow this: ask an admin of yours"}
	}
	return v.typedName(r.Word())
}

// typedName compares what was typed with what was asked for. Blanks count once, as
// a page shows them.
func (v *visit) typedName(want string) error {
	if strings.Join(strings.Fields(v.r.PostFormValue("confirm")), " ") == strings.Join(strings.Fields(want), " ") {
		return nil
	}
	return &keywright.Error{Kind: keywright.Invalid, Field: "confirm", Detail: "that is not it, so nothing was done: type it as it stands there"}
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
		return v.actAgain(r, "rotate", err)
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
	until, err := v.until(pauses())
	if err != nil {
		return v.actAgain(r, "pause", err)
	}
	if _, err := v.Self.PauseKey(v.ctx(), *v.who, r.ID, until); err != nil {
		return v.actAgain(r, "pause", err)
	}
	return v.done(r, "paused")
}

// overlapKey ends the old key of a rotation now, or moves its end.
func (v *visit) overlapKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	act, done := "extend", "moved"
	var until time.Time
	if v.r.PostFormValue("now") != "" {
		act, done = "finish", "finished"
		err = v.confirmed(r)
	} else {
		until, err = v.until(extensions())
	}
	if err == nil {
		_, err = v.Self.OverlapKey(v.ctx(), *v.who, r.ID, until)
	}
	if err != nil {
		if e, ok := errorOf(err); ok && e.Field == "ends_at" {
			e.Field = "until"
			err = &e
		}
		return v.actAgain(r, act, err)
	}
	if r.Successor != "" && done == "finished" {
		return v.redirect(v.link(keysPath + "/" + r.Successor + "?done=" + done))
	}
	return v.done(r, done)
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
	if err := v.confirmed(r); err != nil {
		return v.actAgain(r, "revoke", err)
	}
	if _, err := v.Self.RevokeKey(v.ctx(), *v.who, r.ID, v.r.PostFormValue("reason")); err != nil {
		return v.actAgain(r, "revoke", err)
	}
	return v.redirect(v.link(keysPath + "?done=revoked"))
}

func (v *visit) deleteKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	if err := v.confirmed(r); err != nil {
		return v.actAgain(r, "delete", err)
	}
	if err := v.Self.DeleteKey(v.ctx(), *v.who, r.ID); err != nil {
		return v.actAgain(r, "delete", err)
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
		return v.actAgain(r, "reveal", err)
	}
	if err != nil {
		return err
	}
	return v.handOver(&api.Key{KeyBody: r.KeyBody, Credential: &shown}, "Your key and secret")
}

// confirm is the field that a name is typed into before something ends.
type confirm struct {
	Label, Word  string
	Value, Wrong string
}

// newConfirm asks for a word; what says which, such as "type the name".
func newConfirm(p *page, word, what string) confirm {
	return confirm{"To go on, " + what, word, p.Form.Get("confirm"), p.Wrong["confirm"]}
}
