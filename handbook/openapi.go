package handbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// object is one mapping of an OpenAPI document; names keeps the author's order.
type object struct {
	names []string
	all   map[string]any
}

func (o *object) get(name string) any {
	if o == nil {
		return nil
	}
	return o.all[name]
}

func (o *object) text(name string) string {
	s, _ := o.get(name).(string)
	return s
}

func (o *object) flag(name string) bool {
	b, _ := o.get(name).(bool)
	return b
}

func (o *object) list(name string) []any {
	l, _ := o.get(name).([]any)
	return l
}

func (o *object) keys() []string {
	if o == nil {
		return nil
	}
	return o.names
}

// document is an OpenAPI document as far as its readers are told about it.
type document struct{ root *object }

const (
	maxDocument = 4 << 20
	maxDepth    = 64
	maxNodes    = 400_000
)

func readDocument(src []byte) (*document, error) {
	if len(src) > maxDocument {
		return nil, fmt.Errorf("it is larger than %d bytes", maxDocument)
	}
	var raw any
	if err := yaml.UnmarshalWithOptions(src, &raw, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	nodes := 0
	tidy, err := ordered(raw, 0, &nodes)
	if err != nil {
		return nil, err
	}
	root, ok := tidy.(*object)
	if !ok {
		return nil, fmt.Errorf("it is no mapping")
	}
	if v := root.text("openapi"); !strings.HasPrefix(v, "3.0") && !strings.HasPrefix(v, "3.1") {
		return nil, fmt.Errorf("its version is %q; 3.0 and 3.1 are known", v)
	}
	return &document{root}, nil
}

// ordered turns what the YAML reader returns into objects. It counts, so that a
// document of aliases upon aliases ends early.
func ordered(v any, depth int, nodes *int) (any, error) {
	if *nodes++; *nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("it is too deep or too large")
	}
	switch v := v.(type) {
	case yaml.MapSlice:
		o := &object{all: make(map[string]any, len(v))}
		for _, item := range v {
			name := fmt.Sprint(item.Key)
			of, err := ordered(item.Value, depth+1, nodes)
			if err != nil {
				return nil, err
			}
			if _, twice := o.all[name]; !twice {
				o.names = append(o.names, name)
			}
			o.all[name] = of
		}
		return o, nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			of, err := ordered(v[i], depth+1, nodes)
			if err != nil {
				return nil, err
			}
			out[i] = of
		}
		return out, nil
	default:
		return v, nil
	}
}

// at returns the mapping under a name, with references followed.
func (d *document) at(o *object, name string) *object { return d.resolve(o.get(name)) }

func (d *document) resolve(v any) *object {
	for range 16 {
		o, ok := v.(*object)
		if !ok {
			return nil
		}
		ref := o.text("$ref")
		if ref == "" {
			return o
		}
		v = d.pointer(ref)
	}
	return nil
}

func (d *document) pointer(ref string) any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	var at any = d.root
	for part := range strings.SplitSeq(path, "/") {
		o, ok := at.(*object)
		if !ok {
			return nil
		}
		at = o.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	return at
}

// MarshalJSON keeps the author's order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		k, _ := json.Marshal(name) // a string always can be
		v, err := plain(o.all[name])
		if err != nil {
			return nil, err
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// plain marshals without HTML escapes, which a reader of samples should not see.
func plain(v any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSpace(b.String())), nil
}

// spelled shows an example: JSON as it is sent, and text as it is.
func spelled(v any, indent string) string {
	raw, err := plain(v)
	if err != nil {
		return ""
	}
	if indent == "" {
		return string(raw)
	}
	return indented(raw, indent)
}

// field is one line of a table of fields.
type field struct {
	Name, Type, Bounds, About string
	Required                  bool
}

// fields lists what a schema's value consists of, nested names with dots.
func (d *document) fields(schema *object) []field {
	var out []field
	d.walk(&out, schema, "", nil)
	return out
}

func (d *document) walk(out *[]field, schema *object, prefix string, seen []*object) {
	if schema == nil || len(seen) > 8 || len(*out) > 400 || slices.Contains(seen, schema) {
		return
	}
	seen = append(seen[:len(seen):len(seen)], schema)
	for _, word := range []string{"allOf", "oneOf", "anyOf"} {
		for _, part := range schema.list(word) {
			d.walk(out, d.resolve(part), prefix, seen)
		}
	}
	if items := d.at(schema, "items"); items != nil {
		d.walk(out, items, strings.TrimSuffix(prefix, ".")+"[].", seen)
	}
	required := schema.list("required")
	props := d.at(schema, "properties")
	for _, name := range props.keys() {
		of := d.at(props, name)
		*out = append(*out, field{
			Name: prefix + name, Type: d.typeOf(of), Bounds: bounds(of), About: of.text("description"),
			Required: slices.Contains(required, any(name)),
		})
		d.walk(out, of, prefix+name+".", seen)
	}
	if extra := d.at(schema, "additionalProperties"); extra != nil {
		*out = append(*out, field{Name: prefix + "*", Type: d.typeOf(extra), Bounds: bounds(extra), About: extra.text("description")})
		d.walk(out, extra, prefix+"*.", seen)
	}
}

// typeOf says a schema's type in a few words.
func (d *document) typeOf(s *object) string {
	if s == nil {
		return "any"
	}
	var names []string
	switch t := s.get("type").(type) {
	case string:
		names = append(names, t)
	case []any:
		for _, one := range t {
			names = append(names, fmt.Sprint(one))
		}
	}
	if s.flag("nullable") {
		names = append(names, "null")
	}
	if len(names) == 0 {
		for _, word := range []string{"oneOf", "anyOf", "allOf"} {
			for _, part := range s.list(word) {
				names = append(names, d.typeOf(d.resolve(part)))
			}
		}
		if d.at(s, "properties") != nil {
			names = append(names, "object")
		}
	}
	names = slices.Compact(names)
	out := strings.Join(names, " or ")
	if out == "" {
		out = "any"
	}
	if items := d.at(s, "items"); items != nil {
		out += " of " + d.typeOf(items)
	}
	if f := s.text("format"); f != "" {
		out += " (" + f + ")"
	}
	return out
}

// bounds says what a schema allows, every rule of it.
func bounds(s *object) string {
	var out []string
	for _, b := range []struct{ name, says string }{
		{"minimum", "at least %v"},
		{"exclusiveMinimum", "more than %v"},
		{"maximum", "at most %v"},
		{"exclusiveMaximum", "less than %v"},
		{"multipleOf", "a multiple of %v"},
		{"minLength", "at least %v characters"},
		{"maxLength", "at most %v characters"},
		{"minItems", "at least %v items"},
		{"maxItems", "at most %v items"},
		{"minProperties", "at least %v members"},
		{"maxProperties", "at most %v members"},
	} {
		if v := s.get(b.name); v != nil {
			out = append(out, fmt.Sprintf(b.says, v))
		}
	}
	if s.flag("uniqueItems") {
		out = append(out, "no two alike")
	}
	if p := s.text("pattern"); p != "" {
		out = append(out, "matches "+code(p))
	}
	var words []string
	for _, v := range s.list("enum") {
		words = append(words, code(spelled(v, "")))
	}
	if len(words) > 0 {
		out = append(out, "one of "+strings.Join(words, ", "))
	}
	if v := s.get("const"); v != nil {
		out = append(out, "always "+code(spelled(v, "")))
	}
	if v := s.get("default"); v != nil {
		out = append(out, code(spelled(v, ""))+" unless given")
	}
	return strings.Join(out, "; ")
}
