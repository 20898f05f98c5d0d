package management_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

func cookie(token string) []string { return managementtest.Cookie(token) }

// own makes a key as a member and returns its id and credential.
func (s *site) own(t testing.TB, session, body string) (id, key string) {
	t.Helper()
	a := s.want(t, 201, "POST", "/v1/me/keys", body, cookie(session)...)
	return a.str(t, "id"), a.str(t, "credential.key")
}

// bodies are what each operation needs, so that nothing but the caller is wrong.
func bodyOf(id string) string {
	return map[string]string{
		api.OpCreateOwnKey: `{"name":"n"}`, api.OpAmendOwnKey: `{"name":"changed"}`, api.OpAmendOwnMember: `{"role":"member"}`,
		api.OpInviteOwn: `{"email":"grace@example.com","role":"member"}`,
	}[id]
}

func TestTSP20_TSP23_TSP24_AMembersOwnKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("truestamp"))
	me := s.SignIn(s.Tenant("user0001", nil).ID, "ada@example.com", people.Admin)
	a := s.want(t, 201, "POST", "/v1/me/keys", `{"name":"ci","ttl":3600}`, cookie(me)...)
	key := a.str(t, "credential.key")
	if a.str(t, "expires_at") != "2030-01-02T04:04:05Z" || a.str(t, "name") != "ci" || a.header.Get("ETag") != `"v1"` {
		t.Errorf("TSP-23: %s", a.body)
	}
	if !s.passes(t, "truestamp", key) {
		t.Error("the key does not work")
	}
	t.Run("TSP-23 never, and no less than a minute", func(t *testing.T) {
		if a := s.want(t, 201, "POST", "/v1/me/keys", `{"ttl":0}`, cookie(me)...); a.at(t, "expires_at") != nil {
			t.Errorf("TSP-21: %s", a.body)
		}
		s.want(t, 422, "POST", "/v1/me/keys", `{"ttl":59}`, cookie(me)...)
		s.want(t, 422, "POST", "/v1/me/keys", `{"ttl":-1}`, cookie(me)...)
		s.want(t, 422, "POST", "/v1/me/keys", `{"name":"`+strings.Repeat("n", 257)+`"}`, cookie(me)...)
	})
	id := a.str(t, "id")
	if list := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(me)...); !strings.Contains(string(list.body), id) || strings.Contains(string(list.body), key) {
		t.Errorf("%s", list.body)
	}
	if one := s.want(t, 200, "GET", "/v1/me/keys/"+id, "", cookie(me)...); strings.Contains(string(one.body), key) || one.at(t, "credential") != nil {
		t.Errorf("%s", one.body)
	}
	t.Run("TSP-24 revocation works at once", func(t *testing.T) {
		s.want(t, 200, "POST", "/v1/me/keys/"+id+"/revoke", `{"reason":"abuse"}`, cookie(me)...)
		if s.passes(t, "truestamp", key) {
			t.Error("it still passes")
		}
		s.want(t, 200, "POST", "/v1/me/keys/"+id+"/revoke", "", cookie(me)...)
		s.want(t, 409, "POST", "/v1/me/keys/"+id+"/rotate", "", cookie(me)...)
	})
	t.Run("told in the trail", func(t *testing.T) {
		events := s.events(t, map[string][]string{"key": {id}})
		if len(events) != 2 || !strings.HasPrefix(events[0].Actor.ID, "per_") || events[0].Actor.Name == "" || events[0].Actor.Address == "" || events[0].Actor.RequestID == "" {
			t.Errorf("%+v", events)
		}
	})
}

