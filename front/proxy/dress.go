package proxy

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Faults makes the answer to what arrived on a connection and is no request:
// BadRequest, or InsecureTransport for plain HTTP where TLS is spoken.
type Faults func(r keywright.Reason) *scheme.Answer

// Faults returns the answers of one API's own style, or plain ones where a
// listener has several APIs and api is "".
func (p *Proxy) Faults(api string) Faults {
	return func(r keywright.Reason) *scheme.Answer {
		v := p.options.Gate().Fault(api, r)
		if v.API == nil {
			return gate.Plain(http.StatusBadRequest, "bad_request", "The request could not be read as HTTP, or not over this transport.")
		}
		x := &exchange{proxy: p, target: p.targets[v.API.Name], verdict: v}
		h := make(http.Header)
		x.dress(h)
		a := &scheme.Answer{Reason: r, Status: v.Answer.Status, Body: v.Answer.Body}
		for _, name := range slices.Sorted(maps.Keys(h)) {
			for _, value := range h[name] {
				a.Header = append(a.Header, scheme.Header{Name: name, Value: value})
			}
		}
		return a
	}
}

// Dress makes a listener whose connections say in an API's own style what
// net/http would say in plain text before any handler runs: a header name or
// value that is none, a missing or repeated Host, a request line that is none,
// headers that are too long, an unknown transfer coding or version.
//
// What cannot be dressed: an Expect that is not 100-continue gets an empty 417;
// faults inside HTTP/2 frames reset their stream; a client that does not speak
// TLS where it must gets an alert; a client that sends its headers too slowly is
// hung up on. OPTIONS * is a handler's to answer if the server is hardened.
func Dress(ln net.Listener, f Faults) net.Listener { return &dresser{Listener: ln, faults: f} }

type dresser struct {
	net.Listener
	faults Faults
}

// Accept implements net.Listener.
func (d *dresser) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &dressed{Conn: c, faults: d.faults}, nil
}

// dressed is a connection that knows net/http's own words when it writes them.
type dressed struct {
	net.Conn
	faults  Faults
	raw     bool // it has become another protocol's
	refused bool
}

// cannedHeaders stand under every answer that net/http writes before a handler
// runs, and under no other: a handler's have a Date.
const cannedHeaders = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// Write implements io.Writer. net/http writes each of its own answers in one go.
func (d *dressed) Write(b []byte) (int, error) {
	if d.raw || !bytes.HasPrefix(b, []byte("HTTP/1.1 ")) {
		return d.Conn.Write(b)
	}
	status, rest, _ := bytes.Cut(b[len("HTTP/1.1 "):], []byte("\r\n"))
	if bytes.HasPrefix(status, []byte("101 ")) {
		d.raw = true
	}
	if d.raw || !bytes.HasPrefix(rest, []byte(cannedHeaders)) {
		return d.Conn.Write(b)
	}
	d.refused = true
	if _, err := d.Conn.Write(wire(d.faults(keywright.BadRequest))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite lets net/http end its half first.
func (d *dressed) CloseWrite() error {
	if half, ok := d.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Bounds of what is read from a client that was refused before it was done.
const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 256 << 10
)

// Close implements net.Conn. A connection that is closed with unread bytes is
// reset, and the reset can overtake the answer: so they are read first.
func (d *dressed) Close() error {
	if d.refused {
		linger(d.Conn, d.CloseWrite)
	}
	return d.Conn.Close()
}

func linger(c net.Conn, closeWrite func() error) {
	if closeWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, c, lingerBytes)
	}
}

// wire renders an answer as it goes over a connection that closes after it.
func wire(a *scheme.Answer) []byte {
	b := []byte("HTTP/1.1 " + strconv.Itoa(a.Status) + " " + http.StatusText(a.Status) + "\r\n")
	for _, h := range a.Header {
		b = append(b, h.Name+": "+h.Value+"\r\n"...)
	}
	b = append(b, "Date: "+time.Now().UTC().Format(http.TimeFormat)+"\r\n"...)
	b = append(b, "Content-Length: "+strconv.Itoa(len(a.Body))+"\r\nConnection: close\r\n\r\n"...)
	return append(b, a.Body...)
}

// Bounds of a hardened server.
const (
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	headerBytes = 64 << 10
)

// Harden bounds what a stranger may make a server wait for or hold, where
// nothing is set yet, and hands OPTIONS * to the handler.
func Harden(s *http.Server) {
	s.DisableGeneralOptionsHandler = true
	if s.ReadHeaderTimeout == 0 {
		s.ReadHeaderTimeout = headerTime
	}
	if s.IdleTimeout == 0 {
		s.IdleTimeout = idleTime
	}
	if s.MaxHeaderBytes == 0 {
		s.MaxHeaderBytes = headerBytes
	}
}
