package daemon_test

import (
	"net/http"
	"strings"
	"testing"
)

// What a provider of an API's customers says of a person must open nothing on the
// operators' site.
func TestServe_OperatorsSignInWithTheirOwnProvidersAlone(t *testing.T) {
	t.Parallel()
	providers := `
identity_providers:
  - {name: customers, issuer: "http://127.0.0.1:1", audiences: [x], web: {client_id: a}}
  - {name: staff, issuer: "http://127.0.0.1:2", audiences: [x], web: {client_id: b}}
`
	for _, one := range []struct {
		management string
		staff      bool
	}{{"", false}, {"management: {logins: [staff]}\n", true}} {
		n := serve(t, t.TempDir(), base+providers+one.management+api("http://127.0.0.1:1"))
		page := do(t, http.DefaultClient, "GET", "http://"+n.door("management")+"/account/sign-in", "")
		if page.status != http.StatusOK || strings.Contains(page.body, "customers") || strings.Contains(page.body, "staff") != one.staff {
			t.Errorf("%q: %d %s", one.management, page.status, page.body)
		}
	}
}
