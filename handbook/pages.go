package handbook

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"
)

// page is one page: its Markdown is what its HTML is made of.
type page struct {
	Path, Title, Description, Section string
	Order                             int
	Markdown, Body                    string // with and without front matter
	HTML                              string
	Heads                             []heading
	Op                                *operation
}

const (
	maxPage  = 256 << 10
	maxPages = 500
)

// write makes all pages, in the order in which they are read.
func (b *book) write() ([]*page, error) {
	var all []*page
	for _, name := range []string{"index", "learn", "authentication", "keeping-keys-safe", "rotation", "rate-limits", "errors", "command-line", "sdks", "changelog", "reference"} {
		if name == "reference" && len(b.Ops) == 0 {
			continue
		}
		p, err := b.fill("pages/"+name+".md", "/"+strings.TrimPrefix(name, "index"), nil)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	for i, op := range b.Ops {
		p, err := b.fill("pages/operation.md", "/reference/"+op.Slug, op)
		if err != nil {
			return nil, err
		}
		p.Order = i + 1
		all = append(all, p)
	}
	all, err := b.own(all)
	if err != nil {
		return nil, err
	}
	order := []string{"start", "learn", "guides", "reference"}
	slices.SortStableFunc(all, func(x, y *page) int {
		if d := slices.Index(order, x.Section) - slices.Index(order, y.Section); d != 0 {
			return d
		}
		return x.Order - y.Order
	})
	if b.images, err = b.pictures(); err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.HTML, p.Heads, err = render(p.Body); err != nil {
			return nil, err
		}
		p.HTML = sized(b.images, p.HTML)
	}
	return all, nil
}

func (b *book) fill(name, at string, op *operation) (*page, error) {
	src, err := pagesFS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Funcs(b.funcs()).Parse(string(src))
	if err != nil {
		return nil, err
	}
	b.Op = op
	var out strings.Builder
	if err := t.Execute(&out, b); err != nil {
		return nil, err
	}
	p, err := parsePage(at, out.String())
	if p != nil {
		p.Op = op
	}
	return p, err
}

// parsePage reads the front matter of a page.
func parsePage(at, src string) (*page, error) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	p := &page{Path: at, Section: "guides", Body: src, Order: 50}
	rest, ok := strings.CutPrefix(src, "---\n")
	if ok {
		front, body, ended := strings.Cut(rest, "\n---\n")
		if !ended {
			return nil, errors.New("its front matter has no end")
		}
		var m struct {
			Title, Description, Section string
			Order                       *int
		}
		if err := yaml.UnmarshalWithOptions([]byte(front), &m, yaml.Strict()); err != nil {
			return nil, err
		}
		p.Title, p.Description, p.Body = m.Title, m.Description, body
		if m.Section != "" {
			p.Section = m.Section
		}
		if m.Order != nil {
			p.Order = *m.Order
		}
	}
	if !slices.Contains([]string{"start", "learn", "guides", "reference"}, p.Section) {
		return nil, errors.New("its section is neither learn nor guides")
	}
	if p.Title == "" {
		p.Title = strings.TrimPrefix(path.Base(at), "/")
	}
	p.seal()
	return p, nil
}

// seal writes the twin, so that its front matter is always whole.
func (p *page) seal() {
	p.Markdown = "---\ntitle: " + strconv.Quote(p.Title) + "\ndescription: " + strconv.Quote(p.Description) + "\n---\n\n> The index of every page: /llms.txt\n\n" + strings.TrimLeft(p.Body, "\n")
}

// own adds the provider's pages.
func (b *book) own(all []*page) ([]*page, error) {
	if b.Pages == nil {
		return all, nil
	}
	names, err := fs.Glob(b.Pages, "*.md")
	if err != nil {
		return nil, err
	}
	if len(names) > maxPages {
		return nil, invalid("Pages", "there are more than %d", maxPages)
	}
	for _, name := range names {
		src, err := fs.ReadFile(b.Pages, name)
		if err != nil {
			return nil, invalid("Pages", "%s: %v", name, err)
		}
		stem := strings.TrimSuffix(name, ".md")
		if len(src) > maxPage || stem != slug(stem) {
			return nil, invalid("Pages", "%s: a page has at most %d bytes, and a name of small letters, digits and dashes", name, maxPage)
		}
		p, err := parsePage("/"+strings.TrimPrefix(stem, "index"), string(src))
		if err != nil {
			return nil, invalid("Pages", "%s: %v", name, err)
		}
		at := slices.IndexFunc(all, func(q *page) bool { return q.Path == p.Path })
		switch {
		case stem == "try", stem == "search", stem == "reference":
			return nil, invalid("Pages", "%s: the name is taken", name)
		case at < 0:
			all = append(all, p)
		case stem == "authentication", stem == "errors":
			all[at].Body += "\n" + p.Body
			all[at].seal()
		default:
			p.Section, p.Order = all[at].Section, all[at].Order
			all[at] = p
		}
	}
	return all, nil
}
