package management_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/people"
)

// asOperator calls the management API, with headers of one's own and no key.
func (s *site) asOperator(t testing.TB, method, path, body string, header ...string) *answer {
	t.Helper()
	h := &house{handler: s.Management}
	return h.do(t, method, path, body, append([]string{"Authorization", ""}, header...)...)
}

func TestOperatorsSessionsActWithTheirRole(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	ten := s.Tenant("cust0001", nil)
	admin, viewer := s.SignIn(keywright.OperatorTenant, "op@example.com", people.Admin), s.SignIn(keywright.OperatorTenant, "view@example.com", people.Viewer)
	member := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	id := s.manage(t, "POST", "/v1/keys", `{"tenant":"cust0001","scheme":"keywright","environment":"live"}`).str(t, "id")
	person := string(s.SignedUp(t, ten.ID, "victim@example.com"))
	path := strings.NewReplacer("{id}", id, "{person}", person, "{invitation}", "inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G")
	for _, op := range api.Operations() {
		if op.Permission == "" || op.ID == api.OpImport {
			continue
		}
		at := path.Replace(op.Path)
		if strings.HasPrefix(op.Path, "/v1/tenants/{id}") {
			at = path.Replace(strings.Replace(op.Path, "{id}", "cust0001", 1))
		}
		t.Run(op.ID, func(t *testing.T) {
			for name, header := range map[string][]string{"nobody": nil, "a customer's member": cookie(member), "an unknown session": cookie("nonsense")} {
				if a := s.asOperator(t, op.Method, at, "{}", header...); a.status != 401 {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
			}
			a := s.asOperator(t, op.Method, at, "{}", cookie(viewer)...)
			if read := strings.HasSuffix(op.Permission, ":read") || op.Permission == api.KeysVerify; read == (a.status == 403) {
				t.Errorf("a viewer: %d %s", a.status, a.body)
			}
			if op.Method != http.MethodGet {
				for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
					if a := s.asOperator(t, op.Method, at, "{}", append(from, cookie(admin)...)...); a.status != 403 {
						t.Errorf("from another site: %d %s", a.status, a.body)
					}
				}
			}
			if op.Method == http.MethodDelete {
				return
			}
			if a := s.asOperator(t, op.Method, at, "{}", cookie(admin)...); a.status == 401 || a.status == 403 {
				t.Errorf("an admin: %d %s", a.status, a.body)
			}
		})
	}
	t.Run("the trail names the person", func(t *testing.T) {
		if a := s.asOperator(t, "POST", "/v1/tenants", `{"ref":"made0001"}`, cookie(admin)...); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		events := s.events(t, map[string][]string{"tenant": {"made0001"}})
		if len(events) != 1 || !strings.HasPrefix(events[0].Actor.ID, "per_") || events[0].Actor.Name != "Member admin" || events[0].Actor.Address == "" || events[0].Actor.RequestID == "" {
			t.Errorf("%+v", events)
		}
	})
	t.Run("a key beside a cookie is what counts", func(t *testing.T) {
		h := &house{handler: s.Management}
		h.want(t, 401, "GET", "/v1/keys", "", append(as("kw_live_x"), cookie(admin)...)...)
	})
	t.Run("what a gate would not route, no session routes", func(t *testing.T) {
		for _, at := range []string{"/v1//keys", "/v1/keys/%2e%2e/tenants", "/v1/nothing"} {
			if a := s.asOperator(t, "GET", at, "", cookie(admin)...); a.status != 400 && a.status != 404 {
				t.Errorf("%s: %d %s", at, a.status, a.body)
			}
		}
		if a := s.asOperator(t, "PUT", "/v1/keys", "{}", cookie(admin)...); a.status != 405 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

// Nobody rises: who has some permissions makes nobody an operator with more.
func TestNobodyInvitesToMoreThanTheyHold(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	h := &house{handler: s.Management, key: s.operator(t)}
	_, some := h.operator(t, "people:write", "people:read")
	_, reader := h.operator(t, "keys:read", "keys:verify", "tenants:read", "events:read", "people:read", "people:write", "config:read")
	s.SignIn(keywright.OperatorTenant, "op@example.com", people.Admin)
	s.SignIn(keywright.OperatorTenant, "other@example.com", people.Admin)
	s.SignIn(keywright.OperatorTenant, "view@example.com", people.Viewer)
	of := map[string]string{}
	var page api.MemberPage
	must(t, json.Unmarshal(h.want(t, 200, "GET", "/v1/tenants/operators/members", "").body, &page))
	for _, m := range page.Items {
		of[m.Email] = m.ID
	}
	invite := func(role string) string { return `{"email":"new@example.com","role":"` + role + `"}` }
	h.want(t, 403, "POST", "/v1/tenants/operators/invitations", invite("admin"), as(some)...)
	h.want(t, 403, "POST", "/v1/tenants/ten_operators/invitations", invite("viewer"), as(some)...)
	h.want(t, 403, "POST", "/v1/tenants/operators/invitations", invite("admin"), as(reader)...)
	h.want(t, 201, "POST", "/v1/tenants/operators/invitations", invite("viewer"), as(reader)...)
	h.want(t, 403, "PATCH", "/v1/tenants/operators/members/"+of["view@example.com"], `{"role":"admin"}`, as(reader)...)
	h.want(t, 403, "PATCH", "/v1/tenants/operators/members/"+of["op@example.com"], `{"role":"viewer"}`, as(reader)...)
	h.want(t, 403, "DELETE", "/v1/tenants/operators/members/"+of["op@example.com"], "", as(reader)...)
	h.want(t, 204, "DELETE", "/v1/tenants/operators/members/"+of["view@example.com"], "", as(reader)...)
	h.want(t, 200, "PATCH", "/v1/tenants/operators/members/"+of["op@example.com"], `{"role":"viewer"}`)
	h.want(t, 409, "DELETE", "/v1/tenants/operators/members/"+of["other@example.com"], "")
}

func TestMembersAndInvitationsOfAnyTenant(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	h := &house{handler: s.Management, key: s.operator(t)}
	s.Tenant("cust0001", nil)
	for body, status := range map[string]int{
		`{"email":"ada@example.com","role":"viewer"}`: 422, `{"email":"ada@example.com","role":"owner"}`: 422, `{"email":"nobody","role":"admin"}`: 422,
		`{"email":"ada@example.com","role":"admin","api":"other"}`: 422, `{"role":"admin"}`: 422,
	} {
		h.want(t, status, "POST", "/v1/tenants/cust0001/invitations", body)
	}
	a := h.want(t, 201, "POST", "/v1/tenants/cust0001/invitations", `{"email":"ada@example.com","role":"admin","api":"it"}`)
	token := a.str(t, "token")
	if token == "" || !strings.HasPrefix(a.str(t, "link"), s.Server.URL+"/account/invitation?token=") || a.str(t, "invited_by") != "operator" {
		t.Errorf("%s", a.body)
	}
	b := h.want(t, 201, "POST", "/v1/tenants/cust0001/invitations", `{"email":"grace@example.com","role":"trial"}`)
	if b.at(t, "link") != nil {
		t.Errorf("%s", b.body)
	}
	list := h.want(t, 200, "GET", "/v1/tenants/cust0001/invitations", "")
	if !strings.Contains(string(list.body), a.str(t, "id")) || strings.Contains(string(list.body), token) {
		t.Errorf("%s", list.body)
	}
	h.want(t, 204, "DELETE", "/v1/tenants/cust0001/invitations/"+b.str(t, "id"), "")
	h.want(t, 404, "DELETE", "/v1/tenants/cust0001/invitations/"+b.str(t, "id"), "")
	s.Tenant("else0001", nil)
	h.want(t, 404, "DELETE", "/v1/tenants/else0001/invitations/"+a.str(t, "id"), "")
	in, err := s.People.AcceptAs(t.Context(), keywright.NewCredential("", token), s.SignedUp(t, s.tenantOf(t, "else0001"), "ada@example.com"), people.From{})
	must(t, err)
	if len(in) != 2 {
		t.Errorf("%+v", in)
	}
	var page api.MemberPage
	must(t, json.Unmarshal(h.want(t, 200, "GET", "/v1/tenants/cust0001/members", "").body, &page))
	if len(page.Items) != 1 || page.Items[0].Role != "admin" || page.Items[0].Email != "ada@example.com" {
		t.Fatalf("%+v", page)
	}
	h.want(t, 404, "GET", "/v1/tenants/nobody/members", "")
	h.want(t, 404, "PATCH", "/v1/tenants/else0001/members/per_x", `{"role":"trial"}`)
	h.want(t, 409, "PATCH", "/v1/tenants/cust0001/members/"+page.Items[0].ID, `{"role":"trial"}`)
	if strings.Contains(s.Log.String(), token) {
		t.Error("the log holds the token")
	}
}

func TestAServerWithoutPeopleHasNoSuchOperations(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"cust0001"}`)
	for _, op := range api.Operations() {
		if slices.Contains([]string{api.TagPeople, api.TagRegistrations, api.TagAccess}, op.Tag) {
			h.want(t, 404, op.Method, strings.NewReplacer("{id}", "cust0001", "{person}", "x", "{invitation}", "x").Replace(op.Path), "{}")
		}
	}
	h.want(t, 401, "GET", "/v1/keys", "", "Authorization", "", "Cookie", "__Host-keywright-session=x")
}

func TestTheIntrospectionFrontAsksTheGate(t *testing.T) {
	t.Parallel()
	var o management.Options
	h := newHouse(t, func(given *management.Options) { o = *given })
	h.tenant(t, `{"ref":"cust0001"}`)
	_, theirs, _ := h.issue(t, `{"tenant":"cust0001","scheme":"keywright","environment":"live","name":"gateway","permissions":["keys:verify"]}`)
	_, reader := h.operator(t, "keys:read")
	o.View = gate.Hops{}.View
	ask := management.Authorize(o)
	for _, c := range []struct {
		name, path, permission, key string
		status                      int
		tenant                      string
	}{
		{"an operator", "/oauth/introspect", "keys:verify", h.key, 0, "ten_operators"},
		{"an operator revokes", "/oauth/revoke", "keys:write", h.key, 0, "ten_operators"},
		{"a tenant's own gateway", "/oauth/introspect", "keys:verify", theirs, 0, ""},
		{"which may not revoke", "/oauth/revoke", "keys:write", theirs, 403, ""},
		{"nor ask for more than the route says", "/oauth/introspect", "keys:write", theirs, 403, ""},
		{"another permission", "/oauth/introspect", "keys:verify", reader, 403, ""},
		{"nobody", "/oauth/introspect", "keys:verify", "", 401, ""},
		{"nonsense", "/oauth/introspect", "keys:verify", "kw_live_x", 401, ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://console.localhost"+c.path, nil)
		if c.key != "" {
			r.Header.Set("Authorization", "Bearer "+c.key)
		}
		caller, refusal := ask(r, c.permission)
		switch {
		case c.status == 0 && (refusal != nil || caller.Actor.ID == "" || (c.tenant != "" && string(caller.Tenant) != c.tenant) || (c.tenant == "" && caller.Tenant == keywright.OperatorTenant)):
			t.Errorf("%s: %+v %+v", c.name, caller, refusal)
		case c.status != 0 && (refusal == nil || refusal.Status != c.status):
			t.Errorf("%s: %+v %+v", c.name, caller, refusal)
		}
	}
	h.want(t, 404, "POST", "/oauth/introspect", "{}") // the front is another handler's
}

// A password alone is not enough for an operator who has a passkey of this host; one
// of another site is asked for there.
func TestAnOperatorWithAPasskeyIsAskedForIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	admin := s.SignIn(keywright.OperatorTenant, "op@example.com", people.Admin)
	if a := s.asOperator(t, "GET", "/v1/tenants", "", cookie(admin)...); a.status != 200 {
		t.Fatalf("without a passkey: %d %s", a.status, a.body)
	}
	s.passkey(t, "op@example.com", "docs.example.com")
	if a := s.asOperator(t, "GET", "/v1/tenants", "", cookie(admin)...); a.status != 200 {
		t.Errorf("with one of another site: %d %s", a.status, a.body)
	}
	s.passkey(t, "op@example.com", managementtest.ConsoleHost)
	if a := s.asOperator(t, "GET", "/v1/tenants", "", cookie(admin)...); a.status != 403 || a.str(t, "type") != api.ProofNeeded {
		t.Errorf("with one of this: %d %s", a.status, a.body)
	}
}

// A session of a customers' site opens nothing of the operators'.
func TestASitesSessionIsNotTheOperators(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	s.SignIn(keywright.OperatorTenant, "op@example.com", people.Admin)
	if a := s.asOperator(t, "GET", "/v1/tenants", "", cookie(s.Session("op@example.com"))...); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// passkey writes down a passkey of a person's, as a ceremony would.
func (s *site) passkey(t testing.TB, email, party string) {
	t.Helper()
	store, ok := s.Store.(people.Store)
	if !ok {
		t.Fatal("the store keeps no people")
	}
	err := store.UpdateRecords(t.Context(), func(tx people.RecordTx) error {
		r, err := tx.Named(t.Context(), people.PersonRecord, email)
		if err != nil {
			return err
		}
		var body map[string]any
		if err := json.Unmarshal(r.Body, &body); err != nil {
			return err
		}
		body["passkeys"] = 1
		if r.Body, err = json.Marshal(body); err != nil {
			return err
		}
		r.Version++
		if err := tx.PutRecord(t.Context(), r); err != nil {
			return err
		}
		kept, err := json.Marshal(map[string]any{"v": body["v"], "credential": []byte(party), "party": party, "name": party, "created": s.Clock.Now()})
		if err != nil {
			return err
		}
		return tx.PutRecord(t.Context(), people.Record{Kind: people.PasskeyRecord, ID: party, Name: party, Owner: r.ID, Version: 1, Body: kept})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Who invites sees the link, and could take it: to make a member that makes keys asks
// for the right to make keys.
func TestPeopleWriteAloneMakesNobodyWhoMakesKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	s.Tenant("cust0001", nil)
	key := s.manage(t, "POST", "/v1/keys", `{"tenant":"ten_operators","scheme":"keywright","environment":"live","permissions":["people:write","people:read"]}`).str(t, "credential.key")
	for _, role := range []string{"admin", "member", "trial"} {
		h := &house{handler: s.Management}
		a := h.do(t, "POST", "/v1/tenants/cust0001/invitations", `{"email":"mole@example.com","role":"`+role+`"}`, "Authorization", "Bearer "+key)
		if a.status != 403 {
			t.Errorf("%s: %d %s", role, a.status, a.body)
		}
	}
}
