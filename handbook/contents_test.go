package handbook_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/examples/acme"
	"github.com/keywright/keywright/examples/domaintrust"
	"github.com/keywright/keywright/examples/truestamp"
	"github.com/keywright/keywright/examples/trusset"
	"github.com/keywright/keywright/examples/trustifi"
	"github.com/keywright/keywright/examples/trustswiftly"
	"github.com/keywright/keywright/handbook"
	"github.com/keywright/keywright/scheme"
)

// whole is a system's handbook with its provider's own pages.
func whole(t *testing.T, x example) *handbook.Handbook {
	t.Helper()
	o := handbook.Options{
		API: x.name, Title: x.name, Base: "https://api.example", Site: "https://docs.example", OpenAPI: x.doc, Variable: x.variable, Schemes: partsOf(t, x.scheme, x.table),
		Account: handbook.Account{Keys: "/account/keys", TestKey: "/v1/me/keys/test", CLI: true},
	}
	switch x.name {
	case "acme":
		o.Pages = acme.Docs()
	case "trustifi":
		o.Pages = trustifi.Docs()
	case "truestamp":
		o.Pages = truestamp.Docs()
	case "trusset":
		o.Pages, o.Account.Register = trusset.Docs(), "/mica-register"
	case "domaintrust":
		o.Pages = domaintrust.Docs()
	case "trustswiftly":
		o.Pages = trustswiftly.Docs()
	}
	h, err := handbook.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// bare are the examples without a demo that runs.
func bare() []example {
	s := systems()
	return []example{
		{system: s[0], table: acme.Table(), doc: acme.OpenAPI()}, {system: s[1], table: trustifi.Table(), doc: trustifi.OpenAPI()},
		{system: s[2], table: truestamp.Table(), doc: truestamp.OpenAPI()}, {system: s[3], table: trusset.Table(), doc: trusset.OpenAPI()},
		{system: s[4], table: domaintrust.Table(), doc: domaintrust.OpenAPI()}, {system: s[5], table: trustswiftly.Table(), doc: trustswiftly.OpenAPI()},
	}
}

// TestTSP06_ThePagesNameEveryRefusalLimitAndHeader compares the tables with the
// schemes: a client can be written from the pages alone.
func TestTSP06_ThePagesNameEveryRefusalLimitAndHeader(t *testing.T) {
	t.Parallel()
	for _, x := range bare() {
		h := whole(t, x)
		auth, faults, limits := get(t, h, "/authentication.md"), get(t, h, "/errors.md"), get(t, h, "/rate-limits.md")
		for _, p := range partsOf(t, x.scheme, x.table) {
			for _, r := range keywright.Refusals() {
				a := p.Scheme.Answer(scheme.Presented{Reason: r, Part: scheme.AllParts})
				page := auth
				if r >= keywright.BadRequest {
					page = faults
				}
				found := false
				for line := range strings.Lines(page) {
					all := strings.Contains(line, fmt.Sprintf("| %d |", a.Status)) && strings.Contains(flat(line), flat(string(a.Body)))
					for _, head := range a.Header {
						all = all && strings.Contains(line, head.Name+": "+head.Value)
					}
					found = found || all
				}
				if !found {
					t.Errorf("%s: no row tells of %s of %s", x.name, r, p.Scheme.Name())
				}
			}
			for _, f := range p.Scheme.Formats() {
				if !strings.Contains(auth, f) {
					t.Errorf("%s: the format %s is not told", x.name, f)
				}
			}
			for _, name := range p.Scheme.CredentialHeaders() {
				if !strings.Contains(strings.ToLower(auth), strings.ToLower(name)) {
					t.Errorf("%s: the header %s is not told", x.name, name)
				}
			}
			for _, l := range p.Scheme.Limits() {
				if !strings.Contains(limits, fmt.Sprintf("| %s | %d |", l.Name, l.Count)) {
					t.Errorf("%s: the window %s is not told", x.name, l.Name)
				}
			}
			for _, name := range p.Scheme.LimitHeaderNames() {
				if len(p.Scheme.Limits()) > 0 && !strings.Contains(limits, "| `"+name+"` |") {
					t.Errorf("%s: the header %s is not told", x.name, name)
				}
			}
		}
	}
}

func flat(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), ""), `\|`, "|")
}

