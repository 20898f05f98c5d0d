package sdk_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/keywright/keywright/internal/sdk"
	"github.com/keywright/keywright/internal/sdk/nodetest"
	"github.com/keywright/keywright/internal/sdk/present"
	"github.com/keywright/keywright/schemes"
)

const root = "../.."

func speaks(t testing.TB, name string) *present.Scheme {
	t.Helper()
	src, ok := schemes.Source(name)
	if !ok {
		t.Fatal(name)
	}
	s, err := present.Read(name+".yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestTSP04CommittedClientsAreTheGenerators(t *testing.T) {
	t.Parallel()
	kept := map[string]bool{"README.md": true}
	for _, c := range sdk.AllCommitted() {
		kept[c.File] = true
		want, err := c.Generate(root)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := c.Generate(root); !bytes.Equal(want, again) {
			t.Errorf("%s comes out differently each time", c.File)
		}
		if got := read(t, filepath.Join(root, sdk.Folder, c.File)); !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: go run ./internal/sdk/generate", c.File)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, sdk.Folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !kept[e.Name()] {
			t.Errorf("%s/%s is nobody's", sdk.Folder, e.Name())
		}
	}
}

func TestTSP04CommittedClientsPassTheCompiler(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	for _, c := range sdk.AllCommitted() {
		files[c.File] = read(t, filepath.Join(root, sdk.Folder, c.File))
	}
	nodetest.Compile(t, false, files)
}

// server answers whatever it is asked with what it saw.
func server(t *testing.T) string {
	t.Helper()
	var count atomic.Int32
	var stolen atomic.Pointer[string]
	nothing := ""
	stolen.Store(&nothing)
	done := make(chan struct{})
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		all := r.Header.Get("Authorization")
		stolen.Store(&all)
	}))
	t.Cleanup(thief.Close)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req_1")
		if r.URL.Path == "/count" {
			if r.Method == http.MethodDelete {
				count.Store(0)
			}
			_, _ = io.WriteString(w, strconv.Itoa(int(count.Load())))
			return
		}
		count.Add(1)
		switch {
		case r.URL.Path == "/stolen":
			_, _ = io.WriteString(w, *stolen.Load())
		case r.Header.Get("X-Slow") != "":
			select {
			case <-r.Context().Done():
			case <-done:
			}
		case r.Header.Get("X-Moved") != "":
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		case r.Header.Get("X-Empty") != "":
			w.WriteHeader(http.StatusNoContent)
		case r.Header.Get("X-Fail") != "":
			_, rest, _ := strings.Cut(r.Header.Get("X-Fail"), " ")
			status, after, _ := strings.Cut(rest, " ")
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			n, _ := strconv.Atoi(status)
			w.WriteHeader(n)
			_, _ = io.WriteString(w, `{"code":"no","title":"No","detail":"Not you"}`)
		default:
			body, _ := io.ReadAll(r.Body)
			path := r.URL.EscapedPath()
			_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "path": path, "query": r.URL.Query(), "headers": r.Header, "body": string(body)})
		}
	}))
	t.Cleanup(func() { close(done); srv.Close() })
	return srv.URL
}

