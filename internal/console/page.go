package console

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

//go:embed templates/*.html
var templateFiles embed.FS

// page is what every template is given.
type page struct {
	v       *visit
	Title   string
	Section string            // which of the navigation's entries this is
	Notice  string            // what was just done
	Problem string            // what is wrong with the whole of a form
	Wrong   map[string]string // what is wrong with its fields
	Form    url.Values        // what was typed; never a secret
	Narrow  bool              // a form and little else
	Tab     string            // which of the settings' tabs this is; "" shows none
	Body    any               // what this page is about
}

// Name, Docs and so on are the site, as templates ask for it.
func (p *page) Name() string { return p.v.Name }

// Docs is the path of the documentation.
func (p *page) Docs() string { return p.v.Docs }

// SignedIn reports whether there is somebody.
func (p *page) SignedIn() bool { return p.v.who != nil }

// Person is who is there.
func (p *page) Person() people.Person { return p.v.who.Person }

// Role is what they are here.
func (p *page) Role() people.Role { return p.v.who.Role }

// Tenant is where they are.
func (p *page) Tenant() keywright.Tenant { return p.v.who.Tenant }

// Tenants are all that they may choose of.
func (p *page) Tenants() []keywright.Tenant { return p.v.who.Tenants }

// Chosen is the tenant that forms take along; "" where there is no choice.
func (p *page) Chosen() string { return p.v.tenant }

// Here is the path of this page.
func (p *page) Here() string { return p.v.r.URL.Path }

// Operators reports whether this is the operators' own site.
func (p *page) Operators() bool { return p.v.Self == nil }

// Passwords reports whether people sign in with passwords here.
func (p *page) Passwords() bool { return !p.v.NoPass }

// Link spells a path of ours with the tenant that was chosen.
func (p *page) Link(path string) string { return p.v.link(path) }

// May reports whether the person who is there may do something.
func (p *page) May(right string) bool { return p.v.who != nil && p.v.who.May(people.Right(right)) }

// field is one input of a form.
type field struct {
	Name, Label, Type, Complete, Hint string
	Value, Wrong                      string
	Required, Focus                   bool
	Max                               int
}

// input describes an input: its name, its label, and any of type=…, autocomplete=…,
// hint=…, required and focus. What was typed comes back into it, but for passwords.
func input(p *page, name, label string, more ...string) field {
	f := field{Name: name, Label: label, Type: "text", Complete: "off", Value: p.Form.Get(name), Wrong: p.Wrong[name], Max: 1000}
	for _, m := range more {
		key, value, _ := strings.Cut(m, "=")
		switch key {
		case "type":
			f.Type = value
		case "autocomplete":
			f.Complete = value
		case "hint":
			f.Hint = value
		case "required":
			f.Required = true
		case "focus":
			f.Focus = true
		}
	}
	if f.Type == "password" {
		f.Value = ""
	}
	return f
}

// dates is a date and a time of a form.
type dates struct {
	Must       bool
	Bare       bool // it is not said that it can be left out
	Legend     string
	Hint       string
	Date, Time string
	Today      string
	Wrong      map[string]string
}

func (p *page) dates(must bool, hint string) dates {
	return dates{
		Legend: "Expires", Must: must, Hint: hint, Date: p.Form.Get("expires_date"), Time: p.Form.Get("expires_time"),
		Today: p.v.now().Format(time.DateOnly), Wrong: p.Wrong,
	}
}

// expiry describes the field of a key's expiry.
func expiry(p *page) dates {
	must := false
	switch b := p.Body.(type) {
	case newKeyBody:
		must = b.MustExpire()
	case keyBody:
		must = b.Key.Policy.Expiry.Presence == keywright.Required
	case interface{ mustExpire() bool }:
		must = b.mustExpire()
	}
	if must {
		return p.dates(true, "The key stops at this instant. You can change it later.")
	}
	return p.dates(false, "The key stops at this instant. Leave both empty for never.")
}

