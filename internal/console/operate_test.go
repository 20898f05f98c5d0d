package console_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
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
	o.enrol(keywright.OperatorTenant, ada, people.Admin)
	o.enrol(keywright.OperatorTenant, viewer, people.Viewer)
	o.admin = o.browser().signIn(ada)
	return o
}

// filled puts what there is into a route's path.
func (o *office) filled(path string) string {
	return strings.NewReplacer("/keys/{id}/{act}", "/keys/"+o.key.String()+"/revoke", "/keys/{id}", "/keys/"+o.key.String(), "{tenant}", string(o.tenant),
		"/schemes/{name}", "/schemes/trusset-instance", "/apis/{name}", "/apis/trusset", "/providers/{name}", "/providers/workforce").Replace(path)
}

// pages are the pages of the route table that stand by themselves.
func (o *office) pages() []string {
	var all []string
	for _, r := range o.routes {
		method, path, _ := strings.Cut(r, " ")
		if method == http.MethodGet && !strings.Contains(r, "sign-in") && !strings.Contains(r, "callback") && !strings.Contains(r, "invitation") && !strings.Contains(r, "requests/{id}") && !strings.HasSuffix(r, "/remove") {
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