func TestDMT12_DMT19_DMT20_DMT21_DMT22_DMT23_DMT24(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("domain-trust"))
	ten, err := s.Keeper.CreateTenant(t.Context(), keywright.Actor{ID: "system"}, tenantDraft("org00001"))
	must(t, err)
	me := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	const when = `"expires_at":"2030-06-01T12:30:00Z"`
	t.Run("DMT-19 DMT-20 DMT-21 description, environment, date and time", func(t *testing.T) {
		s.want(t, 422, "POST", "/v1/me/keys", `{"environment":"testing",`+when+`}`, cookie(me)...)
		s.want(t, 422, "POST", "/v1/me/keys", `{"name":"n",`+when+`}`, cookie(me)...)
		s.want(t, 422, "POST", "/v1/me/keys", `{"name":"n","environment":"staging",`+when+`}`, cookie(me)...)
		s.want(t, 422, "POST", "/v1/me/keys", `{"name":"n","environment":"testing"}`, cookie(me)...)
		s.want(t, 422, "POST", "/v1/me/keys", `{"name":"n","environment":"testing","expires_at":"2020-01-01T00:00:00Z"}`, cookie(me)...)
	})
	t.Run("DMT-12 production only once it was granted", func(t *testing.T) {
		a := s.want(t, 403, "POST", "/v1/me/keys", `{"name":"n","environment":"production",`+when+`}`, cookie(me)...)
		if !strings.Contains(a.str(t, "detail"), "ask for it") {
			t.Errorf("%s", a.body)
		}
		s.manage(t, "PATCH", "/v1/tenants/org00001", `{"environments":["production"]}`)
		s.want(t, 201, "POST", "/v1/me/keys", `{"name":"n","environment":"production",`+when+`}`, cookie(me)...)
	})
	id, key := s.own(t, me, `{"name":"n","environment":"testing",`+when+`}`)
	t.Run("DMT-23 the expiry can be changed at any time, back from expiry too", func(t *testing.T) {
		s.want(t, 200, "PATCH", "/v1/me/keys/"+id, `{"expires_at":"2030-01-02T04:00:00Z"}`, cookie(me)...)
		s.Clock.Advance(time.Hour)
		if s.passes(t, "domain-trust", key) {
			t.Error("it did not expire")
		}
		me = s.Session("ada@example.com")
		a := s.want(t, 200, "PATCH", "/v1/me/keys/"+id, `{"expires_at":"2030-07-01T00:00:00Z"}`, cookie(me)...)
		if !s.passes(t, "domain-trust", key) || a.str(t, "name") != "n" {
			t.Errorf("%s", a.body)
		}
		s.want(t, 422, "PATCH", "/v1/me/keys/"+id, `{"expires_at":null}`, cookie(me)...)
		s.want(t, 422, "PATCH", "/v1/me/keys/"+id, `{"environment":"production"}`, cookie(me)...)
	})
	t.Run("If-Match guards another's change", func(t *testing.T) {
		s.want(t, 412, "PATCH", "/v1/me/keys/"+id, `{"name":"m"}`, append(cookie(me), "If-Match", `"v1"`)...)
		tag := s.want(t, 200, "GET", "/v1/me/keys/"+id, "", cookie(me)...).header.Get("ETag")
		s.want(t, 200, "PATCH", "/v1/me/keys/"+id, `{"name":"m"}`, append(cookie(me), "If-Match", tag)...)
	})
	t.Run("DMT-24 deleted at any time", func(t *testing.T) {
		s.want(t, 204, "DELETE", "/v1/me/keys/"+id, "", cookie(me)...)
		s.want(t, 404, "GET", "/v1/me/keys/"+id, "", cookie(me)...)
		if s.passes(t, "domain-trust", key) {
			t.Error("it still passes")
		}
	})
}

func TestTSW04_TSW11_ANameIsMandatoryAndAPlanIsPaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("trust-swiftly"))
	me := s.SignIn(s.Tenant("acct0001", nil).ID, "ada@example.com", people.Admin)
	s.want(t, 422, "POST", "/v1/me/keys", `{}`, cookie(me)...)
	s.want(t, 201, "POST", "/v1/me/keys", `{"name":"n"}`, cookie(me)...)
	s.manage(t, "PATCH", "/v1/tenants/acct0001", `{"plan":"free"}`)
	a := s.want(t, 403, "POST", "/v1/me/keys", `{"name":"n"}`, cookie(me)...)
	if !strings.Contains(a.str(t, "detail"), "your plan") {
		t.Errorf("TSW-11: %s", a.body)
	}
}

