package proxy

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Options of the proxy.
type Options struct {
	Gate       func() *gate.Gate // the one in force now
	Targets    map[string]Target // by API name
	Identities *gate.Identities  // nil: upstreams are told of nobody
	Clock      func() time.Time  // the injected one
	View       func(r *http.Request) scheme.View
	MaxBody    int64 // bytes of a request's body; 0 is 10 MiB
	Log        *slog.Logger
	// Observe is told of every answer once, for metrics; nil is not told.
	Observe func(api string, reason string, status int)
	// Report is told of every answer once, when it has ended, for an access log;
	// nil is not told. It must not keep the request or the verdict.
	Report func(r *http.Request, v *gate.Verdict, status int, took time.Duration)
}

// Target is where an API's granted requests go.
type Target struct {
	Upstream string // http:// or https:// base URL
	CORS     *CORS
	Timeout  time.Duration     // without progress until the upstream's answer begins; 0 is 30 s
	Local    http.RoundTripper // instead of the network, for upstreams in this process; nil is the network
}

// Defaults and bounds.
const (
	defaultMaxBody = 10 << 20
	defaultTimeout = 30 * time.Second
	recheckEvery   = 200 * time.Millisecond
	// A request that was let through has so long for its answer to begin, even if its
	// key dies meanwhile: one that ends its own key is to hear that it did.
	settles = time.Second
)

// Proxy is an http.Handler.
type Proxy struct {
	options Options
	targets map[string]*target
	streams *streams
	forward *httputil.ReverseProxy
}

// New returns a proxy. It returns an Invalid error that names the target whose
// upstream or cross-origin policy is wrong.
func New(o Options) (*Proxy, error) {
	switch {
	case o.Gate == nil:
		return nil, invalid("gate", "a proxy needs a gate to ask")
	case o.View == nil:
		o.View = gate.Hops{}.View
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Proxy{options: o, targets: make(map[string]*target, len(o.Targets))}
	for name, t := range o.Targets {
		made, err := newTarget(name, t)
		if err != nil {
			return nil, err
		}
		p.targets[name] = made
	}
	p.streams = newStreams(o.Gate)
	p.forward = &httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      transport{},
		ModifyResponse: respond,
		ErrorHandler:   fail,
		ErrorLog:       slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		BufferPool:     newBuffers(),
	}
	return p, nil
}

// ServeHTTP finds the API by host.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve(w, r, "") }

// On returns a handler for a listener that belongs to one API alone.
func (p *Proxy) On(api string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, api) })
}

// Close cuts every open stream, lets go of idle connections, and refuses with
// Failure what is granted from then on.
func (p *Proxy) Close() {
	p.streams.close()
	for _, t := range p.targets {
		t.close()
	}
}

// buffers is a pool for copying bodies.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func newBuffers() *buffers {
	b := &buffers{}
	b.pool.New = func() any { return new([bufferSize]byte) }
	return b
}

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte { return b.pool.Get().(*[bufferSize]byte)[:] }

// Put implements httputil.BufferPool.
func (b *buffers) Put(buf []byte) {
	if cap(buf) >= bufferSize {
		b.pool.Put((*[bufferSize]byte)(buf[:bufferSize]))
	}
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}
