package management_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// customer makes a tenant that has been granted nothing.
func (s *site) customer(t testing.TB, ref string) keywright.Tenant {
	t.Helper()
	out, err := s.Keeper.CreateTenant(t.Context(), keywright.Actor{ID: "system"}, keeper.TenantDraft{Ref: ref, Name: ref, Plan: "growth"})
	must(t, err)
	return out
}

const asksProduction = `{"environment":"production","reason":"We go live in March.\nSoon."}`

func (s *site) requests(t testing.TB, query string) []api.AccessRequest {
	t.Helper()
	a := s.manage(t, "GET", "/v1/access-requests"+query, "")
	var page api.AccessRequestPage
	must(t, json.Unmarshal(a.body, &page))
	return page.Items
}

func TestDMT12_AccessToProductionIsAskedForAndGranted(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	ten := s.customer(t, "cust0001")
	me := s.SignIn(ten.ID, "ada@example.com", people.RoleMember)
	other := s.SignIn(s.customer(t, "else0001").ID, "grace@example.com", people.Admin)
	production := `{"name":"n","environment":"production","expires_at":"2030-06-01T00:00:00Z"}`
	s.want(t, 403, "POST", "/v1/me/keys", production, cookie(me)...)
	made := s.want(t, 201, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...)
	id := made.str(t, "id")
	if made.str(t, "state") != "open" || made.str(t, "requested_by") != "Member member" || made.at(t, "decided_at") != nil || made.str(t, "tenant_name") != "cust0001" {
		t.Errorf("%s", made.body)
	}
	s.want(t, 403, "POST", "/v1/me/keys", production, cookie(me)...)
	if a := s.want(t, 200, "GET", "/v1/me/access-requests", "", cookie(other)...); string(a.body) != "{\"items\":[]}\n" {
		t.Errorf("another tenant sees it: %s", a.body)
	}
	if all := s.requests(t, "?state=open"); len(all) != 1 || all[0].ID != id || all[0].Reason != "We go live in March.\nSoon." {
		t.Errorf("%+v", all)
	}
	granted := s.manage(t, "POST", "/v1/access-requests/"+id+"/grant", "")
	if granted.status != 200 || granted.str(t, "state") != "granted" || granted.str(t, "decided_by") != "operator" {
		t.Fatalf("%d %s", granted.status, granted.body)
	}
	s.want(t, 201, "POST", "/v1/me/keys", production, cookie(me)...)
	mine := s.want(t, 200, "GET", "/v1/me/access-requests", "", cookie(me)...)
	if !strings.Contains(string(mine.body), `"state":"granted"`) || strings.Contains(string(mine.body), "operator") {
		t.Errorf("a customer learns who decided, or not that it was: %s", mine.body)
	}
	s.want(t, 409, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...)
	for _, again := range []string{"grant", "decline"} {
		if a := s.manage(t, "POST", "/v1/access-requests/"+id+"/"+again, reasonFor(again)); a.status != 409 {
			t.Errorf("%s of a decided request: %d %s", again, a.status, a.body)
		}
	}
	acts := map[string]string{}
	for _, e := range s.events(t, map[string][]string{"tenant": {"cust0001"}}) {
		acts[e.Act] = e.Reason + "|" + e.Detail["environment"] + "|" + e.Detail["request"]
	}
	if acts["access.requested"] != "We go live in March. Soon.|production|"+id || acts["access.granted"] != "|production|"+id || acts["tenant.amended"] == "" {
		t.Errorf("%v", acts)
	}
	if s.requests(t, "?state=open"); len(s.requests(t, "?state=granted")) != 1 || len(s.requests(t, "?state=declined")) != 0 {
		t.Error("the list is not by state")
	}
	s.Clock.Advance(91 * 24 * time.Hour)
	if all := s.requests(t, ""); len(all) != 0 {
		t.Errorf("a decision is kept for ever: %+v", all)
	}
}

func reasonFor(act string) string {
	if act == "decline" {
		return `{"reason":"Finish the review first."}`
	}
	return ""
}