func TestTFI08_TFI18_TFI19_TFI20_OnePairWhoseSecretAloneIsRegenerated(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("trustifi"))
	me := s.SignIn(s.Tenant("user0001", nil).ID, "ada@example.com", people.Admin)
	if a := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(me)...); string(a.body) != `{"items":[],"next_cursor":""}`+"\n" {
		t.Errorf("TFI-13: before that there are none: %s", a.body)
	}
	a := s.want(t, 201, "POST", "/v1/me/keys", `{}`, cookie(me)...)
	id, key, secret := a.str(t, "id"), a.str(t, "credential.key"), a.str(t, "credential.secret")
	s.want(t, 409, "POST", "/v1/me/keys", `{}`, cookie(me)...)
	pair := func(key, secret string) []string { return []string{"x-trustifi-key", key, "x-trustifi-secret", secret} }
	s.want(t, 200, "GET", "/v1/key", "", pair(key, secret)...)
	out := s.want(t, 201, "POST", "/v1/me/keys/"+id+"/rotate", "", cookie(me)...)
	if out.str(t, "credential.key") != key || out.str(t, "credential.secret") == secret {
		t.Error("TFI-19: the secret only, the key stays")
	}
	s.want(t, 401, "GET", "/v1/key", "", pair(key, secret)...)
	s.want(t, 200, "GET", "/v1/key", "", pair(key, out.str(t, "credential.secret"))...)
	s.want(t, 409, "POST", "/v1/me/keys/test", "", cookie(me)...)
	t.Run("TFI-17 revealed after a fresh proof, and noted", func(t *testing.T) {
		now := out.str(t, "id")
		b := s.want(t, 200, "POST", "/v1/me/keys/"+now+"/reveal", "", cookie(me)...)
		if b.str(t, "secret") != out.str(t, "credential.secret") || b.str(t, "key") != key {
			t.Errorf("%d", b.status)
		}
		if events := s.events(t, map[string][]string{"key": {now}, "act": {"key.revealed"}}); len(events) != 1 {
			t.Errorf("%+v", events)
		}
		s.Clock.Advance(6 * time.Minute)
		c := s.want(t, 403, "POST", "/v1/me/keys/"+now+"/reveal", "", cookie(me)...)
		if c.str(t, "type") != api.ProofNeeded {
			t.Errorf("%s", c.body)
		}
		trial := s.SignIn(s.tenantOf(t, "user0001"), "trial@example.com", people.Trial)
		s.want(t, 403, "POST", "/v1/me/keys/"+now+"/reveal", "", cookie(trial)...)
	})
}

func (s *site) tenantOf(t testing.TB, ref string) (id keywright.TenantID) {
	t.Helper()
	must(t, s.Store.View(t.Context(), func(r keywright.Reader) error {
		ten, err := r.Tenant(t.Context(), ref)
		id = ten.ID
		return err
	}))
	return id
}

func TestTRS17_TheCapHoldsForMembers(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("trusset-instance"))
	me := s.SignIn(s.Tenant("inst0001", nil).ID, "ada@example.com", people.RoleMember)
	first, _ := s.own(t, me, `{}`)
	for range 9 {
		s.own(t, me, `{}`)
	}
	s.want(t, 409, "POST", "/v1/me/keys", `{}`, cookie(me)...)
	a := s.want(t, 409, "POST", "/v1/me/keys/test", "", cookie(me)...)
	if !strings.Contains(a.str(t, "detail"), "no room for a test key") {
		t.Errorf("%s", a.body)
	}
	s.want(t, 201, "POST", "/v1/me/keys/"+first+"/rotate", `{"overlap":"1h"}`, cookie(me)...)
}

func TestWhoIsRecognised(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	ten := s.Tenant("mine0001", nil)
	me := s.SignIn(ten.ID, "ada@example.com", people.Admin)
	for name, c := range map[string]struct {
		status int
		header []string
	}{
		"a session":                     {200, cookie(me)},
		"nobody":                        {401, nil},
		"an unknown session":            {401, cookie("nonsense")},
		"an empty cookie":               {401, cookie("")},
		"two cookies":                   {401, []string{"Cookie", selfservice.SessionCookie + "=" + me + "; " + selfservice.SessionCookie + "=" + me}},
		"another cookie's name":         {401, []string{"Cookie", "keywright-session=" + me}},
		"a cookie and a token":          {400, append(cookie(me), "Authorization", "Bearer x")},
		"the session's token as Bearer": {401, as(me)},
		"junk after the token":          {401, cookie(me + "x")},
	} {
		t.Run(name, func(t *testing.T) { s.want(t, c.status, "GET", "/v1/me", "", c.header...) })
	}
	a := s.want(t, 200, "GET", "/v1/me", "", cookie(me)...)
	if a.str(t, "person.email") != "ada@example.com" || a.str(t, "tenant.ref") != "mine0001" || a.str(t, "role") != "admin" || a.str(t, "session") == "" {
		t.Errorf("%s", a.body)
	}
	t.Run("a session that was ended opens nothing", func(t *testing.T) {
		other := s.Session("ada@example.com")
		list := s.want(t, 200, "GET", "/v1/me/sessions", "", cookie(me)...)
		var page api.SessionPage
		must(t, json.Unmarshal(list.body, &page))
		if len(page.Items) != 2 || strings.Contains(string(list.body), me) || strings.Contains(string(list.body), other) {
			t.Fatalf("%s", list.body)
		}
		for _, one := range page.Items {
			if !one.Current {
				s.want(t, 204, "DELETE", "/v1/me/sessions/"+one.ID, "", cookie(me)...)
			}
		}
		s.want(t, 401, "GET", "/v1/me", "", cookie(other)...)
		s.want(t, 200, "GET", "/v1/me", "", cookie(me)...)
	})
	t.Run("an archived tenant makes no keys", func(t *testing.T) {
		s.manage(t, "PATCH", "/v1/tenants/mine0001", `{"archived":true}`)
		s.want(t, 409, "POST", "/v1/me/keys", `{"environment":"live"}`, cookie(me)...)
	})
}

