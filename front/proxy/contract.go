// Package proxy is the front that stands in the request's way: it lets granted
// requests through to their upstream, and writes every refusal in the scheme's
// own style. It never passes a credential on.
package proxy

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Options of the proxy.
type Options struct {
	Gate       func() *gate.Gate // the one in force now
	Targets    map[string]Target // by API name
	Identities *gate.Identities
	Clock      func() time.Time // the injected one
	View       func(r *http.Request) scheme.View
	MaxBody    int64 // bytes of a request's body; 0 is 10 MiB
	Log        *slog.Logger
	// Observe is told of every answer once, for metrics; nil is not told.
	Observe func(api string, reason string, status int)
}

// Target is where an API's granted requests go.
type Target struct {
	Upstream string // http:// or https:// base URL
	CORS     *CORS
	Timeout  time.Duration     // until the upstream's answer begins; 0 is 30 s
	Local    http.RoundTripper // instead of the network, for upstreams in this process; nil is the network
}

// CORS is an API's cross-origin policy. Never credentials.
type CORS struct {
	Origins []string // exact origins, or the one "*"
	Headers []string // request headers beside the scheme's own
	Expose  []string // response headers beside the limits'
	MaxAge  time.Duration
}

// Proxy is an http.Handler.
type Proxy struct{}

// New returns a proxy.
func New(o Options) (*Proxy, error) { return &Proxy{}, nil }

// ServeHTTP finds the API by host.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// On returns a handler for a listener that belongs to one API alone.
func (p *Proxy) On(api string) http.Handler { return p }

// Close cuts every open stream.
func (p *Proxy) Close() {}
