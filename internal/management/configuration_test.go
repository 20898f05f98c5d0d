package management_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/schemes"
)

func TestSchemesAreListedAndShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var page api.SchemePage
	must(t, json.Unmarshal(h.want(t, 200, "GET", "/v1/schemes", "").body, &page))
	if len(page.Items) != len(schemes.Names()) {
		t.Errorf("%d schemes, want %d", len(page.Items), len(schemes.Names()))
	}
	for _, s := range page.Items {
		if s.Source != "" || s.Answers != nil || !s.Shipped {
			t.Errorf("a list says too much of %s, or that it did not ship", s.Name)
		}
		var one api.Scheme
		must(t, json.Unmarshal(h.want(t, 200, "GET", "/v1/schemes/"+s.Name, "").body, &one))
		text, _ := schemes.Source(s.Name)
		if one.Source != string(text) || len(one.Answers) != len(keywright.Refusals()) {
			t.Errorf("%s: %d answers, and the YAML is there: %t", s.Name, len(one.Answers), one.Source == string(text))
		}
		for i, reason := range keywright.Refusals() {
			if a := one.Answers[i]; a.Reason != reason.String() || a.Status < 200 || len(a.Headers) == 0 {
				t.Errorf("%s answers %s with %+v", s.Name, reason, a)
			}
		}
	}
	one := h.want(t, 200, "GET", "/v1/schemes/trusset-instance", "")
	if one.at(t, "policy.overlap") != "168h0m0s" || one.at(t, "policy.max_active") != 10.0 || !strings.Contains(string(one.body), `"apis":["trusset"]`) {
		t.Errorf("%s", one.body)
	}
	if ours := h.want(t, 200, "GET", "/v1/schemes/keywright", ""); !strings.Contains(string(ours.body), `"apis":["management"]`) {
		t.Errorf("%s", ours.body)
	}
	for _, name := range []string{"nothing", "..", "%2e%2e%2fetc%2fpasswd", "trusset-instance.yaml", "trusset-instance.vectors"} {
		if a := h.do(t, "GET", "/v1/schemes/"+name, ""); a.status != 404 && a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func quoted(t testing.TB, s string) string {
	t.Helper()
	raw, err := json.Marshal(s)
	must(t, err)
	return string(raw)
}

func TestASchemesTextIsLinted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	text, _ := schemes.Source("trustifi")
	good := h.want(t, 200, "POST", "/v1/schemes/lint", `{"source":`+quoted(t, string(text))+`}`)
	if good.at(t, "valid") != true || good.at(t, "name") != "trustifi" {
		t.Errorf("%s", good.body)
	}
	bad := strings.Replace(string(text), "name: trustifi", "name: trustifi\ncolour: red", 1)
	var found api.SchemeFindings
	must(t, json.Unmarshal(h.want(t, 200, "POST", "/v1/schemes/lint", `{"source":`+quoted(t, bad)+`}`).body, &found))
	line := 1 + strings.Count(bad[:strings.Index(bad, "colour: red")], "\n")
	if found.Valid || len(found.Problems) == 0 || found.Problems[0].Line != line || !strings.Contains(found.Problems[0].Detail, "colour") {
		t.Errorf("line %d: %+v", line, found)
	}
	for name, text := range map[string]string{
		"nothing": "", "no YAML": "{", "a list": "[]", "an alias that grows": "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nname: [*c,*c,*c,*c]",
		"deep": strings.Repeat("[", 4000), "long": strings.Repeat("a", 200<<10), "a file": "name: !include /etc/passwd", "two": "name: a\n---\nname: b",
	} {
		a := h.want(t, 200, "POST", "/v1/schemes/lint", `{"source":`+quoted(t, text)+`}`)
		if a.at(t, "valid") != false || !strings.Contains(string(a.body), `"detail":"`) || strings.Contains(string(a.body), "root:") || len(a.body) > 64<<10 {
			t.Errorf("%s: %.300s", name, a.body)
		}
	}
	// A rune may have several bytes: the bound is in bytes.
	for _, text := range []string{strings.Repeat("a", api.MaxSchemeSource+1), strings.Repeat("€", api.MaxSchemeSource/2)} {
		if a := h.want(t, 422, "POST", "/v1/schemes/lint", `{"source":`+quoted(t, text)+`}`); !strings.Contains(string(a.body), "source") {
			t.Errorf("%s", a.body)
		}
	}
}

