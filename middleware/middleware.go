package middleware

import (
	"context"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Middleware wraps a handler. Any router that takes net/http middleware takes it.
type Middleware func(next http.Handler) http.Handler

// Observe is told of every answer that the middleware gave or let pass, once:
// the API or scheme, the reason, and the status, which is 0 for what passed.
type Observe func(api, reason string, status int)

// contextKey is where the middleware leaves what it found.
type contextKey struct{}

// passage is one request on its way through a middleware.
type passage struct {
	identity *Identity // nil on an open route
	speaks   *scheme.Scheme
	verdict  *gate.Verdict // only where a gate is in this process
	told     Observe
	api      string
}

// From returns whose request it is. It is false where no middleware has let the
// request through, and on a route that is open to everybody.
func From(ctx context.Context) (Identity, bool) {
	p, ok := ctx.Value(contextKey{}).(*passage)
	if !ok || p.identity == nil {
		return Identity{}, false
	}
	return *p.identity, true
}

// Require lets through whoever holds all the permissions, and refuses others as
// the scheme refuses a key that lacks one. It stands behind one of the three;
// a request that came past them all is refused as one without a credential.
func Require(permissions ...string) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch who, ok := From(r.Context()); {
			case !ok:
				Refuse(w, r, keywright.Missing)
			case !who.May(permissions...):
				Refuse(w, r, keywright.PermissionMissing)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

// Refuse answers a request in the words of the scheme by which it came, for a
// handler that finds a fault itself: keywright.NoSuchRoute, TooLarge, and so on.
func Refuse(w http.ResponseWriter, r *http.Request, why keywright.Reason) {
	p, ok := r.Context().Value(contextKey{}).(*passage)
	if !ok {
		p = &passage{}
	}
	p.refuse(w, scheme.Presented{Reason: why})
}

// refuse writes a refusal. A reason that is none is a failure.
func (p *passage) refuse(w http.ResponseWriter, why scheme.Presented) {
	if why.Reason == keywright.Granted {
		why.Reason = keywright.Failure
	}
	answer := plain(why.Reason)
	switch {
	case p.verdict != nil:
		v := *p.verdict // another request's answer may be written from the same one
		v.Refuse(why.Reason)
		answer = v.Answer
	case p.speaks != nil:
		answer = p.speaks.Answer(why)
	}
	p.write(w, answer, why.Reason)
}

// write sends an answer whole, and tells of it.
func (p *passage) write(w http.ResponseWriter, a *scheme.Answer, why keywright.Reason) {
	for _, h := range a.Header {
		setHeader(w.Header(), h.Name, h.Value)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the client has gone
	p.tell(why, a.Status)
}

func (p *passage) tell(why keywright.Reason, status int) {
	if p.told != nil {
		p.told(p.api, why.String(), status)
	}
}

// grant hands a request on: with the identity, and without what it came by.
func (p *passage) grant(w http.ResponseWriter, r *http.Request, next http.Handler, strip func(http.Header, string) string) {
	p.tell(keywright.Granted, 0)
	granted := r.Clone(context.WithValue(r.Context(), contextKey{}, p))
	granted.URL.RawQuery = strip(granted.Header, granted.URL.RawQuery)
	if granted.URL.RawQuery != r.URL.RawQuery {
		granted.RequestURI = granted.URL.RequestURI() // it held the credential too
	}
	next.ServeHTTP(w, granted)
}

// setHeader keeps the spelling that a scheme gives a header, and leaves one line of it.
func setHeader(h http.Header, name, value string) {
	h.Del(name)
	h[name] = []string{value}
}

// plain is a refusal where no scheme's style is known.
func plain(why keywright.Reason) *scheme.Answer {
	var a *scheme.Answer
	switch why {
	case keywright.Missing, keywright.Unknown:
		a = gate.Plain(http.StatusUnauthorized, "unauthorized", "The request did not come through the gateway.")
		a.Header = append(a.Header, scheme.Header{Name: "WWW-Authenticate", Value: `Keywright realm="gateway"`})
	case keywright.PermissionMissing, keywright.EnvironmentNotGranted, keywright.ServiceNotEnabled, keywright.PlanRequired, keywright.AddressRefused:
		a = gate.Plain(http.StatusForbidden, "forbidden", "The credential may not be used for this request.")
	case keywright.NoSuchRoute:
		a = gate.Plain(http.StatusNotFound, "not_found", "No such endpoint.")
	case keywright.WrongMethod:
		a = gate.Plain(http.StatusMethodNotAllowed, "method_not_allowed", "This endpoint does not take this method.")
	case keywright.TooLarge:
		a = gate.Plain(http.StatusRequestEntityTooLarge, "too_large", "The body is too large.")
	case keywright.BadRequest, keywright.NotAnObject:
		a = gate.Plain(http.StatusBadRequest, "bad_request", "The request is malformed.")
	default:
		a = gate.Plain(http.StatusServiceUnavailable, "unavailable", "The request could not be checked; try again.")
		a.Header = append(a.Header, scheme.Header{Name: "Retry-After", Value: "1"})
	}
	a.Reason = why
	return a
}
