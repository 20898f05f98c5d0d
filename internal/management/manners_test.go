package management_test

import (
	"strings"
	"testing"

	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
)

const minimal = `{"tenant":"abcd1234","scheme":"keywright","environment":"live"}`

func TestTheMannersOfARequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	for _, c := range []struct {
		name         string
		status       int
		method, path string
		body         string
		header       []string
	}{
		{"Accept */*", 201, "POST", "/v1/keys", minimal, []string{"Accept", "*/*"}},
		{"Accept problem+json", 201, "POST", "/v1/keys", minimal, []string{"Accept", "application/problem+json"}},
		{"Accept of a browser", 201, "POST", "/v1/keys", minimal, []string{"Accept", "text/html, application/json;q=0.1"}},
		{"Accept XML", 406, "POST", "/v1/keys", minimal, []string{"Accept", "application/xml"}},
		{"Accept refuses JSON", 406, "POST", "/v1/keys", minimal, []string{"Accept", "application/json;q=0"}},
		{"Accept nonsense", 406, "POST", "/v1/keys", minimal, []string{"Accept", "///"}},
		{"charset", 201, "POST", "/v1/keys", minimal, []string{"Content-Type", "application/json; charset=UTF-8"}},
		{"another charset", 415, "POST", "/v1/keys", minimal, []string{"Content-Type", "application/json; charset=utf-16"}},
		{"no Content-Type", 415, "POST", "/v1/keys", minimal, []string{"Content-Type", ""}},
		{"a form", 415, "POST", "/v1/keys", "tenant=abcd1234", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"malformed", 400, "POST", "/v1/keys", `{"tenant":`, nil},
		{"two values", 400, "POST", "/v1/keys", minimal + minimal, nil},
		{"a list", 400, "POST", "/v1/keys", `[]`, nil},
		{"null", 400, "POST", "/v1/keys", `null`, nil},
		{"no body", 400, "POST", "/v1/keys", ``, nil},
		{"an empty object", 422, "POST", "/v1/keys", `{}`, nil},
		{"no body for an optional one", 404, "POST", "/v1/keys/key_01JZ8Q6V7N3F5T9X2B4C6D8E0G/revoke", ``, nil},
		{"a name twice", 400, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","environment":"live","environment":"test"}`, nil},
		{"a nested name twice", 400, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","metadata":{"a":"1","a":"2"}}`, nil},
		{"another letter case", 422, "POST", "/v1/keys", `{"Tenant":"abcd1234","scheme":"keywright"}`, nil},
		{"not UTF-8", 400, "POST", "/v1/keys", "{\"tenant\":\"\xff\"}", nil},
		{"deep", 400, "POST", "/v1/keys", `{"metadata":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40) + `}`, nil},
		{"too large", 413, "POST", "/v1/keys", `{"name":"` + strings.Repeat("n", 1<<20) + `"}`, nil},
		{"no such path", 404, "GET", "/v1/nothing", "", nil},
		{"another method", 405, "PUT", "/v1/keys", minimal, nil},
		{"a preflight", 405, "OPTIONS", "/v1/keys", "", []string{"Origin", "https://a.example", "Access-Control-Request-Method", "POST"}},
		{"a trailing slash", 200, "GET", "/v1/keys/", "", nil},
		{"a head", 200, "HEAD", "/v1/keys", "", nil},
		{"an encoded letter, which both readers read alike", 200, "GET", "/v1/%6beys", "", nil},
		{"two slashes", 400, "GET", "/v1//keys", "", nil},
		{"no set-up without a token file", 404, "POST", "/v1/setup", `{"token":"x"}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h.want(t, c.status, c.method, c.path, c.body, c.header...)
		})
	}
}