func oddClient(t testing.TB) []byte {
	t.Helper()
	code, err := sdk.TypeScript("odd.yaml", read(t, "testdata/odd.yaml"), speaks(t, "keywright"), "OddClient")
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestTSP04AClientBehaves(t *testing.T) {
	t.Parallel()
	dir := nodetest.Compile(t, true, map[string][]byte{"odd.ts": oddClient(t), "behaviour.ts": read(t, "testdata/behaviour.ts")})
	out := nodetest.Run(t, dir, "behaviour.js", nil, server(t))
	if want := "requests\nrefused before it is sent\nretries\nerrors\nsecrets"; out != want {
		t.Errorf("%s", out)
	}
}

func TestTypesOfEverySort(t *testing.T) {
	t.Parallel()
	code := string(oddClient(t))
	for _, want := range []string{
		`kind: "thing";`, `"odd name"?: string | null;`, `"__proto__"?: string;`, `old?: string | null;`, `parent?: Thing;`, `children?: Array<Thing>;`,
		`either?: string | number | null;`, `pair?: Array<string | number>;`, `map?: Record<string, Array<boolean>>;`, `} & Record<string, unknown>;`, `never?: never;`,
		`anything?: unknown;`, `numbers?: 1 | -2 | 3.5 | null | true | "x";`, `nowhere?: unknown;`, `elsewhere?: unknown;`, `export type All = Thing & {`,
		`export type Loop = unknown;`, `export type LoopA = unknown;`, `export type Tree = Array<Tree>;`, `export interface ErrorSchema {`, `export type PromiseSchema = string;`,
		`export type WeirdNameWithSpaces = number;`, `export type WeirdNameWithSpacesSchema = number;`, `export type N12 = boolean;`, `Promise<Record<string, number> | void>`,
		`getUndescribedABC(params: {`, `needs: [["other"], ["key"]]`, `const DEFAULT_BASE = "https://odd.example.com/base"`, `@deprecated`,
	} {
		if !strings.Contains(code, want) {
			t.Errorf("lacks %s", want)
		}
	}
	for _, not := range []string{"browser(", "session", "*/ alert"} {
		if strings.Contains(code, not) {
			t.Errorf("has %s", not)
		}
	}
	if t.Failed() {
		t.Logf("%s", code)
	}
}

// TestEveryPlaceOfACredential calls with each scheme's way, and lets the scheme judge.
func TestEveryPlaceOfACredential(t *testing.T) {
	t.Parallel()
	for _, name := range schemes.Names() {
		s := speaks(t, name)
		code, err := sdk.TypeScript("odd.yaml", []byte("openapi: 3.0.3\ninfo: {title: T}\npaths: {/x: {get: {responses: {}}}}"), s, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range s.Places {
			if !strings.Contains(string(code), `header: "`+p.Header+`", word: "`+p.Word+`"`) {
				t.Errorf("%s: %+v is not in the client", name, p)
			}
		}
		for _, c := range s.Companions {
			if !strings.Contains(string(code), `"`+c.Header+`": "TClient/1`) {
				t.Errorf("%s: the companion %s is not in the client", name, c.Header)
			}
		}
	}
}

func TestDocumentsThatCannotBe(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 80)
	const head = "openapi: 3.1.0\ninfo: {title: T}\n"
	for name, doc := range map[string]string{
		"nothing": "", "no object": "[]", "another version": "openapi: 4.0.0", "swagger": "swagger: '2.0'", "not YAML": "a: [", "not JSON": "{", "no paths": head,
		"a path without a slash": head + "paths: {x: {get: {responses: {}}}}", "a path with a query": head + `paths: {"/x?y": {get: {responses: {}}}}`,
		"an open bracket": head + `paths: {"/x/{y": {get: {responses: {}}}}`, "a parameter that is not in the path": head + `paths: {/x: {get: {parameters: [{name: a, in: path}]}}}`,
		"a header that is none":                      head + `paths: {/x: {get: {parameters: [{name: "a b", in: header}]}}}`,
		"a security scheme of another sort":          head + "paths: {/x: {get: {}}}\ncomponents: {securitySchemes: {a: {type: mutualTLS}}}",
		"a security scheme with a header that isn't": head + "paths: {/x: {get: {}}}\ncomponents: {securitySchemes: {a: {type: apiKey, in: header, name: \"X\\r\\nY\"}}}",
		"too deep":            `{"openapi":"3.1.0","x":` + deep + "}",
		"aliases without end": head + "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\npaths: {/x: {get: {}}}",
	} {
		if _, err := sdk.TypeScript("doc", []byte(doc), speaks(t, "keywright"), ""); err == nil || !strings.HasPrefix(err.Error(), "doc: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sdk.TypeScript("doc", read(t, "testdata/odd.yaml"), speaks(t, "keywright"), "a-b"); err == nil {
		t.Error("a class that is no identifier")
	}
}

func TestTheCommand(t *testing.T) {
	t.Parallel()
	run := func(args ...string) (string, error) {
		cmd := sdk.Command()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SilenceUsage = true
		cmd.SetArgs(args)
		err := cmd.Execute()
		return out.String(), err
	}
	path := filepath.Join(t.TempDir(), "client.ts")
	if _, err := run("--openapi", "testdata/odd.yaml", "--scheme", "keywright", "--name", "OddClient", "--out", path); err != nil {
		t.Fatal(err)
	}
	printed, err := run("--openapi", "testdata/odd.yaml", "--scheme", "../../schemes/keywright.yaml", "--name", "OddClient")
	if err != nil || printed != string(read(t, path)) || printed != string(oddClient(t)) {
		t.Errorf("a file and a name make different clients: %v", err)
	}
	if help, err := run("--help"); err != nil || !strings.Contains(help, "keywright sdk --openapi openapi.yaml --scheme keywright") {
		t.Errorf("%v %s", err, help)
	}
	for want, args := range map[string][]string{
		"--openapi: name":           {"--scheme", "keywright"},
		"--scheme: name":            {"--openapi", "x"},
		"trusset-instance":          {"--openapi", "testdata/odd.yaml", "--scheme", "nobody"},
		"--language":                {"--openapi", "testdata/odd.yaml", "--scheme", "keywright", "--language", "cobol"},
		"no such file":              {"--openapi", "testdata/none.yaml", "--scheme", "keywright"},
		"is no name for a class":    {"--openapi", "testdata/odd.yaml", "--scheme", "keywright", "--name", "x;alert(1)"},
		"nowhere/client.ts":         {"--openapi", "testdata/odd.yaml", "--scheme", "keywright", "--out", "nowhere/client.ts"},
		"unknown flag: --paperclip": {"--paperclip"},
	} {
		if out, err := run(args...); err == nil || (!strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "nowhere")) {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}
