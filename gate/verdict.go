package gate

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// The headers that the gate adds of its own.
const (
	RetiresHeader = "Keywright-Key-Retires" // when a PENDING_ROTATION key's overlap ends, in RFC 3339
	helpRelation  = `rel="help"`
)

// Verdict is what a front does with a request: let it pass when Answer is nil,
// or else write Answer. In both cases it adds what Headers sets. API, Scheme and
// Route are nil as far as the request was not understood.
type Verdict struct {
	API        *API
	Route      *Route
	Scheme     *scheme.Scheme
	Decision   keywright.Decision
	Answer     *scheme.Answer
	Allowances keywright.Allowances

	surface *surface
	speaks  *contract
	allow   string // what a 405 says the path takes
	token   bool   // a JWT was presented
}

// Reason is Granted, or why the request was refused.
func (v *Verdict) Reason() keywright.Reason { return v.Decision.Reason }

// settle writes the outcome down.
func (v *Verdict) settle(p scheme.Presented) {
	v.Decision.Reason = p.Reason
	if p.Reason != keywright.Granted {
		v.Answer = v.Scheme.Answer(p)
	}
}

// Refuse turns a passed verdict into a refusal that the front found itself:
// NotAnObject, TooLarge, UpstreamFailed, BadRequest.
func (v *Verdict) Refuse(r keywright.Reason) {
	if v.Scheme == nil {
		v.Answer = misdirectedAnswer()
		return
	}
	v.settle(scheme.Presented{Reason: r})
}

// Headers calls set for every header that the gate adds to the answer: limits,
// Allow of a 405, Keywright-Key-Retires and Link of a retiring key. A front
// replaces headers of the same name that the upstream sent.
func (v *Verdict) Headers(set func(name, value string)) {
	if v.Scheme == nil {
		return
	}
	if v.Allowances != (keywright.Allowances{}) {
		r := v.Decision.Reason
		v.Scheme.LimitHeaders(&v.Allowances, r == keywright.Limited || r == keywright.QuotaSpent, set)
	}
	if v.Decision.Reason == keywright.WrongMethod {
		set("Allow", v.allow)
	}
	if v.Decision.Reason == keywright.Granted && !v.Decision.Retires.IsZero() {
		set(RetiresHeader, v.Decision.Retires.UTC().Format(time.RFC3339))
		if v.API.Help != "" {
			set("Link", "<"+v.API.Help+">; "+helpRelation)
		}
	}
}

// Strip removes from what goes to an upstream every credential that any scheme
// of the API reads, so that a key sent beside the one that was asked for goes no
// further either. It deletes header lines in place and returns the query.
func (v *Verdict) Strip(header map[string][]string, rawQuery string) string {
	if v.surface == nil {
		return rawQuery
	}
	for _, c := range v.surface.schemes {
		rawQuery = c.scheme.Strip(header, rawQuery)
	}
	return rawQuery
}

// CredentialHeaders lists the headers that clients of the API send for any of
// its schemes, each once.
func (v *Verdict) CredentialHeaders() []string {
	return v.gather((*scheme.Scheme).CredentialHeaders)
}

// LimitHeaderNames lists the limit headers that any answer of the API may have.
func (v *Verdict) LimitHeaderNames() []string {
	return v.gather((*scheme.Scheme).LimitHeaderNames)
}

func (v *Verdict) gather(of func(*scheme.Scheme) []string) []string {
	if v.surface == nil {
		return nil
	}
	var all []string
	for _, c := range v.surface.schemes {
		for _, name := range of(c.scheme) {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// methods lists what the routes of a path take, in order; nil if any.
func (s *surface) methods(path string) []string {
	var all []string
	if !unambiguous(path) {
		return nil
	}
	for i := range s.ways {
		w := &s.ways[i]
		if !w.pattern.match(path) {
			continue
		}
		if len(w.route.Methods) == 0 {
			return nil
		}
		all = append(all, w.route.Methods...)
		if slices.Contains(w.route.Methods, http.MethodGet) {
			all = append(all, http.MethodHead)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// misdirected is the verdict on a host that no API has: there is no scheme whose
// style the answer could have.
func misdirected() Verdict {
	v := Verdict{Answer: misdirectedAnswer()}
	v.Decision.Reason = keywright.NoSuchRoute
	return v
}

func misdirectedAnswer() *scheme.Answer {
	return Plain(http.StatusMisdirectedRequest, "misdirected", "No API answers at this host name.")
}

// Plain makes an answer where no scheme's style applies.
func Plain(status int, code, text string) *scheme.Answer {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	return &scheme.Answer{
		Reason: keywright.BadRequest, Status: status,
		Header: []scheme.Header{{Name: "Content-Type", Value: "application/json"}},
		Body:   []byte(`{"error":{"code":"` + quote.Replace(code) + `","message":"` + quote.Replace(text) + `"}}` + "\n"),
	}
}
