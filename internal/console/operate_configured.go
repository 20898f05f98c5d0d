package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const apisPath = root + "/apis"

// deskAPIBody is one API's page.
type deskAPIBody struct {
	API    api.API
	Links  []link
	Routes table
	Usage  deskUse
}

func (v *visit) deskAPIs() error {
	all, err := v.apis()
	if err != nil {
		return err
	}
	t := table{
		Name: "APIs", Empty: "No API is configured. The configuration names what is protected: its hosts, its scheme and its routes.",
		Columns: []column{{Title: "API"}, {Title: "Hosts"}, {Title: "Scheme"}, {Title: "Routes", Number: true}, {Title: "Its customers' site"}},
	}
	for i := range all {
		a := &all[i]
		site := cell{Text: "none"}
		if web(a.Site) {
			site = cell{Text: host(a.Site), Link: a.Site}
		}
		t.Rows = append(t.Rows, []cell{
			{Text: a.Title, Link: apisPath + "/" + url.PathEscape(a.Name), Soft: a.Name}, {Text: strings.Join(a.Hosts, ", ")},
			{Text: a.Scheme, Link: schemesPath + "/" + url.PathEscape(a.Scheme)}, {Text: itoa(len(a.Routes))}, site,
		})
	}
	v.whole(&t)
	return v.show(http.StatusOK, "desk-apis", page{Title: "APIs", Section: "APIs", Body: deskSchemesBody{t}})
}

// web reports whether an address of the configuration can be a link.
func web(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

func (v *visit) deskAPI() error {
	all, err := v.apis()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(a api.API) bool { return a.Name == v.r.PathValue("name") })
	if at < 0 {
		return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such API in the configuration"}
	}
	b := deskAPIBody{API: all[at]}
	if b.Usage, err = v.deskUsage(api.UsageQuery{API: b.API.Name}); err != nil {
		return err
	}
	b.Routes = table{Name: "Routes", Columns: []column{{Title: "Methods"}, {Title: "Path"}, {Title: "Takes"}, {Title: "Scheme"}, {Title: "Needs"}}, Empty: "Every path needs a key, and nothing more."}
	for i := range b.API.Routes {
		r := &b.API.Routes[i]
		scheme := cell{}
		if r.Scheme != "" && !r.Open {
			scheme = cell{Text: r.Scheme, Link: schemesPath + "/" + url.PathEscape(r.Scheme)}
		}
		methods := "any"
		if len(r.Methods) > 0 {
			methods = strings.Join(r.Methods, ", ")
		}
		b.Routes.Rows = append(b.Routes.Rows, []cell{{Text: methods}, {Text: r.Path, Code: true}, {Text: takesWords(r)}, scheme, {Text: needWords(&r.Need)}})
	}
	for _, one := range []link{
		{Name: "Its customers' site", Path: b.API.Site}, {Name: "Its documentation", Path: b.API.Docs}, {Name: "Its OpenAPI document", Path: openAPIOf(&b.API)}, {Name: "Registration", Path: b.API.Register},
	} {
		if web(one.Path) {
			b.Links = append(b.Links, one)
		}
	}
	return v.show(http.StatusOK, "desk-api", page{Title: b.API.Title, Section: "APIs", Body: b})
}

// openAPIOf is where the site of an API has its OpenAPI document.
func openAPIOf(a *api.API) string {
	if a.Site == "" {
		return ""
	}
	return strings.TrimSuffix(a.Site, "/") + "/openapi.json"
}

func takesWords(r *api.RouteBody) string {
	switch {
	case r.Open:
		return "nothing: it is open"
	case r.Takes == "login":
		return "a login"
	case r.Takes == "either":
		return "a key or a login"
	}
	return "a key"
}

// needWords says what a route asks beyond its scheme.
func needWords(n *api.NeedBody) string {
	var all []string
	say := func(word string, values []string) {
		if len(values) > 0 {
			all = append(all, word+" "+strings.Join(values, ", "))
		}
	}
	if n.Service != "" {
		all = append(all, "service "+n.Service)
	}
	say("permissions", n.Permissions)
	say("environment", n.Environments)
	say("plan", n.Plans)
	say("any plan but", n.ExceptPlans)
	return strings.Join(all, "; ")
}

// deskProvidersBody lists the identity providers.
type deskProvidersBody struct {
	Providers []api.IdentityProvider
	Checked   string
	Check     api.ProviderCheck
}

func (v *visit) deskProvidersForm() (page, error) {
	all, err := ask(v, func(ctx context.Context, c *client.Client) ([]api.IdentityProvider, error) {
		return c.IdentityProviders(ctx)
	})
	return page{Title: "Sign-in providers", Section: "Sign-in", Body: deskProvidersBody{Providers: all}}, err
}

func (v *visit) deskProviders() error {
	p, err := v.deskProvidersForm()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-providers", p)
}

// deskCheckProvider asks a provider whether it answers.
func (v *visit) deskCheckProvider() error {
	p, err := v.deskProvidersForm()
	if err != nil {
		return err
	}
	b, _ := p.Body.(deskProvidersBody)
	b.Checked = v.r.PathValue("name")
	b.Check, err = ask(v, func(ctx context.Context, c *client.Client) (api.ProviderCheck, error) {
		return c.CheckIdentityProvider(ctx, b.Checked)
	})
	if err != nil {
		return err
	}
	b.Check.Detail = sentence(b.Check.Detail)
	p.Body = b
	return v.show(http.StatusOK, "desk-providers", p)
}
