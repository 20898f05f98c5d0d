package scheme

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

func headerOf(a *Answer, name string) (value string, lines int) {
	for _, h := range a.Header {
		if strings.EqualFold(h.Name, name) {
			value = h.Value
			lines++
		}
	}
	return value, lines
}

// TestEveryReasonIsAnswered, by every scheme that ships and every provider's,
// with a challenge on each 401 and a Retry-After on each 503.
func TestEveryReasonIsAnswered(t *testing.T) {
	shipped, _ := filepath.Glob("../schemes/*.yaml")
	providers, _ := filepath.Glob("testdata/providers/*.yaml")
	for _, file := range append(shipped, providers...) {
		if strings.HasSuffix(file, ".vectors.yaml") || strings.HasSuffix(file, ".checks.yaml") {
			continue
		}
		s := parseFile(t, file)
		for _, r := range keywright.Refusals() {
			a := s.Answer(Presented{Reason: r})
			if a.Reason != r || a.Status < 200 || len(a.Body) == 0 {
				t.Errorf("%s, %s: %+v", file, r, a)
			}
			if _, n := headerOf(a, "Content-Type"); n != 1 {
				t.Errorf("%s, %s: %d lines of Content-Type", file, r, n)
			}
			if _, n := headerOf(a, "WWW-Authenticate"); (a.Status == 401) != (n == 1) {
				t.Errorf("%s, %s: status %d with %d challenges", file, r, a.Status, n)
			}
			if _, n := headerOf(a, "Retry-After"); a.Status == 503 && n != 1 {
				t.Errorf("%s, %s: a 503 without Retry-After", file, r)
			}
			if kind, _ := headerOf(a, "Content-Type"); strings.Contains(kind, "json") && !json.Valid(a.Body) {
				t.Errorf("%s, %s: not JSON: %s", file, r, a.Body)
			}
		}
		if a := s.Answer(Presented{Reason: keywright.Granted}); a.Reason != keywright.Failure {
			t.Errorf("%s: a refusal that nobody decided is a failure, not %s", file, a.Reason)
		}
		if a := s.Answer(Presented{Reason: 250}); a.Reason != keywright.Failure {
			t.Errorf("%s: a reason that there is not is a failure, not %s", file, a.Reason)
		}
	}
}

func TestBodiesAreTypedAndEscaped(t *testing.T) {
	s := variantOf(t,
		`body: {error: "{code}", message: "{text}"}`,
		`with: {nested: {a: [1, 2.5, true, null, "{x}"]}, n: 7}
  body: {code: "{code}", both: "{code}: {text}", status: "{status}", as_text: "status {status}, {n}", title: "{status_text}", why: "{reason}", nested: "{nested}", braces: "{{code}}", list: ["{n}", []], empty: {}}`,
		"code: slow_down, text: Too many requests", `code: 429001, text: "a \"quoted\" <tag> & é"`)
	want := `{"code":429001,"both":"429001: a \"quoted\" <tag> & é","status":429,"as_text":"status 429, 7","title":"Too Many Requests","why":"limited",` +
		`"nested":{"a":[1,2.5,true,null,"{x}"]},"braces":"{code}","list":[7,[]],"empty":{}}`
	if got := string(s.Answer(Presented{Reason: keywright.Limited}).Body); got != want {
		t.Errorf("body\n%s\nwant\n%s", got, want)
	}
}

// TestTextCannotBreakOut: a text that looks like JSON stays text.
func TestTextCannotBreakOut(t *testing.T) {
	s := variantOf(t, "text: Too many requests", `text: "\"},{\"a\": {code} \\ \u0001"`)
	var body map[string]string
	if err := json.Unmarshal(s.Answer(Presented{Reason: keywright.Limited}).Body, &body); err != nil || body["message"] != "\"},{\"a\": {code} \\ \x01" {
		t.Errorf("%v: %q", err, body["message"])
	}
}

