package scheme

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// style is how a scheme's refusals look.
type style struct {
	contentType  string
	json         bool
	indent       int
	finalNewline bool
	challenge    string
	headers      []Header
	with         *tree
	body         *tree
}

// defaultRetryAfter is what a 503 says where its row does not.
const defaultRetryAfter = 2

// compileStyle checks the page's style.
func (c *compiler) compileStyle() {
	p := &c.page.style
	if !p.set {
		return
	}
	media, _, _ := strings.Cut(p.contentType.v, ";")
	if p.contentType.set && !isMediaType(trim(media)) {
		c.add(p.contentType.at, "a content type is written type/subtype, such as application/json")
	}
	c.s.style = style{
		contentType: p.contentType.v, json: strings.Contains(media, "json"), indent: p.indent.v, finalNewline: p.finalNewline.v,
		headers: c.headers(p.headers), with: p.with, body: p.body,
	}
	c.bodyFits(p.body, p.bodyAt)
	c.s.style.challenge = c.challenge(p.realm)
}

// bodyFits: a body that is not JSON is one text.
func (c *compiler) bodyFits(body *tree, where at) {
	switch {
	case body == nil:
	case !c.s.style.json && body.kind != treeText:
		c.add(where, "a body of the content type %s is one text, such as \"{text}\"", c.s.style.contentType)
	case c.s.style.json && body.kind != treeObject && body.kind != treeList:
		c.add(where, "a JSON body is a mapping or a list")
	}
}

// headers checks fixed header lines.
func (c *compiler) headers(pages []headerPage) []Header {
	var out []Header
	for _, h := range pages {
		name := canonicalHeader(h.name.v)
		switch {
		case !isToken(h.name.v):
			c.add(h.at, "a header's name is letters, digits and '-'")
		case slices.Contains([]string{"Content-Type", "Content-Length", "Transfer-Encoding", "Connection", "Date", hRetryAfter, "Set-Cookie", "Location"}, name):
			c.add(h.at, "the header %s is not set this way: use content_type, retry_after, or leave it out", h.name.v)
		case slices.ContainsFunc(out, func(o Header) bool { return canonicalHeader(o.Name) == name }):
			c.add(h.at, "the header %s stands twice", h.name.v)
		case !isHeaderValue(h.value.v):
			c.add(h.value.at, "a header's value is visible ASCII on one line")
		}
		out = append(out, Header{h.name.v, h.value.v})
	}
	return out
}

func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 1024
}

// challenge is what WWW-Authenticate says: one challenge for each way to come in.
func (c *compiler) challenge(realm text) string {
	suffix := ""
	if realm.set {
		if !isHeaderValue(realm.v) || strings.ContainsAny(realm.v, `"\`) {
			c.add(realm.at, "a realm is visible ASCII without quotes")
		}
		suffix = ` realm="` + realm.v + `"`
	}
	var all []string
	add := func(one string) {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	for _, w := range c.s.ways {
		p := &w.places[0]
		switch {
		case p.basic != notBasic && realm.set:
			add("Basic" + suffix)
		case p.basic != notBasic: // RFC 7617 asks for a realm
			add(`Basic realm="` + c.page.name.v + `"`)
		case len(p.words) > 0:
			for _, word := range p.words {
				add(word + suffix)
			}
		default:
			add(apiKeyChallenge(&w, suffix))
		}
	}
	return strings.Join(all, ", ")
}

func apiKeyChallenge(w *way, suffix string) string {
	p := &w.places[0]
	kind := "header"
	if p.query != "" {
		kind = "query"
	}
	if suffix != "" {
		suffix += ","
	}
	one := "ApiKey" + suffix + " " + kind + `="` + p.name() + `"`
	if len(w.places) == 2 {
		one += `, secret_header="` + w.places[1].name() + `"`
	}
	return one
}

// lines are the headers that a status brings with it.
func (s *style) lines(status int, challenge string) []Header {
	out := []Header{{"Content-Type", s.contentType}}
	if challenge == "" && status == 401 {
		challenge = s.challenge
	}
	if challenge != "" {
		out = append(out, Header{"WWW-Authenticate", challenge})
	}
	return out
}

// values says what each placeholder stands for. The raw credential is none.
func (s *style) values(status int, reason keywright.Reason, code *tree, words string, with *tree) lookup {
	return func(name string) (*tree, bool) {
		switch name {
		case "code":
			return code, code != nil
		case "text":
			return &tree{kind: treeText, text: words}, true
		case "status":
			return &tree{kind: treeNumber, text: strconv.Itoa(status)}, true
		case "status_text":
			return &tree{kind: treeText, text: statusText(status)}, true
		case "reason":
			return &tree{kind: treeText, text: reason.String()}, true
		}
		for _, t := range []*tree{with, s.with} {
			if t == nil {
				continue
			}
			if i := slices.Index(t.names, name); i >= 0 {
				return t.values[i], true
			}
		}
		return nil, false
	}
}

func (s *style) render(body *tree, values lookup) []byte {
	var b bytes.Buffer
	if s.json {
		body.write(&b, values, s.indent, 0, false)
	} else {
		b.WriteString(body.plain(values))
	}
	if s.finalNewline {
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// Render makes a body in the scheme's own error style, for a refusal that has
// no prepared answer, such as the management of keys. A placeholder of the style
// that is not known here becomes null. It is for cold paths.
func (s *Scheme) Render(status int, code, words string) *Answer {
	known := s.style.values(status, keywright.BadRequest, &tree{kind: treeText, text: code}, words, nil)
	values := func(name string) (*tree, bool) {
		if v, ok := known(name); ok {
			return v, true
		}
		return &tree{kind: treeNull}, true
	}
	a := &Answer{Reason: keywright.BadRequest, Status: status, Header: s.style.lines(status, ""), Body: s.style.render(s.style.body, values)}
	if status == 503 {
		a.Header = append(a.Header, Header{hRetryAfter, strconv.Itoa(defaultRetryAfter)})
	}
	a.Header = append(a.Header, s.style.headers...)
	return a
}

// statusText names the statuses that refusals use.
func statusText(status int) string {
	names := map[int]string{
		200: "OK", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
		405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
		411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
		415: "Unsupported Media Type", 422: "Unprocessable Content", 423: "Locked", 426: "Upgrade Required",
		428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
		500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
	}
	if name, ok := names[status]; ok {
		return name
	}
	return "Error"
}