// TestTFI22_TFI24_TFI25_TheReferenceNamesEveryField reads the documents with
// another reader, and wants all that it finds on the pages.
func TestTFI22_TFI24_TFI25_TFI26_TheReferenceNamesEveryField(t *testing.T) {
	t.Parallel()
	for _, x := range bare() {
		h := whole(t, x)
		doc, err := openapi3.NewLoader().LoadFromData(x.doc)
		if err != nil {
			t.Fatal(err)
		}
		list := get(t, h, "/reference.md")
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				if !strings.Contains(list, "| `"+method+"` | `"+path+"` |") {
					t.Errorf("%s: the list lacks %s %s", x.name, method, path)
				}
				page := get(t, h, "/reference/"+dashed(op.OperationID)+".md")
				for _, p := range op.Parameters {
					need := "optional"
					if p.Value.Required {
						need = "required"
					}
					if !lineWith(page, "| `"+p.Value.Name+"` | "+p.Value.In, "| "+need+" |") {
						t.Errorf("%s %s: the parameter %s is not told", x.name, op.OperationID, p.Value.Name)
					}
				}
				if op.RequestBody != nil {
					for _, m := range op.RequestBody.Value.Content {
						for name := range m.Schema.Value.Properties {
							need := "optional"
							for _, r := range m.Schema.Value.Required {
								if r == name {
									need = "required"
								}
							}
							if !lineWith(page, "| `"+name+"` |", "| "+need+" |") {
								t.Errorf("%s %s: the field %s is not told", x.name, op.OperationID, name)
							}
						}
					}
				}
				for status, r := range op.Responses.Map() {
					if !lineWith(page, "### ", status) {
						t.Errorf("%s %s: the answer %s is not told", x.name, op.OperationID, status)
					}
					for name := range r.Value.Headers {
						if !strings.Contains(page, "| `"+name+"` |") {
							t.Errorf("%s %s: the header %s is not told", x.name, op.OperationID, name)
						}
					}
				}
			}
		}
	}
}

func lineWith(page string, all ...string) bool {
	for line := range strings.Lines(page) {
		ok := true
		for _, s := range all {
			ok = ok && strings.Contains(line, s)
		}
		if ok {
			return true
		}
	}
	return false
}

// TestThePagesSay holds the pages against what they are required to tell people.
func TestThePagesSay(t *testing.T) {
	t.Parallel()
	all := map[string]*handbook.Handbook{}
	for _, x := range bare() {
		all[x.name] = whole(t, x)
	}
	for _, c := range []struct{ requirement, system, path, says string }{
		{"DMT-26", "domaintrust", "/keeping-keys-safe", "Treat keys like passwords"},
		{"DMT-27", "domaintrust", "/keeping-keys-safe", "public or client-side code"},
		{"DMT-28", "domaintrust", "/keeping-keys-safe", "secrets manager or environment variables"},
		{"DMT-29", "domaintrust", "/keeping-keys-safe", "Rotate regularly"},
		{"DMT-30", "domaintrust", "/keeping-keys-safe", "Revoke at once on suspicion"},
		{"TRS-34", "trusset", "/keeping-keys-safe", "Store both"},
		{"TRS-34", "trusset", "/two-key-systems", "Store both securely"},
		{"TSP-01", "truestamp", "/", "Make the call"},
		{"TSP-07", "truestamp", "/learn", "What a key is"},
		{"TSP-08", "truestamp", "/how-stamping-works", "The only prerequisites are"},
		{"TSP-08", "truestamp", "/how-stamping-works", "SHA-256 hash"},
		{"TSP-31", "truestamp", "/reference/create-item", `id="try-key"`},
		{"TSW-06", "trustswiftly", "/", "Keep your keys secure"},
		{"TSW-07", "trustswiftly", "/keeping-keys-safe", "many privileges"},
		{"TSW-19", "trustswiftly", "/", "password manager"},
		{"TSW-22", "trustswiftly", "/keeping-keys-safe", "Never share a key"},
		{"TSW-23", "trustswiftly", "/", `export TRUST_SWIFTLY_API_KEY=&quot;`},
		{"TSW-25", "trustswiftly", "/quickstart", "Create a user"},
		{"TSW-26", "trustswiftly", "/reference/create-user", "POST"},
		{"TFI-18", "trustifi", "/rotation", "Every program that still sends it is refused"},
	} {
		if page := get(t, all[c.system], c.path); !strings.Contains(strings.ReplaceAll(page, "&#34;", "&quot;"), c.says) {
			t.Errorf("%s: %s of %s does not say %q", c.requirement, c.path, c.system, c.says)
		}
	}
}

