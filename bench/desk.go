package main

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/schemes"
)

// configured is what pages of lists ask of the configuration: texts of schemes.
type configured struct{ management.Configured }

// SchemeText implements management.Configured.
func (configured) SchemeText(name string) ([]byte, bool) {
	return schemes.Source(name)
}

// APIs implements management.Configured.
func (configured) APIs() []api.API { return nil }

func (w crowd) people(store keywright.Store) *people.Service {
	if t, ok := store.(tended); ok {
		store = t.Store
	}
	records, _ := store.(people.Store) // all of ours are
	return people.New(people.Options{Store: records, Keys: store, Clock: func() time.Time { return w.now }})
}

// desk is the operators' site over the management API, and the cookie of one who is
// signed in there.
func (w crowd) desk(ctx context.Context, store keywright.Store, api http.Handler) (http.Handler, string, error) {
	const host, email = "console.localhost", "ada@example.com"
	folk := w.people(store)
	if _, err := folk.Enrol(ctx, system(), keywright.OperatorTenant, email, "Ada", people.Admin, keywright.Credential{}); err != nil {
		return nil, "", err
	}
	in, err := folk.SignInWith(ctx, people.External{
		Provider: "id", Issuer: "https://id.example", Subject: email, Email: email, EmailVerified: true, TrustEmail: true, Name: "Ada",
	}, people.From{Address: netip.MustParseAddr("127.0.0.1"), Agent: "bench", Site: host})
	if err != nil {
		return nil, "", err
	}
	_, token := in.Token.Reveal()
	return console.New(console.Options{
		Name: "Keywright", People: folk, Desk: api, Clock: func() time.Time { return w.now }, View: gate.Hops{}.View,
		Origin: func(r *http.Request) string { return "http://" + r.Host },
	}), selfservice.SessionCookie + "=" + token, nil
}

// deskPages are pages of the operators' site that show lists.
func (w crowd) deskPages() []listPage {
	const keys, tenants = "/account/keys", "/account/tenants"
	return []listPage{
		{"the page of keys", keys},
		{"the page of keys by name", keys + "?sort=name&order=asc"},
		{"the page of keys, search for a rare name", keys + "?search=" + url.QueryEscape("backup 1234")},
		{"the page of keys, search for a common name", keys + "?search=laptop&sort=name&order=desc"},
		{"the page of keys, REVOKED", keys + "?state=REVOKED"},
		{"the page of keys, of a tenant with very many", keys + "?tenant=" + string(w.tenant(0).ID)},
		{"the page of tenants", tenants},
		{"the page of tenants, search", tenants + "?search=cobalt&sort=name&order=asc"},
		{"the page of tenants, archived", tenants + "?archived=true"},
		{"the page of a tenant with very many keys", fmt.Sprintf("%s/%s", tenants, w.tenant(0).ID)},
	}
}
