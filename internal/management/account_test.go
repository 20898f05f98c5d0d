package management_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

const goodPassword = `{"password":"nine grey herons on a wall"}`

// What people do to their own account is the same on a customers' site and on the
// operators' own.
func TestOnesOwnAccountOnBothSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("trusset-instance"))
	member := managementtest.Cookie(s.SignIn(s.Tenant("acme0001", nil).ID, "ada@example.com", people.Trial))
	operator := managementtest.Cookie(s.SignIn(keywright.OperatorTenant, "op@example.com", people.Viewer))
	asMember := func(status int, method, path, body string) *answer {
		return s.want(t, status, method, path, body, member...)
	}
	asOperator := func(status int, method, path, body string) *answer {
		a := s.asOperator(t, method, path, body, operator...)
		if a.status != status {
			t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return a
	}
	for site, want := range map[string]func(int, string, string, string) *answer{"customers": asMember, "operators": asOperator} {
		if a := want(200, "PATCH", "/v1/me", `{"name":"A. Lovelace"}`); a.str(t, "name") != "A. Lovelace" || want(200, "GET", "/v1/me", "").str(t, "person.name") != "A. Lovelace" {
			t.Errorf("%s: %s", site, a.body)
		}
		want(422, "PATCH", "/v1/me", `{"name":"`+strings.Repeat("n", 201)+`"}`)
		want(200, "GET", "/v1/me/sessions", "")
		want(200, "GET", "/v1/me/passkeys", "")
		want(404, "DELETE", "/v1/me/sessions/ses_01JZ8Q6V7N3F5T9X2B4C6D8E0G", "")
		want(404, "DELETE", "/v1/me/passkeys/AAAA", "")
		want(422, "PUT", "/v1/me/password", `{"password":"short"}`)
		want(204, "PUT", "/v1/me/password", goodPassword)
	}
	s.Clock.Advance(6 * time.Minute)
	for _, want := range []func(int, string, string, string) *answer{asMember, asOperator} {
		for _, act := range [][3]string{{"PUT", "/v1/me/password", goodPassword}, {"DELETE", "/v1/me/passkeys/AAAA", ""}} {
			if a := want(403, act[0], act[1], act[2]); !strings.Contains(a.str(t, "type"), "proof") {
				t.Errorf("%s %s asks for no proof: %s", act[0], act[1], a.body)
			}
		}
	}
	for _, path := range []string{"/v1/me", "/v1/me/sessions", "/v1/me/passkeys"} {
		if a := s.manage(t, "GET", path, ""); a.status != 403 || strings.Contains(string(a.body), "ada@") {
			t.Errorf("a key at %s: %d %s", path, a.status, a.body)
		}
	}
	if log := s.Log.String(); strings.Contains(log, "herons") {
		t.Error("a password is in the log")
	}
}

func TestTRS18_AdminsSwitchTheServicesThatAreTheirs(t *testing.T) {
	t.Parallel()
	o := on("trusset-instance")
	o.Site.Services = []string{"trading", "lending"}
	s := newSite(t, o)
	tenant := s.Tenant("acme0001", nil)
	_ = s.manage(t, "PATCH", "/v1/tenants/acme0001", `{"services":["tokenization","lending"]}`)
	admin := managementtest.Cookie(s.SignIn(tenant.ID, "ada@example.com", people.Admin))
	member := managementtest.Cookie(s.SignIn(tenant.ID, "bob@example.com", people.RoleMember))
	if a := s.want(t, 200, "GET", "/v1/me", "", admin...); !strings.Contains(string(a.body), `"switchable":["trading","lending"]`) {
		t.Error(string(a.body))
	}
	if a := s.want(t, 200, "PATCH", "/v1/me/tenant", `{"services":["trading"]}`, admin...); !strings.Contains(string(a.body), `"services":["tokenization","trading"]`) {
		t.Errorf("lending is off, trading on, and what is not theirs stays: %s", a.body)
	}
	for _, wrong := range []string{`{"services":["custody"]}`, `{"services":["tokenization"]}`, `{"services":null}`, `{}`} {
		if a := s.want(t, 422, "PATCH", "/v1/me/tenant", wrong, admin...); !strings.Contains(string(a.body), "services") {
			t.Errorf("%s: %s", wrong, a.body)
		}
	}
	s.want(t, 403, "PATCH", "/v1/me/tenant", `{"services":[]}`, member...)
	other := newSite(t, managementtest.SiteOptions{Site: selfservice.Site{API: "example", Schemes: []string{"trusset-instance"}}})
	there := managementtest.Cookie(other.SignIn(other.Tenant("acme0001", nil).ID, "ada@example.com", people.Admin))
	other.want(t, 403, "PATCH", "/v1/me/tenant", `{"services":[]}`, there...)
}
