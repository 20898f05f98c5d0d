package management_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

const trusset = `{"ref":"abcd1234","services":["tokenization"],"environments":["production"]}`

func TestCreateAnswersAsFixed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, trusset)
	a := h.want(t, 201, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","name":"CI","environment":"live","ttl":3600,"permissions":["files:read"],"metadata":{"team":"a"}}`)
	for path, want := range map[string]string{"state": "ACTIVE", "name": "CI", "environment": "live", "expires_at": "2030-01-02T04:04:05Z", "scheme": "keywright", "metadata.team": "a"} {
		if got := a.str(t, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if !strings.HasPrefix(a.str(t, "id"), "key_") || !strings.HasPrefix(a.str(t, "credential.key"), "kw_live_") || a.header.Get("ETag") != `"v1"` {
		t.Errorf("%v %s", a.header, a.body)
	}
	if strings.Contains(a.str(t, "credential.key"), strings.TrimPrefix(a.str(t, "hint"), "…")) == false || a.str(t, "hint") == "" {
		t.Errorf("the hint %q does not tell keys apart", a.str(t, "hint"))
	}
	t.Run("DMT-21 expires_at is a date and a time, kept to the second and spelled in UTC", func(t *testing.T) {
		h.tenant(t, `{"ref":"dt000001","environments":["production"]}`)
		a := h.want(t, 201, "POST", "/v1/keys", `{"tenant":"dt000001","scheme":"domain-trust","name":"n","environment":"testing","expires_at":"2031-05-06T09:08:09+02:00"}`)
		if got := a.str(t, "expires_at"); got != "2031-05-06T07:08:09Z" {
			t.Error(got)
		}
	})
	t.Run("ttl 0 is never, and null", func(t *testing.T) {
		a := h.want(t, 201, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","environment":"test","ttl":0}`)
		if v := a.at(t, "expires_at"); v != nil || !strings.Contains(string(a.body), `"expires_at":null`) {
			t.Error(string(a.body))
		}
	})
	t.Run("null is absent", func(t *testing.T) {
		h.want(t, 201, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","environment":"test","name":null,"ttl":null,"expires_at":null,"permissions":null,"addresses":null,"metadata":null}`)
		h.want(t, 201, "POST", "/v1/tenants", `{"ref":null,"name":null,"plan":null,"services":null,"environments":null,"metadata":null}`)
		h.want(t, 422, "POST", "/v1/keys", `{"tenant":null,"scheme":"keywright","environment":"test"}`)
	})
	t.Run("TFI-08 TFI-13 a pair scheme's credential is key and secret, made in one act, and never a second pair", func(t *testing.T) {
		a := h.want(t, 201, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trustifi"}`)
		if len(a.str(t, "credential.key")) != 48 || len(a.str(t, "credential.secret")) != 32 {
			t.Error(string(a.body))
		}
		h.want(t, 409, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trustifi"}`)
	})
}

func TestDMT22_TheCredentialIsInTheFirstAnswerOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, trusset)
	id, key, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
	body := `{"scheme":"trusset-instance","headers":{"X-API-Key":"` + key + `"}}`
	for _, a := range []*answer{
		h.want(t, 200, "GET", "/v1/keys", ""), h.want(t, 200, "GET", "/v1/keys/"+id, ""), h.want(t, 200, "PATCH", "/v1/keys/"+id, `{"name":"m"}`),
		h.want(t, 200, "POST", "/v1/keys/verify", body), h.want(t, 200, "POST", "/v1/keys/explain", body),
		h.want(t, 200, "POST", "/v1/keys/"+id+"/pause", ""), h.want(t, 200, "POST", "/v1/keys/"+id+"/resume", ""),
		h.want(t, 200, "POST", "/v1/keys/"+id+"/revoke", ""), h.want(t, 200, "GET", "/v1/events", ""),
	} {
		if secret := key[17:]; strings.Contains(string(a.body), secret) || strings.Contains(string(a.body), `"credential"`) {
			t.Errorf("a later answer holds the credential: %s", a.body)
		}
		if strings.Contains(string(a.body), "digest") {
			t.Errorf("an answer speaks of digests: %s", a.body)
		}
	}
	if strings.Contains(h.Log.String(), key[17:]) {
		t.Error("the log holds the credential")
	}
}

func TestListsAndPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.tenant(t, `{"ref":"one00001"}`), h.tenant(t, `{"ref":"two00002"}`)
	var ids []string
	for i := range 7 {
		id, _, _ := h.issue(t, fmt.Sprintf(`{"tenant":%q,"scheme":"keywright","environment":"live","name":"k%d"}`, one, i))
		ids = append(ids, id)
		h.clock.Advance(time.Millisecond)
	}
	h.issue(t, `{"tenant":"two00002","scheme":"keywright","environment":"live"}`)
	h.want(t, 200, "POST", "/v1/keys/"+ids[2]+"/revoke", "")
	h.want(t, 200, "POST", "/v1/keys/"+ids[4]+"/pause", "")
	list := func(query string) (got []string, next string) {
		t.Helper()
		var page struct {
			Items      []struct{ ID string }
			NextCursor string `json:"next_cursor"`
		}
		must(t, json.Unmarshal(h.want(t, 200, "GET", "/v1/keys?"+query, "").body, &page))
		for _, k := range page.Items {
			got = append(got, k.ID)
		}
		return got, page.NextCursor
	}
	t.Run("pages meet without gap or repeat, and the last has no cursor", func(t *testing.T) {
		for size := 1; size <= 8; size++ {
			var all []string
			cursor, pages := "", 0
			for {
				got, next := list(fmt.Sprintf("tenant=one00001&limit=%d&cursor=%s", size, cursor))
				all = append(all, got...)
				if pages++; next == "" || pages > 20 {
					break
				}
				cursor = next
			}
			if strings.Join(all, " ") != strings.Join(ids, " ") {
				t.Errorf("pages of %d: %v", size, all)
			}
		}
	})
	t.Run("filters by derived state", func(t *testing.T) {
		if got, _ := list("tenant=" + one + "&state=REVOKED"); len(got) != 1 || got[0] != ids[2] {
			t.Error(got)
		}
		if got, _ := list("tenant=" + one + "&state=PAUSED,REVOKED&limit=1"); len(got) != 1 || got[0] != ids[2] {
			t.Error(got)
		}
		if got, _ := list("tenant=" + one + "&state=ACTIVE"); len(got) != 5 {
			t.Error(got)
		}
		if got, _ := list("tenant=" + two); len(got) != 1 {
			t.Error(got)
		}
		if got, _ := list("scheme=trustifi"); len(got) != 0 {
			t.Error(got)
		}
	})
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=201": "limit", "limit=x": "limit", "state=GONE": "state[0]", "cursor=nonsense": "cursor",
		"tenant=nobody": "tenant", "colour=red": "colour", "limit=1&limit=2": "limit",
	} {
		a := h.want(t, 422, "GET", "/v1/keys?"+query, "")
		if !strings.Contains(string(a.body), `"field":"`+field+`"`) {
			t.Errorf("%s: %s is not named: %s", query, field, a.body)
		}
	}
	t.Run("tenants and events have pages too", func(t *testing.T) {
		for _, path := range []string{"/v1/tenants", "/v1/events"} {
			seen, cursor := map[string]bool{}, ""
			for range 50 {
				a := h.want(t, 200, "GET", path+"?limit=2&cursor="+cursor, "")
				var page struct {
					Items      []struct{ ID string }
					NextCursor string `json:"next_cursor"`
				}
				must(t, json.Unmarshal(a.body, &page))
				for _, one := range page.Items {
					if seen[one.ID] {
						t.Errorf("%s is there twice", one.ID)
					}
					seen[one.ID] = true
				}
				if cursor = page.NextCursor; cursor == "" {
					break
				}
			}
			if want := map[string]int{"/v1/tenants": 3, "/v1/events": 14}[path]; len(seen) != want {
				t.Errorf("%s: %d seen, want %d", path, len(seen), want)
			}
			h.want(t, 422, "GET", path+"?cursor=a2V5OnRlbl8", "")
		}
	})
}

func TestRotateAnswersAsFixed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, trusset)
	t.Run("TRS-12 TRS-13 TRS-14 TRS-15 TRS-16 the overlap is the scheme's, and both work meanwhile", func(t *testing.T) {
		id, key, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
		a := h.want(t, 201, "POST", "/v1/keys/"+id+"/rotate", "")
		next := a.str(t, "credential.key")
		if a.str(t, "predecessor") != id || a.str(t, "predecessor_key.state") != "PENDING_ROTATION" || a.str(t, "predecessor_key.retires_at") != "2030-01-09T03:04:05Z" || next == key || len(next) != 81 {
			t.Fatal(string(a.body))
		}
		for _, k := range []string{key, next} {
			if v := h.verify(t, "trusset-instance", "X-API-Key", k); v.at(t, "granted") != true {
				t.Error(string(v.body))
			}
		}
		if old := h.want(t, 200, "GET", "/v1/keys/"+id, ""); old.str(t, "state") != "PENDING_ROTATION" || old.str(t, "successor") != a.str(t, "id") {
			t.Error(string(old.body))
		}
		h.want(t, 409, "POST", "/v1/keys/"+id+"/rotate", "")
		h.want(t, 409, "POST", "/v1/keys/"+a.str(t, "id")+"/rotate", `{}`)
		finished := h.want(t, 201, "POST", "/v1/keys/"+a.str(t, "id")+"/rotate", `{"overlap":"1h","finish":true}`)
		if finished.str(t, "predecessor_key.retires_at") != "2030-01-02T04:04:05Z" {
			t.Error(string(finished.body))
		}
		if v := h.verify(t, "trusset-instance", "X-API-Key", key); v.at(t, "granted") != false || v.str(t, "reason") != "retired" {
			t.Error(string(v.body))
		}
	})
	t.Run("TFI-18 TFI-19 TFI-20 the successor keeps the key, and the old secret fails at once", func(t *testing.T) {
		id, key, secret := h.issue(t, `{"tenant":"abcd1234","scheme":"trustifi"}`)
		a := h.want(t, 201, "POST", "/v1/keys/"+id+"/rotate", `{}`)
		if a.str(t, "credential.key") != key || a.str(t, "credential.secret") == secret || a.str(t, "credential.secret") == "" {
			t.Error(string(a.body))
		}
		v := h.want(t, 200, "POST", "/v1/keys/verify", `{"scheme":"trustifi","headers":{"x-trustifi-key":"`+key+`","x-trustifi-secret":"`+secret+`"}}`)
		if v.at(t, "granted") != false {
			t.Error(string(v.body))
		}
	})
	t.Run("the overlap is named in hours, minutes or days, and nothing else", func(t *testing.T) {
		for overlap, status := range map[string]int{`"168h"`: 201, `"7d"`: 201, `"90m"`: 201, `"0s"`: 201, `"soon"`: 422, `"-1h"`: 422, `"721h"`: 422, `7`: 422, `"99999999d"`: 422} {
			id, _, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
			a := h.want(t, status, "POST", "/v1/keys/"+id+"/rotate", `{"overlap":`+overlap+`}`)
			if status == 422 && !strings.Contains(string(a.body), `"field":"overlap"`) {
				t.Error(string(a.body))
			}
			h.want(t, 204, "DELETE", "/v1/keys/"+id, "")
			if status == 201 {
				h.want(t, 204, "DELETE", "/v1/keys/"+a.str(t, "id"), "")
			}
		}
	})
	t.Run("TSP-25 a scheme that does not rotate says how to replace a key", func(t *testing.T) {
		id, _, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"truestamp","name":"d"}`)
		h.want(t, 409, "POST", "/v1/keys/"+id+"/rotate", "")
	})
}

// verify asks about one header of a bare scheme.
func (h *house) verify(t testing.TB, scheme, header, value string) *answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"scheme": scheme, "headers": map[string]string{header: value}})
	must(t, err)
	return h.want(t, 200, "POST", "/v1/keys/verify", string(body))
}

func TestPauseResumeRevokeDelete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234","plan":"growth"}`)
	id, key, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
	is := func(state, reason string) {
		t.Helper()
		if got := h.want(t, 200, "GET", "/v1/keys/"+id, "").str(t, "state"); got != state {
			t.Errorf("the state is %s, want %s", got, state)
		}
		if got := h.verify(t, "trusset-instance", "X-API-Key", key).str(t, "reason"); got != reason {
			t.Errorf("the very next request: %s, want %s", got, reason)
		}
	}
	h.want(t, 200, "POST", "/v1/keys/"+id+"/pause", `{"until":"2030-01-02T04:00:00Z"}`)
	is("PAUSED", "paused")
	h.want(t, 409, "POST", "/v1/keys/"+id+"/rotate", "")
	h.clock.Advance(time.Hour)
	is("ACTIVE", "granted")
	if a := h.want(t, 200, "GET", "/v1/keys/"+id, ""); a.at(t, "paused_until") != nil {
		t.Error("a pause that has ended is still told")
	}
	h.want(t, 409, "POST", "/v1/keys/"+id+"/resume", "")
	h.want(t, 200, "POST", "/v1/keys/"+id+"/pause", `{"until":null}`)
	is("PAUSED", "paused")
	h.want(t, 200, "POST", "/v1/keys/"+id+"/resume", `{}`)
	is("ACTIVE", "granted")
	h.want(t, 422, "POST", "/v1/keys/"+id+"/pause", `{"until":"2020-01-01T00:00:00Z"}`)
	t.Run("TSW-24 TSP-24 revocation works at once, says why, and repeats harmlessly", func(t *testing.T) {
		h.want(t, 422, "POST", "/v1/keys/"+id+"/revoke", `{"reason":"boredom"}`)
		a := h.want(t, 200, "POST", "/v1/keys/"+id+"/revoke", `{"reason":"compromised"}`)
		if a.str(t, "state") != "REVOKED" || a.str(t, "revocation_reason") != "compromised" {
			t.Error(string(a.body))
		}
		is("REVOKED", "revoked")
		again := h.want(t, 200, "POST", "/v1/keys/"+id+"/revoke", `{"reason":"abuse"}`)
		if again.str(t, "revocation_reason") != "compromised" || again.str(t, "revoked_at") != a.str(t, "revoked_at") {
			t.Error(string(again.body))
		}
		h.want(t, 409, "PATCH", "/v1/keys/"+id, `{"name":"x"}`)
	})
	t.Run("TSW-20 a lost key is revoked and replaced", func(t *testing.T) {
		lost, old, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trust-swiftly","name":"lost"}`)
		h.want(t, 200, "POST", "/v1/keys/"+lost+"/revoke", `{"reason":"unspecified"}`)
		_, fresh, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trust-swiftly","name":"found"}`)
		if old == fresh {
			t.Error("the new key is the old one")
		}
	})
	t.Run("DMT-05 DMT-24 delete is 204, and the key is unknown", func(t *testing.T) {
		a := h.want(t, 204, "DELETE", "/v1/keys/"+id, "")
		if len(a.body) != 0 {
			t.Error(string(a.body))
		}
		if got := h.verify(t, "trusset-instance", "X-API-Key", key).str(t, "reason"); got != "unknown" {
			t.Error(got)
		}
		h.want(t, 404, "DELETE", "/v1/keys/"+id, "")
		h.want(t, 404, "GET", "/v1/keys/"+id, "")
		h.want(t, 404, "GET", "/v1/keys/nonsense", "")
		if a := h.want(t, 200, "GET", "/v1/events?key="+id+"&act=key.deleted", ""); !strings.Contains(string(a.body), id) {
			t.Error("what happened to it is gone too")
		}
	})
}

