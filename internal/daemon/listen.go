package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/scheme"
)

// listener is one open door: a socket and the server behind it.
type listener struct {
	name   string
	net    net.Listener
	server *http.Server
	tls    bool
}

// capped lets at most so many connections be held at once, over all listeners
// that share it; what comes beyond waits in the kernel's queue.
type capped struct {
	net.Listener
	slots chan struct{}
	held  *atomic.Int64
	done  chan struct{}
	once  *sync.Once
}

func newCapped(l net.Listener, slots chan struct{}, held *atomic.Int64) *capped {
	return &capped{Listener: l, slots: slots, held: held, done: make(chan struct{}), once: &sync.Once{}}
}

// Accept waits for a free slot, then for a connection.
func (c *capped) Accept() (net.Conn, error) {
	select {
	case c.slots <- struct{}{}:
	case <-c.done:
		return nil, net.ErrClosed
	}
	conn, err := c.Listener.Accept()
	if err != nil {
		<-c.slots
		return nil, err
	}
	c.held.Add(1)
	return &slotConn{Conn: conn, free: sync.OnceFunc(func() { c.held.Add(-1); <-c.slots })}, nil
}

// Close ends a waiting Accept too.
func (c *capped) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Listener.Close()
}

// slotConn gives its slot back when it is closed.
type slotConn struct {
	net.Conn
	free func()
}

// Close implements net.Conn.
func (c *slotConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// CloseWrite lets a half-closed connection pass through, as upgrades need.
func (c *slotConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// open binds a door. Nothing is answered before serve.
func (d *Daemon) open(ctx context.Context, o door) error {
	var lc net.ListenConfig
	raw, err := lc.Listen(ctx, "tcp", o.addr)
	if err != nil && o.elsewhere {
		host, _, _ := net.SplitHostPort(o.addr)
		raw, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return fmt.Errorf("listening for %s on %s: %w", o.name, o.addr, err)
	}
	var t *tls.Config
	if o.tls {
		t = d.certs.config()
	}
	slots := d.slots
	if o.own { // must answer while the public doors are full
		slots = d.ownSlots
	}
	var sock net.Listener = newCapped(raw, slots, &d.metrics.connections)
	server := d.newServer(o.h)
	if t != nil {
		server.TLSConfig = t
		sock = proxy.DressTLS(sock, t, d.faults(o.api))
	} else {
		sock = proxy.Dress(sock, d.faults(o.api))
	}
	d.listeners = append(d.listeners, &listener{name: o.name, net: sock, server: server, tls: t != nil})
	return nil
}

// faults answers what is no request in the style of the door's API, as the
// configuration in force has it.
func (d *Daemon) faults(api string) proxy.Faults {
	return func(r keywright.Reason) *scheme.Answer { return d.generations.current.Load().proxy.Faults(api)(r) }
}

func (d *Daemon) newServer(h http.Handler) *http.Server {
	limits := d.o.Source.Config.Limits
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: limits.HeaderTimeout,
		IdleTimeout:       limits.IdleTimeout,
		MaxHeaderBytes:    int(limits.HeaderBytes),
		ErrorLog:          slog.NewLogLogger(quiet{d.log.Handler()}, slog.LevelDebug),
	}
	proxy.Harden(s)
	return s
}

// serve answers until the listener is closed.
func (l *listener) serve() error {
	err := l.server.Serve(l.net) // TLS is the socket's
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("the %s listener ended: %w", l.name, err)
}

// quiet drops what net/http says of a client's faults below the debug level,
// and what it says at all is one bounded line.
type quiet struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	message := r.Message
	if len(message) > 300 {
		message = message[:300] + "…"
	}
	out := slog.NewRecord(r.Time, r.Level, "net/http", 0)
	out.AddAttrs(slog.String("detail", message))
	return q.Handler.Handle(ctx, out)
}

// dribbled gives a request's body its own time: a client that dribbles is cut,
// while an answer that streams for hours is not.
func dribbled(w *seen, r *http.Request, limit time.Duration) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	until := time.Now().Add(limit)
	if w.SetReadDeadline(until) == nil {
		w.until = until
		r.Body = &timedBody{ReadCloser: r.Body, done: sync.OnceFunc(func() { _ = w.SetReadDeadline(time.Time{}) })}
	}
	return r
}

// timedBody lifts the deadline when the body has been read to its end, and not
// before: what a handler leaves unread, net/http reads, and must not wait for.
type timedBody struct {
	io.ReadCloser
	done func()
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.done()
	}
	return n, err
}
