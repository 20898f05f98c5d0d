package sdk_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/sdk"
	"github.com/keywright/keywright/internal/sdk/nodetest"
)

// document puts one text wherever a document may hold one.
func document(s string) []byte {
	placeholder := strings.NewReplacer("{", "", "}", "", "/", "").Replace(s)
	doc := map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": s, "description": s},
		"servers": []any{map[string]any{"url": "https://example.com/" + s}},
		"paths": map[string]any{
			"/x" + placeholder + "/{" + placeholder + "p}": map[string]any{"post": map[string]any{
				"operationId": s + "Op", "summary": s, "description": s,
				"parameters": []any{
					map[string]any{"name": s + "q", "in": "query", "description": s, "schema": map[string]any{"enum": []any{s + "1", s + "2"}}},
				},
				"requestBody": map[string]any{"description": s, "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/" + pointer(s) + "Type"}}}},
				"responses": map[string]any{
					"200":     map[string]any{"description": s, "content": map[string]any{"text/" + s: map[string]any{}}},
					"default": map[string]any{"description": s, "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"type": "object", "properties": map[string]any{s + "e": map[string]any{"const": s}}}}}},
				},
			}},
		},
		"components": map[string]any{
			"schemas":         map[string]any{s + "Type": map[string]any{"title": s, "description": s, "type": "object", "properties": map[string]any{s + "m": map[string]any{"description": s, "type": "string"}}, "required": []any{s + "m"}}},
			"securitySchemes": map[string]any{s + "Auth": map[string]any{"type": "apiKey", "in": "query", "name": s + "key", "description": s}},
		},
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return text
}

func pointer(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

var (
	blockComment = regexp.MustCompile(`(?s)^/\*.*?\*/`)
	lineComment  = regexp.MustCompile(`^//[^\n\r\x{2028}\x{2029}]*`)
	literalText  = regexp.MustCompile(`^"(?:[^"\\\n\r]|\\.)*"`)
	template     = regexp.MustCompile("(?s)^`(?:[^`\\\\]|\\\\.)*`")
	pattern      = regexp.MustCompile(`^/(?:[^/\\\n\[]|\\.|\[[^\]]*\])+/[a-z]*`)
	word         = regexp.MustCompile(`^#?[\p{L}_$][\p{L}\p{N}_$]*`)
	optionalMark = regexp.MustCompile(`\s+`)
)

// skeleton is what the compiler sees of a file but for its names and texts, which
// are all written as x, and its comments.
func skeleton(code string) string {
	var b strings.Builder
	last := ""
	for code != "" {
		switch {
		case blockComment.MatchString(code):
			code = code[len(blockComment.FindString(code)):]
			continue
		case lineComment.MatchString(code):
			code = code[len(lineComment.FindString(code)):]
			continue
		}
		one := code[:1]
		for _, kind := range []*regexp.Regexp{literalText, template, word} {
			if found := kind.FindString(code); found != "" {
				one = found
				break
			}
		}
		if one == "/" && (last == "(" || last == "?" || last == ":" || last == ".") {
			one = pattern.FindString(code)
		}
		if one == "" {
			one = code[:1]
		}
		code = code[len(one):]
		if strings.TrimSpace(one) == "" {
			continue
		}
		last = one
		if len(one) > 1 || word.MatchString(one) {
			one = "x"
		}
		b.WriteString(one)
	}
	return optionalMark.ReplaceAllString(b.String(), "")
}

func hostile() []string {
	return []string{
		`"; globalThis.PWNED = 1; "`, "*/ globalThis.PWNED = 1; /*", "`${globalThis.PWNED = 1}`", "\n globalThis.PWNED = 1 \n", "\u2028globalThis.PWNED=1\u2029", "a\u2028globalThis.PWNED=1\u2029b",
		`\"; globalThis.PWNED = 1 //`, "</script><script>PWNED=1</script>", "constructor", "__proto__", "class", "a'b", "\x00\x07", "}; globalThis.PWNED = 1; {", "\u202eevil", "=> PWNED",
		"*\u200b/ PWNED", "\\u002a/ PWNED", "\r*/PWNED", "//", "/*", "0", "é", "💥", "#call", "PLACES", "*\u00ad/ globalThis.PWNED = 1", "@deprecated */", "${PWNED}",
	}
}

func write(t testing.TB, s string) (string, error) {
	t.Helper()
	code, err := sdk.TypeScript("doc", document(s), speaks(t, "keywright"), "HostileClient")
	return string(code), err
}

// FuzzNoTextBecomesCode holds every text to its place: whatever it is, the code
// has the same shape.
func FuzzNoTextBecomesCode(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	harmless, err := write(f, "harmless")
	if err != nil {
		f.Fatal(err)
	}
	want := skeleton(harmless)
	f.Fuzz(func(t *testing.T, s string) {
		code, err := write(t, s)
		if err != nil {
			return
		}
		got := skeleton(code)
		if got != want {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Errorf("%q changes the code at %.60q, want %.60q", s, got[max(0, at-20):], want[max(0, at-20):])
		}
	})
}

// FuzzDocuments feeds anything as a document: a client or an error, no panic.
func FuzzDocuments(f *testing.F) {
	f.Add(read(f, "testdata/odd.yaml"))
	f.Add(document("x"))
	f.Add([]byte("openapi: 3.0.0\npaths: {/x: {get: {}}}"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) > 64<<10 {
			t.Skip()
		}
		code, err := sdk.TypeScript("doc", doc, speaks(t, "trustifi"), "")
		if again, _ := sdk.TypeScript("doc", doc, speaks(t, "trustifi"), ""); err == nil && string(code) != string(again) {
			t.Error("two runs, two clients")
		}
	})
}

// TestHostileDocumentsCompileAndDoNothing runs what the worst documents make.
func TestHostileDocumentsCompileAndDoNothing(t *testing.T) {
	t.Parallel()
	files, imports, made := map[string][]byte{}, "", 0
	for i, s := range hostile() {
		code, err := write(t, s)
		if err != nil {
			t.Logf("%q: %v", s, err)
			continue
		}
		made++
		files[fmt.Sprintf("c%d.ts", i)] = []byte(code)
		imports += fmt.Sprintf("import * as c%d from \"./c%d.js\"; new c%d.HostileClient({ key: \"k\", baseUrl: \"https://example.com\" });\n", i, i, i)
	}
	if made < len(hostile())/2 {
		t.Fatalf("only %d of %d were written", made, len(hostile()))
	}
	files["run.ts"] = []byte(imports + "console.log(String((globalThis as { PWNED?: unknown }).PWNED));\n")
	if out := nodetest.Run(t, nodetest.Compile(t, true, files), "run.js", nil); out != "undefined" {
		t.Errorf("a document's text was run: %s", out)
	}
}
