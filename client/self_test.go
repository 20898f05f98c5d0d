package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

func quick() client.Options {
	return client.Options{Wait: func(context.Context, time.Duration) error { return nil }}
}

// serveSite starts a site whose callers present a session where a login's token would
// stand: what the client sends is the same, and no identity provider is needed.
func serveSite(t testing.TB, o selfservice.Site) (*managementtest.Site, string) {
	t.Helper()
	s := managementtest.NewSite(t, managementtest.SiteOptions{Site: o})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if is && strings.HasPrefix(r.URL.Path, "/v1/me") {
			r.Header.Del("Authorization")
			r.Header.Set("Cookie", selfservice.SessionCookie+"="+token)
		}
		s.Server.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return s, srv.URL
}

func as(t testing.TB, at, session string) *client.Self {
	t.Helper()
	c, err := client.NewSelf(at, func(context.Context) (keywright.Credential, error) { return keywright.NewCredential("", session), nil }, quick())
	must(t, err)
	return c
}

func TestTheWholeLifeOfAMember(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, at := serveSite(t, selfservice.Site{API: "it", Schemes: []string{"keywright"}, TestKeys: "test"})
	one, two := s.Tenant("one00001", nil), s.Tenant("two00001", nil)
	s.SignIn(one.ID, "ada@example.com", people.Admin)
	c := as(t, at, s.SignIn(two.ID, "ada@example.com", people.Trial))
	me, err := c.Me(ctx)
	must(t, err)
	if len(me.Tenants) != 2 || me.Person.Email != "ada@example.com" {
		t.Fatalf("%+v", me)
	}
	in := c.For("one00001")
	k, err := in.CreateKey(ctx, api.CreateOwnKey{Name: "ci", Environment: "live", Permissions: []string{"files:read"}})
	must(t, err)
	if k.Tenant != string(one.ID) || k.Credential == nil {
		t.Fatalf("%+v", k)
	}
	if _, err := c.For("two00001").Key(ctx, k.ID); !errors.Is(err, keywright.NotFound) {
		t.Errorf("from another tenant: %v", err)
	}
	if _, err := c.For("nobody01").Keys(ctx); !errors.Is(err, keywright.Forbidden) {
		t.Errorf("%v", err)
	}
	next, err := in.RotateKey(ctx, k.ID, api.RotateKey{})
	must(t, err)
	name := "renamed"
	amended, err := in.AmendKey(ctx, next.ID, next.Version, api.AmendKey{Name: &name})
	must(t, err)
	if _, err := in.AmendExpiry(ctx, next.ID, next.Version, s.Clock.Now().Add(time.Hour)); !errors.Is(err, keywright.Precondition) {
		t.Errorf("%v", err)
	}
	_, err = in.AmendExpiry(ctx, next.ID, amended.Version, s.Clock.Now().Add(time.Hour))
	must(t, err)
	_, err = in.PauseKey(ctx, next.ID, time.Time{})
	must(t, err)
	_, err = in.ResumeKey(ctx, next.ID)
	must(t, err)
	_, err = in.RevokeKey(ctx, next.ID, "unused")
	must(t, err)
	if _, err := in.RevealKey(ctx, k.ID); !errors.Is(err, keywright.Conflict) {
		t.Errorf("%v", err)
	}
	s.Clock.Advance(time.Second)
	_, err = in.CreateTestKey(ctx)
	must(t, err)
	must(t, in.DeleteKey(ctx, next.ID))
	keys, err := in.Keys(ctx)
	must(t, err)
	if len(keys) != 2 || keys[0].Name != "Docs test key" || keys[1].ID != k.ID {
		t.Errorf("%+v", keys)
	}
	s.Clock.Advance(10 * time.Minute)
	if _, err := in.RevealKey(ctx, k.ID); !isType(err, api.ProofNeeded) {
		t.Errorf("%v", err)
	}
}

