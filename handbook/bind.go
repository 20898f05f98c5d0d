package handbook

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/url"
	"strings"
)

//go:embed templates/*.html assets/*
var shipped embed.FS

// file is one answer, made once.
type file struct {
	kind, tag, policy string
	body, packed      []byte
}

// found is a page as search sees it.
type found struct {
	Path        string `json:"path"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Text        string `json:"text"`
}

type group struct {
	Title string
	Pages []*page
}

// view is what the layout sees.
type viewed struct {
	*book
	Page       *page
	HTML       template.HTML //nolint:gosec // rendered from Markdown, whose raw HTML is left out
	Nav        []group
	Prev, Next *page
	Try        bool
	Door       []header
	Query      string
	Results    []found
	Version    string
}

func (h *Handbook) add(path, kind, policy string, body []byte) {
	sum := sha256.Sum256(body)
	f := &file{kind: kind, policy: policy, body: body, tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	if len(body) > 512 {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a known one
		_, err := z.Write(body)
		if err == nil && z.Close() == nil {
			f.packed = b.Bytes()
		}
	}
	h.files[path] = f
}

// origin is what a policy may name: a scheme, a host and a port.
func origin(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (h *Handbook) policy() string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self' " + origin(h.o.Base)
}

// bind makes every answer out of the pages.
func (h *Handbook) bind(b *book, doc *document) error {
	h.files = map[string]*file{}
	layout, err := template.ParseFS(shipped, "templates/*.html")
	if err != nil {
		return err
	}
	nav := h.nav()
	for i, p := range h.pages {
		v := viewed{book: b, Page: p, HTML: template.HTML(p.HTML), Nav: nav} //nolint:gosec // as said there
		if i > 0 {
			v.Prev = h.pages[i-1]
		}
		if i+1 < len(h.pages) {
			v.Next = h.pages[i+1]
		}
		if p.Op != nil && !p.Op.Streams {
			v.Try = true
			if !p.Op.Open {
				v.Door = p.Op.door.Headers
			}
		}
		var out bytes.Buffer
		if err := layout.ExecuteTemplate(&out, "layout.html", v); err != nil {
			return err
		}
		h.add(p.Path, "text/html; charset=utf-8", h.policy(), out.Bytes())
		h.add(twin(p.Path), "text/markdown; charset=utf-8", h.policy(), []byte(p.Markdown))
		h.search = append(h.search, found{p.Path, p.Title, p.Description, strings.ToLower(p.Title + "\n" + p.Description + "\n" + p.Body)})
	}
	for _, i := range b.images {
		h.add(i.Path, "image/png", "default-src 'none'", i.Body)
	}
	h.texts()
	if err := h.assets(b); err != nil {
		return err
	}
	return h.reference(b, doc, layout)
}

// twin is where a page's Markdown is.
func twin(path string) string {
	if path == "/" {
		return "/index.md"
	}
	return path + ".md"
}

func (h *Handbook) nav() []group {
	titles := map[string]string{"start": "Start", "learn": "Learn", "guides": "Guides", "reference": "Reference"}
	var out []group
	for _, p := range h.pages {
		if n := len(out); n == 0 || out[n-1].Title != titles[p.Section] {
			out = append(out, group{Title: titles[p.Section]})
		}
		out[len(out)-1].Pages = append(out[len(out)-1].Pages, p)
	}
	return out
}

// texts makes the indexes for machines.
func (h *Handbook) texts() {
	var index, full strings.Builder
	index.WriteString("# " + h.o.Title + "\n\n> The documentation of the " + h.o.Title + ". Every page is listed here.\n")
	section := ""
	for _, g := range h.nav() {
		if g.Title != section {
			section = g.Title
			index.WriteString("\n## " + g.Title + "\n\n")
		}
		for _, p := range g.Pages {
			index.WriteString("- [" + p.Title + "](" + h.o.Site + twin(p.Path) + "): " + p.Description + "\n")
			full.WriteString(p.Markdown + "\n\n")
		}
	}
	h.add("/llms.txt", "text/plain; charset=utf-8", h.policy(), []byte(index.String()))
	h.add("/llms-full.txt", "text/plain; charset=utf-8", h.policy(), []byte(full.String()))
}

func (h *Handbook) assets(b *book) error {
	css, err := shipped.ReadFile("assets/book.css")
	if err != nil {
		return err
	}
	js, err := shipped.ReadFile("assets/book.js")
	if err != nil {
		return err
	}
	var picks strings.Builder
	for _, l := range b.languages {
		n := slug(l.Title)
		picks.WriteString(".samples:has(.c-" + n + ":checked) .s-" + n)
		picks.WriteString("{display:block}\n")
	}
	h.add("/assets/book.css", "text/css; charset=utf-8", "default-src 'none'", []byte(brandCSS(h.o.Brand.Accent)+string(css)+picks.String()))
	h.add("/assets/book.js", "text/javascript; charset=utf-8", "default-src 'none'", js)
	icon := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="` + h.o.Brand.Accent + `"/><path d="M9 8h14v3H9zm0 6.5h14v3H9zM9 21h9v3H9z" fill="#fff"/></svg>`
	h.add("/assets/icon.svg", "image/svg+xml", "default-src 'none'", []byte(icon))
	index := make([]found, len(h.search))
	for i, f := range h.search {
		index[i] = found{f.Path, f.Title, f.Description, ""}
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	h.add("/assets/search.json", "application/json", h.policy(), raw)
	if len(h.o.Brand.Logo) > 0 {
		h.add("/assets/logo.svg", "image/svg+xml", "default-src 'none'; style-src 'unsafe-inline'; sandbox", h.o.Brand.Logo)
	}
	return nil
}
