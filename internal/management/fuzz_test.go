package management_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// canary stands for a secret that a caller puts in the wrong place.
const canary = "kw_live_CANARYcanaryCANARYcanaryCANARYcanaryCANARY0000000"

// FuzzBodies sends anything to every operation that takes a body: never a 500,
// never a panic, never an echo of a value, always a problem or a documented answer.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		minimal, `{}`, `[]`, `null`, `{"tenant":"` + canary + `"}`, `{"` + canary + `":1}`, `{"name":"` + canary + `","ttl":"` + canary + `"}`,
		`{"expires_at":"` + canary + `"}`, `{"expires_at":"9999-12-31T23:59:59Z"}`, `{"expires_at":"1677-01-01T00:00:00Z"}`, `{"ttl":1e999}`,
		`{"overlap":"` + canary + `"}`, `{"until":"` + canary + `"}`, `{"reason":"` + canary + `"}`, `{"metadata":{"` + canary + `":"\u0000"}}`,
		`{"scheme":"` + canary + `","headers":{"` + canary + `":"x"}}`, `{"scheme":"keywright","headers":{"Authorization":"Bearer ` + canary + `"}}`,
		`{"scheme":"trusset-instance","headers":{"X-API-Key":["` + canary + `",` + `{}]}}`, `{"api":"keywright-api","path":"/` + canary + `","headers":{},"address":"` + canary + `"}`,
		`{"addresses":["` + canary + `"]}`, `{"permissions":[null]}`, `{"archived":"` + canary + `"}`, "{\"name\":\"\xff\"}", strings.Repeat("[", 100), `{"need":{"plans":null}}`,
	} {
		for which := range uint8(9) {
			f.Add(which, body)
		}
	}
	h := newHouse(f)
	h.tenant(f, `{"ref":"abcd1234"}`)
	id, _, _ := h.issue(f, minimal)
	routes := [][2]string{
		{"POST", "/v1/keys"}, {"PATCH", "/v1/keys/" + id}, {"POST", "/v1/keys/" + id + "/rotate"}, {"POST", "/v1/keys/" + id + "/pause"},
		{"POST", "/v1/keys/" + id + "/revoke"}, {"POST", "/v1/keys/verify"}, {"POST", "/v1/keys/explain"}, {"POST", "/v1/tenants"}, {"PATCH", "/v1/tenants/abcd1234"},
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		h.clock.Advance(20 * time.Millisecond) // below the limit of the operator's key
		to := routes[int(which)%len(routes)]
		r := h.request(to[0], to[1], body)
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		a := &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
		conform(t, r, a)
		if a.status >= 500 {
			t.Errorf("%s %s %q: %d %s", to[0], to[1], body, a.status, a.body)
		}
		if a.status >= 400 && strings.Contains(string(a.body), canary) {
			t.Errorf("the refusal repeats what was sent: %s", a.body)
		}
		if strings.Contains(h.Log.String(), canary) {
			t.Error("the log holds what was sent")
		}
	})
}

// FuzzImport feeds anything to both parsers of rows.
func FuzzImport(f *testing.F) {
	for _, body := range []string{
		"key,name\n" + old(1) + ",n\n", "key\n\"" + canary, "\xef\xbb\xbfkey\n" + canary + "\n", "{\"key\":\"" + canary + "\"}\n", "{\"" + canary + "\":1}\n",
		"key,metadata.a\n" + canary + "," + canary + "\n", "expires_at\n" + canary + "\n", "{\"expires_at\":\"" + canary + "\"}\n{\"permissions\":\"x\"}\n", "\x00\n\n\n", "[]\n{}\n",
	} {
		f.Add(true, body)
		f.Add(false, body)
	}
	h := newHouse(f)
	h.tenant(f, `{"ref":"abcd1234","plan":"growth"}`)
	f.Fuzz(func(t *testing.T, csv bool, body string) {
		h.clock.Advance(20 * time.Millisecond)
		kind := "application/x-ndjson"
		if csv {
			kind = "text/csv"
		}
		r := h.request("POST", "/v1/keys/import?tenant=abcd1234&scheme=trust-swiftly", body, "Content-Type", kind)
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		a := &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
		conform(t, r, a)
		if a.status >= 500 || strings.Contains(string(a.body), canary) {
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
	})
}