func parsePages(s *site) map[string]*template.Template {
	funcs := template.FuncMap{
		"asset":  s.assets.path,
		"ago":    func(t time.Time) string { return ago(s.Clock(), t) },
		"chart":  newChart,
		"input":  input,
		"when":   when,
		"expiry": expiry, "moments": newMoments, "confirming": newConfirm, "turned": newTurned, "turnedkey": newTurnedKey,
		"pick": newPick, "headerfield": headerField, "statustext": http.StatusText, "grouped": grouped,
		"iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
	shared := template.Must(template.New("shared").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/desk-parts.html"))
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // they are in the program
	}
	all := map[string]*template.Template{}
	for _, f := range files {
		if f.Name() == "layout.html" || f.Name() == "parts.html" || f.Name() == "desk-parts.html" {
			continue
		}
		t := template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, path.Join("templates", f.Name())))
		all[strings.TrimSuffix(f.Name(), ".html")] = t
	}
	return all
}

// when spells an instant, with its zone.
func when(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 MST") }

// show answers with a page.
func (v *visit) show(status int, name string, p page) error {
	p.v = v
	if p.Form == nil {
		p.Form = url.Values{}
	}
	if v.sheet != nil && status == http.StatusOK && v.r.Method == http.MethodGet {
		return v.file(v.sheet)
	}
	var out bytes.Buffer
	if err := v.pages[name].ExecuteTemplate(&out, "layout", &p); err != nil {
		return &keywright.Error{Kind: keywright.Internal, Detail: "the page could not be made", Cause: err}
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = out.WriteTo(v.w) // whoever went away does not read it
	}
	return nil
}

// part answers with one piece of a page, for a script that puts it into one.
func (v *visit) part(name, piece string, p page) error {
	p.v = v
	var out bytes.Buffer
	if err := v.pages[name].ExecuteTemplate(&out, piece, &p); err != nil {
		return &keywright.Error{Kind: keywright.Internal, Detail: "the page could not be made", Cause: err}
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = out.WriteTo(v.w)
	return nil
}

// again shows a form once more, with what is wrong and what was typed.
func (v *visit) again(name string, p page, err error) error {
	status, _ := v.status(err)
	if status >= http.StatusInternalServerError || status == http.StatusNotFound {
		return err
	}
	p.Form = v.typed()
	p.Wrong = map[string]string{}
	said, at := said(err)
	if inForms(at) {
		p.Wrong[at] = said
		p.Problem = "Something is not right yet: see below."
	} else {
		p.Problem = said
	}
	return v.show(status, name, p)
}

// inForms reports whether a field of an error is one that forms have a place beside.
func inForms(name string) bool {
	switch name {
	case "name", "email", "password", "token", "expires_at", "environment", "permissions", "addresses", "role", "overlap", "reason", "confirm", "until",
		"ref", "plan", "services", "environments", "metadata":
		return true
	}
	return false
}

// typed is what a form held, without its secrets.
func (v *visit) typed() url.Values {
	out := url.Values{}
	for name, values := range v.r.PostForm {
		if !strings.Contains(name, "password") && name != "token" {
			out[name] = values
		}
	}
	return out
}

// said returns what an error tells a person, and the field that it is about.
func said(err error) (text, at string) {
	e, ok := errorOf(err)
	if !ok {
		return "Something went wrong.", ""
	}
	if e.Field == "Idempotency-Key" {
		return "This form has been used already. Open it again to go on.", ""
	}
	if strings.HasPrefix(e.Field, "addresses") {
		e.Field = "addresses"
	}
	if strings.HasPrefix(e.Field, "permissions") {
		e.Field = "permissions"
	}
	return sentence(e.Detail), e.Field
}

// problem answers with a page that says what is wrong and how to go on.
func (v *visit) problem(status int, title, text string) {
	if err := v.show(status, "problem", page{Title: title, Narrow: true, Body: text}); err != nil {
		v.Log.ErrorContext(v.ctx(), "console: the page of a problem failed", slog.String("error", err.Error()))
		http.Error(v.w, title, status)
	}
}