func TestTryingARequestAgainstAScheme(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key := "trusset_abcd1234_" + strings.Repeat("0123456789abcdef", 4)
	text, _ := schemes.Source("trusset-instance")
	for name, c := range map[string]struct {
		body, reason string
		status       float64
	}{
		"a good one":        {`{"headers":{"X-API-Key":"` + key + `"}}`, "granted", 0},
		"junk after it":     {`{"headers":{"X-API-Key":"` + key + `0"}}`, "malformed", 401},
		"in quotes":         {`{"headers":{"X-API-Key":"\"` + key + `\""}}`, "foreign", 401},
		"two lines":         {`{"headers":{"X-API-Key":["` + key + `","` + key + `"]}}`, "malformed", 401},
		"nothing":           {`{"headers":{}}`, "missing", 401},
		"another's":         {`{"headers":{"X-API-Key":"sk_live_` + key[17:] + `"}}`, "foreign", 401},
		"in another header": {`{"headers":{"Authorization":"Bearer ` + key + `"}}`, "missing", 401},
	} {
		for which, of := range map[string]string{"named": `"scheme":"trusset-instance"`, "sent": `"source":` + quoted(t, string(text))} {
			a := h.want(t, 200, "POST", "/v1/schemes/try", "{"+of+","+c.body[1:])
			if a.str(t, "reason") != c.reason || a.str(t, "detail") == "" || (a.at(t, "answer") == nil) != (c.status == 0) {
				t.Errorf("%s, %s: %s", name, which, a.body)
			}
			if c.status != 0 && a.at(t, "answer.status") != c.status {
				t.Errorf("%s, %s: %s", name, which, a.body)
			}
			if strings.Contains(string(a.body), key[17:60]) {
				t.Errorf("%s, %s: the credential is repeated: %s", name, which, a.body)
			}
		}
	}
	if a := h.want(t, 200, "POST", "/v1/schemes/try", `{"scheme":"trusset-instance","headers":{"X-API-Key":"`+key+`"}}`); a.str(t, "presented.hint") != "…cdef" {
		t.Errorf("%s", a.body)
	}
	for body, reason := range map[string]string{
		`{"scheme":"truestamp","tls":false,"headers":{"Authorization":"Bearer x"}}`:                                       "insecure_transport",
		`{"scheme":"truestamp","headers":{"Authorization":"Bearer ` + strings.Repeat("eyJ4", 8) + `.eyJ4.c2lnbmF0dXJl"}}`: "unknown",
		`{"scheme":"domain-trust","headers":{"Authorization":"Bearer dt_prod_x"}}`:                                        "malformed",
	} {
		a := h.want(t, 200, "POST", "/v1/schemes/try", body)
		if a.str(t, "reason") != reason || strings.Contains(string(a.body), "c2lnbmF0dXJl") {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	headers := map[string]string{}
	for i := range 65 {
		headers["X-"+strings.Repeat("a", i+1)] = "x"
	}
	many, err := json.Marshal(headers)
	must(t, err)
	for body, field := range map[string]string{
		`{"headers":{}}`: "scheme", `{"scheme":"trustifi","source":"x","headers":{}}`: "scheme", `{"scheme":"nothing","headers":{}}`: "scheme",
		`{"source":"name: x","headers":{}}`: "source", `{"scheme":"trustifi","headers":` + string(many) + `}`: "headers",
		`{"scheme":"trustifi","headers":{"X":1}}`: "headers", `{"scheme":"trustifi","path":"x","headers":{}}`: "path", `{"scheme":"trustifi"}`: "headers",
	} {
		if a := h.want(t, 422, "POST", "/v1/schemes/try", body); !strings.Contains(a.str(t, "detail"), field) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	if strings.Contains(h.Log.String(), key[17:]) {
		t.Error("the log holds a credential")
	}
}

func TestWhatIsConfiguredIsRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if a := h.want(t, 200, "GET", "/v1/apis", ""); !strings.Contains(string(a.body), `"path":"/trading/{rest...}"`) {
		t.Errorf("%s", a.body)
	}
	if a := h.want(t, 200, "GET", "/v1/identity-providers", ""); !strings.Contains(string(a.body), "https://login.example.com") {
		t.Errorf("%s", a.body)
	}
	for name, reachable := range map[string]bool{"workforce": true, "silent": false} {
		if a := h.want(t, 200, "POST", "/v1/identity-providers/"+name+"/check", ""); a.at(t, "reachable") != reachable || a.str(t, "detail") == "" {
			t.Errorf("%s", a.body)
		}
	}
	// The issuer is the configuration's: nothing that is sent chooses it.
	h.want(t, 404, "POST", "/v1/identity-providers/nobody/check", "")
	h.want(t, 404, "POST", "/v1/identity-providers/https:evil.example/check", "")
	if a := h.want(t, 200, "GET", "/v1/verifiers", ""); !strings.Contains(string(a.body), `"self":true`) {
		t.Errorf("%s", a.body)
	}
	_, reader := h.operator(t, "keys:read", "tenants:write")
	_, right := h.operator(t, "config:read")
	for _, op := range api.Operations() {
		if op.Tag != api.TagConfiguration {
			continue
		}
		path := strings.Replace(op.Path, "{name}", "keywright", 1)
		h.want(t, 403, op.Method, path, "{}", as(reader)...)
		if a := h.do(t, op.Method, path, "{}", as(right)...); a.status == 403 || a.status == 401 {
			t.Errorf("%s: %d", op.ID, a.status)
		}
	}
}

func TestAServerWithoutAConfigurationHasNoSuchOperations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *management.Options) { o.Configured = nil })
	for _, op := range api.Operations() {
		if op.Tag == api.TagConfiguration {
			h.want(t, 404, op.Method, strings.Replace(op.Path, "{name}", "keywright", 1), "{}")
		}
	}
}

