package management_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
)

// site adds to a site what tests say often: every answer is held against the
// document, and against what must be true of every one.
type site struct{ *managementtest.Site }

func newSite(t testing.TB, o managementtest.SiteOptions) *site {
	t.Helper()
	return &site{managementtest.NewSite(t, o)}
}

// on is a site of one scheme.
func on(schemes ...string) managementtest.SiteOptions {
	return managementtest.SiteOptions{Site: selfservice.Site{API: "it", Hosts: []string{"docs.it.localhost"}, Schemes: schemes}}
}

// mica is a site that strangers register at.
func mica() managementtest.SiteOptions {
	o := on("trusset-instance")
	o.Site.Registration = &selfservice.Registration{Scheme: "trusset-mica", Management: "trusset-mica-management"}
	return o
}

var selfDocument = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(management.SelfDocument())
})

// do sends a request over the wire.
func (s *site) do(t testing.TB, method, path, body string, header ...string) *answer {
	t.Helper()
	a := &answer{}
	r := s.Request(method, path, body, header...)
	a.status, a.header, a.body = s.Do(r)
	s.conform(t, r, a)
	return a
}

// want sends a request and expects a status.
func (s *site) want(t testing.TB, status int, method, path, body string, header ...string) *answer {
	t.Helper()
	a := s.do(t, method, path, body, header...)
	if a.status != status {
		t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, a.status, a.body, status)
	}
	return a
}

func (s *site) conform(t testing.TB, r *http.Request, a *answer) {
	t.Helper()
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Request-Id") == "" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %s: every answer is no-store, nosniff and has a request id: %v", r.Method, r.URL.Path, a.header)
	}
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s %s: self-service allows no other origin", r.Method, r.URL.Path)
	}
	held := strings.HasPrefix(r.URL.Path, "/v1/key") && a.header.Get("Content-Type") != api.ProblemType
	if a.status >= 400 && !held {
		conformProblem(t, r, a)
	}
	if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s %s: a 401 says how to authenticate", r.Method, r.URL.Path)
	}
	if a.status == 429 && a.header.Get("Retry-After") == "" {
		t.Errorf("%s %s: a 429 says when to come back", r.Method, r.URL.Path)
	}
	doc, err := selfDocument()
	must(t, err)
	for _, op := range api.SelfOperations() {
		params, ok := matches(op.Path, r.URL.Path)
		if !ok || op.Method != r.Method {
			continue
		}
		item := doc.Paths.Find(op.Path)
		in := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params,
				Route: &routers.Route{Spec: doc, Path: op.Path, PathItem: item, Method: op.Method, Operation: item.GetOperation(op.Method)}},
			Status: a.status, Header: a.header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}
		in.SetBodyBytes(a.body)
		if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
			t.Errorf("%s %s answers what the document does not say: %v\n%s", r.Method, r.URL.Path, err, a.body)
		}
		return
	}
}

// manage calls the management API as an operator who may do everything.
func (s *site) manage(t testing.TB, method, path, body string) *answer {
	t.Helper()
	h := &house{House: &managementtest.House{Handler: s.Management, Keeper: s.Keeper, Store: s.Store, Clock: s.Clock, Log: s.Log}, handler: s.Management, clock: s.Clock, key: s.operator(t)}
	return h.do(t, method, path, body)
}

func (s *site) operator(t testing.TB) string {
	t.Helper()
	out, err := management.IssueOperatorKey(t.Context(), s.Keeper, keywright.Actor{ID: "system"}, "operator")
	must(t, err)
	_, key := out.Credential.Reveal()
	return key
}

// passes reports whether a key of a scheme is granted now.
func (s *site) passes(t testing.TB, schemeName, key string) bool {
	t.Helper()
	v := s.manage(t, "POST", "/v1/keys/verify", `{"scheme":"`+schemeName+`","headers":{"X-Api-Key":"`+key+`","Authorization":"Bearer `+key+`"}}`)
	if v.status != 200 {
		t.Fatalf("%d %s", v.status, v.body)
	}
	granted, _ := v.at(t, "granted").(bool)
	return granted
}

// events lists what the audit trail says of an act.
func (s *site) events(t testing.TB, query url.Values) []api.Event {
	t.Helper()
	a := s.manage(t, "GET", "/v1/events?"+query.Encode(), "")
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var page api.EventPage
	must(t, json.Unmarshal(a.body, &page))
	return page.Items
}

func tenantDraft(ref string) keeper.TenantDraft { return keeper.TenantDraft{Ref: ref, Name: ref} }
