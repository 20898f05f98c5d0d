package console_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// What a page lists can be had as a file: all of it, as it is sorted and narrowed.
func TestAListIsExportedAsItIsShown(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{}, "growth")
	tenant, err := p.People.SignIn(t.Context(), ada, keywright.NewCredential("", password), people.From{Site: "example"})
	if err != nil {
		t.Fatal(err)
	}
	id := tenant.Members[0].Tenant
	for _, name := range []string{"zoe@example.com", "bob@example.com"} {
		p.enrol(id, name, people.RoleMember)
	}
	page := b.get("/account/members?sort=email&order=desc").want(t, http.StatusOK, "format=csv")
	if !strings.Contains(page.Body, `href="/account/members?format=csv&amp;order=desc&amp;sort=email"`) {
		t.Errorf("the page leads to no file of what it shows:\n%s", page.Body)
	}
	a := b.get("/account/members?sort=email&order=desc&format=csv").want(t, http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v: %q", err, rows)
	}
	if head := strings.Join(rows[0], "|"); head != "Name|E-mail address|Role|Since" {
		t.Errorf("the columns are %s", head)
	}
	if rows[1][1] != "zoe@example.com" || rows[1][2] != "member" || rows[3][1] != ada || !strings.HasSuffix(rows[3][3], "Z") {
		t.Errorf("the rows are %q", rows)
	}
	if a.Header.Get("Content-Type") != "text/csv; charset=utf-8" || a.Header.Get("Content-Disposition") != `attachment; filename="members.csv"` {
		t.Errorf("it comes as %v", a.Header)
	}
	// A name that a spreadsheet would work out.
	b.post("/account/settings/name", "name", "=1+1").want(t, http.StatusSeeOther)
	if a := b.get("/account/members?format=csv"); !strings.Contains(a.Body, "'=1+1") {
		t.Errorf("a cell is a formula:\n%s", a.Body)
	}
	p.browser().get("/account/members?format=csv").want(t, http.StatusSeeOther)
}
