package sdk

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// types turns schemas into the types of TypeScript.
type types struct {
	doc    *document
	byName map[string]string // of components.schemas
	used   int               // guards against documents that fold out without end
}

// maxTypes bounds how many schemas one document may fold out to.
const maxTypes = 100_000

const schemaPrefix = "#/components/schemas/"

func newTypes(doc *document, taken *names) *types {
	t := &types{doc: doc, byName: map[string]string{}}
	for _, name := range sorted(t.schemas()) {
		own := pascal(name, "Schema")
		if taken.taken[own] {
			own += "Schema"
		}
		t.byName[name] = taken.take(own)
	}
	return t
}

func (t *types) schemas() object { return child(child(t.doc.root, "components"), "schemas") }

// declare writes every schema that has a name.
func (t *types) declare(b *strings.Builder) {
	all := t.schemas()
	for _, name := range sorted(all) {
		body, _ := all[name].(object)
		b.WriteString(comment("", text(body, "title"), text(body, "description")))
		if plainObject(body) {
			fmt.Fprintf(b, "export interface %s %s\n\n", t.byName[name], t.members(body, "", 0))
			continue
		}
		expression := "unknown"
		if !t.circular(name) {
			expression = t.of(all[name], "", 0)
		}
		fmt.Fprintf(b, "export type %s = %s;\n\n", t.byName[name], expression)
	}
}

// plainObject reports whether a schema is an object with properties alone.
func plainObject(s object) bool {
	for _, other := range []string{"$ref", "allOf", "oneOf", "anyOf", "enum", "const", "not", "nullable", "additionalProperties"} {
		if v, there := s[other]; there && v != false {
			return false
		}
	}
	_, has := s["properties"].(object)
	kind, one := s["type"].(string)
	return has && one && kind == "object"
}

// circular reports whether a name stands for itself, with no object or list between.
func (t *types) circular(name string) bool {
	seen := map[string]bool{}
	var leads func(v any) bool
	leads = func(v any) bool {
		o, _ := v.(object)
		if ref := text(o, "$ref"); ref != "" {
			to, ok := strings.CutPrefix(ref, schemaPrefix)
			if !ok {
				return false
			}
			if to == name {
				return true
			}
			if seen[to] {
				return false
			}
			seen[to] = true
			return !plainObject(child(t.schemas(), to)) && leads(t.schemas()[to])
		}
		for _, word := range []string{"allOf", "oneOf", "anyOf"} {
			if slices.ContainsFunc(list(o, word), leads) {
				return true
			}
		}
		return false
	}
	return leads(t.schemas()[name])
}

// of spells a schema's type. indent is where its lines stand.
func (t *types) of(v any, indent string, depth int) string {
	if t.used++; depth > maxDepth || t.used > maxTypes {
		return "unknown"
	}
	s, ok := v.(object)
	if !ok {
		if allowed, isBool := v.(bool); isBool && !allowed {
			return "never"
		}
		return "unknown"
	}
	if ref := text(s, "$ref"); ref != "" {
		return t.reference(ref, indent, depth)
	}
	var parts []string
	add := func(one, sign string) {
		if one != "" && one != "unknown" {
			parts = append(parts, grouped(one, sign))
		}
	}
	own := t.own(s, indent, depth)
	several := len(list(s, "allOf"))+min(1, len(list(s, "oneOf")))+min(1, len(list(s, "anyOf"))) > 0
	if !several {
		return nullable(s, own)
	}
	add(own, "&")
	for _, one := range list(s, "allOf") {
		add(t.of(one, indent, depth+1), "&")
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		add(t.union(list(s, word), indent, depth), "&")
	}
	if len(parts) == 0 {
		return "unknown"
	}
	if len(parts) == 1 {
		return nullable(s, strings.TrimSuffix(strings.TrimPrefix(parts[0], "("), ")"))
	}
	return nullable(s, strings.Join(parts, " & "))
}

