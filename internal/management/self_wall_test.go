package management_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

// TestTheTenantsWall sends every operation of a member of one tenant against what is
// another's: nothing is seen, nothing happens, and nothing tells an existing record
// from one that is not there.
func TestTheTenantsWall(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	mine, theirs := s.Tenant("mine0001", nil), s.Tenant("them0001", nil)
	me := s.SignIn(mine.ID, "ada@example.com", people.Admin)
	them := s.SignIn(theirs.ID, "grace@example.com", people.Admin)
	id, _ := s.own(t, them, `{"name":"theirs","environment":"live","permissions":["*"]}`)
	who := s.want(t, 200, "GET", "/v1/me", "", cookie(them)...)
	invitation := s.want(t, 201, "POST", "/v1/me/invitations", `{"email":"x@example.com","role":"member"}`, cookie(them)...).str(t, "id")
	before := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(them)...)
	there := strings.NewReplacer("{id}", id, "{person}", who.str(t, "person.id"), "{invitation}", invitation)
	nowhere := strings.NewReplacer("{id}", "key_01JZ8Q6V7N3F5T9X2B4C6D8E0G", "{person}", "per_01JZ8Q6V7N3F5T9X2B4C6D8E0G", "{invitation}", "inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G")
	for _, op := range api.SelfOperations() {
		if op.Caller != api.PersonCaller {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			for _, tenant := range []string{string(theirs.ID), "them0001", "nobody01"} {
				if op.ID == api.OpListSessions || op.ID == api.OpEndSession {
					continue // they are about the person alone
				}
				a := s.want(t, 403, op.Method, there.Replace(op.Path)+"?tenant="+tenant, bodyOf(op.ID), cookie(me)...)
				b := s.want(t, 403, op.Method, nowhere.Replace(op.Path)+"?tenant="+tenant, bodyOf(op.ID), cookie(me)...)
				if string(a.body) != string(b.body) {
					t.Errorf("an existing record answers otherwise: %s %s", a.body, b.body)
				}
			}
			path := op.Path
			if op.ID == api.OpEndSession {
				path = strings.Replace(path, "{id}", who.str(t, "session"), 1)
			}
			if !strings.Contains(op.Path, "{") {
				return
			}
			a := s.want(t, 404, op.Method, there.Replace(path), bodyOf(op.ID), cookie(me)...)
			b := s.want(t, 404, op.Method, nowhere.Replace(op.Path), bodyOf(op.ID), cookie(me)...)
			if string(a.body) != string(b.body) {
				t.Errorf("an existing record answers otherwise: %s %s", a.body, b.body)
			}
		})
	}
	if after := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(them)...); string(after.body) != string(before.body) {
		t.Errorf("something was changed: %s", after.body)
	}
	if a := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(me)...); strings.Contains(string(a.body), "theirs") {
		t.Errorf("another's key is listed: %s", a.body)
	}
}

