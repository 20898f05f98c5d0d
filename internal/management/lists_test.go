package management_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/people"
)

// listed reads every page of a list, and returns a field of each record.
func (h *house) listed(t testing.TB, path, field string) (all []string) {
	t.Helper()
	for next := ""; ; {
		a := h.want(t, 200, "GET", path+"&limit=2&cursor="+next, "")
		items, _ := a.at(t, "items").([]any)
		for _, one := range items {
			m, _ := one.(map[string]any)
			all = append(all, fmt.Sprint(m[field]))
		}
		if next = a.str(t, "next_cursor"); next == "" {
			return all
		}
	}
}

func (h *house) expect(t testing.TB, path, field string, want ...string) {
	t.Helper()
	if got := h.listed(t, path, field); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", path, got, want)
	}
}

// keysOfEveryKind makes keys that filters tell apart, and returns the ids by name.
func keysOfEveryKind(t testing.TB, h *house) map[string]string {
	t.Helper()
	h.tenant(t, `{"ref":"acme0001","environments":["production"]}`)
	h.tenant(t, `{"ref":"other001","environments":["production"]}`)
	ids := map[string]string{}
	for _, one := range []string{
		`"acme0001","name":"Delta","environment":"production","expires_at":"2030-03-01T00:00:00Z"`, `"other001","name":"alpha","environment":"testing","expires_at":"2031-01-01T00:00:00Z"`,
		`"acme0001","name":"Bravo","environment":"testing","expires_at":"2030-02-01T00:00:00Z"`, `"acme0001","name":"charlie","environment":"testing","expires_at":"2032-01-01T00:00:00Z"`,
	} {
		id, _, _ := h.issue(t, `{"scheme":"domain-trust","tenant":`+one+`}`)
		ids[strings.ToLower(strings.Split(one, `"`)[5])] = id
		h.clock.Advance(time.Second)
	}
	h.want(t, 200, "POST", "/v1/keys/"+ids["alpha"]+"/revoke", "")
	h.want(t, 200, "POST", "/v1/keys/"+ids["charlie"]+"/pause", "")
	return ids
}

func TestKeysAreFilteredSearchedAndSorted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := keysOfEveryKind(t, h)
	const of = "/v1/keys?scheme=domain-trust"
	h.expect(t, of, "name", "Delta", "alpha", "Bravo", "charlie")
	h.expect(t, of+"&order=desc", "name", "charlie", "Bravo", "alpha", "Delta")
	h.expect(t, of+"&sort=name", "name", "alpha", "Bravo", "charlie", "Delta")
	h.expect(t, of+"&sort=expires", "name", "Bravo", "Delta", "alpha", "charlie")
	h.expect(t, of+"&sort=expires&order=desc", "name", "charlie", "alpha", "Delta", "Bravo")
	h.expect(t, of+"&sort=name&tenant=acme0001&environment=testing", "name", "Bravo", "charlie")
	h.expect(t, of+"&search=DEL", "name", "Delta")
	h.expect(t, of+"&search=elta", "name")
	h.expect(t, of+"&search="+strings.ToLower(ids["bravo"]), "name", "Bravo")
	h.expect(t, of+"&expires_before=2030-02-15T00:00:00Z", "name", "Bravo")
	h.expect(t, of+"&state=REVOKED,PAUSED&sort=name", "name", "alpha", "charlie")
	hint := h.want(t, 200, "GET", "/v1/keys/"+ids["delta"], "").str(t, "hint")
	h.expect(t, of+"&search="+strings.ToUpper(strings.TrimPrefix(hint, "…"))+"&sort=name", "name", "Delta")
	h.clock.Advance(60 * 24 * time.Hour)
	h.expect(t, of+"&state=EXPIRED&sort=expires&order=desc", "name", "Delta", "Bravo")
	if got := h.listed(t, of+"&state=ACTIVE", "state"); len(got) != 0 {
		t.Errorf("active: %v", got)
	}
}

