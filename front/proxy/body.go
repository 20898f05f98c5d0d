package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// takeBody bounds the request's body, and reads it whole only where the scheme
// wants it to be a JSON object.
func (x *exchange) takeBody(r *http.Request) keywright.Reason {
	limit := x.proxy.options.MaxBody
	if own := x.verdict.Route.MaxBody; own > 0 {
		limit = own
	}
	if r.ContentLength > limit {
		return keywright.TooLarge
	}
	if !x.view.Body {
		return keywright.Granted
	}
	x.body = &meter{ReadCloser: r.Body, exchange: x, left: limit}
	if !x.verdict.Scheme.Manners().Object {
		return keywright.Granted
	}
	whole, err := io.ReadAll(x.body)
	switch {
	case x.body.over.Load():
		return keywright.TooLarge
	case err != nil:
		return keywright.BadRequest
	case len(whole) > 0 && !isObject(whole):
		return keywright.NotAnObject
	}
	x.body.ReadCloser = replay{bytes.NewReader(whole), r.Body}
	x.body.left = int64(len(whole))
	return keywright.Granted
}

// replay reads what was read already.
type replay struct {
	io.Reader
	io.Closer
}

// isObject reports whether a body is one JSON object, in UTF-8 as RFC 8259 asks.
func isObject(body []byte) bool {
	start := bytes.TrimLeft(body, " \t\r\n")
	return len(start) > 0 && start[0] == '{' && utf8.Valid(body) && json.Valid(body)
}

// meter is a body that may not grow past its limit.
type meter struct {
	io.ReadCloser
	exchange *exchange
	left     int64
	over     atomic.Bool // it did
	broken   atomic.Bool // the client stopped short, or sent what is no body
	waiting  atomic.Bool // for the client, at this moment
}

// Read implements io.Reader.
func (m *meter) Read(b []byte) (int, error) {
	if m.over.Load() {
		return 0, errTooLarge
	}
	// One byte more than is left tells a body that ends here from one that goes on.
	if int64(len(b)) > m.left+1 {
		b = b[:m.left+1]
	}
	// A client that stops sending is not the upstream's fault: while it is waited
	// for, its own deadline runs, and not the upstream's.
	x := m.exchange
	x.patience.pause()
	x.readBy(time.Now().Add(x.target.timeout))
	m.waiting.Store(true)
	n, err := m.ReadCloser.Read(b)
	if errors.Is(err, io.EOF) {
		x.readBy(time.Time{})
	}
	x.patience.extend()
	if int64(n) > m.left {
		m.over.Store(true)
		return int(m.left), errTooLarge
	}
	m.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, http.ErrBodyReadAfterClose) {
		m.broken.Store(true)
	}
	m.waiting.Store(false)
	return n, err
}

// Close implements io.Closer. net/http closes what it made itself, once the rest
// of it is no longer waited for.
func (m *meter) Close() error { return nil }

// readBy sets until when the request's body is waited for. A transport may read
// on for a moment after the exchange has ended, when the connection is already
// somebody else's.
func (x *exchange) readBy(at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ended {
		// A writer without deadlines, as in a test, waits for nobody.
		_ = http.NewResponseController(x.out.ResponseWriter).SetReadDeadline(at)
	}
}

// drain takes the rest of a refused request's body, within bounds, and reports
// whether that was all of it. A connection that is closed with unread bytes is
// reset, and the reset overtakes the answer; one that is kept must be at the
// beginning of the next request. net/http would wait for the rest without end.
func (x *exchange) drain() bool {
	if !x.view.Body || x.rest == nil {
		return true
	}
	x.readBy(time.Now().Add(lingerTime))
	if len(x.view.Header["Expect"]) > 0 {
		return false // a client that waits for 100 Continue sends nothing before it
	}
	_, err := io.CopyN(io.Discard, x.rest, lingerBody)
	if !errors.Is(err, io.EOF) {
		return false
	}
	x.readBy(time.Time{})
	return true
}

// lingerBody bounds what is read for nothing; lingerTime bounds how long.
const lingerBody = 16 << 20

// patience is how long an upstream may take to begin its answer, counted from
// the last progress of the request's body. A nil one never ends.
type patience struct {
	mu      sync.Mutex
	timer   *time.Timer
	length  time.Duration
	stopped bool
}

func newPatience(length time.Duration, lost func()) *patience {
	return &patience{timer: time.AfterFunc(length, lost), length: length}
}

func (p *patience) pause() {
	if p != nil {
		p.timer.Stop()
	}
}

func (p *patience) extend() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.timer.Reset(p.length)
	}
}

func (p *patience) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.timer.Stop()
}
