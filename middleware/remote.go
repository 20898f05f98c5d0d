package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Verifier asks a Keywright whether a request would be granted. *client.Client
// is one, with an operator key that holds keys:verify.
type Verifier interface {
	Verify(ctx context.Context, v api.Verify) (api.Verdict, error)
}

// RemoteOptions of Remote.
type RemoteOptions struct {
	Verifier Verifier
	// Scheme dresses refusals, and reads the credential: schemes.Shipped has those
	// that ship, scheme.Parse reads a file.
	Scheme *scheme.Scheme
	// API is the protected surface's name there: its routes say what a request
	// needs, by method and path. "" verifies the bare scheme, and Need says it.
	API  string
	Need *api.Need
	// Count takes each request from the key's limits. Only with API.
	Count bool
	Hops  gate.Hops // which proxies in front are trusted; the zero value trusts none
	// Timeout bounds the whole question, retries included; 0 is two seconds.
	Timeout time.Duration
	// MaxAsking bounds the questions that are under way at once; 0 is 256. One
	// more waits, within its time.
	MaxAsking int
	Observe   Observe
}

const (
	defaultTimeout   = 2 * time.Second
	defaultMaxAsking = 256
)

// remote is Remote at work.
type remote struct {
	RemoteOptions
	asking chan struct{}
}

// Remote asks a Keywright elsewhere about each request. What is not even well
// formed is refused here, without asking. Whatever keeps the answer away refuses
// the request as a Failure.
//
// No grant is remembered. A grant that is kept for ten seconds lets a revoked key
// pass for ten seconds, and no figure that we could choose would be yours: who
// needs an answer from memory embeds a gate, or stands behind the gateway, and
// both hold the bound that their follower states. Limit headers are not set,
// since the verify endpoint does not tell what is left.
//
// It returns an Invalid error for options that cannot work.
func Remote(o RemoteOptions) (Middleware, error) {
	switch {
	case o.Verifier == nil:
		return nil, invalid("verifier", "remote verification needs somebody to ask: a *client.Client")
	case o.Scheme == nil:
		return nil, invalid("scheme", "remote verification needs the scheme, to answer in its words")
	case o.API != "" && o.Need != nil:
		return nil, invalid("need", "an API's routes say what is needed: give API or Need, not both")
	case o.Count && o.API == "":
		return nil, invalid("count", "limits are an API's: name it")
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxAsking <= 0 {
		o.MaxAsking = defaultMaxAsking
	}
	m := &remote{RemoteOptions: o, asking: make(chan struct{}, o.MaxAsking)}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serve(w, r, next) })
	}, nil
}

func (m *remote) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	p := &passage{speaks: m.Scheme, told: m.Observe, api: m.API}
	if p.api == "" {
		p.api = m.Scheme.Name()
	}
	view := m.Hops.View(r)
	if seen := m.Scheme.Present(&view); m.API == "" && seen.Reason != keywright.Granted && !seen.Token {
		p.refuse(w, seen)
		return
	}
	verdict, err := m.ask(r.Context(), &view)
	if err != nil {
		p.refuse(w, scheme.Presented{Reason: keywright.Failure})
		return
	}
	if why := reasonOf(&verdict); why != keywright.Granted {
		p.refuse(w, m.dressed(&view, why))
		return
	}
	// An open route of an API has nobody; the bare scheme always has somebody.
	if p.identity = ofVerdict(&verdict, m.Scheme.Name()); p.identity == nil && m.API == "" {
		p.refuse(w, scheme.Presented{Reason: keywright.Failure})
		return
	}
	p.grant(w, r, next, func(h http.Header, q string) string { return m.Scheme.Strip(h, q) })
}

// ask puts the question, within its time.
func (m *remote) ask(ctx context.Context, view *scheme.View) (api.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	select {
	case m.asking <- struct{}{}:
		defer func() { <-m.asking }()
	case <-ctx.Done():
		return api.Verdict{}, ctx.Err()
	}
	return m.Verifier.Verify(ctx, m.question(view))
}

// question holds what the decision needs and no more: of the headers those that
// the scheme reads, and of the query nothing, unless the credential is in it.
func (m *remote) question(view *scheme.View) api.Verify {
	q := api.Verify{API: m.API, Need: m.Need, Method: view.Method, Count: m.Count, Transport: "http", Headers: map[string]any{}}
	if view.TLS {
		q.Transport = "https"
	}
	if view.Address.IsValid() {
		q.Address = view.Address.String()
	}
	if m.API == "" {
		q.Scheme = m.Scheme.Name()
	} else {
		q.Path = view.Path
	}
	if rest := m.Scheme.Strip(map[string][]string{}, view.RawQuery); rest != view.RawQuery {
		q.Path = view.Path + "?" + view.RawQuery
	}
	for _, name := range append(m.Scheme.CredentialHeaders(), "Accept", "Content-Type") {
		if lines := view.Header[name]; len(lines) > 0 {
			q.Headers[name] = lines
		}
	}
	return q
}

// reasonOf reads a verdict's reason. One that contradicts itself, or that this
// version does not know, is a failure.
func reasonOf(v *api.Verdict) keywright.Reason {
	why, ok := keywright.ParseReason(v.Reason)
	if !ok || v.Granted != (why == keywright.Granted) {
		return keywright.Failure
	}
	return why
}

// dressed finds again what the verdict does not tell: which part is missing, and
// whether a value is wrapped.
func (m *remote) dressed(view *scheme.View, why keywright.Reason) scheme.Presented {
	if seen := m.Scheme.Present(view); seen.Reason == why {
		return seen
	}
	return scheme.Presented{Reason: why}
}
