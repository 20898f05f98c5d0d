// Package idptest plays the browser of somebody who signs in with the provider for
// demos, and starts that provider on a loopback port. It never runs outside tests.
package idptest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/keywright/keywright/internal/idp"
)

// Start serves a provider until the test ends. Its issuer, unless given, is where it
// listens; unless given, there are Ada and Grace, and a public client "cli" with the
// redirect http://127.0.0.1/callback.
func Start(t testing.TB, o idp.Options) (issuer string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	if o.Issuer == "" {
		o.Issuer = "http://" + s.Listener.Addr().String()
	}
	if o.Users == nil {
		o.Users = []idp.User{{Subject: "ada", Email: "ada@example.com", Name: "Ada Example"}, {Subject: "grace", Email: "grace@example.com", Name: "Grace Example"}}
	}
	if o.Clients == nil {
		o.Clients = []idp.Client{{ID: "cli", Redirects: []string{"http://127.0.0.1/callback"}}}
	}
	if o.Audience == "" {
		o.Audience = "https://api.example.com"
	}
	h, err := idp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Config.Handler = h
	s.Start()
	t.Cleanup(s.Close)
	return o.Issuer
}

// Choose opens the page that an authorization request leads to, chooses the person
// of an email address ("" is nobody), and returns where the browser is sent.
func Choose(ctx context.Context, c *http.Client, address, email string) (*url.URL, error) {
	once := *c
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := once.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusSeeOther {
		return answer.Location()
	}
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
		return nil, fmt.Errorf("the provider answered %s: %s", answer.Status, text)
	}
	form, err := readForm(answer.Body, email)
	if err != nil {
		return nil, err
	}
	to, err := answer.Request.URL.Parse(form.action)
	if err != nil {
		return nil, err
	}
	r, err = http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.values.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	back, err := once.Do(r)
	if err != nil {
		return nil, err
	}
	_ = back.Body.Close()
	return back.Location()
}

type form struct {
	action string
	values url.Values
}

// readForm takes the page's form with its hidden fields, and presses a person's button.
func readForm(body io.Reader, email string) (form, error) {
	doc, err := html.Parse(io.LimitReader(body, 1<<20))
	if err != nil {
		return form{}, err
	}
	out, found := form{values: url.Values{}}, false
	for n := range doc.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "form":
			out.action = attribute(n, "action")
		case n.Data == "input":
			out.values.Add(attribute(n, "name"), attribute(n, "value"))
		case n.Data == "button" && (email == "" && attribute(n, "value") == "" || email != "" && strings.HasSuffix(text(n), email)):
			out.values.Set(attribute(n, "name"), attribute(n, "value"))
			found = true
		}
	}
	if out.action == "" || !found {
		return form{}, fmt.Errorf("the page offers no %q", email)
	}
	return out, nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(out.String())
}