func isType(err error, problem string) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Type == problem
}

func TestTheWholeLifeOfATenantsPeople(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, at := serveSite(t, selfservice.Site{API: "it", Schemes: []string{"keywright"}})
	ten := s.Tenant("one00001", nil)
	c := as(t, at, s.SignIn(ten.ID, "ada@example.com", people.Admin))
	grace := as(t, at, s.SignIn(ten.ID, "grace@example.com", people.RoleMember))
	i, err := c.Invite(ctx, "new@example.com", "member")
	must(t, err)
	if i.Token == "" || !strings.Contains(i.Link, i.Token) {
		t.Errorf("%+v", i)
	}
	open, err := c.Invitations(ctx)
	must(t, err)
	if len(open) != 1 || open[0].Token != "" {
		t.Errorf("%+v", open)
	}
	must(t, c.WithdrawInvitation(ctx, i.ID))
	if _, err := grace.Invite(ctx, "x@example.com", "member"); !errors.Is(err, keywright.Forbidden) {
		t.Errorf("%v", err)
	}
	me, err := grace.Me(ctx)
	must(t, err)
	m, err := c.AmendMember(ctx, me.Person.ID, "trial")
	must(t, err)
	members, err := c.Members(ctx)
	must(t, err)
	if m.Role != "trial" || len(members) != 2 {
		t.Errorf("%+v %+v", m, members)
	}
	sessions, err := grace.Sessions(ctx)
	must(t, err)
	if len(sessions) != 1 || !sessions[0].Current {
		t.Errorf("%+v", sessions)
	}
	must(t, c.RemoveMember(ctx, me.Person.ID))
	if _, err := grace.Keys(ctx); !errors.Is(err, keywright.Forbidden) {
		t.Errorf("%v", err)
	}
	mine, err := c.Sessions(ctx)
	must(t, err)
	must(t, c.EndSession(ctx, mine[0].ID))
	if _, err := c.Me(ctx); !errors.Is(err, keywright.Forbidden) {
		t.Errorf("a session that was ended: %v", err)
	}
}

func TestRegisteringAndAKeyThatSpeaksForItself(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, at := serveSite(t, selfservice.Site{API: "it", Schemes: []string{"trusset-instance"},
		Registration: &selfservice.Registration{Scheme: "trusset-mica", Management: "trusset-mica-management", PerHour: 2}})
	out, err := client.Register(ctx, at, "ada@example.com", quick())
	must(t, err)
	token, err := client.NewHeld(at, func(h http.Header) { h.Set("Authorization", "Bearer "+out.ManagementToken) }, quick())
	must(t, err)
	k, err := token.Key(ctx)
	must(t, err)
	next, err := token.Rotate(ctx, api.RotateKey{})
	must(t, err)
	if k.ID != out.KeyID || next.Predecessor != k.ID {
		t.Errorf("%+v %+v", k, next)
	}
	key, err := client.NewHeld(at, func(h http.Header) { h.Set("X-API-Key", next.Credential.Key) }, quick())
	must(t, err)
	_, err = key.Revoke(ctx, "unused")
	must(t, err)
	_, err = token.Rotate(ctx, api.RotateKey{})
	if !errors.Is(err, keywright.Forbidden) || !strings.Contains(err.Error(), "malformed, revoked or not found") {
		t.Errorf("the API's own words are lost: %v", err)
	}
	_, err = client.Register(ctx, at, "ada@example.com", quick())
	must(t, err)
	_, err = client.Register(ctx, at, "ada@example.com", quick())
	var e *client.Error
	if !errors.As(err, &e) || e.Status != http.StatusTooManyRequests || e.After != time.Hour {
		t.Errorf("%v", err)
	}
	_ = s
}

