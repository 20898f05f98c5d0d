package management_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
)

func (h *house) explain(t testing.TB, body string) api.Explanation {
	t.Helper()
	var out api.Explanation
	must(t, json.Unmarshal(h.want(t, 200, "POST", "/v1/keys/explain", body).body, &out))
	return out
}

func TestVerifyAsksWhatAFrontWouldAsk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234","services":["tokenization","files"],"environments":["production"]}`)
	h.tenant(t, `{"ref":"zzzz9999"}`)
	_, instance, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
	_, public, secret := h.issue(t, `{"tenant":"abcd1234","scheme":"trustifi"}`)
	_, ours, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"keywright","environment":"test","permissions":["files:read"],"addresses":["192.0.2.0/24"]}`)
	auth := `"headers":{"Authorization":"Bearer ` + ours + `"},"address":"192.0.2.1"`
	for name, c := range map[string]struct{ body, reason string }{
		"scheme":                       {`{"scheme":"trusset-instance","headers":{"X-API-Key":"` + instance + `"}}`, "granted"},
		"header in lower case":         {`{"scheme":"trusset-instance","headers":{"x-api-key":"` + instance + `"}}`, "granted"},
		"header as a list":             {`{"scheme":"trusset-instance","headers":{"X-API-Key":["` + instance + `"]}}`, "granted"},
		"two lines":                    {`{"scheme":"trusset-instance","headers":{"X-API-Key":["` + instance + `","` + instance + `"]}}`, "malformed"},
		"two spellings are two lines":  {`{"scheme":"trusset-instance","headers":{"X-API-Key":"` + instance + `","x-api-key":"` + instance + `"}}`, "malformed"},
		"missing":                      {`{"scheme":"trusset-instance","headers":{}}`, "missing"},
		"junk after it":                {`{"scheme":"trusset-instance","headers":{"X-API-Key":"` + instance + `0"}}`, "malformed"},
		"service":                      {`{"scheme":"trusset-instance","headers":{"X-API-Key":"` + instance + `"},"need":{"service":"tokenization"}}`, "granted"},
		"TRS-19 a service that is off": {`{"scheme":"trusset-instance","headers":{"X-API-Key":"` + instance + `"},"need":{"service":"lending"}}`, "service_not_enabled"},
		"another tenant's":             {`{"scheme":"trusset-instance","headers":{"X-API-Key":"` + instance + `"},"need":{"tenant":"zzzz9999"}}`, "unknown"},
		"TFI-08 a pair":                {`{"scheme":"trustifi","headers":{"x-trustifi-key":"` + public + `","x-trustifi-secret":"` + secret + `"}}`, "granted"},
		"half a pair":                  {`{"scheme":"trustifi","headers":{"x-trustifi-key":"` + public + `"}}`, "missing"},
		"environment":                  {`{"scheme":"keywright",` + auth + `,"need":{"environment":"test"}}`, "granted"},
		"another environment":          {`{"scheme":"keywright",` + auth + `,"need":{"environments":["live"]}}`, "environment_not_granted"},
		"permission":                   {`{"scheme":"keywright",` + auth + `,"need":{"permissions":["files:read"]}}`, "granted"},
		"permission missing":           {`{"scheme":"keywright",` + auth + `,"need":{"permissions":["files:read","files:write"]}}`, "permission_missing"},
		"plan":                         {`{"scheme":"keywright",` + auth + `,"need":{"plans":["growth"]}}`, "plan_required"},
		"another address":              {`{"scheme":"keywright","headers":{"Authorization":"Bearer ` + ours + `"},"address":"198.51.100.1"}`, "address_refused"},
		"no address":                   {`{"scheme":"keywright","headers":{"Authorization":"Bearer ` + ours + `"}}`, "address_refused"},
		"api without a path":           {`{"api":"keywright-api",` + auth + `}`, "granted"},
		"api with a route":             {`{"api":"keywright-api","path":"/files/1?x=y",` + auth + `}`, "granted"},
		"api, another route":           {`{"api":"keywright-api","path":"/files/1","method":"DELETE",` + auth + `}`, "granted"},
		"api and a need":               {`{"api":"keywright-api","path":"/files/1",` + auth + `,"need":{"permissions":["x"]}}`, "permission_missing"},
		"api, wrong route's service":   {`{"api":"trusset-instance-api","path":"/files/1","headers":{"X-API-Key":"` + instance + `"}}`, "granted"},
		"api, an unclear path":         {`{"api":"keywright-api","path":"/files/../x",` + auth + `}`, "bad_request"},
		"TSP-09 plain HTTP":            {`{"scheme":"truestamp","transport":"http","headers":{"Authorization":"Bearer x"}}`, "insecure_transport"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := h.want(t, 200, "POST", "/v1/keys/verify", c.body)
			if got := a.str(t, "reason"); got != c.reason || a.at(t, "granted") != (c.reason == "granted") {
				t.Errorf("%s, want %s: %s", got, c.reason, a.body)
			}
			if found := a.at(t, "key") != nil; found != (a.at(t, "tenant") != nil) || (c.reason == "granted" && !found) {
				t.Errorf("key and tenant go together: %s", a.body)
			}
			e := h.explain(t, c.body)
			if e.Reason != c.reason || len(e.Checks) == 0 {
				t.Fatalf("explain says %+v", e)
			}
			for i, one := range e.Checks {
				if one.Passed != (i < len(e.Checks)-1 || e.Granted) || one.Detail == "" {
					t.Errorf("check %d of %+v", i, e.Checks)
				}
			}
			for _, s := range []string{instance[17:], secret, ours[8:]} {
				if strings.Contains(string(a.body), s) {
					t.Error("the answer holds the credential")
				}
			}
		})
	}
}

func TestVerifyCountsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	_, key, _ := h.issue(t, `{"tenant":"abcd1234","scheme":"trusset-instance","name":"n"}`)
	body := `{"api":"trusset-instance-api","path":"/x","headers":{"X-API-Key":"` + key + `"}`
	for range 250 {
		if a := h.want(t, 200, "POST", "/v1/keys/verify", body+`}`); a.at(t, "granted") != true {
			t.Fatal(string(a.body))
		}
	}
	limited := 0
	for range 250 {
		if a := h.want(t, 200, "POST", "/v1/keys/verify", body+`,"count":true}`); a.str(t, "reason") == "limited" {
			limited++
		}
	}
	if limited != 50 {
		t.Errorf("%d of 250 were limited, want 50", limited)
	}
}

func TestExplainSaysEachCheckInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234"}`)
	id, key, _ := h.issue(t, minimal)
	names := func(e api.Explanation) (out []string) {
		for _, c := range e.Checks {
			out = append(out, c.Check)
		}
		return out
	}
	whole := names(h.explain(t, `{"scheme":"keywright","headers":{"Authorization":"Bearer `+key+`"}}`))
	if i, j, k := slices.Index(whole, "presence"), slices.Index(whole, "format"), slices.Index(whole, "lookup"); i < 0 || i >= j || j >= k {
		t.Error(whole)
	}
	h.want(t, 200, "POST", "/v1/keys/"+id+"/revoke", "")
	e := h.explain(t, `{"scheme":"keywright","headers":{"Authorization":"Bearer `+key+`"}}`)
	if got := names(e); !slices.Equal(got, whole[:len(got)]) || got[len(got)-1] != "state" || e.Key == nil || e.Key.State != "REVOKED" {
		t.Errorf("%v %+v", got, e)
	}
}
