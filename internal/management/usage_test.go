package management_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

func report(t testing.TB, a *answer) (out api.UsageReport) {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	must(t, json.Unmarshal(a.body, &out))
	return out
}

func TestTRS17_UseSaysWhoUsesAKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tenant := h.tenant(t, `{"ref":"abcd1234"}`)
	h.tenant(t, `{"ref":"else1234"}`)
	id, key, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
	other, _, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"o"}`)
	ask := func(count, address string) {
		h.want(t, 200, "POST", "/v1/keys/verify", `{"api":"trusset-instance-api","path":"/x","count":`+count+`,"headers":{"X-API-Key":"`+key+`"},"address":"`+address+`"}`)
	}
	ask("false", "192.0.2.9")
	if r := report(t, h.want(t, 200, "GET", "/v1/usage?key="+id, "")); r.Granted != 0 || r.LastUsedAt != nil || len(r.Addresses) != 0 || len(r.Points) != 24 {
		t.Errorf("asking without count was counted: %+v", r)
	}
	if a := h.want(t, 200, "GET", "/v1/keys/"+id, ""); a.at(t, "last_used_at") != nil {
		t.Errorf("%s", a.body)
	}
	ask("true", "192.0.2.1")
	ask("true", "2001:db8:0:0::7")
	h.clock.Advance(time.Minute)
	h.want(t, 200, "POST", "/v1/keys/"+id+"/pause", "{}")
	ask("true", "::ffff:192.0.2.1")
	now := h.clock.Now()
	r := report(t, h.want(t, 200, "GET", "/v1/usage?key="+id+"&tenant=abcd1234&api=trusset-instance-api", ""))
	if r.Granted != 2 || r.Refused != 1 || len(r.Refusals) != 1 || r.Refusals[0] != (api.UsageReason{Reason: "paused", Count: 1}) {
		t.Errorf("%+v", r)
	}
	if r.LastUsedAt == nil || !r.LastUsedAt.Equal(now) || r.LastUsedFrom != "192.0.2.1" || len(r.Addresses) != 2 ||
		r.Addresses[0].Address != "192.0.2.1" || r.Addresses[0].Count != 2 || r.Addresses[1].Address != "2001:db8::7" || r.Addresses[1].Count != 1 {
		t.Errorf("who: %+v", r)
	}
	for _, path := range []string{"/v1/keys/" + id, "/v1/keys?tenant=abcd1234&search=n"} {
		if a := h.want(t, 200, "GET", path, ""); !strings.Contains(string(a.body), `"last_used_at":"`+now.Format(time.RFC3339)) {
			t.Errorf("%s does not say when the key was last used: %s", path, a.body)
		}
	}
	if a := h.want(t, 200, "GET", "/v1/keys/"+other, ""); a.at(t, "last_used_at") != nil {
		t.Errorf("a key that was never used: %s", a.body)
	}
	if r := report(t, h.want(t, 200, "GET", "/v1/usage?step=day&tenant="+tenant, "")); r.Granted != 2 || r.Step != "day" || r.LastUsedAt != nil || len(r.Addresses) != 0 {
		t.Errorf("the tenant: %+v", r)
	}
	if r := report(t, h.want(t, 200, "GET", "/v1/usage?tenant=else1234", "")); r.Granted+r.Refused != 0 {
		t.Errorf("another tenant: %+v", r)
	}
	if r := report(t, h.want(t, 200, "GET", "/v1/usage?api=trusset-instance-api", "")); r.Granted != 2 || r.Refused != 1 {
		t.Errorf("the API: %+v", r)
	}
	h.want(t, 204, "DELETE", "/v1/keys/"+id, "")
	if r := report(t, h.want(t, 200, "GET", "/v1/usage?key="+id, "")); r.Granted != 2 || len(r.Addresses) != 2 {
		t.Errorf("the history of a deleted key: %+v", r)
	}
}

func TestUseRefusesWhatItCannotAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	h.tenant(t, `{"ref":"else1234"}`)
	id, _, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
	for query, field := range map[string]string{
		"key=nonsense":                                       "key",
		"key=key_01JZ8Q6V7N3F5T9X2B4C6D8E0G":                 "key",
		"key=key_01JZ8Q6V7N3F5T9X2B4C6D8E0G&tenant=abcd1234": "key",
		"key=" + id + "&tenant=else1234":                     "key",
		"tenant=nobody":                                      "tenant",
		"api=nowhere":                                        "api",
		"step=week":                                          "step",
		"since=yesterday":                                    "since",
		"since=2029-01-01T00:00:00Z":                         "since",
		"since=2030-01-02T00:00:00Z&until=2030-01-01T00:00:00Z": "since",
	} {
		if a := h.want(t, 422, "GET", "/v1/usage?"+query, ""); !strings.Contains(string(a.body), field) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	_, reader := h.operator(t, "events:read")
	h.want(t, 403, "GET", "/v1/usage", "", as(reader)...)
	_, reader = h.operator(t, "keys:read")
	h.want(t, 200, "GET", "/v1/usage", "", as(reader)...)
}

// TestUseIsTheTenantsOwn: what others used is in no member's report.
func TestUseIsTheTenantsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	mine, theirs := s.Tenant("mine0001", nil), s.Tenant("them0001", nil)
	me := s.SignIn(mine.ID, "ada@example.com", people.Admin)
	them := s.SignIn(theirs.ID, "grace@example.com", people.Admin)
	id, _ := s.own(t, me, `{"name":"mine","environment":"live","permissions":["*"]}`)
	other, _ := s.own(t, them, `{"name":"theirs","environment":"live","permissions":["*"]}`)
	for key, ten := range map[string]keywright.Tenant{id: mine, other: theirs} {
		parsed, err := keywright.ParseKeyID(key)
		must(t, err)
		d := keywright.Decision{Reason: keywright.Granted, Key: parsed, Tenant: &ten}
		for range 1 + 2*len(ten.Ref)/8*map[bool]int{true: 1, false: 2}[ten.ID == mine.ID] {
			s.Meter.Count(s.Clock.Now(), "a", &d, s.Address)
		}
	}
	if r := report(t, s.want(t, 200, "GET", "/v1/me/usage", "", cookie(me)...)); r.Granted != 3 {
		t.Errorf("%+v", r)
	}
	if r := report(t, s.want(t, 200, "GET", "/v1/me/usage", "", cookie(them)...)); r.Granted != 5 {
		t.Errorf("%+v", r)
	}
	r := report(t, s.want(t, 200, "GET", "/v1/me/keys/"+id+"/usage?step=day", "", cookie(me)...))
	if r.Granted != 3 || r.LastUsedAt == nil || !r.LastUsedAt.Equal(s.Clock.Now()) || r.LastUsedFrom != "" || len(r.Addresses) != 0 {
		t.Errorf("%+v", r)
	}
	s.want(t, 404, "GET", "/v1/me/keys/"+other+"/usage", "", cookie(me)...)
	s.want(t, 403, "GET", "/v1/me/usage?tenant=them0001", "", cookie(me)...)
	s.want(t, 422, "GET", "/v1/me/usage?since=2020-01-01T00:00:00Z", "", cookie(me)...)
	if a := s.want(t, 200, "GET", "/v1/me/keys", "", cookie(me)...); !strings.Contains(string(a.body), `"last_used_at":"2030-`) {
		t.Errorf("the list does not say when the key was last used: %s", a.body)
	}
}
