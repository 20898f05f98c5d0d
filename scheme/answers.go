package scheme

import (
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

// compileAnswers renders every row, and makes sure that each reason has one.
func (c *compiler) compileAnswers() {
	if c.page.style.body == nil || len(c.page.answers) == 0 {
		return
	}
	c.s.answers = make([]*Answer, len(keywright.Refusals())+1)
	first, before := make([]at, len(c.s.answers)), len(c.found)
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
	if len(c.found) > before {
		return // a misspelt reason is missing too: say it once
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
		if len(names) == 0 {
			c.add(row.part.at, "this scheme has no parts of which one could be missing: leave part out")
			return
		}
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
	if len(c.s.ways) == 1 {
		if places := c.s.ways[0].places; len(places) > 1 {
			names = append(names, places[0].name(), places[1].name())
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
	body.holes(&c.decoder, func(hole at, name string) {
		if _, ok := values(name); !ok {
			c.unfilled(hole, where, name)
		}
	})
	a := &Answer{Reason: reason, Status: status, Body: c.s.style.render(body, values)}
	a.Header = c.answerHeaders(row, status)
	return a
}

// unfilled says what is wrong with a placeholder: the row that leaves it open,
// or the body that nobody fills.
func (c *compiler) unfilled(hole, row at, name string) {
	known := []string{"code", "text", "status", "status_text", "reason"}
	for _, a := range c.page.answers {
		if a.with != nil {
			known = append(known, a.with.names...)
		}
	}
	switch {
	case name == "code":
		c.add(row, "this answer does not say what {code} is: add the field \"code\" to it")
	case slices.Contains(known, name):
		c.add(row, "this answer does not say what {%s} is: add with: {%s: …} to it or to the style", name, name)
	case slices.Contains([]string{"key", "secret", "credential", "token"}, name):
		c.add(hole, "a body never repeats the credential: {%s} is no placeholder", name)
	default:
		c.add(hole, "nothing says what {%s} is%s; others are named under with", name, didYouMean(name, known))
	}
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