func TestMembersCannotWriteWhatWeGoByOurselves(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	me := s.SignIn(s.Tenant("inst0001", nil).ID, "ada@example.com", people.Admin)
	for _, name := range []string{"key_id", "docs_test_key"} {
		s.want(t, 422, "POST", "/v1/me/keys", `{"environment":"live","metadata":{"`+name+`":"x"}}`, cookie(me)...)
	}
	id, _ := s.own(t, me, `{"environment":"live","metadata":{"a":"b"}}`)
	s.want(t, 422, "PATCH", "/v1/me/keys/"+id, `{"metadata":{"key_id":"x"}}`, cookie(me)...)
}

func TestTestKeys(t *testing.T) {
	t.Parallel()
	o := on("keywright")
	o.Site.TestKeys = "test"
	s := newSite(t, o)
	ten := s.Tenant("inst0001", nil)
	me, other := s.SignIn(ten.ID, "ada@example.com", people.Trial), s.SignIn(ten.ID, "grace@example.com", people.Trial)
	var keys []string
	theirs := s.want(t, 201, "POST", "/v1/me/keys/test", "", cookie(other)...).str(t, "credential.key")
	for range 6 {
		a := s.want(t, 201, "POST", "/v1/me/keys/test", "", cookie(me)...)
		if a.str(t, "name") != "Docs test key" || a.str(t, "environment") != "test" || a.str(t, "expires_at") != s.Clock.Now().Add(time.Hour).Format(time.RFC3339) || strings.Contains(string(a.body), "docs_test_key") {
			t.Errorf("%s", a.body)
		}
		keys = append(keys, a.str(t, "credential.key"))
		s.Clock.Advance(time.Second)
	}
	for i, key := range append(keys, theirs) {
		if got := s.passes(t, "keywright", key); got != (i > 0) {
			t.Errorf("key %d passes: %t", i, got)
		}
	}
	for range 24 {
		s.want(t, 201, "POST", "/v1/me/keys/test", "", cookie(me)...)
	}
	s.want(t, 429, "POST", "/v1/me/keys/test", "", cookie(me)...)
	s.want(t, 201, "POST", "/v1/me/keys/test", "", cookie(other)...)
	t.Run("none where the site makes none", func(t *testing.T) {
		o := on("keywright")
		o.Site.TestKeysOff = true
		s := newSite(t, o)
		me := s.SignIn(s.Tenant("inst0001", nil).ID, "ada@example.com", people.Admin)
		s.want(t, 409, "POST", "/v1/me/keys/test", "", cookie(me)...)
	})
}

func TestAKeyThatIsAskedForTwiceIsMadeOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	me := s.SignIn(s.Tenant("inst0001", nil).ID, "ada@example.com", people.Admin)
	header := append(cookie(me), "Idempotency-Key", "lost-reply")
	first := s.want(t, 201, "POST", "/v1/me/keys", `{"environment":"live"}`, header...)
	again := s.want(t, 200, "POST", "/v1/me/keys", `{"environment":"live"}`, header...)
	if first.str(t, "id") != again.str(t, "id") || again.at(t, "credential") != nil {
		t.Errorf("%s", again.body)
	}
	s.want(t, 422, "POST", "/v1/me/keys", `{"environment":"test"}`, header...)
	id := first.str(t, "id")
	one := s.want(t, 201, "POST", "/v1/me/keys/"+id+"/rotate", "", header...)
	two := s.want(t, 200, "POST", "/v1/me/keys/"+id+"/rotate", "", header...)
	if one.str(t, "id") != two.str(t, "id") {
		t.Errorf("%s", two.body)
	}
}

func TestTheListHoldsTheNewestFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("truestamp"))
	me := s.SignIn(s.Tenant("inst0001", nil).ID, "ada@example.com", people.Admin)
	for i := range 3 {
		s.own(t, me, fmt.Sprintf(`{"name":"n%d"}`, i))
		s.Clock.Advance(time.Second)
	}
	var page api.KeyPage
	must(t, json.Unmarshal(s.want(t, 200, "GET", "/v1/me/keys", "", cookie(me)...).body, &page))
	if len(page.Items) != 3 || page.Items[0].Name != "n2" || page.Items[2].Name != "n0" {
		t.Errorf("%+v", page.Items)
	}
}
