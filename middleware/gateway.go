package middleware

import (
	"context"
	"errors"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// Assertions checks what the gateway signed. Fixed makes one of keys that are at
// hand, and FetchKeys one that gets them from the gateway. An error that is not
// seal.ErrIdentity means that it cannot be checked now.
type Assertions interface {
	Check(ctx context.Context, token string) (seal.Identity, error)
}

// Fixed checks with a verifier whose keys are given.
func Fixed(v *seal.Verifier) Assertions { return fixed{v} }

type fixed struct{ v *seal.Verifier }

// Check implements Assertions.
func (f fixed) Check(_ context.Context, token string) (seal.Identity, error) {
	return f.v.Verify(token)
}

// GatewayOptions of Gateway.
type GatewayOptions struct {
	Assertions Assertions
	// Scheme dresses refusals; nil answers plain ones. A refusal here is rare: the
	// gateway has let the request pass already.
	Scheme  *scheme.Scheme
	Observe Observe
}

// Gateway trusts the identity that a Keywright in front has signed, and nothing
// else: a request without a valid assertion did not come through it. It returns
// an Invalid error for options without Assertions.
func Gateway(o GatewayOptions) (Middleware, error) {
	if o.Assertions == nil {
		return nil, invalid("assertions", "say how the gateway's assertions are checked: FetchKeys or Fixed")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, next) })
	}, nil
}

func (o *GatewayOptions) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	p := &passage{speaks: o.Scheme, told: o.Observe, api: "gateway"}
	lines := r.Header[seal.IdentityHeader]
	if len(lines) == 0 {
		p.refuse(w, scheme.Presented{Reason: keywright.Missing})
		return
	}
	if len(lines) > 1 {
		p.refuse(w, scheme.Presented{Reason: keywright.Unknown})
		return
	}
	who, err := o.Assertions.Check(r.Context(), lines[0])
	switch {
	case errors.Is(err, seal.ErrIdentity):
		p.refuse(w, scheme.Presented{Reason: keywright.Unknown})
	case err != nil:
		p.refuse(w, scheme.Presented{Reason: keywright.Failure})
	default:
		p.identity = ofAssertion(&who)
		p.grant(w, r, next, o.strip)
	}
}

// strip takes the assertion off, which is as good as a key for its minute, and
// whatever credential a gateway that was set up by hand let through.
func (o *GatewayOptions) strip(h http.Header, query string) string {
	delete(h, seal.IdentityHeader)
	if o.Scheme != nil {
		return o.Scheme.Strip(h, query)
	}
	return query
}
