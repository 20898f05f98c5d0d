package console_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/people"
)

// office is the operators' own site, with a tenant that has keys.
type office struct {
	*place
	routes []string
	acts   []console.Act
	tenant keywright.TenantID
	key    keywright.KeyID
	grace  people.PersonID // a member of the tenant
	asked  string          // the id of a request for access
	admin  *browser
}

const viewer = "viewer@example.com"

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{}
	o.place = open(t, wish{operators: true, change: func(p *place, options *console.Options) {
		options.Desk = p.Management
		h := console.New(*options)
		o.routes, o.acts = console.Routes(h), console.Acts(h)
	}})
	o.tenant = o.place.tenant("acme0001", "growth", "production")
	o.key = o.issue(t, o.tenant, "Crawler", "production")
	o.grace = o.enrol(o.tenant, "grace@example.com", people.RoleMember)
	o.invite(o.tenant, "hedy@example.com", people.RoleMember)
	ask, err := o.People.RequestAccess(t.Context(), keywright.Actor{ID: "system", Name: "Grace"}, o.tenant, "production", "We go live.")
	if err != nil {
		t.Fatal(err)
	}
	o.asked = ask.ID
	o.enrol(keywright.OperatorTenant, ada, people.Admin)
	o.enrol(keywright.OperatorTenant, viewer, people.Viewer)
	o.admin = o.browser().signIn(ada)
	return o
}

// filled puts what there is into a route's path.
func (o *office) filled(path string) string {
	return strings.NewReplacer("/keys/{id}/{act}", "/keys/"+o.key.String()+"/revoke", "/keys/{id}", "/keys/"+o.key.String(), "/requests/{id}", "/requests/"+o.asked, "{tenant}", string(o.tenant),
		"/schemes/{name}", "/schemes/trusset-instance", "/apis/{name}", "/apis/trusset", "/providers/{name}", "/providers/workforce").Replace(path)
}

// pages are the pages of the route table that stand by themselves.
func (o *office) pages() []string {
	var all []string
	for _, r := range o.routes {
		method, path, _ := strings.Cut(r, " ")
		if method == http.MethodGet && !strings.Contains(r, "sign-in") && !strings.Contains(r, "callback") && !strings.Contains(r, "invitation") && !strings.Contains(r, "proof") && !strings.HasSuffix(r, "/members/remove") {
			all = append(all, o.filled(path))
		}
	}
	return append(all, "/account/keys/new?tenant=acme0001", "/account/keys/new?tenant=acme0001&scheme=domain-trust", "/account/scheme-text?from=trusset-instance")
}

func TestEveryPageOfTheOperatorsAnswersAndIsSmall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	assets := regexp.MustCompile(`/account/assets/[^"]+`)
	if len(o.pages()) < 25 {
		t.Fatalf("only %d pages: the table is broken", len(o.pages()))
	}
	for _, path := range o.pages() {
		a := o.admin.get(path)
		if a.Status != http.StatusOK && a.Status != http.StatusSeeOther {
			t.Errorf("%s answered %d\n%s", path, a.Status, a.Body)
		}
		size := len(a.Body)
		for _, asset := range slices.Compact(slices.Sorted(slices.Values(assets.FindAllString(a.Body, -1)))) {
			size += len(o.admin.get(asset).Body)
		}
		if size > 100<<10 {
			t.Errorf("%s weighs %d KB with what it loads", path, size>>10)
		}
	}
}

// asks are the forms that only ask: whoever may look may send them.
func asks(a console.Act) bool {
	return slices.Contains([]string{api.OpExplain, api.OpLintScheme, api.OpTryScheme, api.OpCheckProvider}, a.Operation)
}

// operatorsOwn are the acts of the route table that are about others than who is there.
func (o *office) operatorsOwn() []console.Act {
	all := slices.Clone(o.acts)
	return slices.DeleteFunc(all, func(a console.Act) bool {
		_, path, _ := strings.Cut(a.Pattern, " ")
		place, _, _ := strings.Cut(strings.TrimPrefix(path, "/account/"), "/")
		return !slices.Contains([]string{"tenants", "keys", "requests", "explain", "schemes", "scheme-text", "providers"}, place)
	})
}

