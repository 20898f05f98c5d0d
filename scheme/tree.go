package scheme

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// tree is a JSON value with placeholders in its texts, in the order written.
type tree struct {
	at
	kind   treeKind
	text   string // of a text: the template; of a number: its digits
	names  []string
	values []*tree
}

type treeKind uint8

const (
	treeNull treeKind = iota
	treeText
	treeNumber
	treeTrue
	treeFalse
	treeList
	treeObject
)

// tree reads any JSON value.
func (d *decoder) tree(n ast.Node, what string, depth int) *tree {
	t := &tree{at: whereIs(n)}
	if depth > maxDepth {
		d.add(t.at, "%s is nested deeper than %d", what, maxDepth)
		return t
	}
	switch v := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		t.kind = treeObject
		d.members(t, n, what, depth)
	case *ast.SequenceNode:
		t.kind = treeList
		for _, item := range v.Values {
			t.values = append(t.values, d.tree(item, what, depth+1))
		}
	default:
		return d.scalar(n, what)
	}
	return t
}

func (d *decoder) members(t *tree, n ast.Node, what string, depth int) {
	for _, v := range d.pairs(n, what) {
		name, ok := d.key(v, what)
		if !ok {
			continue
		}
		t.names = append(t.names, name)
		t.values = append(t.values, d.tree(v.Value, what, depth+1))
	}
}

// object reads a mapping of names to JSON values.
func (d *decoder) object(n ast.Node, what string) *tree {
	t := d.tree(n, what, 0)
	if t.kind != treeObject {
		d.add(t.at, "%s must be a mapping, and is %s", what, kindOf(n))
		return nil
	}
	return t
}

// scalar reads a text, number, true, false or null.
func (d *decoder) scalar(n ast.Node, what string) *tree {
	t := &tree{at: whereIs(n)}
	switch v := n.(type) {
	case *ast.StringNode:
		t.kind, t.text = treeText, v.Value
	case *ast.LiteralNode:
		t.kind, t.text = treeText, v.Value.Value
	case *ast.IntegerNode:
		t.kind, t.text = treeNumber, strings.ReplaceAll(v.GetToken().Value, "_", "")
		if _, err := strconv.ParseInt(t.text, 10, 64); err != nil {
			d.add(t.at, "%s: %q is not a whole number as JSON spells it", what, t.text)
		}
	case *ast.FloatNode:
		t.kind, t.text = treeNumber, strconv.FormatFloat(v.Value, 'g', -1, 64)
		if math.IsInf(v.Value, 0) || math.IsNaN(v.Value) {
			d.add(t.at, "%s: JSON has no such number", what)
		}
	case *ast.BoolNode:
		t.kind = treeFalse
		if v.Value {
			t.kind = treeTrue
		}
	case *ast.NullNode:
		t.kind = treeNull
	default:
		d.add(t.at, "%s cannot be %s here", what, kindOf(n))
	}
	return t
}

// lookup returns what a placeholder stands for.
type lookup func(name string) (*tree, bool)

// piece is a stretch of a template: literal text, or a placeholder's name.
type piece struct {
	text string
	hole bool
}

// pieces cuts a template: {name} is a placeholder, {{ and }} are braces.
func pieces(s string) ([]piece, string) {
	var all []piece
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			all = append(all, piece{text: literal.String()})
			literal.Reset()
		}
	}
	for len(s) > 0 {
		switch {
		case strings.HasPrefix(s, "{{"), strings.HasPrefix(s, "}}"):
			literal.WriteByte(s[0])
			s = s[2:]
		case s[0] == '{':
			end := strings.IndexByte(s, '}')
			if end < 2 {
				return nil, "a placeholder is a name in braces, such as {code}; a brace itself is written twice"
			}
			flush()
			all = append(all, piece{text: s[1:end], hole: true})
			s = s[end+1:]
		case s[0] == '}':
			return nil, "a closing brace without an opening one; a brace itself is written twice"
		default:
			literal.WriteByte(s[0])
			s = s[1:]
		}
	}
	flush()
	return all, ""
}

// holes lists every placeholder of a tree with its place.
func (t *tree) holes(d *decoder, each func(where at, name string)) {
	if t == nil {
		return
	}
	if t.kind == treeText {
		all, fault := pieces(t.text)
		if fault != "" {
			d.add(t.at, "%s", fault)
		}
		for _, p := range all {
			if p.hole {
				each(t.at, p.text)
			}
		}
	}
	for _, v := range t.values {
		v.holes(d, each)
	}
}

// plain returns a text template with its placeholders filled in as text.
func (t *tree) plain(values lookup) string {
	if t.kind != treeText {
		return t.text
	}
	all, _ := pieces(t.text)
	var b strings.Builder
	for _, p := range all {
		if !p.hole {
			b.WriteString(p.text)
		} else if v, ok := values(p.text); ok {
			b.WriteString(v.literal())
		}
	}
	return b.String()
}

// literal is a value as text.
func (t *tree) literal() string {
	switch t.kind {
	case treeTrue:
		return "true"
	case treeFalse:
		return "false"
	case treeText, treeNumber:
		return t.text
	default:
		return ""
	}
}

// write renders a tree as JSON. A text that is one placeholder alone takes the
// type of what it stands for; otherwise it stays text. literal says that the
// tree is itself a placeholder's value, whose braces mean nothing.
func (t *tree) write(b *bytes.Buffer, values lookup, indent, depth int, literal bool) {
	switch t.kind {
	case treeNull:
		b.WriteString("null")
	case treeTrue:
		b.WriteString("true")
	case treeFalse:
		b.WriteString("false")
	case treeNumber:
		b.WriteString(t.text)
	case treeText:
		t.writeText(b, values, indent, depth, literal)
	case treeList, treeObject:
		t.writeMany(b, values, indent, depth, literal)
	}
}

func (t *tree) writeText(b *bytes.Buffer, values lookup, indent, depth int, literal bool) {
	if literal {
		writeString(b, t.text)
		return
	}
	if all, _ := pieces(t.text); len(all) == 1 && all[0].hole {
		if v, ok := values(all[0].text); ok {
			v.write(b, values, indent, depth, true)
			return
		}
	}
	writeString(b, t.plain(values))
}

func (t *tree) writeMany(b *bytes.Buffer, values lookup, indent, depth int, literal bool) {
	opening, closing := byte('['), byte(']')
	if t.kind == treeObject {
		opening, closing = '{', '}'
	}
	b.WriteByte(opening)
	for i, v := range t.values {
		if i > 0 {
			b.WriteByte(',')
		}
		newline(b, indent, depth+1)
		if t.kind == treeObject {
			writeString(b, t.names[i])
			b.WriteByte(':')
			if indent > 0 {
				b.WriteByte(' ')
			}
		}
		v.write(b, values, indent, depth+1, literal)
	}
	if len(t.values) > 0 {
		newline(b, indent, depth)
	}
	b.WriteByte(closing)
}

func newline(b *bytes.Buffer, indent, depth int) {
	if indent == 0 {
		return
	}
	b.WriteByte('\n')
	for range indent * depth {
		b.WriteByte(' ')
	}
}

// writeString escapes what JSON asks for and no more, so that a body reads as
// its vendor prints it.
func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	b.Truncate(b.Len() - 1) // Encode ends with a newline
}
