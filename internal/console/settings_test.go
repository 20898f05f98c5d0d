package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright/people"
)

func TestPeopleChangeTheirName(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	b.get("/account/settings").want(t, http.StatusOK, `value="Ada"`)
	b.post("/account/settings/name", "name", strings.Repeat("a", 201)).want(t, http.StatusUnprocessableEntity, "At most 200 characters", strings.Repeat("a", 201))
	b.post("/account/settings/name", "name", "Ada\x00").want(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
	if a := b.post("/account/settings/name", "name", " Ada <Lovelace> "); a.To != "/account/settings?done=name" {
		t.Fatalf("renaming answered %d to %q\n%s", a.Status, a.To, a.Body)
	}
	page := b.get("/account/settings?done=name").want(t, http.StatusOK, "Your name is changed.", "Profile of Ada &lt;Lovelace&gt;")
	if strings.Contains(page.Body, "<Lovelace>") {
		t.Error("a name is taken for HTML")
	}
	b.get("/account/members").want(t, http.StatusOK, "Ada &lt;Lovelace&gt;")
	p.browser().post("/account/settings/name", "name", "Eve").want(t, http.StatusSeeOther)
	b.get("/account/settings").want(t, http.StatusOK, "Lovelace")
}

func TestSearchFindsPagesAndOwnKeysOnly(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	create(t, b, "name", "Billing server").want(t, http.StatusCreated)
	p.enrol(p.tenant("hunter01", "growth"), eve, people.Admin)
	b.get("/account/search?q=bill").want(t, http.StatusOK, "Billing server")
	if a := p.browser().signIn(eve).get("/account/search?q=bill"); strings.Contains(a.Body, "Billing server") {
		t.Error("another tenant's key is found")
	}
	for query, finds := range map[string]string{"API": "/account/keys", "api keys": "/account/keys", "pass": "/account/passkeys", "invite": "/account/members", "docs": "API documentation"} {
		b.get("/account/search?q="+strings.ReplaceAll(query, " ", "+")).want(t, http.StatusOK, finds)
	}
	part := b.get("/account/search?part=1&q=api").want(t, http.StatusOK, "/account/settings/api")
	if strings.Contains(part.Body, "<html") {
		t.Error("the script is given a whole page")
	}
	long := b.get("/account/search?q="+strings.Repeat("%C3%A9", 400)).want(t, http.StatusOK)
	if strings.Count(long.Body, "é") > 150 {
		t.Error("a query of any length is repeated")
	}
	b.get("/account/search?q=%3Cscript%3E").want(t, http.StatusOK, "&lt;script&gt;")
}
