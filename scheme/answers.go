package scheme

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// Answer is a refusal, rendered once when its scheme is parsed. It is shared and
// read-only. Header includes Content-Type and, where it applies, WWW-Authenticate.
type Answer struct {
	Reason keywright.Reason
	Status int
	Header []Header
	Body   []byte
}

// Header is one header line.
type Header struct{ Name, Value string }

// variant is an answer for one part, or for a wrapped value.
type variant struct {
	reason  keywright.Reason
	part    int // -1: any
	wrapped bool
	answer  *Answer
}

// Answer returns the refusal for a fault of a presented credential, or for a
// bare reason: Answer(Presented{Reason: r}). It never returns nil.
func (s *Scheme) Answer(p Presented) *Answer {
	for i := range s.variants {
		v := &s.variants[i]
		if v.reason == p.Reason && (v.part < 0 || v.part == int(p.Part)) && (!v.wrapped || p.Wrapped) {
			return v.answer
		}
	}
	if int(p.Reason) >= len(s.answers) || s.answers[p.Reason] == nil {
		return s.answers[keywright.Failure]
	}
	return s.answers[p.Reason]
}

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

// compileAnswers renders every row, and makes sure that each reason has one.
func (c *compiler) compileAnswers() {
	if c.page.style.body == nil || len(c.page.answers) == 0 {
		return
	}
	c.s.answers = make([]*Answer, len(keywright.Refusals())+1)
	first := make([]at, len(c.s.answers))
	for i := range c.page.answers {
		row := &c.page.answers[i]
		for _, t := range row.reasons {
			reason, ok := c.reason(t)
			if !ok {
				continue
			}
			answer := c.answer(reason, row)
			switch {
			case row.part.set || row.wrapped.set:
				c.variant(reason, t, row, answer)
			case c.s.answers[reason] != nil:
				c.add(t.at, "%s already has its answer in line %d: each reason has exactly one", t.v, first[reason].line)
			default:
				c.s.answers[reason], first[reason] = answer, t.at
			}
		}
	}
	var missing []string
	for _, r := range keywright.Refusals() {
		if c.s.answers[r] == nil {
			missing = append(missing, r.String())
		}
	}
	if len(missing) > 0 {
		c.add(c.page.answersAt, "no answer for %s: every reason needs one, so add each to a row's list", strings.Join(missing, ", "))
	}
}

func (c *compiler) reason(t text) (keywright.Reason, bool) {
	reason, ok := keywright.ParseReason(t.v)
	if ok && reason != keywright.Granted {
		return reason, true
	}
	known := make([]string, 0, 32)
	for _, r := range keywright.Refusals() {
		known = append(known, r.String())
	}
	c.add(t.at, "unknown reason %q%s", t.v, didYouMean(t.v, known))
	return keywright.Failure, false
}

// variant keeps an answer that is for one part or for a wrapped value only.
func (c *compiler) variant(reason keywright.Reason, t text, row *answerPage, answer *Answer) {
	v := variant{reason: reason, part: -1, wrapped: row.wrapped.v, answer: answer}
	if row.part.set {
		if reason != keywright.Missing && reason != keywright.CompanionMissing {
			c.add(row.part.at, "part goes with missing and companion_missing only")
			return
		}
		names := c.partNames(reason)
		if v.part = slices.Index(names, row.part.v); v.part < 0 {
			c.add(row.part.at, "no part is called %q%s", row.part.v, didYouMean(row.part.v, names))
			return
		}
	}
	if row.wrapped.set && (!row.wrapped.v || (reason != keywright.Malformed && reason != keywright.Foreign)) {
		c.add(row.wrapped.at, "wrapped: true goes with malformed and foreign only")
		return
	}
	for _, o := range c.s.variants {
		if o.reason == v.reason && o.part == v.part && o.wrapped == v.wrapped {
			c.add(t.at, "%s already has this special answer", t.v)
		}
	}
	c.s.variants = append(c.s.variants, v)
}

// partNames are the names of the parts that Presented.Part counts.
func (c *compiler) partNames(reason keywright.Reason) []string {
	names := []string{}
	if reason == keywright.CompanionMissing {
		for _, one := range c.s.companions {
			names = append(names, one.spelled)
		}
		return names
	}
	if c.s.pair && len(c.s.ways) == 1 {
		for _, p := range c.s.ways[0].places {
			names = append(names, p.name())
		}
	}
	return names
}

// answer renders one row for one reason.
func (c *compiler) answer(reason keywright.Reason, row *answerPage) *Answer {
	status := row.status.v
	if row.status.set && status != 200 && status < 400 {
		c.add(row.status.at, "a refusal is answered with 200 or with 400 to 599, never with a redirect or an empty answer")
	}
	body, where := row.body, row.bodyAt
	if body == nil {
		body, where = c.s.style.body, row.at
	} else {
		c.bodyFits(body, where)
	}
	values := c.s.style.values(status, reason, row.code, row.text.v, row.with)
	body.holes(&c.decoder, func(_ at, name string) {
		if _, ok := values(name); !ok {
			c.add(where, "this answer does not say what {%s} is: add %s", name, whereFrom(name))
		}
	})
	a := &Answer{Reason: reason, Status: status, Body: c.s.style.render(body, values)}
	a.Header = c.answerHeaders(row, status)
	return a
}

func whereFrom(name string) string {
	if name == "code" {
		return `the field "code" to it`
	}
	return `with: {` + name + `: …} to it or to the style`
}

func (c *compiler) answerHeaders(row *answerPage, status int) []Header {
	extra := c.headers(row.headers)
	if row.challenge.set && !isHeaderValue(row.challenge.v) {
		c.add(row.challenge.at, "a challenge is visible ASCII on one line, such as Bearer error=\"invalid_token\"")
	}
	out := c.s.style.lines(status, row.challenge.v)
	switch {
	case row.retryAfter.set:
		out = append(out, Header{hRetryAfter, strconv.Itoa(row.retryAfter.v)})
	case status == 503:
		out = append(out, Header{hRetryAfter, strconv.Itoa(defaultRetryAfter)})
	}
	for _, h := range c.s.style.headers {
		if !slices.ContainsFunc(extra, func(o Header) bool { return strings.EqualFold(o.Name, h.Name) }) {
			out = append(out, h)
		}
	}
	return append(out, extra...)
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