func TestConflictForbiddenInvalid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	t.Run("TRS-17 409 cap reached", func(t *testing.T) {
		for i := range 10 {
			h.issue(t, fmt.Sprintf(`{"tenant":"abcd1234","scheme":"trusset-instance","name":"k%d"}`, i))
		}
		h.want(t, 409, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trusset-instance","name":"k10"}`)
	})
	t.Run("DMT-12 403 production not granted", func(t *testing.T) {
		body := `{"tenant":"abcd1234","scheme":"domain-trust","name":"n","environment":"production","expires_at":"2031-01-01T00:00:00Z"}`
		a := h.want(t, 403, "POST", "/v1/keys", body)
		if !strings.Contains(string(a.body), `"field":"environment"`) {
			t.Error(string(a.body))
		}
		h.want(t, 200, "PATCH", "/v1/tenants/abcd1234", `{"environments":["production"]}`)
		h.want(t, 201, "POST", "/v1/keys", body)
		t.Run("DMT-11 as many as needed", func(t *testing.T) {
			for range 30 {
				h.want(t, 201, "POST", "/v1/keys", body)
			}
		})
	})
	t.Run("TSW-11 403 plan", func(t *testing.T) {
		h.want(t, 403, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trust-swiftly","name":"n"}`)
	})
	t.Run("TSW-04 TSW-16 a name is mandatory", func(t *testing.T) {
		h.want(t, 200, "PATCH", "/v1/tenants/abcd1234", `{"plan":"growth"}`)
		a := h.want(t, 422, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trust-swiftly"}`)
		if !strings.Contains(string(a.body), `"field":"name"`) {
			t.Error(string(a.body))
		}
		h.want(t, 201, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trust-swiftly","name":"a"}`)
	})
	t.Run("409 archived", func(t *testing.T) {
		h.tenant(t, `{"ref":"gone0001"}`)
		h.want(t, 200, "PATCH", "/v1/tenants/gone0001", `{"archived":true}`)
		h.want(t, 409, "POST", "/v1/keys", `{"tenant":"gone0001","scheme":"keywright","environment":"live"}`)
	})
}
