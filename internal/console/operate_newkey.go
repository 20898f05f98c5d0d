package console

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// deskNewKeyBody is the form of a new key for a tenant.
type deskNewKeyBody struct {
	newKeyBody
	Tenant api.Tenant
	Owner  string
	Kinds  []link // to choose among; empty once one is chosen
	Whose  bool   // the tenant is asked for first
}

func (b deskNewKeyBody) mustExpire() bool { return b.MustExpire() }

func (v *visit) deskNewKeyForm() (page, deskNewKeyBody, error) {
	b := deskNewKeyBody{newKeyBody: newKeyBody{Once: v.once(), Back: keysPath}}
	p := page{Title: "Create a key", Section: "Keys", Narrow: true, Form: url.Values{}}
	ref := v.wanted("tenant")
	if ref == "" {
		b.Whose = true
		p.Body = b
		return p, b, nil
	}
	var err error
	if b.Tenant, err = ask(v, func(ctx context.Context, c *client.Client) (api.Tenant, error) { return c.Tenant(ctx, ref) }); err != nil {
		return p, b, err
	}
	b.Owner, b.Back = tenantName(&b.Tenant), tenantPage(b.Tenant.ID)
	kinds, err := v.deskKinds()
	if err != nil {
		return p, b, err
	}
	of, chosen := kinds[v.r.FormValue("scheme")]
	if !chosen {
		for _, name := range slices.Sorted(maps.Keys(kinds)) {
			s := kinds[name]
			if len(s.Formats) == 0 {
				continue // its credentials are an identity provider's
			}
			b.Kinds = append(b.Kinds, link{Name: cmp.Or(s.Title, name), Path: keysPath + "/new?tenant=" + escape(b.Tenant.ID) + "&scheme=" + escape(name), Text: kindText(&s)})
		}
		p.Body = b
		return p, b, nil
	}
	b.Kind = kind{Name: of.Name, Title: cmp.Or(of.Title, of.Name), Pair: of.Policy.Pair, Button: "Create the key"}
	b.Policy = policyOf(&of)
	b.Places = v.deskPlaces(b.Policy, &b.Tenant)
	if b.MustExpire() {
		p.Form["expires_date"], p.Form["expires_time"] = []string{v.now().AddDate(0, 0, 90).Format(time.DateOnly)}, []string{"12:00"}
	}
	if b.Policy.Scoped {
		p.Form["permissions"] = []string{"*"}
	}
	p.Body = b
	return p, b, nil
}

// kindText says what tells a scheme from the others.
func kindText(s *api.Scheme) string {
	text := "API: " + strings.Join(s.APIs, ", ")
	if len(s.APIs) == 0 {
		text = "No API uses it"
	}
	if s.Policy.Pair {
		text += "; a key and a secret"
	}
	return text
}

// deskPlaces are the environments that a tenant's key can be made in.
func (v *visit) deskPlaces(p keywright.Policy, t *api.Tenant) []place {
	chosen, some := v.r.PostFormValue("environment"), false
	var all []place
	for _, e := range p.Environments {
		one := place{Name: e.Name, Open: !e.Granted || slices.Contains(t.Environments, e.Name)}
		if !one.Open {
			one.Why = "Not granted to this tenant: grant it on the tenant's page first."
		}
		one.Chosen = one.Open && (chosen == e.Name || (chosen == "" && !some))
		some = some || one.Chosen
		all = append(all, one)
	}
	return all
}

func (v *visit) deskNewKeyPage() error {
	if err := v.offered(); err != nil {
		return err
	}
	p, _, err := v.deskNewKeyForm()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-newkey", p)
}

func (v *visit) deskCreateKey() error {
	p, b, err := v.deskNewKeyForm()
	if err != nil {
		return err
	}
	form := v.r.PostForm
	draft := api.CreateKey{
		Tenant: b.Tenant.ID, Scheme: b.Kind.Name, Name: strings.TrimSpace(form.Get("name")), Environment: form.Get("environment"),
		Permissions: words(form.Get("permissions")), Addresses: words(form.Get("addresses")),
	}
	metadata, err := v.metadata()
	if err == nil {
		if metadata != nil && len(*metadata) > 0 {
			draft.Metadata = *metadata
		}
		draft.ExpiresAt, err = v.expiry(b.Policy.Expiry)
	}
	var out api.Key
	if err == nil {
		out, err = ask(v, func(ctx context.Context, c *client.Client) (api.Key, error) {
			return c.CreateKeyOnce(ctx, v.once(), draft)
		})
	}
	if err != nil {
		return v.deskAgain("desk-newkey", p, err)
	}
	return v.deskHandOver(&out, "The new key")
}

// deskHandOver shows a credential that was just made, once.
func (v *visit) deskHandOver(k *api.Key, title string) error {
	r := v.deskRow(k.KeyBody, nil)
	if k.Credential == nil {
		return v.show(http.StatusOK, "replayed", page{Title: "This was done already", Section: "Keys", Narrow: true, Body: keyBody{Key: r}})
	}
	b := shownBody{Values: v.values(nil, *k.Credential), Back: keysPath + "/" + url.PathEscape(r.ID) + "?done=stored"}
	if k.PredecessorKey != nil {
		old := v.deskRow(*k.PredecessorKey, nil)
		b.Old = &old
	}
	return v.show(http.StatusCreated, "shown", page{Title: title, Section: "Keys", Body: b})
}
