package middleware

import (
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
)

// DefaultMaxBody bounds a request's body where neither its route nor the options do.
const DefaultMaxBody = 1 << 20

// EmbeddedOptions of Embedded.
type EmbeddedOptions struct {
	Gate *gate.Gate // in this process
	API  string     // the name of one of the gate's APIs; "" finds it by the request's host
	Hops gate.Hops  // which proxies in front are trusted; the zero value trusts none
	// MaxBody bounds bodies where a route says nothing: 0 is DefaultMaxBody, and
	// less than 0 leaves them to the handlers.
	MaxBody int64
	Observe Observe
}

// Embedded verifies in this process, from memory: nothing is asked of anybody,
// and a revocation counts from the very next request. Limit headers, and the
// notice that a key is retiring, are set before the handler runs. It answers no
// CORS preflight: put that in front. It returns an Invalid error for options
// without a gate.
func Embedded(o EmbeddedOptions) (Middleware, error) {
	if o.Gate == nil {
		return nil, invalid("gate", "embedded verification needs a gate")
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, next) })
	}, nil
}

func (o *EmbeddedOptions) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	view := o.Hops.View(r)
	v := o.Gate.Pass(&view, o.API)
	p := &passage{verdict: &v, speaks: v.Scheme, told: o.Observe, api: o.API}
	if v.API != nil {
		p.api = v.API.Name
	}
	body := r.Body
	if v.Answer == nil {
		limit := o.MaxBody
		if v.Route.MaxBody > 0 {
			limit = v.Route.MaxBody
		}
		var why keywright.Reason
		if body, why = takeBody(w, r, limit, v.Scheme.Manners().Object); why != keywright.Granted {
			v.Refuse(why)
		}
	}
	v.Headers(func(name, value string) { setHeader(w.Header(), name, value) })
	if v.Answer != nil {
		p.write(w, v.Answer, v.Answer.Reason)
		return
	}
	p.identity = ofDecision(&v.Decision, v.Scheme.Name())
	taken := *r
	taken.Body = body
	p.grant(w, &taken, next, func(h http.Header, q string) string { return v.Strip(h, q) })
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}