func TestIndentation(t *testing.T) {
	s := variantOf(t, "style:\n", "style:\n  indent: 2\n  final_newline: true\n", `{error: "{code}", message: "{text}"}`, `{a: {b: [1, {c: 2}], d: [], e: {}}, code: "{code}", text: "{text}"}`)
	got := string(s.Answer(Presented{Reason: keywright.Limited}).Body)
	var v any
	if err := json.Unmarshal([]byte(got), &v); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"a\": {\n    \"b\": [\n      1,\n      {\n        \"c\": 2\n      }\n    ],\n    \"d\": [],\n    \"e\": {}\n  },\n  \"code\": \"slow_down\",\n  \"text\": \"Too many requests\"\n}\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !s.Manners().Pretty || variantOf(t).Manners().Pretty {
		t.Error("Pretty follows the indentation")
	}
}

func TestRowsOfTheirOwn(t *testing.T) {
	s := variantOf(t, "style:\n", "style:\n  realm: acme\n  headers: {Cache-Control: no-store, X-Style: a}\n",
		"code: slow_down,", `code: slow_down, headers: {X-Row: b, x-style: c}, retry_after: 30, challenge: 'Bearer error="x"', with: {more: 1}, body: {own: "{text}", more: "{more}"},`)
	a := s.Answer(Presented{Reason: keywright.Limited})
	for name, want := range map[string]string{"X-Row": "b", "X-Style": "c", "Cache-Control": "no-store", "Retry-After": "30", "WWW-Authenticate": `Bearer error="x"`} {
		if got, n := headerOf(a, name); got != want || n != 1 {
			t.Errorf("%s: %q in %d lines, want %q", name, got, n, want)
		}
	}
	if string(a.Body) != `{"own":"Too many requests","more":1}` {
		t.Errorf("body %s", a.Body)
	}
	b := s.Answer(Presented{Reason: keywright.Unknown})
	if got, _ := headerOf(b, "WWW-Authenticate"); got != `ApiKey realm="acme", header="X-API-Key"` {
		t.Errorf("challenge %s", got)
	}
	if got, _ := headerOf(b, "X-Style"); got != "a" {
		t.Errorf("X-Style %s", got)
	}
}

// TestTFI15_TFI16_TheMissingHeaderIsNamed, and a wrapped value is hinted at,
// without being repeated.
func TestTFI15_TFI16_TheMissingHeaderIsNamed(t *testing.T) {
	s := parseFile(t, "../schemes/trustifi.yaml")
	for _, c := range []struct {
		p    Presented
		want string
	}{
		{Presented{Reason: keywright.Missing, Part: 0}, "Missing header: x-trustifi-key"},
		{Presented{Reason: keywright.Missing, Part: 1}, "Missing header: x-trustifi-secret"},
		{Presented{Reason: keywright.Missing, Part: AllParts}, "Missing headers: x-trustifi-key and x-trustifi-secret"},
		{Presented{Reason: keywright.Malformed, Wrapped: true}, "Invalid key or secret: send the bare values, without quotes or {{…}} around them"},
		{Presented{Reason: keywright.Malformed}, "Invalid key or secret"},
		{Presented{Reason: keywright.Unknown, Wrapped: true}, "Invalid key or secret"},
	} {
		var body struct{ Error struct{ Message string } }
		if err := json.Unmarshal(s.Answer(c.p).Body, &body); err != nil || body.Error.Message != c.want {
			t.Errorf("%+v: %q, want %q", c.p, body.Error.Message, c.want)
		}
	}
}

func TestRender(t *testing.T) {
	s := parseFile(t, "../schemes/domain-trust.yaml")
	a := s.Render(422, "invalid", "expires_at must be in the future")
	if want := `{"title":"Unprocessable Content","status":422,"detail":"expires_at must be in the future","errors":[]}`; string(a.Body) != want || a.Status != 422 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if kind, _ := headerOf(a, "Content-Type"); kind != "application/problem+json" {
		t.Errorf("content type %s", kind)
	}
	if c, _ := headerOf(s.Render(401, "", ""), "WWW-Authenticate"); c != "Bearer" {
		t.Errorf("a rendered 401 has the challenge %q", c)
	}
	if r, _ := headerOf(s.Render(503, "", ""), "Retry-After"); r == "" {
		t.Error("a rendered 503 has no Retry-After")
	}
	extra := variantOf(t, `{error: "{code}", message: "{text}"}`, `{error: "{code}", more: "{more}"}`, "style:\n", "style:\n  with: {more: 1}\n")
	if got := string(extra.Render(418, "teapot", `"`).Body); got != `{"error":"teapot","more":1}` {
		t.Errorf("body %s", got)
	}
}
