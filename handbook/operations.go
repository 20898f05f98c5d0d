package handbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// parameter is one value that a request carries outside its body.
type parameter struct {
	Name, In, Type, Bounds, About string
	Required                      bool
	Example                       string // "" with HasExample false: there is none
	HasExample                    bool
}

// response is one answer of an operation.
type response struct {
	Status, About, Media string
	Headers              []field
	Fields               []field
	Examples             []example
}

type example struct{ Name, Text string }

// operation is one thing that the API does.
type operation struct {
	ID, Slug, Method, Path, Tag string
	Summary, About              string
	Parameters                  []parameter
	Media                       string // of the request's body; "" has none
	BodyRequired                bool
	Body                        []field
	BodyType                    string
	Bodies                      []example
	Responses                   []response
	Deprecated, Streams, Open   bool
	Token                       bool // takes the token of a login or of management, not a key
	Part                        *Part
	Route                       *Route
	door                        door
}

func methods() []string {
	return []string{"get", "post", "put", "patch", "delete", "head", "options", "trace"}
}

// operations lists them in the document's order, those of one tag together.
func (d *document) operations(parts []Part) ([]*operation, error) {
	var all []*operation
	slugs := map[string]bool{}
	paths := d.at(d.root, "paths")
	for _, path := range paths.keys() {
		item := d.at(paths, path)
		for _, method := range item.keys() {
			if !slices.Contains(methods(), method) {
				continue
			}
			op := d.operation(strings.ToUpper(method), path, item, d.at(item, method), parts)
			if op.Slug == "" || slugs[op.Slug] {
				return nil, fmt.Errorf("%s %s has no operationId, or another's", op.Method, path)
			}
			slugs[op.Slug] = true
			all = append(all, op)
		}
	}
	order := d.tags()
	rank := func(o *operation) int {
		if i := slices.Index(order, o.Tag); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(all, func(a, b *operation) int { return rank(a) - rank(b) })
	return all, nil
}

func (d *document) tags() []string {
	var out []string
	for _, t := range d.root.list("tags") {
		out = append(out, d.resolve(t).text("name"))
	}
	return out
}

func (d *document) operation(method, path string, item, o *object, parts []Part) *operation {
	op := &operation{
		ID: o.text("operationId"), Method: method, Path: path, Summary: o.text("summary"), About: o.text("description"),
		Deprecated: o.flag("deprecated"), Tag: "Other",
	}
	op.Slug = slug(op.ID)
	if tags := o.list("tags"); len(tags) > 0 {
		op.Tag = fmt.Sprint(tags[0])
	}
	if op.Summary == "" {
		op.Summary = method + " " + path
	}
	for _, p := range append(item.list("parameters"), o.list("parameters")...) {
		op.Parameters = append(op.Parameters, d.parameter(d.resolve(p)))
	}
	if body := d.at(o, "requestBody"); body != nil {
		media, of := d.media(body)
		op.Media, op.BodyRequired = media, body.flag("required")
		schema := d.at(of, "schema")
		op.Body, op.BodyType, op.Bodies = d.fields(schema), d.typeOf(schema), d.examples(of, schema, strings.Contains(media, "json"))
	}
	responses := d.at(o, "responses")
	for _, status := range responses.keys() {
		r := d.response(status, d.at(responses, status))
		op.Streams = op.Streams || strings.HasPrefix(r.Media, "text/event-stream") || status == "101"
		op.answers(r)
	}
	d.secure(op, o, parts)
	return op
}

// answers adds a response; refusals that look alike are told of once.
func (o *operation) answers(r response) {
	if n := len(o.Responses); n > 0 && r.Status >= "4" {
		last := &o.Responses[n-1]
		first, _, _ := strings.Cut(last.Status, ",")
		was := *last
		was.Status = r.Status
		if first >= "4" && reflect.DeepEqual(was, r) {
			last.Status += ", " + r.Status
			return
		}
	}
	o.Responses = append(o.Responses, r)
}

// secure finds the scheme and the route of an operation: the gateway's own word
// counts for more than the document's.
func (d *document) secure(op *operation, o *object, parts []Part) {
	for i := range parts {
		for j := range parts[i].Routes {
			r := &parts[i].Routes[j]
			if slices.Contains(r.Methods, op.Method) && sameShape(r.Path, op.Path) {
				op.Part, op.Route, op.Open, op.Token = &parts[i], r, r.Open, !r.Open && !r.Keys
			}
		}
	}
	if op.Route != nil || len(parts) == 0 {
		return
	}
	op.Part = &parts[0]
	security := o.get("security")
	if security == nil {
		security = d.root.get("security")
	}
	needs, _ := security.([]any)
	op.Open = security != nil && len(needs) == 0
}

// sameShape compares two paths whose variables may have other names.
func sameShape(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] && (!strings.HasPrefix(x[i], "{") || !strings.HasPrefix(y[i], "{")) {
			return false
		}
	}
	return true
}

