package scheme

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/keywright/keywright"
)

type schemaObject struct {
	AdditionalProperties any                        `json:"additionalProperties"`
	Properties           map[string]json.RawMessage `json:"properties"`
	Required             []string                   `json:"required"`
	Defs                 map[string]schemaObject    `json:"$defs"`
}

// TestJSONSchemaKnowsTheParsersFields compares the schema with the lists that the
// parser reads by, so that neither gains a field alone.
func TestJSONSchemaKnowsTheParsersFields(t *testing.T) {
	var root schemaObject
	if err := json.Unmarshal(JSONSchema(), &root); err != nil {
		t.Fatal(err)
	}
	same(t, "page", root, pageFields())
	compared := []string{}
	def := func(name string) schemaObject { compared = append(compared, name); return root.Defs[name] }
	same(t, "place", def("place"), placeFields())
	same(t, "onePlace", def("onePlace"), onePlaceFields())
	same(t, "way", def("way"), wayFields())
	same(t, "read", def("read"), readFields())
	same(t, "companion", def("companion"), companionFields())
	same(t, "format", def("format"), formatFields())
	same(t, "life", def("life"), lifeFields())
	same(t, "name", def("name"), nameFields())
	same(t, "expiry", def("expiry"), expiryFields())
	same(t, "rotation", def("rotation"), rotationFields())
	same(t, "environment", def("environment"), environmentFields())
	same(t, "plans", def("plans"), plansFields())
	same(t, "limit", def("limit"), limitFields())
	same(t, "manners", def("manners"), mannersFields())
	same(t, "answer", def("answer"), answerFields())
	same(t, "style", def("style"), styleFields())
	for name := range root.Defs {
		if !slices.Contains(compared, name) {
			t.Errorf("the schema defines %q, which no list of fields was compared with", name)
		}
	}
}

func same[T any](t *testing.T, name string, o schemaObject, fields []field[T]) {
	t.Helper()
	if o.AdditionalProperties != false {
		t.Errorf("%s: the schema lets unknown fields pass", name)
	}
	for _, f := range fields {
		if _, ok := o.Properties[f.name]; !ok {
			t.Errorf("%s: the schema does not know the field %q", name, f.name)
		}
		if f.required != slices.Contains(o.Required, f.name) {
			t.Errorf("%s: parser and schema differ on whether %q is required", name, f.name)
		}
	}
	for p := range o.Properties {
		if find(fields, p) == nil {
			t.Errorf("%s: the parser does not know the field %q", name, p)
		}
	}
}

// TestJSONSchemaKnowsTheReasons: the closed set is written out for editors.
func TestJSONSchemaKnowsTheReasons(t *testing.T) {
	for _, r := range keywright.Refusals() {
		if !strings.Contains(jsonSchema, `"`+r.String()+`"`) {
			t.Errorf("the schema does not know the reason %s", r)
		}
	}
	for _, d := range dialectNames() {
		if !strings.Contains(jsonSchema, `"`+d+`"`) {
			t.Errorf("the schema does not know the dialect %s", d)
		}
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scheme.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scheme.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, src []byte) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(src)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// TestJSONSchemaAccepts every scheme that ships and every provider's.
func TestJSONSchemaAccepts(t *testing.T) {
	s := compiledSchema(t)
	shipped, _ := filepath.Glob("../schemes/*.yaml")
	providers, _ := filepath.Glob("testdata/providers/*.yaml")
	n := 0
	for _, file := range append(shipped, providers...) {
		if strings.HasSuffix(file, ".vectors.yaml") || strings.HasSuffix(file, ".checks.yaml") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		n++
	}
	if n < 8 {
		t.Fatalf("only %d files were looked at", n)
	}
}

// TestJSONSchemaRejects what an editor should underline.
func TestJSONSchemaRejects(t *testing.T) {
	s := compiledSchema(t)
	good, err := os.ReadFile("../schemes/trusset-instance.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"name: trusset-instance", "nam: trusset-instance"},
		{"name: trusset-instance", "name: Trusset"},
		{"{header: X-API-Key}", "{headre: X-API-Key}"},
		{"{header: X-API-Key}", "{header: X-API-Key, query: key}"},
		{"max_active: 10 ", "max_active: ten "},
		{"[missing]", "[mising]"},
		{"status: 401", "status: 302"},
		{"window: 1m", "window: soon"},
		{"limit_headers: x-ratelimit", "limit_headers: laravel"},
	} {
		src := strings.Replace(string(good), change[0], change[1], 1)
		if src == string(good) {
			t.Fatalf("%q is not in the file", change[0])
		}
		if validate(t, s, []byte(src)) == nil {
			t.Errorf("the schema lets %q pass", change[1])
		}
	}
}
