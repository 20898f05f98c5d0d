package console

import (
	"context"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// deskKeyActPage asks before something is done that cannot be taken back.
func (v *visit) deskKeyActPage() error {
	if err := v.offered(); err != nil {
		return err
	}
	b, err := v.deskKey()
	if err != nil {
		return err
	}
	act := v.r.PathValue("act")
	if actTitle(b.Key, act) == "" || act == "reveal" {
		return v.nowhere()
	}
	if (act == "finish" || act == "extend") && !b.Key.Pending() {
		return v.redirect(keysPath + "/" + b.Key.ID) // it has ended meanwhile
	}
	return v.show(http.StatusOK, "desk-act", v.deskActForm(b, act))
}

func (v *visit) deskActForm(b deskKeyBody, act string) page {
	b.Act, b.Once = act, v.once()
	switch act {
	case "rotate":
		rule := b.Key.Policy.Rotation
		if rule.Settable {
			b.Overlaps = overlaps(rule.Overlap)
		} else if rule.Overlap > 0 {
			b.Fixed = span(rule.Overlap)
		}
		if b.Turning != nil && b.Turning.New.ID == b.Key.ID {
			b.Finish, b.Previous = true, b.Turning.Old.Hint
		}
	case "pause":
		b.Moments = v.choose(pauses())
	case "extend":
		b.Moments = v.choose(extensions())
		if b.Turning != nil {
			latest := b.Turning.New.CreatedAt.Add(keywright.MaxOverlap)
			b.Latest = &latest
		}
	}
	return page{Title: actTitle(b.Key, act), Section: "Keys", Narrow: true, Body: b}
}

// deskAct does an act on the key that the address names, and shows the page of the
// act once more if it fails. typed says whether the key's name has to be typed first.
func (v *visit) deskAct(act string, typed bool, do func(ctx context.Context, c *client.Client, r row) (api.Key, error)) (deskKeyBody, *api.Key, error) {
	b, err := v.deskKey()
	if err != nil {
		return b, nil, err
	}
	if typed {
		err = v.confirmed(b.Key)
	}
	var out api.Key
	if err == nil {
		out, err = ask(v, func(ctx context.Context, c *client.Client) (api.Key, error) { return do(ctx, c, b.Key) })
	}
	if err == nil {
		return b, &out, nil
	}
	if e, ok := errorOf(err); ok && e.Field == "ends_at" {
		e.Field, err = "until", &e
	}
	return b, nil, v.deskAgain("desk-act", v.deskActForm(b, act), err)
}

func (v *visit) deskRotate() error {
	_, out, err := v.deskAct("rotate", false, func(ctx context.Context, c *client.Client, r row) (api.Key, error) {
		change := api.RotateKey{Finish: v.r.PostFormValue("finish") != ""}
		if length := v.r.PostFormValue("overlap"); length != "" && r.Policy.Rotation.Settable {
			change.Overlap = &length
		}
		return c.RotateKeyOnce(ctx, v.once(), r.ID, change)
	})
	if out == nil {
		return err
	}
	return v.deskHandOver(out, "The new key")
}

func (v *visit) deskPause() error {
	b, out, err := v.deskAct("pause", false, func(ctx context.Context, c *client.Client, r row) (api.Key, error) {
		until, err := v.until(pauses())
		if err != nil {
			return api.Key{}, err
		}
		return c.PauseKey(ctx, r.ID, until)
	})
	if out == nil {
		return err
	}
	return v.deskDone(b.Key, "paused")
}

// deskOverlap ends the old key of a rotation now, or moves its end.
func (v *visit) deskOverlap() error {
	now := v.r.PostFormValue("now") != ""
	act, done := "extend", "moved"
	if now {
		act, done = "finish", "finished"
	}
	b, out, err := v.deskAct(act, now, func(ctx context.Context, c *client.Client, r row) (api.Key, error) {
		var until time.Time
		if !now {
			var err error
			if until, err = v.until(extensions()); err != nil {
				return api.Key{}, err
			}
		}
		return c.OverlapKey(ctx, r.ID, until)
	})
	if out == nil {
		return err
	}
	return v.deskDone(b.Key, done)
}

func (v *visit) deskResume() error {
	b, err := v.deskKey()
	if err != nil {
		return err
	}
	if _, err := ask(v, func(ctx context.Context, c *client.Client) (api.Key, error) { return c.ResumeKey(ctx, b.Key.ID) }); err != nil {
		return err
	}
	return v.deskDone(b.Key, "resumed")
}

func (v *visit) deskRevoke() error {
	b, out, err := v.deskAct("revoke", true, func(ctx context.Context, c *client.Client, r row) (api.Key, error) {
		return c.RevokeKey(ctx, r.ID, v.r.PostFormValue("reason"))
	})
	if out == nil {
		return err
	}
	return v.deskDone(b.Key, "revoked")
}

func (v *visit) deskDelete() error {
	_, out, err := v.deskAct("delete", true, func(ctx context.Context, c *client.Client, r row) (api.Key, error) {
		return api.Key{}, c.DeleteKey(ctx, r.ID)
	})
	if out == nil {
		return err
	}
	return v.redirect(keysPath + "?done=deleted")
}
