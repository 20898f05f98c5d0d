package config

import (
	"encoding"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// shape checks a file's tree against the Go type that it will be decoded into,
// and collects every fault with its place. What it lets through decodes.
type shape struct {
	problems *Problems
	places   map[string]*token.Position // by path, such as apis[0].name
	said     bool                       // the file says anything at all
}

// parse reads the source into a checked tree; body is nil for an empty file.
func parse(file string, src []byte, into reflect.Type) (*shape, error) {
	s := &shape{problems: &Problems{File: file, source: strings.Split(string(src), "\n")}, places: map[string]*token.Position{}}
	tree, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, s.syntax(err)
	}
	docs := 0 // that say anything
	for _, d := range tree.Docs {
		if d.Body == nil {
			continue
		}
		s.said = true
		if docs++; docs > 1 {
			s.fault(d.Body, "", "a second document: a configuration is one document, so remove what follows the ---")
			break
		}
		s.value("", d.Body, into)
	}
	return s, s.problems.orNil()
}

func (s *shape) syntax(err error) error {
	var y yaml.Error
	if !errors.As(err, &y) {
		s.problems.List = append(s.problems.List, Problem{Detail: err.Error()})
		return s.problems
	}
	p := Problem{Detail: "this is not YAML: " + y.GetMessage()}
	if t := y.GetToken(); t != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	s.problems.List = append(s.problems.List, p)
	return s.problems
}

func (s *shape) fault(n ast.Node, path, detail string) {
	p := start(n)
	s.problems.List = append(s.problems.List, Problem{Line: p.Line, Column: p.Column, Field: path, Detail: detail})
}

// start is where a node begins; a mapping begins at its first key, not its colon.
func start(n ast.Node) *token.Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return start(n.Values[0])
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken().Position
	}
	return n.GetToken().Position
}

func (s *shape) value(path string, n ast.Node, t reflect.Type) {
	s.places[path] = start(n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, null := n.(*ast.NullNode); null {
		s.fault(n, path, "has no value: give it one, or remove it")
		return
	}
	switch {
	case isScalar(t):
		s.scalar(path, n, t)
	case t.Kind() == reflect.Struct:
		s.mapping(path, n, t)
	case t.Kind() == reflect.Slice:
		s.sequence(path, n, t)
	}
}

func isScalar(t reflect.Type) bool {
	return t.Kind() != reflect.Slice && (t.Kind() != reflect.Struct || t == reflect.TypeFor[netip.Prefix]())
}

func (s *shape) mapping(path string, n ast.Node, t reflect.Type) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		s.fault(n, path, "must be a mapping with some of: "+strings.Join(fieldNames(t), ", "))
		return
	}
	seen := map[string]bool{}
	for _, v := range values {
		name := v.Key.GetToken().Value
		field, ok := fieldOf(t, name)
		switch {
		case !ok:
			s.fault(v, path, unknownField(name, fieldNames(t)))
		case seen[name]:
			s.fault(v, join(path, name), "is there twice: keep one")
		default:
			s.value(join(path, name), v.Value, field.Type)
			s.places[join(path, name)] = start(v)
		}
		seen[name] = true
	}
}

func unknownField(name string, allowed []string) string {
	detail := fmt.Sprintf("there is no field %q here", name)
	if near := nearest(name, allowed); near != "" {
		return detail + fmt.Sprintf(": did you mean %q?", near)
	}
	return detail + "; there are: " + strings.Join(allowed, ", ")
}

func (s *shape) sequence(path string, n ast.Node, t reflect.Type) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		s.fault(n, path, "must be a list: [a, b], or a line with - for each entry")
		return
	}
	for i, v := range list.Values {
		s.value(path+"["+strconv.Itoa(i)+"]", v, t.Elem())
	}
}

func (s *shape) scalar(path string, n ast.Node, t reflect.Type) {
	scalar, ok := n.(ast.ScalarNode)
	if !ok {
		s.fault(n, path, "must be "+wanted(t))
		return
	}
	if err := readScalar(reflect.New(t), scalar); err != nil {
		s.fault(n, path, err.Error())
	}
}

// readScalar tries a value as the decoder will read it.
func readScalar(into reflect.Value, n ast.ScalarNode) error {
	text, t := n.GetToken().Value, into.Type().Elem()
	_, isString := n.(*ast.StringNode)
	_, isLiteral := n.(*ast.LiteralNode)
	switch u := into.Interface().(type) {
	case *time.Duration:
		if _, err := time.ParseDuration(text); err != nil {
			return fmt.Errorf("must be %s; not %q", wanted(t), text)
		}
	case *netip.Prefix:
		if _, err := netip.ParsePrefix(text); err != nil {
			return fmt.Errorf("must be %s; not %q", wanted(t), text)
		}
	case encoding.TextUnmarshaler:
		return u.UnmarshalText([]byte(text))
	case *string:
		if !isString && !isLiteral {
			return fmt.Errorf("must be text: put it in quotes, as in %q", text)
		}
	case *bool:
		if _, ok := n.(*ast.BoolNode); !ok {
			return fmt.Errorf("must be true or false; not %q", text)
		}
	case *int:
		if _, ok := n.(*ast.IntegerNode); !ok {
			return fmt.Errorf("must be a whole number; not %q", text)
		}
	}
	return nil
}

func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration with its unit, such as 500ms, 2s, 5m or 1h"
	case reflect.TypeFor[netip.Prefix]():
		return "a network in CIDR form, such as 10.0.0.0/8, or one address as 192.0.2.7/32"
	case reflect.TypeFor[Size]():
		return "a size, such as 4096, 32KiB or 10MiB"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "one piece of text"
	}
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.NumField() {
		if name := t.Field(f).Tag.Get("yaml"); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.NumField() {
		if t.Field(f).Tag.Get("yaml") == name && name != "-" {
			return t.Field(f), true
		}
	}
	return reflect.StructField{}, false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// nearest returns the place of the closest field above one that the file does
// not have.
func (s *shape) nearest(field string) *token.Position {
	for field != "" {
		if at, ok := s.places[field]; ok {
			return at
		}
		cut := strings.LastIndexAny(field, ".[")
		if cut < 0 {
			return nil
		}
		field = field[:cut]
	}
	return nil
}
