package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const deskPage = 25 // rows of a list that the API pages

// deskTenantsBody is the list of tenants.
type deskTenantsBody struct {
	Table       table
	Search      string
	Plan        string
	Environment string
	Archived    []option
	Narrowed    bool
	May         bool
}

func (v *visit) deskTenants() error {
	b := deskTenantsBody{Search: v.wanted("search"), Plan: v.wanted("plan"), Environment: v.wanted("environment"), May: v.mayOperate(), Narrowed: v.narrowed()}
	archived := v.wanted("archived")
	b.Archived = picks(archived, "", "All", "false", "In force", "true", "Archived")
	s := v.sorted(true, "created", "name", "ref")
	f := client.TenantFilter{Search: b.Search, Plan: b.Plan, Environment: b.Environment, Sort: s.By, Order: s.order(), Page: deskPage}
	if archived == "true" || archived == "false" {
		yes := archived == "true"
		f.Archived = &yes
	} else {
		archived = ""
	}
	got, err := ask(v, func(ctx context.Context, c *client.Client) (api.TenantPage, error) {
		return c.TenantsPage(ctx, f, v.r.FormValue("cursor"))
	})
	if err != nil {
		return err
	}
	b.Table = table{
		Name: "Tenants", Empty: "No tenant is like that. Change what the list is narrowed to.",
		Columns: []column{s.column("Name", "name"), s.column("Ref", "ref"), {Title: "Plan"}, {Title: "Granted"}, {Title: "Services"}, s.column("Created", "created")},
		Export: v.exportOf("tenants", map[string]string{
			"search": b.Search, "plan": b.Plan, "environment": b.Environment, "archived": archived, "sort": s.By, "order": s.order(),
		}),
	}
	for i := range got.Items {
		t := &got.Items[i]
		name := cell{Text: tenantName(t), Link: tenantPage(t.ID)}
		if t.Archived {
			name.Tags = []string{"archived"}
		}
		b.Table.Rows = append(b.Table.Rows, []cell{name, {Text: t.Ref, Code: true}, {Text: t.Plan}, {Tags: t.Environments}, {Tags: t.Services}, {Time: &t.CreatedAt}})
	}
	v.cursored(&b.Table, s, got.NextCursor)
	return v.show(http.StatusOK, "desk-tenants", page{Title: "Tenants", Section: "Tenants", Body: b})
}

// tenantForm is what a form says of a tenant.
func (v *visit) tenantForm() (name, plan string, services, environments []string) {
	f := v.r.PostFormValue
	return strings.TrimSpace(f("name")), strings.TrimSpace(f("plan")), words(f("services")), words(f("environments"))
}

func (v *visit) newTenantForm() page {
	return page{Title: "Create a tenant", Section: "Tenants", Narrow: true}
}

func (v *visit) deskNewTenantPage() error {
	if err := v.offered(); err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-newtenant", v.newTenantForm())
}

func (v *visit) deskCreateTenant() error {
	name, plan, services, environments := v.tenantForm()
	made, err := ask(v, func(ctx context.Context, c *client.Client) (api.Tenant, error) {
		return c.CreateTenant(ctx, api.CreateTenant{Ref: strings.TrimSpace(v.r.PostFormValue("ref")), Name: name, Plan: plan, Services: services, Environments: environments})
	})
	if err != nil {
		return v.deskAgain("desk-newtenant", v.newTenantForm(), err)
	}
	return v.redirect(tenantPage(made.ID) + "?done=created")
}

// deskAgain is again for the fields of the operators' forms.
func (v *visit) deskAgain(name string, p page, err error) error {
	if e, ok := errorOf(err); ok {
		for _, field := range []string{"services", "environments", "metadata"} {
			if strings.HasPrefix(e.Field, field) {
				e.Field = field
			}
		}
		if keywright.KindOf(err) == keywright.NotFound && e.Field == "" {
			return err
		}
		return v.again(name, p, &e)
	}
	return v.again(name, p, err)
}