func TestAViewerSeesEverythingAndIsOfferedNoAct(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	v := o.browser().signIn(viewer)
	forms := regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]*)"|<(?:form|button)[^>]*(?:form)?action="([^"]*)"[^>]*method="post"`)
	seen := 0
	for _, path := range o.pages() {
		a := v.get(path)
		begins := strings.HasSuffix(path, "/new") || strings.Contains(path, "/new?") || strings.HasSuffix(path, "/archive") || strings.HasSuffix(path, "/restore") || strings.HasSuffix(path, "/revoke") || strings.HasSuffix(path, "/decline")
		if begins {
			a.want(t, http.StatusForbidden, "changes nothing")
			continue
		}
		seen++
		if a.Status != http.StatusOK {
			t.Errorf("%s answered %d to a viewer", path, a.Status)
		}
		for _, m := range forms.FindAllStringSubmatch(a.Body, -1) {
			to := m[1] + m[2]
			own := strings.HasPrefix(to, "/account/sign-out") || strings.HasPrefix(to, "/account/explain") || strings.HasPrefix(to, "/account/scheme") || strings.HasSuffix(to, "/check")
			if place, _, _ := strings.Cut(strings.TrimPrefix(to, "/account/"), "/"); !own && slices.Contains([]string{"tenants", "keys", "requests"}, place) {
				t.Errorf("%s offers a viewer the form %s", path, to)
			}
		}
	}
	if seen < 12 {
		t.Errorf("a viewer saw only %d pages", seen)
	}
}

// A viewer who sends a form all the same is refused by the API, and nothing is done.
func TestTFI04_AViewersFormsAreRefusedByTheAPI(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	v := o.browser().signIn(viewer)
	before := o.admin.get("/account/audit").Body
	tried := 0
	for _, a := range o.operatorsOwn() {
		if asks(a) {
			continue
		}
		tried++
		_, path, _ := strings.Cut(a.Pattern, " ")
		got := v.post(o.filled(path), "tenant", string(o.tenant), "scheme", "domain-trust", "name", "New", "environment", "production", "expires_date", "2031-01-01", "expires_time", "10:00",
			"once", "a-form-that-is-sent-once", "confirm", "Crawler", "person", string(o.grace), "id", "inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G", "role", "admin", "email", "new@example.com",
			"reason", "unused", "until", "24h", "now", "1")
		if got.Status != http.StatusForbidden {
			t.Errorf("%s answered a viewer %d (to %q), want 403", a.Pattern, got.Status, got.To)
		}
	}
	if tried < 15 {
		t.Fatalf("only %d acts were tried: the table is broken", tried)
	}
	if after := o.admin.get("/account/audit").Body; after != before {
		t.Error("something was done in a viewer's name: the audit trail is another")
	}
}

// Who is signed in here, and is no operator, sees and does nothing.
func TestNobodyButOperatorsIsLetIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser().signIn("grace@example.com")
	for _, path := range o.pages() {
		if strings.HasPrefix(path, "/account/keys") || strings.HasPrefix(path, "/account/tenants") || strings.HasPrefix(path, "/account/audit") || strings.HasPrefix(path, "/account/scheme") {
			b.get(path).want(t, http.StatusForbidden, "you are no operator here")
		}
	}
	for _, a := range o.operatorsOwn() {
		_, path, _ := strings.Cut(a.Pattern, " ")
		if got := b.post(o.filled(path)); got.Status != http.StatusForbidden {
			t.Errorf("%s answered %d", a.Pattern, got.Status)
		}
	}
	if got := o.browser().get("/account/keys"); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.To, "/account/sign-in") {
		t.Errorf("nobody was answered %d to %q", got.Status, got.To)
	}
}

// What is pasted to be explained or tried comes back nowhere: not in the page, not in
// an address, not in the log.
func TestAPastedCredentialComesBackNowhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const secret = "dt_prod_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFy" //nolint:gosec // made up
	api, scheme := []string{"api", "trusset", "method", "GET"}, "/account/schemes/domain-trust/try"
	for name, send := range map[string]struct {
		path   string
		fields []string
	}{
		"headers":     {"/account/explain", append(slices.Clone(api), "path", "/trading/x", "headers", "X-Api-Key: "+secret)},
		"key":         {"/account/explain", append(slices.Clone(api), "path", "/trading/x", "key", secret)},
		"query":       {"/account/explain", append(slices.Clone(api), "path", "/trading/x?key="+secret, "headers", "Accept: */*")},
		"wrong lines": {"/account/explain", append(slices.Clone(api), "path", "/trading/x", "headers", secret)},
		"no api":      {"/account/explain", []string{"api", "none", "key", secret, "headers", secret}},
		"scheme":      {scheme, []string{"headers", "Authorization: Bearer " + secret}},
		"wrong try":   {scheme, []string{"headers", secret}},
		"text":        {"/account/scheme-text/try", []string{"source", "nonsense", "headers", "Authorization: Bearer " + secret}},
	} {
		a := o.admin.post(send.path, send.fields...)
		if a.Status != http.StatusOK && a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d\n%s", name, a.Status, a.Body)
		}
		if strings.Contains(a.Body, secret) || strings.Contains(a.To, secret) {
			t.Errorf("%s: the credential came back", name)
		}
	}
	if strings.Contains(o.Log.String(), secret) {
		t.Error("the credential is in the log")
	}
}

func TestOperatorsActOnKeysAndTenants(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key, tenant := "/account/keys/"+o.key.String(), "/account/tenants/"+string(o.tenant)
	to := func(a answer, path string) {
		t.Helper()
		if a.Status != http.StatusSeeOther || a.To != path {
			t.Errorf("answered %d to %q, want %q\n%s", a.Status, a.To, path, a.Body)
		}
	}
	// A form that is wrong comes back with what was typed, beside its field.
	o.admin.post("/account/tenants/new", "ref", "acme0001", "name", "Twice").want(t, http.StatusConflict, "Twice", `role="alert"`)
	o.admin.post(tenant+"/amend", "version", "1", "name", "Acme", "metadata", "no colon").want(t, http.StatusUnprocessableEntity, "no colon", `id="w-metadata"`)
	to(o.admin.post(tenant+"/amend", "version", "1", "name", "Acme", "plan", "team", "services", "files", "environments", "production", "metadata", "crm: 1"), tenant+"?done=amended")
	o.admin.post(tenant+"/amend", "version", "1", "name", "Too late").want(t, http.StatusPreconditionFailed)
	o.admin.get(tenant).want(t, http.StatusOK, "team", "crm: 1")

	o.admin.post(key+"/revoke", "confirm", "crawler", "reason", "abuse").want(t, http.StatusUnprocessableEntity, "nothing was done", `id="w-confirm"`)
	to(o.admin.post(key+"/pause", "until", "24h"), key+"?done=paused")
	to(o.admin.post(key+"/resume"), key+"?done=resumed")
	to(o.admin.post(key+"/amend", "name", "Night", "expires_date", "2031-02-03", "expires_time", "04:05", "addresses", "192.0.2.0/24"), key+"?done=amended")
	o.admin.get(key).want(t, http.StatusOK, "Night", "3 Feb 2031, 04:05 UTC", "192.0.2.0/24")
	made := o.admin.post(key+"/rotate", "once", "a-form-that-is-sent-once", "overlap", "24h0m0s").want(t, http.StatusCreated, "shown this once")
	o.admin.post(key+"/rotate", "once", "a-form-that-is-sent-once", "overlap", "24h0m0s").want(t, http.StatusOK, "was sent before")
	to(o.admin.post(key+"/overlap", "until", "168h"), key+"?done=moved")
	to(o.admin.post(key+"/overlap", "now", "1", "confirm", "Night"), key+"?done=finished")
	to(o.admin.post(key+"/delete", "confirm", "Night"), "/account/keys?done=deleted")
	o.admin.get(key).want(t, http.StatusNotFound)
	if !strings.Contains(made.Body, "dt_prod_") {
		t.Error("the new key was not shown")
	}
	o.admin.post(tenant+"/archive", "confirm", "nothing").want(t, http.StatusUnprocessableEntity, "nothing was done")
	to(o.admin.post(tenant+"/archive", "confirm", "acme0001"), tenant+"?done=archived")
	o.admin.get("/account/tenants?archived=true").want(t, http.StatusOK, "acme0001")
	to(o.admin.post(tenant+"/restore"), tenant+"?done=restored")
	o.admin.get("/account/search?q=acm").want(t, http.StatusOK, tenant)
	o.admin.get("/account/audit?act=key.deleted").want(t, http.StatusOK, "Key deleted")
	o.admin.get("/account/audit?since=yesterday").want(t, http.StatusUnprocessableEntity)
}