func TestTenantsAreFilteredSearchedAndSorted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, one := range []string{
		`{"ref":"bravo001","name":"Zeta Ltd","plan":"growth","environments":["live"]}`, `{"ref":"Alpha001","name":"eta","plan":"free"}`, `{"ref":"char0001","name":"Beta Inc","plan":"growth"}`,
	} {
		h.tenant(t, one)
		h.clock.Advance(time.Second)
	}
	h.want(t, 200, "PATCH", "/v1/tenants/char0001", `{"archived":true}`)
	h.expect(t, "/v1/tenants?sort=ref", "ref", "Alpha001", "bravo001", "char0001", "operators")
	h.expect(t, "/v1/tenants?sort=name&search=b&order=desc", "ref", "bravo001", "char0001") // Zeta's ref begins with it
	h.expect(t, "/v1/tenants?plan=growth", "ref", "bravo001", "char0001")
	h.expect(t, "/v1/tenants?plan=growth&archived=false", "ref", "bravo001")
	h.expect(t, "/v1/tenants?archived=true", "ref", "char0001")
	h.expect(t, "/v1/tenants?environment=live", "ref", "bravo001")
	h.expect(t, "/v1/tenants?search=ALPHA", "ref", "Alpha001")
	h.expect(t, "/v1/tenants?search=ten_operators", "ref", "operators")
}

// A cursor of one order says nothing in another, and bad input names its field.
func TestListsRefuseWhatTheyCannotAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	keysOfEveryKind(t, h)
	byName := h.want(t, 200, "GET", "/v1/keys?sort=name&limit=1", "").str(t, "next_cursor")
	for path, field := range map[string]string{
		"/v1/keys?cursor=" + byName: "cursor", "/v1/keys?sort=name&order=desc&cursor=" + byName: "cursor", "/v1/keys?sort=expires&cursor=" + byName: "cursor",
		"/v1/tenants?sort=name&cursor=" + byName: "cursor", "/v1/keys?sort=ref": "sort", "/v1/tenants?sort=expires": "sort", "/v1/keys?order=up": "order",
		"/v1/tenants?archived=maybe": "archived", "/v1/keys?expires_before=soon": "expires_before", "/v1/keys?search=" + strings.Repeat("a", 65): "search",
		"/v1/exports/keys?format=xls": "format", "/v1/exports/keys?tenant=nobody": "tenant", "/v1/exports/tenants?limit=5": "limit", "/v1/exports/events?key=x": "key",
	} {
		if a := h.want(t, 422, "GET", path, ""); !strings.Contains(string(a.body), `"field":"`+field+`"`) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// rows reads an export as CSV.
func rows(t testing.TB, a *answer) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	must(t, err)
	return all
}

func TestExportsHoldWhatTheListsShow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := keysOfEveryKind(t, h)
	a := h.want(t, 200, "GET", "/v1/exports/keys?scheme=domain-trust&sort=name", "", "Accept", "text/csv")
	table := rows(t, a)
	if len(table) != 5 || table[0][0] != "id" || table[1][4] != "alpha" || table[1][0] != ids["alpha"] || table[1][3] != "REVOKED" || table[2][12] != "2030-02-01T00:00:00Z" {
		t.Errorf("%q", table)
	}
	if a.header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" || a.header.Get("Content-Disposition") != `attachment; filename="keys-2030-01-02.csv"` {
		t.Errorf("%v", a.header)
	}
	lines := strings.Split(strings.TrimSpace(string(h.want(t, 200, "GET", "/v1/exports/keys?tenant=acme0001&state=ACTIVE&format=json", "").body)), "\n")
	for _, line := range lines {
		var k api.KeyBody
		must(t, json.Unmarshal([]byte(line), &k))
		if k.State != "ACTIVE" || k.Tenant == "" {
			t.Errorf("%+v", k)
		}
	}
	if len(lines) != 2 {
		t.Errorf("%q", lines)
	}
	if table := rows(t, h.want(t, 200, "GET", "/v1/exports/tenants?sort=ref", "")); len(table) != 4 || table[1][1] != "acme0001" || table[1][5] != "production" {
		t.Errorf("%q", table)
	}
	all := len(h.listed(t, "/v1/events?", "id"))
	if table := rows(t, h.want(t, 200, "GET", "/v1/exports/events", "")); len(table) != all+1 || table[1][2] != "key.paused" {
		t.Errorf("%d of %d events: %q", len(table)-1, all, table[1])
	}
	if table := rows(t, h.want(t, 200, "GET", "/v1/exports/events?act=key.revoked", "")); len(table) != 2 || table[1][3] != ids["alpha"] {
		t.Errorf("%q", table)
	}
	if a := h.want(t, 406, "GET", "/v1/exports/keys", "", "Accept", "image/png"); a.status != 406 {
		t.Error(a.status)
	}
}