func TestTheGateStandsBeforeEveryOperation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.tenant(t, `{"ref":"abcd1234","services":["files"]}`)
	_, theirs, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"keywright","environment":"live","permissions":["*"]}`)
	_, reader := h.operator(t, "keys:read", "tenants:read")
	id, _, _ := h.issue(t, `{"tenant":"`+ten+`","scheme":"keywright","environment":"live"}`)
	for _, op := range []struct{ method, path, body string }{
		{"POST", "/v1/keys", minimal}, {"GET", "/v1/keys", ""}, {"GET", "/v1/keys/" + id, ""}, {"PATCH", "/v1/keys/" + id, `{"name":"x"}`},
		{"DELETE", "/v1/keys/" + id, ""}, {"POST", "/v1/keys/" + id + "/rotate", ""}, {"POST", "/v1/keys/" + id + "/pause", ""},
		{"POST", "/v1/keys/" + id + "/resume", ""}, {"POST", "/v1/keys/" + id + "/revoke", ""}, {"POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{}}`},
		{"POST", "/v1/keys/explain", `{"scheme":"keywright","headers":{}}`}, {"POST", "/v1/keys/import", ""}, {"GET", "/v1/events", ""},
		{"POST", "/v1/tenants", `{}`}, {"GET", "/v1/tenants", ""}, {"GET", "/v1/tenants/abcd1234", ""}, {"PATCH", "/v1/tenants/abcd1234", `{"archived":true}`},
	} {
		for name, key := range map[string]string{"none": "", "another tenant's, with every permission": theirs, "nonsense": "kw_live_x"} {
			header := as(key)
			if key == "" {
				header = []string{"Authorization", ""}
			}
			a := h.want(t, 401, op.method, op.path, op.body, header...)
			if a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s with %s: no WWW-Authenticate", op.method, op.path, name)
			}
		}
		if op.method == "GET" && op.path != "/v1/events" {
			h.want(t, 200, op.method, op.path, op.body, as(reader)...)
		} else {
			h.want(t, 403, op.method, op.path, op.body, as(reader)...)
		}
	}
	if a := h.want(t, 200, "GET", "/v1/keys/"+id, ""); a.str(t, "state") != "ACTIVE" || a.str(t, "name") != "" {
		t.Errorf("a refused request did something: %s", a.body)
	}
	h.want(t, 200, "GET", "/openapi.json", "", "Authorization", "")
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if got := h.want(t, 200, "GET", "/v1/keys", "", "X-Request-Id", "abc-123").header.Get("X-Request-Id"); got != "abc-123" {
		t.Error(got)
	}
	for _, odd := range []string{"a b", "<script>", strings.Repeat("x", 49), h.key} {
		if got := h.want(t, 200, "GET", "/v1/keys", "", "X-Request-Id", odd).header.Get("X-Request-Id"); got == odd || !strings.HasPrefix(got, "req_") {
			t.Errorf("%q was taken as %q", odd, got)
		}
	}
	h.want(t, 201, "POST", "/v1/tenants", `{"ref":"abcd1234"}`, "X-Request-Id", "made-by-test")
	a := h.want(t, 200, "GET", "/v1/events?act=tenant.created&tenant=abcd1234", "")
	for _, part := range []string{`"request_id":"made-by-test"`, `"address":"192.0.2.9"`, `"id":"` + h.keyID + `"`, `"name":"first"`} {
		if !strings.Contains(string(a.body), part) {
			t.Errorf("the trail does not say %s: %s", part, a.body)
		}
	}
}

func TestEveryFieldThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	id, _, _ := h.issue(t, minimal)
	with := func(more string) string { return strings.TrimSuffix(minimal, "}") + "," + more + "}" }
	for _, c := range []struct{ method, path, body, field string }{
		{"POST", "/v1/keys", with(`"ttl":-1`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":0.5`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":1`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":3600.0`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":1e3`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":99999999999999999999`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":"3600"`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":true`), "ttl"},
		{"POST", "/v1/keys", with(`"ttl":60,"expires_at":"2031-01-01T00:00:00Z"`), "ttl"},
		{"POST", "/v1/keys", with(`"expires_at":"tomorrow"`), "expires_at"},
		{"POST", "/v1/keys", with(`"expires_at":"2020-01-01T00:00:00Z"`), "expires_at"},
		{"POST", "/v1/keys", with(`"expires_at":"0001-01-01T00:00:00Z"`), "expires_at"},
		{"POST", "/v1/keys", with(`"expires_at":4102444800`), "expires_at"},
		{"POST", "/v1/keys", with(`"colour":"red"`), "colour"},
		{"POST", "/v1/keys", with(`"Name":"another letter case"`), "Name"},
		{"POST", "/v1/keys", with(`"id":"key_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`), "id"},
		{"POST", "/v1/keys", with(`"name":5`), "name"},
		{"POST", "/v1/keys", with(`"name":"` + strings.Repeat("n", 500) + `"`), "name"},
		{"POST", "/v1/keys", with(`"name":"a\u0000b"`), "name"},
		{"POST", "/v1/keys", with(`"permissions":"*"`), "permissions"},
		{"POST", "/v1/keys", with(`"permissions":[1]`), "permissions[0]"},
		{"POST", "/v1/keys", with(`"permissions":[""]`), "permissions"},
		{"POST", "/v1/keys", with(`"addresses":["home"]`), "addresses"},
		{"POST", "/v1/keys", with(`"metadata":{"a":1}`), "metadata.a"},
		{"POST", "/v1/keys", with(`"metadata":{"a":"` + strings.Repeat("v", 999) + `"}`), "metadata"},
		{"POST", "/v1/keys", `{"scheme":"keywright","environment":"live"}`, "tenant"},
		{"POST", "/v1/keys", `{"tenant":"nobody","scheme":"keywright","environment":"live"}`, "tenant"},
		{"POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"nowhere"}`, "scheme"},
		{"POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","environment":"moon"}`, "environment"},
		{"POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright"}`, "environment"},
		{"POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trustifi","permissions":["a"]}`, "permissions"},
		{"PATCH", "/v1/keys/" + id, `{"name":null}`, "name"},
		{"PATCH", "/v1/keys/" + id, `{"metadata":null}`, "metadata"},
		{"PATCH", "/v1/keys/" + id, `{"ttl":60}`, "ttl"},
		{"PATCH", "/v1/keys/" + id, `{"environment":"test"}`, "environment"},
		{"PATCH", "/v1/keys/" + id, `{"state":"ACTIVE"}`, "state"},
		{"PATCH", "/v1/keys/" + id, `{"expires_at":"2020-01-01T00:00:00Z"}`, "expires_at"},
		{"PATCH", "/v1/tenants/abcd1234", `{"archived":"yes"}`, "archived"},
		{"PATCH", "/v1/tenants/abcd1234", `{"archived":null}`, "archived"},
		{"PATCH", "/v1/tenants/abcd1234", `{"ref":"other000"}`, "ref"},
		{"POST", "/v1/keys/verify", `{"headers":{}}`, "api"},
		{"POST", "/v1/keys/verify", `{"api":"nowhere","path":"/","headers":{}}`, "api"},
		{"POST", "/v1/keys/verify", `{"api":"nowhere","headers":{}}`, "api"},
		{"POST", "/v1/keys/verify", `{"scheme":"nowhere","headers":{}}`, "scheme"},
		{"POST", "/v1/keys/verify", `{"scheme":"keywright"}`, "headers"},
		{"POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{"A":1}}`, "headers.A"},
		{"POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{},"need":{"colour":"red"}}`, "need.colour"},
		{"POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{},"need":{"tenant":"nobody"}}`, "need.tenant"},
		{"POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{},"address":"home"}`, "address"},
		{"POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{},"count":true}`, "count"},
		{"POST", "/v1/keys/explain", `{"scheme":"keywright","headers":{},"count":true}`, "count"},
	} {
		t.Run(c.field, func(t *testing.T) {
			t.Parallel()
			a := h.want(t, 422, c.method, c.path, c.body)
			if !strings.Contains(string(a.body), `"field":"`+c.field+`"`) {
				t.Errorf("%s: %s is not named: %s", c.body, c.field, a.body)
			}
		})
	}
}

func TestDMT23_AmendChangesWhatIsNamedAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234","environments":["production"]}`)
	id, key, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"domain-trust","name":"n","environment":"testing","expires_at":"2031-01-01T00:00:00Z"}`)
	a := h.want(t, 200, "PATCH", "/v1/keys/"+id, `{"name":"m"}`)
	if a.str(t, "name") != "m" || a.str(t, "expires_at") != "2031-01-01T00:00:00Z" || a.header.Get("ETag") != `"v2"` {
		t.Error(string(a.body))
	}
	a = h.want(t, 200, "PATCH", "/v1/keys/"+id, `{"expires_at":"2030-02-01T12:30:00Z"}`)
	if a.str(t, "name") != "m" || a.str(t, "expires_at") != "2030-02-01T12:30:00Z" {
		t.Error(string(a.body))
	}
	h.want(t, 422, "PATCH", "/v1/keys/"+id, `{"expires_at":null}`) // its scheme asks for one
	h.clock.Advance(31 * 24 * 3600e9)
	if got := h.verify(t, "domain-trust", "Authorization", "Bearer "+key).str(t, "reason"); got != "expired" {
		t.Error(got)
	}
	a = h.want(t, 200, "PATCH", "/v1/keys/"+id, `{"expires_at":"2031-01-01T00:00:00Z"}`)
	if a.str(t, "state") != "ACTIVE" || h.verify(t, "domain-trust", "Authorization", "Bearer "+key).at(t, "granted") != true {
		t.Errorf("an expired key may be brought back, from the very next request: %s", a.body)
	}
	other, _, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"keywright","environment":"live","ttl":60}`)
	if a := h.want(t, 200, "PATCH", "/v1/keys/"+other, `{"expires_at":null}`); a.at(t, "expires_at") != nil {
		t.Error("null is never")
	}
	if a := h.want(t, 200, "PATCH", "/v1/keys/"+other, `{"permissions":["a"],"addresses":["192.0.2.7","2001:db8::/32"],"metadata":{}}`); !strings.Contains(string(a.body), `["192.0.2.7/32","2001:db8::/32"]`) {
		t.Error(string(a.body))
	}
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.tenant(t, `{"ref":"abcd1234"}`)
	id, _, _ := h.issue(t, minimal)
	for _, path := range []string{"/v1/keys/" + id, "/v1/tenants/" + ten} {
		tag := h.want(t, 200, "GET", path, "").header.Get("ETag")
		if tag != `"v1"` {
			t.Fatal(tag)
		}
		h.want(t, 200, "PATCH", path, `{"name":"a"}`, "If-Match", `"v7", `+tag)
		for _, stale := range []string{tag, `"v9"`, "v2", "nonsense", `W/"v2"`} {
			h.want(t, 412, "PATCH", path, `{"name":"b"}`, "If-Match", stale)
		}
		h.want(t, 200, "PATCH", path, `{"name":"c"}`, "If-Match", "*")
		h.want(t, 200, "PATCH", path, `{"name":"d"}`)
		if a := h.want(t, 200, "GET", path, ""); a.str(t, "name") != "d" || a.header.Get("ETag") != `"v4"` {
			t.Error(string(a.body))
		}
	}
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	first := h.want(t, 201, "POST", "/v1/keys", minimal, "Idempotency-Key", "one")
	again := h.want(t, 200, "POST", "/v1/keys", minimal, "Idempotency-Key", "one")
	if again.str(t, "id") != first.str(t, "id") || again.at(t, "replayed") != true || again.at(t, "credential") != nil || !strings.Contains(again.str(t, "notice"), "revoke it and create another") {
		t.Error(string(again.body))
	}
	h.want(t, 422, "POST", "/v1/keys", strings.Replace(minimal, "live", "test", 1), "Idempotency-Key", "one")
	h.want(t, 422, "POST", "/v1/keys", minimal, "Idempotency-Key", strings.Repeat("x", 256))
	other := h.want(t, 201, "POST", "/v1/keys", minimal, "Idempotency-Key", "two")
	path := "/v1/keys/" + other.str(t, "id") + "/rotate"
	a, b := h.want(t, 201, "POST", path, "", "Idempotency-Key", "one"), h.want(t, 200, "POST", path, "", "Idempotency-Key", "one")
	if a.str(t, "id") != b.str(t, "id") || b.at(t, "credential") != nil || b.str(t, "predecessor") != other.str(t, "id") {
		t.Error(string(b.body))
	}
	if _, key := h.operator(t, "*"); h.want(t, 201, "POST", "/v1/keys", minimal, "Idempotency-Key", "one", "Authorization", "Bearer "+key).str(t, "id") == first.str(t, "id") {
		t.Error("one caller's Idempotency-Key answers another")
	}
}

func TestNoOperatorRisesByIssuing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	id, clerk := h.operator(t, "keys:write", "keys:read")
	for _, body := range []string{
		`{"tenant":"ten_operators","scheme":"keywright","environment":"live","permissions":["*"]}`,
		`{"tenant":"operators","scheme":"keywright","environment":"live","permissions":["keys:read","tenants:write"]}`,
		`{"tenant":"operators","scheme":"keywright","environment":"live","permissions":["keys:*"]}`,
	} {
		h.want(t, 403, "POST", "/v1/keys", body, as(clerk)...)
	}
	h.want(t, 403, "POST", "/v1/keys/"+h.keyID+"/rotate", "", as(clerk)...)
	h.want(t, 403, "PATCH", "/v1/keys/"+id, `{"permissions":["*"]}`, as(clerk)...)
	h.want(t, 403, "PATCH", "/v1/keys/"+h.keyID, `{"name":"mine"}`, as(clerk)...)
	row := `{"tenant":"operators","scheme":"keywright","environment":"live","permissions":["*"],"sha256":"` + strings.Repeat("ab", 32) + `"}`
	if a := h.want(t, 200, "POST", "/v1/keys/import", row, append(as(clerk), "Content-Type", "application/x-ndjson")...); a.at(t, "imported") != 0.0 || a.at(t, "refused_count") != 1.0 {
		t.Error(string(a.body))
	}
	h.want(t, 201, "POST", "/v1/keys", `{"tenant":"operators","scheme":"keywright","environment":"live","permissions":["keys:read"]}`, as(clerk)...)
	h.want(t, 201, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","environment":"live","permissions":["*"]}`, as(clerk)...)
	t.Run("but whoever sees a leaked key may end it, and nobody archives the operators or deletes their own key", func(t *testing.T) {
		h.want(t, 409, "PATCH", "/v1/tenants/operators", `{"archived":true}`)
		h.want(t, 409, "DELETE", "/v1/keys/"+h.keyID, "")
		h.want(t, 200, "POST", "/v1/keys/"+h.keyID+"/revoke", `{"reason":"compromised"}`, as(clerk)...)
		h.want(t, 401, "GET", "/v1/keys", "")
	})
}

// TestTwoReadingsOfOnePathNeverMeet puts a gate before the API that takes every
// path for an open one: the operation behind must not answer.
func TestTwoReadingsOfOnePathNeverMeet(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *management.Options) {
		g, err := gate.New(gate.Options{APIs: []gate.API{{Name: management.APIName, Scheme: o.Schemes["keywright"], Routes: []gate.Route{{Path: "/{rest...}", Open: true}}}},
			Index: o.Index, Pepper: o.Pepper, Clock: o.Clock})
		must(t, err)
		o.Gate = func() *gate.Gate { return g }
	})
	h.want(t, 404, "GET", "/v1/keys", "")
	h.want(t, 404, "POST", "/v1/tenants", `{}`)
}