func TestAProvidersBackend(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, _ := serveSite(t, selfservice.Site{API: "it", Schemes: []string{"trusset-instance"},
		Registration: &selfservice.Registration{Scheme: "trusset-mica", Management: "trusset-mica-management"}})
	operator, err := management.IssueOperatorKey(ctx, s.Keeper, keywright.Actor{ID: "system"}, "backend")
	must(t, err)
	srv := httptest.NewServer(s.Management)
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL, operator.Credential, quick())
	must(t, err)
	out, err := c.Register(ctx, api.RegisterFor{API: "it", Email: "ada@example.com", Address: "192.0.2.1"})
	must(t, err)
	var token string
	for k, err := range c.Keys(ctx, client.KeyFilter{Tenant: out.Tenant, Scheme: "trusset-mica-management"}) {
		must(t, err)
		token = k.ID
	}
	next, err := c.RotateRegistration(ctx, token, api.RotateRegistration{API: "it"})
	must(t, err)
	ended, err := c.RevokeRegistration(ctx, token, api.RevokeRegistration{API: "it", Reason: "unused"})
	must(t, err)
	if next.Predecessor != out.KeyID || ended.ID != next.ID || ended.State != "REVOKED" {
		t.Errorf("%+v %+v", next, ended)
	}
	ten := s.Tenant("one00001", nil)
	i, err := c.Invite(ctx, "one00001", api.Invite{Email: "ada@example.com", Role: "admin"})
	must(t, err)
	open, err := c.Invitations(ctx, "one00001")
	must(t, err)
	if i.Token == "" || len(open) != 1 {
		t.Errorf("%+v %+v", i, open)
	}
	must(t, c.WithdrawInvitation(ctx, "one00001", i.ID))
	s.SignIn(ten.ID, "ada@example.com", people.Admin)
	s.SignIn(ten.ID, "grace@example.com", people.RoleMember)
	members, err := c.Members(ctx, "one00001")
	must(t, err)
	for _, m := range members {
		if m.Role == "member" {
			_, err := c.AmendMember(ctx, "one00001", m.ID, "trial")
			must(t, err)
			must(t, c.RemoveMember(ctx, "one00001", m.ID))
		}
	}
	if members, err = c.Members(ctx, "one00001"); err != nil || len(members) != 1 {
		t.Errorf("%+v %v", members, err)
	}
	s.Address = netip.MustParseAddr("192.0.2.1")
}

func TestDiscovering(t *testing.T) {
	t.Parallel()
	_, at := serveSite(t, selfservice.Site{API: "it", Schemes: []string{"truestamp"}})
	for _, site := range []string{at, at + "/"} {
		d, err := client.Discover(t.Context(), site, quick())
		if err != nil || d.API != "it" || d.Scheme != "truestamp" {
			t.Errorf("%+v %v", d, err)
		}
	}
	for name, text := range map[string]string{
		"another document": `{"api":""}`, "a page": `<html>`, "plain text to another machine": `{"api":"x","self_service":"http://elsewhere.example"}`,
		"another site's address": `{"api":"x","self_service":"https://elsewhere.example"}`,
		"no address":             `{"api":"x","self_service":"javascript:alert(1)"}`, "credentials in it": `{"api":"x","self_service":"https://a:b@elsewhere.example"}`,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
		if d, err := client.Discover(t.Context(), srv.URL, quick()); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
		srv.Close()
	}
	if _, err := client.Discover(t.Context(), "http://elsewhere.example", quick()); !errors.Is(err, keywright.Invalid) {
		t.Errorf("%v", err)
	}
}

func TestATokenThatCannotBeHadSendsNothing(t *testing.T) {
	t.Parallel()
	asked := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(srv.Close)
	none := errors.New("log in first")
	c, err := client.NewSelf(srv.URL, func(context.Context) (keywright.Credential, error) { return keywright.Credential{}, none }, quick())
	must(t, err)
	if _, err := c.Me(t.Context()); !errors.Is(err, none) || asked {
		t.Errorf("%v, and it was sent: %t", err, asked)
	}
}
