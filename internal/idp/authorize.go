package idp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ask shows the page that asks whom to be.
func (p *provider) ask(w http.ResponseWriter, r *http.Request) {
	q, ok := p.read(w, r.URL.RawQuery)
	if !ok {
		return
	}
	if slices.Contains(strings.Fields(q.get("prompt")), "none") {
		p.refuse(w, q, "login_required", "nobody is signed in here")
		return
	}
	p.choosePage(w, q)
}

// chosen takes the person and sends the browser back.
func (p *provider) chosen(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.errorPage(w, "The form could not be read.")
		return
	}
	who := r.PostForm.Get("person")
	r.PostForm.Del("person")
	q, ok := p.read(w, r.PostForm.Encode())
	if !ok {
		return
	}
	user := p.users[who]
	if user == nil {
		p.refuse(w, q, "access_denied", "no person was chosen")
		return
	}
	f := &family{user: user, client: q.client.ID, scope: q.scope, nonce: q.get("nonce"), chosen: p.o.Clock()}
	code := p.grants.add(&grant{family: f, kind: aCode, redirect: q.get("redirect_uri"), challenge: q.get("code_challenge"), until: f.chosen.Add(codeLife)})
	p.sendBack(w, q, url.Values{"code": {code}})
}

// request is an authorization request whose client and redirect are known to fit.
type request struct {
	values   url.Values
	client   *Client
	redirect *url.URL
	scope    string // what is granted
}

func (q *request) get(name string) string { return q.values.Get(name) }

// read checks an authorization request. Until client and redirect are known to fit,
// a fault ends on a page here: nobody is ever sent to an address of a stranger's choice.
func (p *provider) read(w http.ResponseWriter, query string) (*request, bool) {
	values, err := url.ParseQuery(query)
	if err != nil {
		p.errorPage(w, "The address could not be read.")
		return nil, false
	}
	q := &request{values: values, client: p.clients[values.Get("client_id")]}
	if q.client == nil || len(values["client_id"]) != 1 {
		p.errorPage(w, "No application of that name is known here.")
		return nil, false
	}
	if q.redirect = q.client.fits(values["redirect_uri"]); q.redirect == nil {
		p.errorPage(w, "The application asked to be answered at an address that is not registered for it, so it gets no answer.")
		return nil, false
	}
	if code, text := p.fault(q); code != "" {
		p.refuse(w, q, code, text)
		return nil, false
	}
	return q, true
}

// fault says what is wrong with the rest of a request, in RFC 6749's words.
func (p *provider) fault(q *request) (code, text string) {
	for name, all := range q.values {
		if len(all) > 1 && name != "resource" {
			return "invalid_request", "a parameter is repeated"
		}
	}
	switch {
	case q.get("request") != "":
		return "request_not_supported", "request objects are not supported"
	case q.get("request_uri") != "":
		return "request_uri_not_supported", "request objects are not supported"
	case q.get("response_type") != "code":
		return "unsupported_response_type", "response_type must be code"
	case q.get("response_mode") != "" && q.get("response_mode") != "query":
		return "invalid_request", "response_mode must be query"
	case q.get("code_challenge_method") != "S256" || len(q.get("code_challenge")) != 43:
		return "invalid_request", "PKCE with S256 is required"
	}
	for _, one := range q.values["resource"] {
		if one != p.o.Audience {
			return "invalid_target", "there is no such resource"
		}
	}
	asked := strings.Fields(q.get("scope"))
	if !slices.Contains(asked, "openid") {
		return "invalid_scope", "scope must hold openid"
	}
	var granted []string
	for _, one := range scopes() {
		if slices.Contains(asked, one) {
			granted = append(granted, one)
		}
	}
	q.scope = strings.Join(granted, " ")
	return "", ""
}

// fits returns the redirect to use if what was asked for is one that is registered:
// the same to the letter, but for the port of a public client on loopback.
func (c *Client) fits(asked []string) *url.URL {
	if len(asked) != 1 || asked[0] == "" {
		return nil
	}
	u, err := url.Parse(asked[0])
	if err != nil || u.User != nil || u.Opaque != "" || strings.ContainsAny(asked[0], "#\\") {
		return nil
	}
	for _, one := range c.Redirects {
		if one == asked[0] || (c.Secret == "" && fitsLoopback(one, u)) {
			return u
		}
	}
	return nil
}

// fitsLoopback is RFC 8252, section 7.3: the port is the application's to choose.
func fitsLoopback(registered string, asked *url.URL) bool {
	r, err := url.Parse(registered)
	if err != nil || r.Scheme != "http" || asked.Scheme != "http" {
		return false
	}
	switch r.Hostname() {
	case "127.0.0.1", "::1", "localhost":
	default:
		return false
	}
	if port := asked.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return asked.Hostname() == r.Hostname() && asked.EscapedPath() == r.EscapedPath() && asked.RawQuery == r.RawQuery
}

func (p *provider) refuse(w http.ResponseWriter, q *request, code, text string) {
	p.sendBack(w, q, url.Values{"error": {code}, "error_description": {text}})
}

// sendBack answers the application, with its state and (RFC 9207) who answers.
func (p *provider) sendBack(w http.ResponseWriter, q *request, answer url.Values) {
	to := *q.redirect
	all := to.Query()
	for name, values := range answer {
		all[name] = values
	}
	if state := q.get("state"); state != "" {
		all.Set("state", state)
	}
	all.Set("iss", p.o.Issuer)
	to.RawQuery = all.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusSeeOther)
}
