package sdk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// operation is one method of the client.
type operation struct {
	method, verb, path string
	about              []string
	deprecated         bool
	needs              [][]string
	params             []param
	body               *body
	result             string // a type; "void" is no body
	reads              string // json, text or response
	accept             string
}

// param is one parameter in the path, the query or a header.
type param struct {
	name, wire, in, typed, about string
	required, comma              bool
}

// body is what a request carries.
type body struct {
	name, typed string
	media       []string
	json        bool
	required    bool
	about       string
}

// methods are the verbs in the order in which a path's operations stand.
func methods() []string {
	return []string{"get", "head", "post", "put", "patch", "delete", "options", "trace"}
}

// writer gathers what is written.
type writer struct {
	doc     *document
	types   *types
	auth    *auth
	methods *names
	all     []operation
	failing []string // the types of refusals
}

// operations reads every operation, by path.
func (w *writer) operations() error {
	paths := child(w.doc.root, "paths")
	for _, path := range sorted(paths) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#\\ \t\r\n") {
			return fmt.Errorf("paths: %q: a path begins with a slash, and holds no query and no space", path)
		}
		item := w.doc.deref(paths[path])
		for _, verb := range methods() {
			o, ok := item[verb].(object)
			if !ok {
				continue
			}
			if _, callable := w.auth.of(o); !callable {
				continue
			}
			one, err := w.operation(verb, path, item, o)
			if err != nil {
				return fmt.Errorf("%s %s: %w", strings.ToUpper(verb), path, err)
			}
			if w.all = append(w.all, one); len(w.all) > maxOperations {
				return fmt.Errorf("more than %d operations", maxOperations)
			}
		}
	}
	if len(w.all) == 0 {
		return fmt.Errorf("paths: there is no operation to make a method of")
	}
	return nil
}

func (w *writer) operation(verb, path string, item, o object) (operation, error) {
	id := text(o, "operationId")
	if id == "" {
		id = verb + " " + path
	}
	op := operation{
		method: w.methods.take(camel(id, "operation")), verb: strings.ToUpper(verb), path: path,
		about: []string{text(o, "summary"), text(o, "description")}, deprecated: truth(o, "deprecated"),
	}
	op.needs, _ = w.auth.of(o)
	taken := newNames()
	if err := w.params(&op, taken, item, o); err != nil {
		return op, err
	}
	w.body(&op, taken, o)
	w.responses(&op, o)
	return op, nil
}

// params reads the parameters of the path item and of the operation, which win.
func (w *writer) params(op *operation, taken *names, item, o object) error {
	byID := map[string]object{}
	var order []string
	for _, v := range append(slices.Clone(list(item, "parameters")), list(o, "parameters")...) {
		p := w.doc.deref(v)
		id := text(p, "in") + " " + text(p, "name")
		if _, there := byID[id]; !there {
			order = append(order, id)
		}
		byID[id] = p
	}
	for _, id := range order {
		p := byID[id]
		in, wire := text(p, "in"), text(p, "name")
		switch {
		case in == "header" && (slices.ContainsFunc(ofTheRuntime(), func(h string) bool { return strings.EqualFold(h, wire) }) || w.isCredential(wire)):
			continue // the client sets these itself
		case in == "cookie":
			continue // a browser's own affair
		case in == "header" && !headerName(wire), in != "header" && in != "query" && in != "path":
			return fmt.Errorf("the parameter %q in %q cannot be sent", wire, in)
		case in == "path" && !strings.Contains(op.path, "{"+wire+"}"):
			return fmt.Errorf("the path parameter %q is not in the path", wire)
		}
		explode, says := p["explode"].(bool)
		op.params = append(op.params, param{
			name: taken.take(camel(wire, "value")), wire: wire, in: in, typed: w.types.of(p["schema"], "    ", 0), about: text(p, "description"),
			required: truth(p, "required") || in == "path", comma: says && !explode,
		})
	}
	return w.undescribed(op, taken)
}

// undescribed adds the placeholders of a path that the document does not describe.
func (w *writer) undescribed(op *operation, taken *names) error {
	for rest := op.path; ; {
		_, after, open := strings.Cut(rest, "{")
		if !open {
			return nil
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || name == "" {
			return fmt.Errorf("a bracket of the path is left open")
		}
		if !slices.ContainsFunc(op.params, func(p param) bool { return p.in == "path" && p.wire == name }) {
			op.params = append(op.params, param{name: taken.take(camel(name, "value")), wire: name, in: "path", typed: "string", required: true})
		}
		rest = tail
	}
}

// ofTheRuntime are headers that every call sets, or takes among its options.
func ofTheRuntime() []string {
	return []string{"Accept", "Content-Type", "Authorization", "Idempotency-Key", "If-Match", "User-Agent", "Host", "Content-Length"}
}

func (w *writer) isCredential(header string) bool {
	return slices.ContainsFunc(w.auth.slots, func(s slot) bool { return strings.EqualFold(s.place.Header, header) })
}

func isJSON(media string) bool {
	media, _, _ = strings.Cut(strings.ToLower(media), ";")
	media = strings.TrimSpace(media)
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// body prefers JSON; any other media type is the caller's to spell.
func (w *writer) body(op *operation, taken *names, o object) {
	request := w.doc.deref(o["requestBody"])
	content := child(request, "content")
	if len(content) == 0 {
		return
	}
	b := &body{name: taken.take("body"), required: truth(request, "required"), about: text(request, "description"), typed: "BodyInit"}
	for _, media := range sorted(content) {
		if isJSON(media) {
			schema, _ := content[media].(object)
			b.json, b.media, b.typed = true, []string{media}, w.types.of(schema["schema"], "    ", 0)
			break
		}
		if !strings.ContainsAny(media, "\r\n\x00") {
			b.media = append(b.media, media)
		}
	}
	op.body = b
}

// responses finds what success and failure look like.
func (w *writer) responses(op *operation, o object) {
	responses := child(o, "responses")
	var good []string
	op.reads, op.result, op.accept = "none", "void", "application/json"
	for _, status := range sorted(responses) {
		r := w.doc.deref(responses[status])
		content := child(r, "content")
		n, err := strconv.Atoi(strings.ReplaceAll(strings.ToUpper(status), "XX", "00"))
		if err != nil || n >= 300 {
			w.refusal(content)
			continue
		}
		if n < 200 {
			continue
		}
		media := ""
		for _, m := range sorted(content) {
			if media == "" || (isJSON(m) && !isJSON(media)) {
				media = m
			}
		}
		typed := "void"
		switch {
		case media == "":
		case isJSON(media):
			schema, _ := content[media].(object)
			typed, op.reads = w.types.of(schema["schema"], "  ", 0), "json"
		case op.reads == "none" && strings.HasPrefix(strings.ToLower(media), "text/") && !strings.EqualFold(media, "text/event-stream"):
			typed, op.reads, op.accept = "string", "text", media
		case op.reads == "none":
			typed, op.reads, op.accept = "Response", "response", media
		}
		if !slices.Contains(good, typed) {
			good = append(good, typed)
		}
	}
	if strings.ContainsAny(op.accept, "\r\n\x00") {
		op.accept = "*/*"
	}
	if len(good) > 0 {
		op.result = strings.Join(good, " | ")
	}
}

// refusal gathers the types of refusals, over all operations.
func (w *writer) refusal(content object) {
	for _, media := range sorted(content) {
		if !isJSON(media) {
			continue
		}
		schema, _ := content[media].(object)
		if t := w.types.of(schema["schema"], "", 0); t != "unknown" && !slices.Contains(w.failing, t) {
			w.failing = append(w.failing, t)
		}
	}
}