// FuzzSchemes sends any text as a scheme, and any value against it: never a panic,
// never a 500, never an answer that holds the value.
func FuzzSchemes(f *testing.F) {
	secret := "CANARYcanaryCANARYcanaryCANARYcanaryCANARY"
	for _, name := range schemes.Names() {
		text, _ := schemes.Source(name)
		f.Add(string(text), "X-Api-Key", "trusset_abcd1234_"+secret)
		f.Add(string(text), "Authorization", "Bearer "+secret)
	}
	f.Add("name: a\nread: {header: X}\nformat: \"{secret:hex:4}\"\n", "X", secret)
	f.Add("a: &a [*a]", "\x00", "\xff")
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, text, header, value string) {
		h.clock.Advance(20 * time.Millisecond)
		for path, body := range map[string]map[string]any{
			"/v1/schemes/lint": {"source": text},
			"/v1/schemes/try":  {"source": text, "headers": map[string]string{header: value, "Authorization": "Basic " + value}, "path": "/x?key=" + value},
		} {
			raw, err := json.Marshal(body)
			must(t, err)
			r := h.request("POST", path, string(raw))
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			a := &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
			conform(t, r, a)
			if a.status >= 500 {
				t.Errorf("%s %q: %d %s", path, text, a.status, a.body)
			}
			if strings.Contains(string(a.body), secret) && !strings.Contains(text, secret) {
				t.Errorf("%s repeats the value: %s", path, a.body)
			}
		}
	})
}
