package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// deskKeyBody is a key's own page for operators, or the page of an act on it.
type deskKeyBody struct {
	keyBody
	Act     string
	Tenant  api.Tenant
	Owner   string
	Usage   deskUse
	History table
	Pair    bool
}

func (b deskKeyBody) mustExpire() bool  { return b.Key.Policy.Expiry.Presence == keywright.Required }
func (b deskKeyBody) moments() []moment { return b.Moments }

// deskKey reads the key that the address names, and whose it is.
func (v *visit) deskKey() (deskKeyBody, error) {
	k, err := v.oneKey(v.r.PathValue("id"))
	if err != nil {
		return deskKeyBody{}, err
	}
	kinds, err := v.deskKinds()
	if err != nil {
		return deskKeyBody{}, err
	}
	b := deskKeyBody{keyBody: keyBody{Key: v.deskRow(k.KeyBody, kinds)}, Pair: kinds[k.Scheme].Policy.Pair}
	b.Tenant, err = ask(v, func(ctx context.Context, c *client.Client) (api.Tenant, error) { return c.Tenant(ctx, k.Tenant) })
	b.Owner = tenantName(&b.Tenant)
	if err == nil {
		b.Turning, err = v.deskTurning(b.Key, kinds)
	}
	return b, err
}

func (v *visit) oneKey(id string) (api.Key, error) {
	return ask(v, func(ctx context.Context, c *client.Client) (api.Key, error) { return c.Key(ctx, id) })
}

// deskTurning finds the rotation that a key stands in; nil is none.
func (v *visit) deskTurning(r row, kinds map[string]api.Scheme) (*turning, error) {
	other := r.Predecessor
	if r.Pending() {
		other = r.Successor
	}
	if other == "" {
		return nil, nil //nolint:nilnil // none is a value here
	}
	k, err := v.oneKey(other)
	if errors.Is(err, keywright.NotFound) {
		return nil, nil //nolint:nilnil // deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	t := turning{Old: v.deskRow(k.KeyBody, kinds), New: r, Here: r.ID}
	if r.Pending() {
		t.Old, t.New = r, t.Old
	}
	if !t.Old.Pending() || t.Old.RetiresAt == nil {
		return nil, nil //nolint:nilnil // it is over
	}
	t.Left = left(v.now(), *t.Old.RetiresAt)
	return &t, nil
}

func (v *visit) deskKeyForm(b deskKeyBody) (page, error) {
	var err error
	if b.Usage, err = v.deskUsage(api.UsageQuery{Key: b.Key.ID}); err != nil {
		return page{}, err
	}
	if b.History, err = v.deskHistory(client.EventFilter{Key: b.Key.ID, Page: few}, true); err != nil {
		return page{}, err
	}
	k := &b.Key
	p := page{Title: k.Called(), Section: "Keys", Body: b, Form: url.Values{
		"name": {k.Name}, "permissions": {strings.Join(k.Permissions, " ")}, "addresses": {strings.Join(k.Addresses, " ")}, "metadata": {pairs(k.Metadata)},
	}}
	if k.ExpiresAt != nil {
		p.Form["expires_date"], p.Form["expires_time"] = []string{k.ExpiresAt.UTC().Format(time.DateOnly)}, []string{k.ExpiresAt.UTC().Format("15:04")}
	}
	return p, nil
}

func (v *visit) deskKeyPage() error {
	b, err := v.deskKey()
	if err != nil {
		return err
	}
	p, err := v.deskKeyForm(b)
	if err != nil {
		return err
	}
	p.Notice = map[string]string{
		"amended": "The change is saved.", "paused": "The key is paused. Requests with it are refused until it is resumed.",
		"resumed": "The key works again.", "stored": "Good. The key is ready.", "revoked": "The key is revoked. Requests with it are refused from now on.",
		"finished": "The old key has ended. Requests with it are refused from now on.", "moved": "The old key's end is moved.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "desk-key", p)
}

// deskAmendKey changes what the form says; what the key's scheme has none of is not asked for.
func (v *visit) deskAmendKey() error {
	b, err := v.deskKey()
	if err != nil {
		return err
	}
	if err := v.amendAs(&b.Key); err != nil {
		p, failed := v.deskKeyForm(b)
		if failed != nil {
			return failed
		}
		return v.deskAgain("desk-key", p, err)
	}
	return v.deskDone(b.Key, "amended")
}

func (v *visit) amendAs(r *row) error {
	var change api.AmendKey
	form := v.r.PostForm
	if name := strings.TrimSpace(form.Get("name")); form.Has("name") && r.Names() && name != r.Name {
		change.Name = &name
	}
	if all := words(form.Get("permissions")); form.Has("permissions") && r.Policy.Scoped {
		change.Permissions = &all
	}
	if all := append([]string{}, words(form.Get("addresses"))...); form.Has("addresses") {
		change.Addresses = &all
	}
	var err error
	if change.Metadata, err = v.metadata(); err != nil {
		return err
	}
	var end *time.Time
	moved := r.Expires() && form.Has("expires_date") && !v.sameExpiry(*r)
	if moved {
		if end, err = v.expiry(r.Policy.Expiry); err != nil {
			return err
		}
		change.ExpiresAt = end
	}
	_, err = ask(v, func(ctx context.Context, c *client.Client) (api.Key, error) {
		if moved && end == nil {
			if _, err := c.AmendExpiry(ctx, r.ID, v.version(), time.Time{}); err != nil {
				return api.Key{}, err
			}
			return c.AmendKey(ctx, r.ID, 0, change)
		}
		return c.AmendKey(ctx, r.ID, v.version(), change)
	})
	return err
}

func (v *visit) deskDone(r row, what string) error {
	return v.redirect(keysPath + "/" + url.PathEscape(r.ID) + "?done=" + what)
}