func TestARequestForAccessIsDeclined(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	ten := s.customer(t, "cust0001")
	me := s.SignIn(ten.ID, "ada@example.com", people.Trial)
	id := s.want(t, 201, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...).str(t, "id")
	s.want(t, 409, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...)
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"` + strings.Repeat("x", 1001) + `"}`, `{"reason":"\u0000"}`} {
		if a := s.manage(t, "POST", "/v1/access-requests/"+id+"/decline", body); a.status != 422 {
			t.Errorf("%.40s: %d %s", body, a.status, a.body)
		}
	}
	a := s.manage(t, "POST", "/v1/access-requests/"+id+"/decline", reasonFor("decline"))
	if a.status != 200 || a.str(t, "state") != "declined" || a.str(t, "answer") != "Finish the review first." {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if mine := s.want(t, 200, "GET", "/v1/me/access-requests", "", cookie(me)...); !strings.Contains(string(mine.body), "Finish the review first.") {
		t.Errorf("%s", mine.body)
	}
	if got, err := s.tenantNow(t, ten.ID); err != nil || len(got.Environments) != 0 {
		t.Errorf("%v %v", got.Environments, err)
	}
	s.want(t, 201, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...)
}

func (s *site) tenantNow(t testing.TB, id keywright.TenantID) (out keywright.Tenant, err error) {
	t.Helper()
	err = s.Store.View(t.Context(), func(r keywright.Reader) (err error) {
		out, err = r.Tenant(t.Context(), string(id))
		return err
	})
	return out, err
}

func TestWhatCanBeAskedForIsTheSchemes(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	ten := s.customer(t, "cust0001")
	me := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	for body, status := range map[string]int{
		`{"environment":"testing"}`: 422, `{"environment":"elsewhere"}`: 422, `{"environment":""}`: 422, `{}`: 422,
		`{"environment":"production","reason":"` + strings.Repeat("x", 1001) + `"}`: 422, `{"environment":"production","reason":"\u0007"}`: 422,
		`{"environment":"production","tenant":"else0001"}`: 422,
	} {
		s.want(t, status, "POST", "/v1/me/access-requests", body, cookie(me)...)
	}
	s.want(t, 401, "POST", "/v1/me/access-requests", asksProduction)
	if a := s.Request("POST", "/v1/me/access-requests", asksProduction, append(cookie(me), "Origin", "https://evil.example")...); a != nil {
		if status, _, body := s.Do(a); status != 403 {
			t.Errorf("from another site: %d %s", status, body)
		}
	}
	has := s.SignIn(s.Tenant("full0001", nil).ID, "grace@example.com", people.Admin)
	s.want(t, 409, "POST", "/v1/me/access-requests", asksProduction, cookie(has)...)
	nobody := newSite(t, on("truestamp"))
	him := nobody.SignIn(nobody.customer(t, "cust0001").ID, "ada@example.com", people.Admin)
	nobody.want(t, 422, "POST", "/v1/me/access-requests", asksProduction, cookie(him)...)
	if all := append(s.requests(t, ""), nobody.requests(t, "")...); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

func TestOnlyWhoMayWriteTenantsDecides(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	h := &house{handler: s.Management, key: s.operator(t), clock: s.Clock}
	ten := s.customer(t, "cust0001")
	me := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	id := s.want(t, 201, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...).str(t, "id")
	_, reader := h.operator(t, "tenants:read", "keys:write", "people:write")
	viewer := s.SignIn(keywright.OperatorTenant, "view@example.com", people.Viewer)
	for _, act := range []string{"grant", "decline"} {
		h.want(t, 403, "POST", "/v1/access-requests/"+id+"/"+act, reasonFor(act), as(reader)...)
		if a := s.asOperator(t, "POST", "/v1/access-requests/"+id+"/"+act, reasonFor(act), cookie(viewer)...); a.status != 403 {
			t.Errorf("a viewer: %d %s", a.status, a.body)
		}
		if a := s.asOperator(t, "POST", "/v1/access-requests/"+id+"/"+act, reasonFor(act), cookie(me)...); a.status != 401 {
			t.Errorf("a customer: %d %s", a.status, a.body)
		}
		for _, nothing := range []string{"acc_01JZ8Q6V7N3F5T9X2B4C6D8E0G", "x", string(ten.ID)} {
			h.want(t, 404, "POST", "/v1/access-requests/"+nothing+"/"+act, reasonFor(act))
		}
	}
	h.want(t, 200, "GET", "/v1/access-requests", "", as(reader)...)
	h.want(t, 422, "GET", "/v1/access-requests?state=any", "")
	archived := true
	_, err := s.Keeper.AmendTenant(t.Context(), keywright.Actor{ID: "system"}, string(ten.ID), 0, keeper.TenantAmendment{Archived: &archived})
	must(t, err)
	h.want(t, 409, "POST", "/v1/access-requests/"+id+"/grant", "")
	if got, err := s.tenantNow(t, ten.ID); err != nil || len(got.Environments) != 0 {
		t.Errorf("%v %v", got.Environments, err)
	}
	h.want(t, 200, "POST", "/v1/access-requests/"+id+"/decline", reasonFor("decline")) // what could not be granted is free again
}

// Of those who decide one request at once, one does; the tenant has what it was told.
func TestARequestIsDecidedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	h := &house{handler: s.Management, key: s.operator(t), clock: s.Clock}
	ten := s.customer(t, "cust0001")
	me := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	for range 10 {
		s.Clock.Advance(time.Minute)
		id := s.want(t, 201, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...).str(t, "id")
		var group sync.WaitGroup
		var mu sync.Mutex
		done := map[string]int{}
		for i := range 8 {
			act := []string{"grant", "decline"}[i%2]
			group.Go(func() {
				if a := h.do(t, "POST", "/v1/access-requests/"+id+"/"+act, reasonFor(act)); a.status == 200 {
					mu.Lock()
					defer mu.Unlock()
					done[act]++
				} else if a.status != 409 {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		group.Wait()
		got, err := s.tenantNow(t, ten.ID)
		must(t, err)
		if done["grant"]+done["decline"] != 1 || (len(got.Environments) == 1) != (done["grant"] == 1) {
			t.Fatalf("%v, and the tenant has %v", done, got.Environments)
		}
		none := []string{}
		_, err = s.Keeper.AmendTenant(t.Context(), keywright.Actor{ID: "system"}, string(ten.ID), 0, keeper.TenantAmendment{Environments: &none})
		must(t, err)
	}
}

// A node that ends between the two halves of a grant leaves a request that can be
// decided again after a minute.
func TestAGrantThatNeverEndedCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	h := &house{handler: s.Management, key: s.operator(t), clock: s.Clock}
	ten := s.customer(t, "cust0001")
	me := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	id := s.want(t, 201, "POST", "/v1/me/access-requests", asksProduction, cookie(me)...).str(t, "id")
	_, err := s.People.ClaimAccess(t.Context(), id)
	must(t, err)
	h.want(t, 409, "POST", "/v1/access-requests/"+id+"/grant", "")
	h.want(t, 409, "POST", "/v1/access-requests/"+id+"/decline", reasonFor("decline"))
	s.Clock.Advance(time.Minute)
	h.want(t, 200, "POST", "/v1/access-requests/"+id+"/grant", "")
}
