package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// deskExplainBody asks for a request, and says what became of it.
type deskExplainBody struct {
	APIs    []option
	Methods []option
	Result  *explained
}

// explained is what became of a request.
type explained struct {
	api.Explanation
	Words  string
	Why    string // the refusing check's own words
	Key    *row
	Owner  string
	Answer *api.SchemeAnswer // what the client saw; nil is what the API answered
	Scheme string            // whose answer it is
}

func (v *visit) apis() ([]api.API, error) {
	return ask(v, func(ctx context.Context, c *client.Client) ([]api.API, error) { return c.APIs(ctx) })
}

func (v *visit) deskExplainForm() (page, []api.API, error) {
	all, err := v.apis()
	if err != nil {
		return page{}, nil, err
	}
	var names []string
	for i := range all {
		names = append(names, all[i].Name, all[i].Title)
	}
	b := deskExplainBody{APIs: picks(v.wanted("api"), names...), Methods: picks(v.wanted("method"), "GET", "GET", "HEAD", "HEAD", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "DELETE", "OPTIONS", "OPTIONS")}
	return page{Title: "Why was this refused?", Section: "Explain", Body: b, Form: url.Values{"path": {bare(v.r.FormValue("path"))}}}, all, nil
}

// bare is a path without its query, which may hold a credential.
func bare(path string) string {
	path, _, _ = strings.Cut(strings.TrimSpace(path), "?")
	if len(path) > 1000 {
		return ""
	}
	return path
}

func (v *visit) deskExplainPage() error {
	p, _, err := v.deskExplainForm()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-explain", p)
}

// deskExplain answers with the form and what became of the request. What was pasted
// is used and forgotten: nothing of it that may be a credential comes back.
func (v *visit) deskExplain() error {
	p, all, err := v.deskExplainForm()
	if err != nil {
		return err
	}
	b, _ := p.Body.(deskExplainBody)
	status := http.StatusOK
	b.Result, err = v.explain(all)
	if err != nil {
		if status, _ = v.status(err); status >= http.StatusInternalServerError || status == http.StatusForbidden {
			return err
		}
		text, field := said(err)
		p.Problem, p.Wrong = text, map[string]string{}
		if strings.HasPrefix(field, "headers") {
			p.Problem, p.Wrong["headers"] = "Something is not right yet: see below.", text
		}
	}
	p.Body = b
	return v.show(status, "desk-explain", p)
}

// explain asks what became of the request that a form holds.
func (v *visit) explain(all []api.API) (*explained, error) {
	form := v.r.PostForm
	at := slices.IndexFunc(all, func(a api.API) bool { return a.Name == form.Get("api") })
	if at < 0 {
		return nil, &keywright.Error{Kind: keywright.Invalid, Detail: "choose the API that the request was sent to"}
	}
	question := api.Verify{API: all[at].Name, Method: form.Get("method"), Path: strings.TrimSpace(form.Get("path")), Address: strings.TrimSpace(form.Get("address"))}
	if form.Get("plain") != "" {
		question.Transport = "http"
	}
	var err error
	if question.Headers, err = headerLines(form.Get("headers")); err != nil {
		return nil, err
	}
	of, err := v.schemeNamed(all[at].Scheme)
	if err != nil {
		return nil, err
	}
	if key := strings.TrimSpace(form.Get("key")); key != "" {
		present(question.Headers, &of, key, strings.TrimSpace(form.Get("secret")))
	}
	found, err := ask(v, func(ctx context.Context, c *client.Client) (api.Explanation, error) { return c.Explain(ctx, question) })
	if err != nil {
		return nil, err
	}
	return v.explained(&of, found)
}

func (v *visit) schemeNamed(name string) (api.Scheme, error) {
	return ask(v, func(ctx context.Context, c *client.Client) (api.Scheme, error) { return c.Scheme(ctx, name) })
}

// present puts a key where its scheme reads it from.
func present(headers map[string]any, of *api.Scheme, key, secret string) {
	for i, one := range []string{key, secret} {
		if one == "" || i >= len(of.Headers) {
			continue
		}
		if strings.EqualFold(of.Headers[i], "Authorization") && !strings.Contains(one, " ") {
			one = "Bearer " + one
		}
		headers[of.Headers[i]] = one
	}
}

func (v *visit) explained(of *api.Scheme, found api.Explanation) (*explained, error) {
	out := &explained{Explanation: found, Words: whyRefused(found.Reason)}
	for _, check := range found.Checks {
		if !check.Passed {
			out.Why = sentence(check.Detail)
		}
	}
	if found.Verdict.Key != nil {
		kinds, err := v.deskKinds()
		if err != nil {
			return nil, err
		}
		r := v.deskRow(*found.Verdict.Key, kinds)
		out.Key = &r
		if r.Scheme != of.Name {
			if *of, err = v.schemeNamed(r.Scheme); err != nil {
				return nil, err
			}
		}
	}
	if found.Tenant != nil {
		out.Owner = tenantName(found.Tenant)
	}
	out.Scheme = of.Name
	for i := range of.Answers {
		if of.Answers[i].Reason == found.Reason && !found.Granted {
			out.Answer = &of.Answers[i]
		}
	}
	return out, nil
}