func (d *document) parameter(p *object) parameter {
	schema := d.at(p, "schema")
	out := parameter{
		Name: p.text("name"), In: p.text("in"), Type: d.typeOf(schema), Bounds: bounds(schema), About: p.text("description"),
		Required: p.flag("required") || p.text("in") == "path",
	}
	v := p.get("example")
	if v == nil {
		for _, name := range d.at(p, "examples").keys() {
			v = d.at(d.at(p, "examples"), name).get("value")
			break
		}
	}
	if v == nil {
		v = schema.get("example")
	}
	if v == nil && out.Required {
		v = d.invent(schema, 0)
	}
	if v != nil {
		out.Example, out.HasExample = strings.Trim(spelled(v, ""), `"`), true
	}
	return out
}

// media chooses the body to show: JSON where there is a choice.
func (d *document) media(o *object) (string, *object) {
	content := d.at(o, "content")
	names := content.keys()
	if len(names) == 0 {
		return "", nil
	}
	best := names[0]
	for _, n := range names {
		if strings.Contains(n, "json") {
			best = n
			break
		}
	}
	return best, d.at(content, best)
}

func (d *document) response(status string, o *object) response {
	media, of := d.media(o)
	schema := d.at(of, "schema")
	r := response{Status: status, About: o.text("description"), Media: media, Fields: d.fields(schema)}
	if media != "" {
		r.Examples = d.examples(of, schema, strings.Contains(media, "json"))
	}
	headers := d.at(o, "headers")
	for _, name := range headers.keys() {
		h := d.at(headers, name)
		r.Headers = append(r.Headers, field{Name: name, Type: d.typeOf(d.at(h, "schema")), About: h.text("description")})
	}
	return r
}

func (d *document) examples(media, schema *object, asJSON bool) []example {
	show := func(v any) string {
		if s, ok := v.(string); ok && !asJSON {
			return s
		}
		return spelled(v, "  ")
	}
	var out []example
	all := d.at(media, "examples")
	for _, name := range all.keys() {
		e := d.at(all, name)
		title := e.text("summary")
		if title == "" {
			title = name
		}
		if v := e.get("value"); v != nil {
			out = append(out, example{title, show(v)})
		}
	}
	if v := media.get("example"); v != nil && len(out) == 0 {
		out = append(out, example{"example", show(v)})
	}
	if len(out) == 0 && schema != nil {
		if v := d.invent(schema, 0); v != nil {
			out = append(out, example{"example", show(v)})
		}
	}
	return out
}

// invent makes a value that fits a schema, for documents without examples.
func (d *document) invent(s *object, depth int) any {
	if s == nil || depth > 6 {
		return nil
	}
	for _, name := range []string{"example", "default", "const"} {
		if v := s.get(name); v != nil {
			return v
		}
	}
	if e := s.list("enum"); len(e) > 0 {
		return e[0]
	}
	for _, word := range []string{"oneOf", "anyOf", "allOf"} {
		if l := s.list(word); len(l) > 0 {
			return d.invent(d.resolve(l[0]), depth+1)
		}
	}
	kind := d.typeOf(s)
	switch {
	case d.at(s, "properties") != nil:
		out := &object{all: map[string]any{}}
		props := d.at(s, "properties")
		for _, name := range props.keys() {
			out.names, out.all[name] = append(out.names, name), d.invent(d.at(props, name), depth+1)
		}
		return out
	case strings.HasPrefix(kind, "array"):
		return []any{d.invent(d.at(s, "items"), depth+1)}
	case strings.HasPrefix(kind, "integer"), strings.HasPrefix(kind, "number"):
		if v := s.get("minimum"); v != nil {
			return v
		}
		return 1
	case strings.HasPrefix(kind, "boolean"):
		return true
	case strings.HasPrefix(kind, "string"):
		if s.text("format") == "date-time" {
			return "2026-03-31T09:30:00Z"
		}
		return "text"
	}
	return nil
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes a name for a path: createItem is create-item.
func slug(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' && s[i-1] >= 'a' && s[i-1] <= 'z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(b.String()), "-"), "-")
}

func indented(raw []byte, by string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", by); err != nil {
		return string(raw)
	}
	return b.String()
}
