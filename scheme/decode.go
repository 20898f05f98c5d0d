package scheme

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on a file, so that a hostile one costs little.
const (
	maxSource = 32 << 10
	maxDepth  = 12
)

// The leaves of a page: a value, and where it stands.
type (
	text struct {
		at
		v   string
		set bool
	}
	number struct {
		at
		v   int
		set bool
	}
	toggle struct {
		at
		v, set bool
	}
	span struct {
		at
		v   time.Duration
		set bool
	}
)

// field is one field of a mapping of the grammar: the only list of them, which
// the JSON Schema is compared with.
type field[T any] struct {
	name     string
	required bool
	read     func(d *decoder, into *T, n ast.Node)
}

// decoder walks a parsed file. It goes on after a fault, to report them all.
type decoder struct{ problems }

// parseYAML returns the one document's root mapping.
func parseYAML(d *decoder, src []byte) ast.Node {
	switch {
	case len(src) > maxSource:
		d.add(at{}, "the file has %d bytes, and a scheme has at most %d", len(src), maxSource)
		return nil
	case !utf8.Valid(src):
		d.add(at{}, "the file is not valid UTF-8")
		return nil
	case tooDeep(src):
		d.add(at{}, "brackets are nested deeper than %d", 4*maxDepth)
		return nil
	}
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		d.syntax(err)
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			d.add(whereIs(doc.Body), "a file holds one scheme: there is a second document")
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		d.add(at{}, "the file is empty: a scheme begins with its name, such as \"name: acme\"")
	}
	return root
}

// tooDeep looks at brackets alone, before the YAML parser recurses into them.
func tooDeep(src []byte) bool {
	depth := 0
	for _, c := range src {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '\n':
			// Text may hold stray brackets; flow collections of a scheme seldom
			// run over many lines, so that strays do not add up.
			depth = min(depth, maxDepth)
		}
		if depth > 4*maxDepth {
			return true
		}
	}
	return false
}

func (d *decoder) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		d.add(at{syntax.Token.Position.Line, syntax.Token.Position.Column}, "not YAML: %s", syntax.Message)
		return
	}
	d.add(at{}, "not YAML: %s", firstLine(err.Error()))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// whereIs says where a node begins.
func whereIs(n ast.Node) at {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return whereIs(m.Values[0].Key)
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		return whereIs(v.Key)
	}
	if n == nil {
		return at{}
	}
	return whereToken(n.GetToken())
}

func whereToken(t *token.Token) at {
	if t == nil || t.Position == nil {
		return at{}
	}
	return at{t.Position.Line, t.Position.Column}
}

// kindOf says what a node is, in the words of a person.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which schemes do not use"
	default:
		return "something else"
	}
}

// pairs returns a mapping's entries.
func (d *decoder) pairs(n ast.Node, what string) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	d.add(whereIs(n), "%s must be a mapping of fields, and is %s", what, kindOf(n))
	return nil
}

// key returns an entry's name.
func (d *decoder) key(v *ast.MappingValueNode, what string) (string, bool) {
	k, ok := v.Key.(*ast.StringNode)
	if !ok {
		d.add(whereIs(v.Key), "a field of %s must be a plain name", what)
		return "", false
	}
	return k.Value, true
}

// mapping reads a mapping by its list of fields. That a field stands once, the
// YAML parser has seen to.
func mapping[T any](d *decoder, n ast.Node, what string, fields []field[T], into *T) {
	seen := map[string]bool{}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	entries := d.pairs(n, what)
	for _, v := range entries {
		name, ok := d.key(v, what)
		if !ok {
			continue
		}
		f := find(fields, name)
		switch {
		case f == nil:
			d.add(whereIs(v.Key), "unknown field %q in %s%s", name, what, didYouMean(name, names))
		default:
			f.read(d, into, v.Value)
		}
		seen[name] = true
	}
	if entries == nil {
		return
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			d.add(whereIs(n), "%s needs the field %q", what, f.name)
		}
	}
}

func find[T any](fields []field[T], name string) *field[T] {
	for i := range fields {
		if fields[i].name == name {
			return &fields[i]
		}
	}
	return nil
}

// list returns a sequence's items.
func (d *decoder) list(n ast.Node, what string, most int) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	switch {
	case !ok:
		d.add(whereIs(n), "%s must be a list, and is %s", what, kindOf(n))
		return nil
	case len(s.Values) == 0:
		d.add(whereIs(n), "%s is an empty list: leave the field out, or fill it", what)
		return nil
	case len(s.Values) > most:
		d.add(whereIs(s.Values[most]), "%s has %d entries, and may have %d", what, len(s.Values), most)
		return s.Values[:most]
	}
	return s.Values
}

// text reads a string.
func (d *decoder) text(n ast.Node, what string) text {
	where := whereIs(n)
	switch s := n.(type) {
	case *ast.StringNode:
		return text{at: where, v: s.Value, set: true}
	case *ast.LiteralNode:
		return text{at: where, v: s.Value.Value, set: true}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		d.add(where, "%s must be text, and is %s: put it in quotes", what, kindOf(n))
	default:
		d.add(where, "%s must be text, and is %s", what, kindOf(n))
	}
	return text{at: where}
}

// texts reads a list of strings, or one string as a list of one.
func (d *decoder) texts(n ast.Node, what string, most int) []text {
	if _, one := n.(*ast.StringNode); one {
		return []text{d.text(n, what)}
	}
	var all []text
	for _, item := range d.list(n, what, most) {
		if t := d.text(item, "an entry of "+what); t.set {
			all = append(all, t)
		}
	}
	return all
}

// number reads a whole number within bounds.
func (d *decoder) number(n ast.Node, what string, least, most int) number {
	where := whereIs(n)
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		d.add(where, "%s must be a whole number, and is %s", what, kindOf(n))
		return number{at: where}
	}
	v, err := strconv.Atoi(strings.ReplaceAll(i.GetToken().Value, "_", ""))
	if err != nil || v < least || v > most {
		d.add(where, "%s must be between %d and %d", what, least, most)
		return number{at: where}
	}
	return number{at: where, v: v, set: true}
}

// toggle reads true or false.
func (d *decoder) toggle(n ast.Node, what string) toggle {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		d.add(whereIs(n), "%s must be true or false, and is %s", what, kindOf(n))
		return toggle{at: whereIs(n)}
	}
	return toggle{at: whereIs(n), v: b.Value, set: true}
}

// span reads a duration such as 168h; a bare 0 is none.
func (d *decoder) span(n ast.Node, what string) span {
	where := whereIs(n)
	if i, ok := n.(*ast.IntegerNode); ok && i.GetToken().Value == "0" {
		return span{at: where, set: true}
	}
	s, ok := n.(*ast.StringNode)
	if !ok {
		d.add(where, "%s must be a duration such as 90s, 15m or 168h, and is %s", what, kindOf(n))
		return span{at: where}
	}
	v, err := time.ParseDuration(s.Value)
	if err != nil || v < 0 {
		d.add(where, "%s must be a duration such as 90s, 15m or 168h, and is %q", what, s.Value)
		return span{at: where}
	}
	return span{at: where, v: v, set: true}
}

// word reads a string that must be one of a few.
func (d *decoder) word(n ast.Node, what string, known ...string) text {
	t := d.text(n, what)
	if !t.set {
		return t
	}
	for _, k := range known {
		if t.v == k {
			return t
		}
	}
	d.add(t.at, "%s cannot be %q%s", what, t.v, didYouMean(t.v, known))
	return text{at: t.at}
}