// More than one page of the store's comes as one file, without a gap or a repeat.
func TestAnExportIsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"acme0001"}`)
	_, err := h.Store.Update(t.Context(), func(tx keywright.Tx) error {
		for n := range 1234 {
			k := keywright.Key{ID: keywright.NewKeyID(h.clock.Now(), [10]byte{byte(n >> 8), byte(n)}), Tenant: "ten_a", Scheme: "truestamp", Name: fmt.Sprint("k", n%7), Created: h.clock.Now(), Version: 1}
			k.Digest[0], k.Digest[1] = byte(n>>8), byte(n)
			if err := tx.PutKey(t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	for _, query := range []string{"", "&sort=name", "&sort=expires&order=desc"} {
		seen := map[string]bool{}
		for _, row := range rows(t, h.want(t, 200, "GET", "/v1/exports/keys?scheme=truestamp"+query, ""))[1:] {
			seen[row[0]] = true
		}
		if len(seen) != 1234 {
			t.Errorf("%q: %d keys", query, len(seen))
		}
	}
}

// What a customer may write must not run in an operator's spreadsheet.
func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i, name := range []string{`=HYPERLINK("http://evil")`, "+1", "-1+1", "@SUM(A1)", " =1", "＝1", "'=1"} {
		h.tenant(t, fmt.Sprintf(`{"ref":"acme%04d","name":%s,"plan":%s}`, i, must1(json.Marshal(name)), must1(json.Marshal("p"))))
	}
	for _, row := range rows(t, h.want(t, 200, "GET", "/v1/exports/tenants", ""))[1:] {
		for _, cell := range row {
			if strings.HasPrefix(strings.TrimLeft(cell, " \u00a0"), "'") {
				cell = "'"
			}
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") || strings.HasPrefix(strings.TrimSpace(cell), "=") || strings.HasPrefix(cell, "＝") {
				t.Errorf("%q is a formula", cell)
			}
		}
		if row[2] == "'=1" {
			t.Error("an apostrophe of the tenant's own is taken for ours")
		}
	}
}

func must1(raw []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// An export needs what its list needs.
func TestExportsAskForThePermissionOfTheirList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for path, permission := range map[string]string{"keys": api.KeysRead, "tenants": api.TenantsRead, "events": api.EventsRead} {
		for _, held := range []string{api.KeysRead, api.TenantsRead, api.EventsRead} {
			_, key := h.operator(t, held)
			want := 403
			if held == permission {
				want = 200
			}
			h.want(t, want, "GET", "/v1/exports/"+path, "", as(key)...)
		}
	}
}

// A member's export holds their tenant's keys and nobody else's.
func TestAMembersExportIsTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("truestamp"))
	mine, theirs := s.Tenant("acme0001", nil), s.Tenant("other001", nil)
	ada, bob := s.SignIn(mine.ID, "ada@example.com", people.Trial), s.SignIn(theirs.ID, "bob@example.com", people.Admin)
	for ref, name := range map[string]string{"acme0001": "ours", "other001": "theirs"} {
		s.manage(t, "POST", "/v1/keys", `{"tenant":"`+ref+`","scheme":"truestamp","name":"`+name+`"}`)
	}
	s.manage(t, "POST", "/v1/keys", `{"tenant":"acme0001","scheme":"domain-trust","name":"elsewhere","environment":"testing","expires_at":"2031-01-01T00:00:00Z"}`)
	for token, want := range map[string]string{ada: "ours", bob: "theirs"} {
		a := s.want(t, 200, "GET", "/v1/me/exports/keys?search="+want[:2], "", managementtest.Cookie(token)...)
		if table := rows(t, a); len(table) != 2 || table[1][4] != want {
			t.Errorf("%q", table)
		}
		if table := rows(t, s.want(t, 200, "GET", "/v1/me/exports/keys", "", managementtest.Cookie(token)...)); len(table) != 2 {
			t.Errorf("%q", table)
		}
	}
	s.want(t, 403, "GET", "/v1/me/exports/keys?tenant=other001", "", managementtest.Cookie(ada)...)
	s.want(t, 401, "GET", "/v1/me/exports/keys", "")
}

// What fails on the way breaks the answer off.
func TestAnExportThatFailsIsNoFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.Store.Close())
	r := h.request("GET", "/v1/exports/keys", "")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if w.Code != 503 || strings.Contains(w.Header().Get("Content-Type"), "csv") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
