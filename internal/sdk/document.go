package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// The bounds of a document.
const (
	maxDocument   = 8 << 20
	maxDepth      = 64
	maxOperations = 2000
)

// object is a JSON object of the document.
type object = map[string]any

// document is an OpenAPI document of 3.0 or 3.1.
type document struct{ root object }

// readDocument reads YAML or JSON.
func readDocument(file string, src []byte) (*document, error) {
	if len(src) > maxDocument {
		return nil, fmt.Errorf("%s: larger than %d MiB", file, maxDocument>>20)
	}
	var root any
	if start := bytes.TrimLeft(src, " \t\r\n"); len(start) > 0 && start[0] == '{' {
		if err := json.Unmarshal(src, &root); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	} else {
		if err := boundAliases(file, src); err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(src, &root); err != nil {
			return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
		}
	}
	d := &document{}
	var ok bool
	if d.root, ok = root.(object); !ok {
		return nil, fmt.Errorf("%s: is no OpenAPI document: the whole is not an object", file)
	}
	if v := text(d.root, "openapi"); !strings.HasPrefix(v, "3.0") && !strings.HasPrefix(v, "3.1") {
		return nil, fmt.Errorf("%s: openapi: %q: this reads OpenAPI 3.0 and 3.1", file, v)
	}
	if depth(root) > maxDepth {
		return nil, fmt.Errorf("%s: nested deeper than %d levels", file, maxDepth)
	}
	return d, nil
}

// maxUnfolded bounds what a page's aliases could unfold to.
const maxUnfolded = 64 << 20

// boundAliases keeps a page of YAML from being a gigabyte: an alias may not stand
// inside what another one repeats, and all of them together repeat little.
func boundAliases(file string, src []byte) error {
	page, err := parser.ParseBytes(src, 0)
	if err != nil {
		return fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
	}
	count := &aliases{}
	for _, one := range page.Docs {
		ast.Walk(count, one)
	}
	if count.nested || count.all*len(src) > maxUnfolded {
		return fmt.Errorf("%s: its YAML aliases unfold to too much: write a $ref instead", file)
	}
	return nil
}

// aliases counts them.
type aliases struct {
	all    int
	nested bool
}

// Visit implements ast.Visitor.
func (a *aliases) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AliasNode:
		a.all++
		return nil
	case *ast.AnchorNode:
		inside := &aliases{}
		ast.Walk(inside, n.Value)
		a.nested = a.nested || inside.all > 0 || inside.nested
		return nil
	}
	return a
}

func depth(v any) int {
	most := 0
	switch v := v.(type) {
	case object:
		for _, one := range v {
			most = max(most, depth(one))
		}
	case []any:
		for _, one := range v {
			most = max(most, depth(one))
		}
	}
	return most + 1
}

// deref follows local references. What leads nowhere, or in a circle, is nil.
func (d *document) deref(v any) object {
	for range maxDepth {
		o, _ := v.(object)
		ref, ok := o["$ref"].(string)
		if !ok {
			return o
		}
		v = d.at(ref)
	}
	return nil
}

// at finds what a reference such as #/components/schemas/Key points to.
func (d *document) at(ref string) any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	var v any = d.root
	for step := range strings.SplitSeq(path, "/") {
		o, ok := v.(object)
		if !ok {
			return nil
		}
		v = o[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	return v
}

func text(o object, name string) string { s, _ := o[name].(string); return s }

func truth(o object, name string) bool { b, _ := o[name].(bool); return b }

func child(o object, name string) object { c, _ := o[name].(object); return c }

func list(o object, name string) []any { l, _ := o[name].([]any); return l }

func texts(v any) []string {
	l, _ := v.([]any)
	var out []string
	for _, one := range l {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
