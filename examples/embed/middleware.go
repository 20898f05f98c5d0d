package main

import (
	"context"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
)

// callerKey is where the middleware leaves the decision.
type callerKey struct{}

// caller returns whose request it is. The middleware has let it through, so
// there always is someone; anything else is a mistake in the wiring.
func caller(r *http.Request) *keywright.Decision {
	d, ok := r.Context().Value(callerKey{}).(*keywright.Decision)
	if !ok {
		panic("embed: a handler is reached without the middleware")
	}
	return d
}

// middleware lets through what the gate grants, and answers the rest in the
// scheme's own words. The key goes no further: no handler can log it.
func (k *keys) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		view := gate.Hops{}.View(r)
		verdict := k.gate.Pass(&view, apiName)
		verdict.Headers(w.Header().Set)
		if refusal := verdict.Answer; refusal != nil {
			for _, h := range refusal.Header {
				w.Header().Set(h.Name, h.Value)
			}
			w.WriteHeader(refusal.Status)
			_, _ = w.Write(refusal.Body)
			return
		}
		granted := r.Clone(context.WithValue(r.Context(), callerKey{}, &verdict.Decision))
		granted.URL.RawQuery = verdict.Strip(granted.Header, granted.URL.RawQuery)
		next.ServeHTTP(w, granted)
	})
}