// reference spells a $ref: by name where it has one.
func (t *types) reference(ref, indent string, depth int) string {
	if name, ok := strings.CutPrefix(ref, schemaPrefix); ok {
		if known, ok := t.byName[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]; ok {
			return known
		}
	}
	return t.of(t.doc.at(ref), indent, depth+1)
}

func (t *types) union(all []any, indent string, depth int) string {
	var parts []string
	for _, one := range all {
		p := grouped(t.of(one, indent, depth+1), "|")
		if p == "unknown" {
			return p
		}
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " | ")
}

// grouped puts what holds another sign into brackets.
func grouped(one, sign string) string {
	other := " | "
	if sign == "|" {
		other = " & "
	}
	if strings.Contains(one, other) {
		return "(" + one + ")"
	}
	return one
}

func nullable(s object, t string) string {
	if truth(s, "nullable") && t != "unknown" && !strings.HasSuffix(t, "| null") {
		return t + " | null"
	}
	return t
}

// own is what a schema says beside allOf, oneOf and anyOf.
func (t *types) own(s object, indent string, depth int) string {
	if v, ok := s["const"]; ok {
		return literal(v)
	}
	if all := list(s, "enum"); len(all) > 0 {
		var parts []string
		for _, one := range all {
			if p := literal(one); !slices.Contains(parts, p) {
				parts = append(parts, p)
			}
		}
		return strings.Join(parts, " | ")
	}
	kinds := texts(s["type"])
	if one, ok := s["type"].(string); ok {
		kinds = []string{one}
	}
	if len(kinds) == 0 {
		switch {
		case s["properties"] != nil || s["additionalProperties"] != nil:
			kinds = []string{"object"}
		case s["items"] != nil || s["prefixItems"] != nil:
			kinds = []string{"array"}
		}
	}
	var parts []string
	for _, kind := range kinds {
		if p := t.kind(kind, s, indent, depth); !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 || slices.Contains(parts, "unknown") {
		return "unknown"
	}
	return strings.Join(parts, " | ")
}

func (t *types) kind(kind string, s object, indent string, depth int) string {
	switch kind {
	case "string", "boolean", "null":
		return kind
	case "number", "integer":
		return "number"
	case "array":
		return t.array(s, indent, depth)
	case "object":
		return t.members(s, indent, depth)
	}
	return "unknown"
}

func (t *types) array(s object, indent string, depth int) string {
	if first := list(s, "prefixItems"); len(first) > 0 {
		all := slices.Clone(first)
		if rest, ok := s["items"]; ok && rest != false {
			all = append(all, rest)
		}
		return "Array<" + t.union(all, indent, depth) + ">"
	}
	return "Array<" + t.of(s["items"], indent, depth+1) + ">"
}

// members spells an object: its properties, and what else it may hold.
func (t *types) members(s object, indent string, depth int) string {
	properties := child(s, "properties")
	more, says := s["additionalProperties"]
	open := says && more != false
	if len(properties) == 0 {
		if schema, ok := more.(object); ok && len(schema) > 0 {
			return "Record<string, " + t.of(schema, indent, depth+1) + ">"
		}
		return "Record<string, unknown>"
	}
	required := texts(s["required"])
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range sorted(properties) {
		one, _ := properties[name].(object)
		b.WriteString(comment(indent+"  ", text(one, "description")))
		mark := "?"
		if slices.Contains(required, name) {
			mark = ""
		}
		fmt.Fprintf(&b, "%s  %s%s: %s;\n", indent, property(name), mark, t.of(properties[name], indent+"  ", depth+1))
	}
	b.WriteString(indent + "}")
	if open {
		b.WriteString(" & Record<string, unknown>")
	}
	return b.String()
}

// literal spells a value of an enumeration as its own type.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case bool:
		return fmt.Sprint(v)
	case float64, int64, uint64, int:
		n, err := json.Marshal(v)
		if err != nil {
			return "number"
		}
		return string(n)
	}
	return "unknown"
}
