// Package forwardauth is the front for proxies that ask before they let through:
// nginx auth_request, Caddy and Traefik forward_auth, HAProxy, Apache. It never
// sees a body.
package forwardauth

import (
	"net/http"
	"net/netip"

	"github.com/keywright/keywright/gate"
)

// Options of the front.
type Options struct {
	Gate       func() *gate.Gate // the one in force now
	Identities *gate.Identities  // nil: no assertion is handed out
	// Proxies may ask; a question from elsewhere is refused.
	Proxies []netip.Prefix
	Observe func(api string, reason string, status int)
}

// New returns a handler that reads the original request from X-Forwarded-Method,
// -Proto, -Host and -Uri, and answers 2xx with the identity, or the refusal.
// With nginx=1 in its query it answers what auth_request can carry (403 and a
// status header) instead.
func New(o Options) http.Handler { return http.NotFoundHandler() }
