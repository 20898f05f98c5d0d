package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// few is how many of a thing another thing's page shows.
const few = 8

// deskTenantBody is a tenant's own page.
type deskTenantBody struct {
	Tenant  api.Tenant
	Called  string
	Keys    table
	More    bool // there are more keys than are shown
	Kinds   []option
	History table
	Usage   deskUse
	May     bool
	Own     bool // it is the operators' own
}

// Word is what has to be typed before something happens to the tenant.
func (b deskTenantBody) Word() string { return b.Tenant.Ref }

// tenantNamed reads the tenant that the address names.
func (v *visit) tenantNamed() (api.Tenant, error) {
	return ask(v, func(ctx context.Context, c *client.Client) (api.Tenant, error) {
		return c.Tenant(ctx, v.r.PathValue("tenant"))
	})
}

// deskTenantForm is the page with the form that changes the tenant.
func (v *visit) deskTenantForm(t api.Tenant) (page, error) {
	b := deskTenantBody{Tenant: t, Called: tenantName(&t), May: v.mayOperate(), Own: t.ID == string(keywright.OperatorTenant)}
	kinds, err := v.deskKinds()
	if err != nil {
		return page{}, err
	}
	keys, err := ask(v, func(ctx context.Context, c *client.Client) (api.KeyPage, error) {
		return c.KeysPage(ctx, client.KeyFilter{Tenant: t.ID, Order: "desc", Page: few}, "")
	})
	if err != nil {
		return page{}, err
	}
	b.More = keys.NextCursor != ""
	b.Keys = v.deskKeyTable(keys.Items, kinds, nil)
	b.Keys.Empty = "No keys yet. Its people make them on the API's own site, or you make one here."
	if b.History, err = v.deskHistory(client.EventFilter{Tenant: t.ID, Page: few}, false); err != nil {
		return page{}, err
	}
	if b.Usage, err = v.deskUsage(api.UsageQuery{Tenant: t.ID}); err != nil {
		return page{}, err
	}
	p := page{Title: b.Called, Section: "Tenants", Body: b}
	p.Form = map[string][]string{
		"name": {t.Name}, "plan": {t.Plan}, "services": {strings.Join(t.Services, " ")}, "environments": {strings.Join(t.Environments, " ")}, "metadata": {pairs(t.Metadata)},
	}
	return p, nil
}

func (v *visit) deskTenantPage() error {
	t, err := v.tenantNamed()
	if err != nil {
		return err
	}
	p, err := v.deskTenantForm(t)
	if err != nil {
		return err
	}
	p.Notice = map[string]string{
		"created": "The tenant is there. Invite its people, or make a key for it.", "amended": "The change is saved.",
		"archived": "The tenant is archived. Requests with its keys are refused from now on.", "restored": "The tenant is back. Its keys work again.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "desk-tenant", p)
}

func (v *visit) deskAmendTenant() error {
	t, err := v.tenantNamed()
	if err != nil {
		return err
	}
	name, plan, services, environments := v.tenantForm()
	change := api.AmendTenant{Name: &name, Plan: &plan, Services: &services, Environments: &environments}
	if services == nil {
		change.Services = &[]string{}
	}
	if environments == nil {
		change.Environments = &[]string{}
	}
	var bad error
	if change.Metadata, bad = v.metadata(); bad == nil {
		_, bad = ask(v, func(ctx context.Context, c *client.Client) (api.Tenant, error) {
			return c.AmendTenant(ctx, t.ID, v.version(), change)
		})
	}
	if bad != nil {
		p, failed := v.deskTenantForm(t)
		if failed != nil {
			return failed
		}
		return v.deskAgain("desk-tenant", p, bad)
	}
	return v.redirect(tenantPage(t.ID) + "?done=amended")
}

// deskArchivePage asks before a tenant is archived, or comes back.
func (v *visit) deskArchivePage() error {
	if err := v.offered(); err != nil {
		return err
	}
	t, err := v.tenantNamed()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-archive", v.archiveForm(t))
}

func (v *visit) archiving() bool { return strings.HasSuffix(v.r.URL.Path, "/archive") }

func (v *visit) archiveForm(t api.Tenant) page {
	p := page{Title: "Let this tenant back in?", Section: "Tenants", Narrow: true, Body: deskTenantBody{Tenant: t, Called: tenantName(&t)}}
	if v.archiving() {
		p.Title = "Archive this tenant?"
	}
	return p
}

// deskArchive archives a tenant whose ref was typed, or lets it back in.
func (v *visit) deskArchive() error {
	if err := v.offered(); err != nil {
		return err
	}
	t, err := v.tenantNamed()
	if err != nil {
		return err
	}
	archive, done := v.archiving(), "restored"
	if archive {
		done = "archived"
		err = v.typedName(t.Ref)
	}
	if err == nil {
		_, err = ask(v, func(ctx context.Context, c *client.Client) (api.Tenant, error) {
			return c.AmendTenant(ctx, t.ID, 0, api.AmendTenant{Archived: &archive})
		})
	}
	if err != nil {
		return v.deskAgain("desk-archive", v.archiveForm(t), err)
	}
	return v.redirect(tenantPage(t.ID) + "?done=" + done)
}
