package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// DressTLS does for a listener what tls.NewListener does, and what Dress does
// inside of it; a client that speaks plain HTTP to it is told so in the API's
// own style. It shakes hands before a connection is accepted, so that slow
// clients hold up nobody; HTTP/2 connections go on as they are.
func DressTLS(ln net.Listener, config *tls.Config, f Faults) net.Listener {
	config = config.Clone()
	if len(config.NextProtos) == 0 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	d := &tlsDresser{Listener: ln, config: config, faults: f, ready: make(chan net.Conn), done: make(chan struct{}), gate: make(chan struct{}, maxHandshakes)}
	go d.run()
	return d
}

const (
	handshakeTime = 10 * time.Second
	maxHandshakes = 4096 // under way at once; the rest wait in the kernel's queue
	retryAccept   = 50 * time.Millisecond
)

type tlsDresser struct {
	net.Listener
	config *tls.Config
	faults Faults
	ready  chan net.Conn
	gate   chan struct{}
	done   chan struct{}
	once   sync.Once
}

// Accept implements net.Listener.
func (d *tlsDresser) Accept() (net.Conn, error) {
	select {
	case c := <-d.ready:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *tlsDresser) Close() error {
	d.once.Do(func() { close(d.done) })
	return d.Listener.Close()
}

func (d *tlsDresser) run() {
	for {
		c, err := d.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			_ = d.Close()
			return
		}
		if err != nil { // out of file descriptors, for one: it passes
			select {
			case <-time.After(retryAccept):
				continue
			case <-d.done:
				return
			}
		}
		select {
		case d.gate <- struct{}{}:
			go d.shake(c)
		case <-d.done:
			_ = c.Close()
			return
		}
	}
}

// shake does one handshake, and hands the connection over.
func (d *tlsDresser) shake(c net.Conn) {
	secure := tls.Server(c, d.config)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	err := secure.HandshakeContext(ctx)
	cancel()
	<-d.gate
	if err != nil {
		d.misdirected(c, err)
		_ = c.Close()
		return
	}
	var accepted net.Conn = secure
	if secure.ConnectionState().NegotiatedProtocol != "h2" {
		accepted = &dressedTLS{dressed{Conn: secure, faults: d.faults}}
	}
	select {
	case d.ready <- accepted:
	case <-d.done:
		_ = c.Close()
	}
}

// misdirected answers a client that speaks HTTP where TLS is spoken.
func (d *tlsDresser) misdirected(c net.Conn, err error) {
	var header tls.RecordHeaderError
	if !errors.As(err, &header) || header.Conn == nil {
		return
	}
	starts := []string{"GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO"}
	if !slices.Contains(starts, string(header.RecordHeader[:])) {
		return
	}
	_ = c.SetDeadline(time.Now().Add(lingerTime))
	if _, err := c.Write(wire(d.faults(keywright.InsecureTransport))); err != nil {
		return
	}
	linger(c, (&dressed{Conn: c}).CloseWrite)
}

// dressedTLS is a dressed connection that net/http knows to be TLS.
type dressedTLS struct{ dressed }

// ConnectionState is what net/http asks a connection for.
func (d *dressedTLS) ConnectionState() tls.ConnectionState {
	return d.Conn.(*tls.Conn).ConnectionState()
}
