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

	"github.com/keywright/keywright/internal/config"
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
	d.listeners = append(d.listeners, d.newListener(o.name, raw, o.h, t))
	return nil
}

func (d *Daemon) newListener(name string, raw net.Listener, h http.Handler, t *tls.Config) *listener {
	limits := d.plan().Source.Config.Limits
	slots := d.slots
	if name == managementDoor || name == metricsDoor { // must answer while the public doors are full
		slots = d.ownSlots
	}
	sock := newCapped(raw, slots, &d.metrics.connections)
	server := newServer(h, limits, d.log)
	if t != nil {
		server.TLSConfig = t
	}
	return &listener{name: name, net: sock, server: server, tls: t != nil}
}

func newServer(h http.Handler, limits config.Limits, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: limits.HeaderTimeout,
		IdleTimeout:       limits.IdleTimeout,
		MaxHeaderBytes:    int(limits.HeaderBytes),
		ErrorLog:          slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
		// OPTIONS * must reach the gate, not net/http's own 200.
		DisableGeneralOptionsHandler: true,
	}
}

// serve answers until the listener is closed.
func (l *listener) serve() error {
	var err error
	if l.tls {
		err = l.server.ServeTLS(l.net, "", "")
	} else {
		err = l.server.Serve(l.net)
	}
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

// bodies gives a request's body its own time: a client that dribbles is cut,
// while an answer that streams for hours is not.
func bodies(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		rc := http.NewResponseController(w)
		if rc.SetReadDeadline(time.Now().Add(limit)) == nil {
			r.Body = &timedBody{ReadCloser: r.Body, done: sync.OnceFunc(func() { _ = rc.SetReadDeadline(time.Time{}) })}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody lifts the deadline when the body has been read.
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

// Close implements io.Closer.
func (b *timedBody) Close() error {
	b.done()
	return b.ReadCloser.Close()
}
