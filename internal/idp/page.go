package idp

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed page.css
var style string

//go:embed page.html
var pageSource string

// stylePolicy allows the one style sheet, by its hash, and nothing else inline.
func stylePolicy() string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is what the template shows.
type page struct {
	Style  template.CSS
	Title  string
	Text   string
	Action string
	App    string
	To     string
	Fields []field
	People []User
	Hint   string
}

// field is one hidden field that carries the request through the form.
type field struct{ Name, Value string }

func (p *provider) choosePage(w http.ResponseWriter, q *request) {
	view := page{Title: "Who would you like to be?", Action: pathAuthorize, App: q.client.ID, To: q.redirect.Host, People: p.o.Users, Hint: q.get("login_hint")}
	names := make([]string, 0, len(q.values))
	for name := range q.values {
		if name != "person" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range q.values[name] {
			view.Fields = append(view.Fields, field{name, value})
		}
	}
	p.render(w, http.StatusOK, view, "'self' "+origin(q.redirect))
}

// origin is where the form's answer leads: browsers hold a form's redirects to form-action too.
func origin(u *url.URL) string {
	if u.Host == "" || strings.ContainsAny(u.Host, "; ,'\"") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}

func (p *provider) errorPage(w http.ResponseWriter, text string) {
	p.render(w, http.StatusBadRequest, page{Title: "This cannot go on", Text: text}, "'none'")
}

func (p *provider) home(w http.ResponseWriter, _ *http.Request) {
	p.render(w, http.StatusOK, page{Title: "An identity provider for demos", Text: "Applications send you here when you sign in. There is nothing else to see."}, "'none'")
}

func (p *provider) render(w http.ResponseWriter, status int, view page, forms string) {
	view.Style = template.CSS(style) //nolint:gosec // our own file
	t, err := template.New("page").Parse(pageSource)
	var out bytes.Buffer
	if err == nil {
		err = t.Execute(&out, view)
	}
	if err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+p.policy+"; form-action "+forms+"; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}
