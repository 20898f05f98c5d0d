package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const schemesPath = root + "/schemes"

// deskSchemesBody lists the schemes.
type deskSchemesBody struct{ Table table }

// deskSchemeBody is one scheme's page, or that of a text that may become one.
type deskSchemeBody struct {
	Scheme   api.Scheme
	Answers  table
	Methods  []option
	Trial    *api.Trial
	Words    string // the trial's reason
	Findings *api.SchemeFindings
}

func (v *visit) deskSchemes() error {
	all, err := ask(v, func(ctx context.Context, c *client.Client) ([]api.Scheme, error) { return c.Schemes(ctx) })
	if err != nil {
		return err
	}
	t := table{Name: "Schemes", Columns: []column{{Title: "Scheme"}, {Title: "Credential"}, {Title: "Read from"}, {Title: "APIs"}, {Title: "Keys"}}, Empty: "No scheme is in force."}
	for i := range all {
		s := &all[i]
		format, life := "made by an identity provider", "none"
		if len(s.Formats) > 0 {
			format, life = s.Formats[0], policyWords(&s.Policy)
		}
		t.Rows = append(t.Rows, []cell{
			{Text: cmp.Or(s.Title, s.Name), Link: schemesPath + "/" + url.PathEscape(s.Name), Soft: s.Name}, {Text: format, Code: len(s.Formats) > 0},
			{Text: strings.Join(s.Headers, ", ")}, {Text: strings.Join(s.APIs, ", ")}, {Text: life},
		})
	}
	v.whole(&t)
	return v.show(http.StatusOK, "desk-schemes", page{Title: "Schemes", Section: "Schemes", Body: deskSchemesBody{t}})
}

// policyWords says in short what a scheme says of its keys' life.
func policyWords(p *api.SchemePolicy) string {
	var all []string
	if p.Pair {
		all = append(all, "key and secret")
	}
	if p.MaxActive > 0 {
		all = append(all, "at most "+itoa(p.MaxActive)+" active")
	}
	switch {
	case p.Rotates && p.Settable:
		all = append(all, "rotated, with an overlap of one's choice")
	case p.Rotates:
		all = append(all, "rotated")
	default:
		all = append(all, "not rotated")
	}
	if p.Expiry == "required" {
		all = append(all, "must expire")
	}
	return strings.Join(all, ", ")
}

func (v *visit) deskMethods() []option {
	return picks(v.wanted("method"), "GET", "GET", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "DELETE")
}

// Rotation says what becomes of the old key when one is rotated.
func (b deskSchemeBody) Rotation() string {
	p := policyOf(&b.Scheme).Rotation
	switch {
	case !p.Allowed:
		return "no"
	case p.Settable && p.Overlap == 0:
		return "the old key stops at once, unless a rotation asks for an overlap"
	case p.Overlap == 0:
		return "the old key stops at once"
	case p.Settable:
		return "both keys work for " + span(p.Overlap) + ", or as long as a rotation asks for"
	}
	return "both keys work for " + span(p.Overlap)
}

// deskSchemeForm is the page of the scheme that the address names.
func (v *visit) deskSchemeForm() (page, error) {
	s, err := v.schemeNamed(v.r.PathValue("name"))
	if err != nil {
		return page{}, err
	}
	b := deskSchemeBody{Scheme: s, Methods: v.deskMethods()}
	b.Answers = table{Name: "Answers", Columns: []column{{Title: "Reason"}, {Title: "Status", Number: true}, {Title: "Headers"}, {Title: "Body"}}}
	for _, a := range s.Answers {
		var lines []string
		for _, h := range a.Headers {
			lines = append(lines, h.Name+": "+h.Value)
		}
		b.Answers.Rows = append(b.Answers.Rows, []cell{{Text: whyRefused(a.Reason)}, {Text: itoa(a.Status)}, {Text: strings.Join(lines, "\n"), Code: true}, {Text: a.Body, Code: true}})
	}
	return page{Title: cmp.Or(s.Title, s.Name), Section: "Schemes", Body: b, Form: url.Values{"path": {bare(v.r.FormValue("path"))}}}, nil
}

func (v *visit) deskScheme() error {
	p, err := v.deskSchemeForm()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-scheme", p)
}

func (v *visit) deskTryScheme() error {
	p, err := v.deskSchemeForm()
	if err != nil {
		return err
	}
	return v.tried("desk-scheme", p, api.TryScheme{Scheme: v.r.PathValue("name")})
}

// tried shows what a scheme reads off the request that a form holds. The request's
// headers do not come back: there is a credential among them.
func (v *visit) tried(name string, p page, question api.TryScheme) error {
	b, _ := p.Body.(deskSchemeBody)
	form := v.r.PostForm
	question.Method, question.Path = form.Get("method"), strings.TrimSpace(form.Get("path"))
	secure := form.Get("plain") == ""
	question.TLS = &secure
	var err error
	if question.Headers, err = headerLines(form.Get("headers")); err == nil {
		var out api.Trial
		out, err = ask(v, func(ctx context.Context, c *client.Client) (api.Trial, error) { return c.TryScheme(ctx, question) })
		if err == nil {
			b.Trial, b.Words = &out, whyRefused(out.Reason)
		}
	}
	p.Body = b
	return v.withoutHeaders(name, p, err)
}

// withoutHeaders shows a form once more with what is wrong, but for the headers that
// were typed.
func (v *visit) withoutHeaders(name string, p page, err error) error {
	status := http.StatusOK
	if err != nil {
		if status, _ = v.status(err); status >= http.StatusInternalServerError || status == http.StatusForbidden {
			return err
		}
		text, field := said(err)
		p.Problem, p.Wrong = text, map[string]string{}
		for _, known := range []string{"headers", "source", "path"} {
			if strings.HasPrefix(field, known) {
				p.Problem, p.Wrong[known] = "Something is not right yet: see below.", text
			}
		}
	}
	return v.show(status, name, p)
}

// deskTextForm is the page on which a text is looked at that may become a scheme.
func (v *visit) deskTextForm() page {
	source := strings.ReplaceAll(v.r.PostFormValue("source"), "\r\n", "\n")
	return page{Title: "Look at a scheme's text", Section: "Schemes", Body: deskSchemeBody{Methods: v.deskMethods()}, Form: url.Values{"source": {source}, "path": {bare(v.r.FormValue("path"))}}}
}

func (v *visit) deskTextPage() error {
	p := v.deskTextForm()
	if name := v.wanted("from"); name != "" {
		s, err := v.schemeNamed(name)
		if err != nil {
			return err
		}
		p.Form.Set("source", s.Source)
	}
	return v.show(http.StatusOK, "desk-text", p)
}

func (v *visit) deskLint() error {
	p := v.deskTextForm()
	b, _ := p.Body.(deskSchemeBody)
	out, err := ask(v, func(ctx context.Context, c *client.Client) (api.SchemeFindings, error) {
		return c.LintScheme(ctx, p.Form.Get("source"))
	})
	if err == nil {
		b.Findings = &out
	}
	p.Body = b
	return v.withoutHeaders("desk-text", p, err)
}

func (v *visit) deskTryText() error {
	p := v.deskTextForm()
	return v.tried("desk-text", p, api.TryScheme{Source: p.Form.Get("source")})
}
