package client_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

// exampleSite stands for your site, and for a login to it: its address, and what
// returns the login's access token.
func exampleSite() (site string, token func(context.Context) (keywright.Credential, error), stop func()) {
	t := &exampleT{}
	s, at := serveSite(t, selfservice.Site{API: "acme", Schemes: []string{"keywright"}})
	session := s.SignIn(s.Tenant("acme0001", nil).ID, "ada@example.com", people.Admin)
	return at, func(context.Context) (keywright.Credential, error) { return keywright.NewCredential("", session), nil }, t.end
}

func ExampleNewSelf() {
	site, token, stop := exampleSite()
	defer stop()
	ctx := context.Background()

	at, err := client.Discover(ctx, site, client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = at.Providers // where to log in; token returns the access token that comes of it

	me, err := client.NewSelf(site, token, client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ttl := int64(3600)
	k, err := me.CreateKey(ctx, api.CreateOwnKey{Name: "CI", Environment: "test", TTL: &ttl})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.State, k.Name, k.Environment, k.Credential)
	// Output: ACTIVE CI test [redacted]
}

// A provider's own endpoints for registration, over the management API: in front of
// them stands the gateway, which says whose management token was presented.
func ExampleClient_Register() {
	t := &exampleT{}
	defer t.end()
	s := managementtest.NewSite(t, managementtest.SiteOptions{Site: selfservice.Site{API: "mica", Schemes: []string{"trusset-mica"},
		Registration: &selfservice.Registration{Scheme: "trusset-mica", Management: "trusset-mica-management"}}})
	operator, err := management.IssueOperatorKey(context.Background(), s.Keeper, keywright.Actor{ID: "system"}, "backend")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := httptest.NewServer(s.Management)
	defer srv.Close()

	c, err := client.New(srv.URL, operator.Credential, client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := c.Register(context.Background(), api.RegisterFor{API: "mica", Email: "ada@example.com", Address: "192.0.2.7"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.APIKey[:13], out.ManagementToken[:13])
	fmt.Println(out.Notice)
	// Output:
	// trusset_mica_ trusset_mgmt_
	// Store both values now: they are shown this once and can never be retrieved again. The API key opens the API; the management token rotates and revokes that key, and does nothing else.
}