func TestStrangersCannotWriteHTML(t *testing.T) {
	t.Parallel()
	evil := `<script>alert(1)</script>`
	doc := "openapi: 3.1.0\ninfo: {title: x, version: '1', description: '" + evil + "'}\npaths:\n  /a:\n    get:\n      operationId: a\n      summary: '" + evil + "'\n      description: '[x](javascript:alert(1))" + evil + "'\n      parameters: [{name: '" + evil + "', in: query, example: '" + evil + "', description: 'a | b'}]\n      responses: {'200': {description: '" + evil + "'}}\n"
	h, err := handbook.New(handbook.Options{
		API: "x", Title: evil, Base: "https://api.example", OpenAPI: []byte(doc), Schemes: []handbook.Part{{Scheme: shipped(t, "keywright")}}, Variable: "X_KEY",
		Pages: fstest.MapFS{"own.md": {Data: []byte("# Own\n\n" + evil + "\n\n[x](javascript:alert(1))\n")}}, Changelog: []handbook.Change{{Date: "2026-11-21", Text: evil}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(h.Paths(), "/search?q=%3Cscript%3Ealert(1)%3C/script%3E", "/try") {
		if html := get(t, h, p); strings.Contains(html, "<script>") || strings.Contains(html, `href="javascript:`) {
			t.Errorf("%s carries what a stranger wrote", p)
		}
	}
}

func TestWhatIsRefusedNamesItsField(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*handbook.Options){
		"Brand.Accent": func(o *handbook.Options) { o.Brand.Accent = "red;}" },
		"Variable":     func(o *handbook.Options) { o.Variable = "a b" },
		"Languages":    func(o *handbook.Options) { o.Languages = []string{"cobol"} },
		"OpenAPI":      func(o *handbook.Options) { o.OpenAPI = []byte("swagger: '2.0'") },
		"Schemes":      func(o *handbook.Options) { o.Schemes = nil },
		"Pages":        func(o *handbook.Options) { o.Pages = fstest.MapFS{"try.md": {Data: []byte("# no")}} },
		"Brand.Logo":   func(o *handbook.Options) { o.Brand.Logo = make([]byte, 70<<10) },
	} {
		o := handbook.Options{API: "x", Schemes: []handbook.Part{{Scheme: shipped(t, "keywright")}}}
		change(&o)
		_, err := handbook.New(o)
		var e *keywright.Error
		if !errors.As(err, &e) || e.Kind != keywright.Invalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAnswersAreKeptAndGuarded(t *testing.T) {
	t.Parallel()
	h := whole(t, bare()[0])
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/learn", nil))
	if p := w.Header().Get("Content-Security-Policy"); strings.Contains(p, "unsafe") || !strings.Contains(p, "connect-src 'self' https://api.example") {
		t.Errorf("the policy is %q", p)
	}
	r := httptest.NewRequest("GET", "/learn", nil)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("asked again: %d", again.Code)
	}
	for method, status := range map[string]int{"POST": 405, "GET": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/nowhere", nil))
		if w.Code != status {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func FuzzOpenAPI(f *testing.F) {
	for _, s := range systems() {
		raw, err := os.ReadFile("../examples/" + s.name + "/openapi.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = handbook.New(handbook.Options{API: "x", OpenAPI: raw, Schemes: []handbook.Part{{Scheme: shipped(t, "keywright")}}}) // it must not panic
	})
}
