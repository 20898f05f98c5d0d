package console

import (
	"errors"
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
	Fixed    string     // the overlap that cannot be chosen
	Turning  *turning   // a rotation that is under way
	Moments  []moment   // the ends that an act offers
	Latest   *time.Time // the last instant that can be chosen; nil is not said
	Use      use
}

// turning is a rotation that is under way: two keys, both of which work.
type turning struct {
	Old, New row
	Left     string // how long both work
	Here     string // the id of the one whose page this is

	OldUse, NewUse use // since the rotation
}

// Ends is when the old key stops.
func (t *turning) Ends() time.Time { return *t.Old.RetiresAt }

// key reads the key that the address names.
func (v *visit) key() (row, error) {
	k, err := v.Self.Key(v.ctx(), *v.who, v.r.PathValue("id"))
	if err != nil {
		return row{}, err
	}
	return v.row(k.KeyBody), nil
}

// beside reads a key that another one names; what is gone is no error.
func (v *visit) beside(id string) (*row, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // none is a value here
	}
	k, err := v.Self.Key(v.ctx(), *v.who, id)
	if errors.Is(err, keywright.NotFound) {
		return nil, nil //nolint:nilnil // deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	r := v.row(k.KeyBody)
	return &r, nil
}

// turning finds the rotation that a key stands in; nil is none.
func (v *visit) turning(r row) (*turning, error) {
	t := turning{Here: r.ID}
	var other *row
	var err error
	if r.Pending() {
		if other, err = v.beside(r.Successor); other != nil {
			t.Old, t.New = r, *other
		}
	} else if other, err = v.beside(r.Predecessor); other != nil {
		t.Old, t.New = *other, r
	}
	if err != nil || other == nil || !t.Old.Pending() || t.Old.RetiresAt == nil {
		return nil, err
	}
	t.Left = left(v.now(), *t.Old.RetiresAt)
	t.OldUse, t.NewUse = v.sinceRotation(t.Old, t.New.CreatedAt), v.sinceRotation(t.New, t.New.CreatedAt)
	return &t, nil
}

// keyForm is the page with the form that changes the key.
func (v *visit) keyForm(r row) (page, error) {
	b := keyBody{Key: r, Use: v.keyUse(r)}
	var err error
	if b.Turning, err = v.turning(r); err != nil {
		return page{}, err
	}
	p := page{Title: r.Called(), Section: v.keysWord(), Body: b}
	p.Form = map[string][]string{"name": {r.Name}}
	if r.ExpiresAt != nil {
		p.Form["expires_date"] = []string{r.ExpiresAt.UTC().Format(time.DateOnly)}
		p.Form["expires_time"] = []string{r.ExpiresAt.UTC().Format("15:04")}
	}
	return p, nil
}

func (v *visit) keyPage() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	p, err := v.keyForm(r)
	if err != nil {
		return err
	}
	p.Notice = map[string]string{
		"amended": "The change is saved.", "paused": "The key is paused. Requests with it are refused until it is resumed.",
		"resumed": "The key works again.", "stored": "Good. Your key is ready.",
		"finished": "The old key has ended. Requests with it are refused from now on.", "moved": "The old key's end is moved.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "key", p)
}

// keyAgain shows the key's page once more, with what is wrong in its form.
func (v *visit) keyAgain(r row, err error) error {
	p, failed := v.keyForm(r)
	if failed != nil {
		return failed
	}
	return v.again("key", p, err)
}

func (v *visit) amendKey() error {
	r, err := v.key()
	if err != nil {
		return err
	}
	var ask api.AmendKey
	nulls := map[string]bool{}
	if r.Names() && v.r.PostForm.Has("name") {
		name := strings.TrimSpace(v.r.PostFormValue("name"))
		ask.Name = &name
	}
	if r.Expires() && v.r.PostForm.Has("expires_date") && !v.sameExpiry(r) {
		if ask.ExpiresAt, err = v.expiry(r.Policy.Expiry); err != nil {
			return v.keyAgain(r, err)
		}
		nulls["expires_at"] = ask.ExpiresAt == nil
	}
	if _, err := v.Self.AmendKey(v.ctx(), *v.who, r.ID, 0, ask, nulls); err != nil {
		return v.keyAgain(r, err)
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

// turned is a rotation under way, for the piece of a page that shows it.
type turned struct {
	Page    *page
	Turning *turning
}

func newTurned(p *page, t *turning) turned { return turned{p, t} }

// turnedKey is one of its two keys.
type turnedKey struct {
	Page *page
	Row  row
	Use  use
	Left string
	Here bool
	Old  bool
}

func newTurnedKey(p *page, t *turning, r row) turnedKey {
	k := turnedKey{Page: p, Row: r, Use: t.NewUse, Left: t.Left, Here: t.Here == r.ID, Old: r.ID == t.Old.ID}
	if k.Old {
		k.Use = t.OldUse
	}
	return k
}
