package handbook

import (
	"bytes"
	"fmt"
	"html"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// code makes a code span of any text, on one line.
func code(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "\r", " ")
	if s == "" {
		return ""
	}
	ticks := "`"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// cell makes a text fit for a table's cell.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

// fence puts a text into a block of code, however many ticks it holds.
func fence(info, s string) string {
	ticks := "```"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	return ticks + info + "\n" + strings.TrimRight(s, "\n") + "\n" + ticks + "\n"
}

// heading is one of a page's, for its table of contents.
type heading struct {
	Level    int
	ID, Text string
}

// render turns Markdown into HTML. Raw HTML in it is left out.
func render(src string) (string, []heading, error) {
	md := goldmark.New(
		goldmark.WithExtensions(extension.GFM, extension.DefinitionList),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(&blocks{}, 100))),
	)
	source := []byte(src)
	doc := md.Parser().Parse(text.NewReader(source))
	var heads []heading
	err := ast.Walk(doc, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && in {
			id, _ := h.AttributeString("id")
			raw, _ := id.([]byte)
			heads = append(heads, heading{h.Level, string(raw), words(h, source)})
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, source, doc); err != nil {
		return "", nil, err
	}
	out := strings.NewReplacer("<table>", `<div class="table" tabindex="0" role="group" aria-label="Table"><table>`, "</table>", "</table></div>").Replace(b.String())
	return out, heads, nil
}

// words is the text of a node, without its marks.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(c ast.Node, in bool) (ast.WalkStatus, error) { // the walker never fails
		if t, ok := c.(*ast.Text); ok && in {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// blocks renders blocks of code: those whose info says tab=NAME and that follow each
// other become one block with a selector of languages.
type blocks struct{ groups int }

// RegisterFuncs implements renderer.NodeRenderer.
func (b *blocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, b.fenced)
}

func tabOf(n ast.Node, source []byte) (string, bool) {
	f, ok := n.(*ast.FencedCodeBlock)
	if !ok || f.Info == nil {
		return "", false
	}
	_, tab, ok := strings.Cut(string(f.Info.Segment.Value(source)), "tab=")
	return strings.TrimSpace(tab), ok
}

func (b *blocks) fenced(w util.BufWriter, source []byte, n ast.Node, in bool) (ast.WalkStatus, error) {
	if !in {
		return ast.WalkContinue, nil
	}
	tab, ok := tabOf(n, source)
	if !ok {
		writeCode(w, source, n, "")
		return ast.WalkSkipChildren, nil
	}
	if _, before := tabOf(n.PreviousSibling(), source); !before {
		b.groups++
		writeChoice(w, source, n, b.groups)
	}
	writeCode(w, source, n, " s-"+slug(tab))
	if _, after := tabOf(n.NextSibling(), source); !after {
		_, _ = w.WriteString("</div>\n") // a buffer's errors show when it is flushed
	}
	return ast.WalkSkipChildren, nil
}

// writeChoice opens a group with one radio button for each of its languages.
func writeChoice(w util.BufWriter, source []byte, first ast.Node, group int) {
	_, _ = fmt.Fprintf(w, `<div class="samples"><fieldset><legend class="unseen">Language</legend>`)
	for n := first; n != nil; n = n.NextSibling() {
		tab, ok := tabOf(n, source)
		if !ok {
			break
		}
		checked := ""
		if n == first {
			checked = " checked"
		}
		name := slug(tab)
		_, _ = fmt.Fprintf(w, `<span><input type="radio" name="language-%d" id="l-%d-%s" value="%s" class="c-%s"%s><label for="l-%d-%s">%s</label></span>`,
			group, group, name, name, name, checked, group, name, html.EscapeString(tab))
	}
	_, _ = w.WriteString("</fieldset>")
}

func writeCode(w util.BufWriter, source []byte, n ast.Node, class string) {
	_, _ = fmt.Fprintf(w, `<div class="code%s"><pre tabindex="0"><code>`, class)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		_, _ = w.WriteString(html.EscapeString(string(line.Value(source))))
	}
	_, _ = w.WriteString("</code></pre></div>\n")
}
