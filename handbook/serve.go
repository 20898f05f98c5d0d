package handbook

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
)

// ServeHTTP answers every page under /, its twin under the same path with .md,
// /llms.txt, /llms-full.txt, /search, /openapi.json, /openapi.yaml, /try (the
// interactive reference) and /assets/…; anything else is a page that says so.
func (h *Handbook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The documentation is read with GET.", http.StatusMethodNotAllowed)
		return
	}
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin")
	head.Set("Link", `</llms.txt>; rel="index"; type="text/plain"`)
	if r.URL.Path == "/search" {
		h.find(w, r)
		return
	}
	f, ok := h.files[r.URL.Path]
	if !ok {
		h.plainly(w, r, http.StatusNotFound, "", nil)
		return
	}
	head.Set("Content-Security-Policy", f.policy)
	head.Set("Content-Type", f.kind)
	head.Set("Cache-Control", "no-cache")
	head.Set("Vary", "Accept-Encoding")
	tag, body := f.tag, f.body
	if f.packed != nil && (f.body == nil || strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")) {
		head.Set("Content-Encoding", "gzip")
		tag, body = strings.TrimSuffix(f.tag, `"`)+`-z"`, f.packed
	}
	head.Set("ETag", tag)
	if match := r.Header.Get("If-None-Match"); match != "" && strings.Contains(match, tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader has gone
	}
}

const maxQuery = 200

// find searches all pages for all words.
func (h *Handbook) find(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get("q")
	if len(q) > maxQuery {
		q = strings.ToValidUTF8(q[:maxQuery], "")
	}
	var first, rest []found
	wanted := strings.Fields(strings.ToLower(q))
	for _, f := range h.search {
		all := len(wanted) > 0
		titled := all
		for _, word := range wanted {
			all = all && strings.Contains(f.Text, word)
			titled = titled && strings.Contains(strings.ToLower(f.Title), word)
		}
		switch {
		case all && titled:
			first = append(first, f)
		case all:
			rest = append(rest, f)
		}
	}
	h.plainly(w, r, http.StatusOK, q, append(first, rest...))
}

// plainly answers with a page that is not of the book: a search, or none.
func (h *Handbook) plainly(w http.ResponseWriter, r *http.Request, status int, q string, all []found) {
	t, err := template.ParseFS(shipped, "templates/*.html")
	if err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	p := &page{Path: r.URL.Path, Title: "Search"}
	if status == http.StatusNotFound {
		p.Title = "There is no such page"
	}
	var out bytes.Buffer
	v := viewed{book: &book{Options: h.o}, Page: p, Nav: h.nav(), Query: q, Results: all}
	if err := t.ExecuteTemplate(&out, "layout.html", v); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", h.policy())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = w.Write(out.Bytes()) // the reader has gone
	}
}