// TestWhatEachRoleMay holds every operation against every role.
func TestWhatEachRoleMay(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	ten := s.Tenant("org00001", nil)
	admin := s.SignIn(ten.ID, "admin@example.com", people.Admin)
	sessions := map[people.Role]string{people.Admin: admin}
	for _, role := range []people.Role{people.RoleMember, people.Trial} {
		sessions[role] = s.SignIn(ten.ID, string(role)+"@example.com", role)
	}
	const when = `"expires_at":"2030-06-01T12:30:00Z"`
	for role, session := range sessions {
		for _, environment := range []string{"testing", "production"} {
			t.Run(string(role)+" "+environment, func(t *testing.T) {
				right, read := people.WriteKeys, people.ReadKeys
				if environment == "production" {
					right = people.GrantedKeys
				}
				id, _ := s.own(t, admin, `{"name":"n","environment":"`+environment+`",`+when+`}`)
				expect := func(right people.Right, success int) int {
					if role.May(right) {
						return success
					}
					return 403
				}
				s.want(t, expect(read, 200), "GET", "/v1/me/keys", "", cookie(session)...)
				s.want(t, expect(read, 200), "GET", "/v1/me/keys/"+id, "", cookie(session)...)
				s.want(t, expect(right, 201), "POST", "/v1/me/keys", `{"name":"n","environment":"`+environment+`",`+when+`}`, cookie(session)...)
				s.want(t, expect(right, 200), "PATCH", "/v1/me/keys/"+id, `{"name":"m"}`, cookie(session)...)
				s.want(t, expect(right, 200), "POST", "/v1/me/keys/"+id+"/pause", "", cookie(session)...)
				s.want(t, 200, "POST", "/v1/me/keys/"+id+"/pause", "", cookie(admin)...)
				s.want(t, expect(right, 200), "POST", "/v1/me/keys/"+id+"/resume", "", cookie(session)...)
				id, _ = s.own(t, admin, `{"name":"n","environment":"`+environment+`",`+when+`}`)
				s.want(t, expect(right, 201), "POST", "/v1/me/keys/"+id+"/rotate", "", cookie(session)...)
				s.want(t, expect(right, 200), "POST", "/v1/me/keys/"+id+"/revoke", "", cookie(session)...)
				s.want(t, expect(right, 204), "DELETE", "/v1/me/keys/"+id, "", cookie(session)...)
			})
		}
		t.Run(string(role)+" people", func(t *testing.T) {
			expect := func(right people.Right, success int) int {
				if role.May(right) {
					return success
				}
				return 403
			}
			s.want(t, expect(people.ReadPeople, 200), "GET", "/v1/me/members", "", cookie(session)...)
			s.want(t, expect(people.WritePeople, 200), "GET", "/v1/me/invitations", "", cookie(session)...)
			a := s.want(t, expect(people.WritePeople, 201), "POST", "/v1/me/invitations", `{"email":"new-`+string(role)+`@example.com","role":"admin"}`, cookie(session)...)
			id := "inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G"
			if a.status == 201 {
				id = a.str(t, "id")
				if token := a.str(t, "token"); token == "" || !strings.HasPrefix(a.str(t, "link"), s.Server.URL+"/account/invitation?token=") {
					t.Errorf("%s", a.body)
				}
			}
			s.want(t, expect(people.WritePeople, 204), "DELETE", "/v1/me/invitations/"+id, "", cookie(session)...)
			victim := string(s.SignedUp(t, ten.ID, "victim-"+string(role)+"@example.com"))
			s.want(t, expect(people.WritePeople, 200), "PATCH", "/v1/me/members/"+victim, `{"role":"trial"}`, cookie(session)...)
			s.want(t, expect(people.WritePeople, 204), "DELETE", "/v1/me/members/"+victim, "", cookie(session)...)
		})
	}
	t.Run("the last admin stays, and everybody may leave", func(t *testing.T) {
		self := s.want(t, 200, "GET", "/v1/me", "", cookie(admin)...).str(t, "person.id")
		s.want(t, 409, "DELETE", "/v1/me/members/"+self, "", cookie(admin)...)
		s.want(t, 409, "PATCH", "/v1/me/members/"+self, `{"role":"member"}`, cookie(admin)...)
		trial := s.want(t, 200, "GET", "/v1/me", "", cookie(sessions[people.Trial])...).str(t, "person.id")
		s.want(t, 204, "DELETE", "/v1/me/members/"+trial, "", cookie(sessions[people.Trial])...)
		if a := s.do(t, "GET", "/v1/me/keys", "", cookie(sessions[people.Trial])...); a.status != 401 && a.status != 403 {
			t.Errorf("who has left still reads: %d", a.status)
		}
	})
}

// SignedUp makes a member and returns the person.
func (s *site) SignedUp(t testing.TB, tenant keywright.TenantID, email string) people.PersonID {
	t.Helper()
	p, err := s.People.Enrol(t.Context(), keywright.Actor{ID: "system"}, tenant, email, "Victim", people.RoleMember, keywright.Credential{})
	must(t, err)
	return p.ID
}

func TestCrossSiteWritesWithACookieAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	me := s.SignIn(s.Tenant("mine0001", nil).ID, "ada@example.com", people.Admin)
	id, key := s.own(t, me, `{"environment":"live"}`)
	paths := strings.NewReplacer("{id}", id, "{person}", "per_x", "{invitation}", "inv_x")
	for _, op := range api.SelfOperations() {
		if op.Method == http.MethodGet {
			continue
		}
		for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
			s.want(t, 403, op.Method, paths.Replace(op.Path), bodyOf(op.ID), append(from, cookie(me)...)...)
		}
	}
	if !s.passes(t, "keywright", key) {
		t.Error("a cross-site write did something")
	}
	s.want(t, 201, "POST", "/v1/me/keys", `{"environment":"live"}`, append(cookie(me), "Sec-Fetch-Site", "same-origin")...)
	s.want(t, 415, "POST", "/v1/me/keys", `environment=live`, append(cookie(me), "Content-Type", "application/x-www-form-urlencoded")...)
}

func TestASiteServesItsOwnTenantsOnly(t *testing.T) {
	t.Parallel()
	o := on("keywright")
	o.Site.Tenants = map[string]string{"system": "this"}
	s := newSite(t, o)
	here, other := s.Tenant("here0001", map[string]string{"system": "this"}), s.Tenant("else0001", map[string]string{"system": "that"})
	s.SignIn(other.ID, "ada@example.com", people.Admin)
	must2(t)(s.People.Enrol(t.Context(), keywright.Actor{ID: "system"}, keywright.OperatorTenant, "ada@example.com", "Ada", people.Admin, keywright.Credential{}))
	me := s.Session("ada@example.com")
	a := s.want(t, 200, "GET", "/v1/me", "", cookie(me)...)
	if a.at(t, "tenant") != nil || a.str(t, "role") != "" || strings.Contains(string(a.body), "else0001") || strings.Contains(string(a.body), "ten_operators") {
		t.Errorf("%s", a.body)
	}
	s.want(t, 403, "GET", "/v1/me/keys", "", cookie(me)...)
	s.want(t, 403, "POST", "/v1/me/keys", `{"environment":"live","permissions":["*"]}`, cookie(me)...)
	s.want(t, 403, "GET", "/v1/me?tenant=ten_operators", "", cookie(me)...)
	s.want(t, 403, "GET", "/v1/me?tenant=operators", "", cookie(me)...)
	s.SignIn(here.ID, "ada@example.com", people.Trial)
	if a := s.want(t, 200, "GET", "/v1/me", "", cookie(me)...); a.str(t, "tenant.ref") != "here0001" || a.str(t, "role") != "trial" {
		t.Errorf("%s", a.body)
	}
}

func must2(t testing.TB) func(any, error) {
	return func(_ any, err error) { t.Helper(); must(t, err) }
}

// A site that serves every tenant still serves no operator: its keys could be of the
// scheme that opens the management API.
func TestOperatorsAreNobodyOnACustomersSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	s.SignIn(keywright.OperatorTenant, "op@example.com", people.Admin)
	me := s.Session("op@example.com")
	if a := s.want(t, 200, "GET", "/v1/me", "", cookie(me)...); a.at(t, "tenant") != nil || strings.Contains(string(a.body), "ten_operators") {
		t.Errorf("%s", a.body)
	}
	s.want(t, 403, "POST", "/v1/me/keys", `{"environment":"live","permissions":["*"]}`, cookie(me)...)
	s.want(t, 403, "POST", "/v1/me/keys?tenant=ten_operators", `{"environment":"live","permissions":["*"]}`, cookie(me)...)
	s.want(t, 403, "GET", "/v1/me/members?tenant=operators", "", cookie(me)...)
}

func TestASchemeThatIsNotTheSitesIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	me := s.SignIn(s.Tenant("inst0001", nil).ID, "ada@example.com", people.Admin)
	for _, other := range []string{"keywright", "trusset-mica", "trusset-mica-management", "nonsense"} {
		s.want(t, 422, "POST", "/v1/me/keys", `{"scheme":"`+other+`","environment":"live"}`, cookie(me)...)
	}
	a := s.manage(t, "POST", "/v1/keys", `{"tenant":"inst0001","scheme":"keywright","environment":"live"}`)
	s.want(t, 404, "GET", "/v1/me/keys/"+a.str(t, "id"), "", cookie(me)...)
	s.want(t, 404, "POST", "/v1/me/keys/"+a.str(t, "id")+"/rotate", "", cookie(me)...)
	if list := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(me)...); strings.Contains(string(list.body), a.str(t, "id")) {
		t.Errorf("%s", list.body)
	}
}
