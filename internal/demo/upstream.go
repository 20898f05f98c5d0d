package demo

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// upstream runs a handler behind a listener that exists in memory only: real
// HTTP, with streams and upgrades and hang-ups, and no port.
type upstream struct {
	server    *http.Server
	listener  *pipes
	transport *http.Transport
}

func newUpstream(h http.Handler) *upstream {
	u := &upstream{listener: &pipes{conns: make(chan net.Conn), done: make(chan struct{})}}
	u.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	u.transport = &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return u.listener.dial(ctx) },
		MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true,
	}
	go func() { _ = u.server.Serve(u.listener) }() // ends with ErrServerClosed
	return u
}

func (u *upstream) close() {
	u.transport.CloseIdleConnections()
	_ = u.server.Close() // nothing waits for it any more
}

// pipes is a net.Listener over net.Pipe.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }
