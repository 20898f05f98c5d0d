package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// exchange is one request on its way, and its answer.
type exchange struct {
	proxy    *Proxy
	target   *target // nil until the API is known, and if it has none
	view     scheme.View
	verdict  gate.Verdict
	identity string
	host     string
	origin   string
	body     *meter
	rest     io.Reader // of the request's body, however much has been read
	cancel   context.CancelCauseFunc
	patience *patience
	began    time.Time

	mu    sync.Mutex
	out   *writer
	ended bool
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange { return r.Context().Value(exchangeKey{}).(*exchange) }

// serve is the life of one request.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, api string) {
	began := time.Now()
	x := &exchange{began: began, proxy: p, view: p.options.View(r), host: r.Host, origin: first(r.Header["Origin"]), rest: r.Body, out: &writer{ResponseWriter: w}}
	defer func() {
		x.end()
		p.tell(r, x, began)
	}()
	defer x.recover(r)
	if x.preflight(r, api) {
		return
	}
	x.verdict = p.options.Gate().Pass(&x.view, api)
	if x.verdict.API != nil {
		x.target = p.targets[x.verdict.API.Name]
	}
	if x.verdict.Answer == nil {
		if fault := x.prepare(r); fault != keywright.Granted {
			x.verdict.Refuse(fault)
		}
	}
	if x.verdict.Answer != nil {
		x.refuse(r.Method)
		return
	}
	x.pass(r)
}

func first(lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	return ""
}

// prepare does what has to be done before a granted request may go on.
func (x *exchange) prepare(r *http.Request) keywright.Reason {
	p := x.proxy
	if x.target == nil {
		p.options.Log.Error("the API has no upstream", "api", x.verdict.API.Name)
		return keywright.UpstreamFailed
	}
	if reason := x.takeBody(r); reason != keywright.Granted {
		return reason
	}
	if p.options.Identities == nil {
		return keywright.Granted
	}
	var err error
	if x.identity, err = p.options.Identities.For(&x.verdict); err != nil {
		p.options.Log.Error("an identity assertion could not be signed", "api", x.verdict.API.Name, "error", err)
		return keywright.Failure
	}
	return keywright.Granted
}

// pass sends the request to its upstream and the answer back.
func (x *exchange) pass(r *http.Request) {
	ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), exchangeKey{}, x))
	defer cancel(nil)
	x.cancel = cancel
	x.patience = newPatience(x.target.timeout, func() { cancel(errSlow) })
	defer x.patience.stop()
	onward := r.WithContext(ctx)
	if x.body != nil {
		onward.Body = x.body
	}
	if !x.proxy.streams.add(x) {
		x.verdict.Refuse(keywright.Failure)
		x.refuse(r.Method)
		return
	}
	defer x.proxy.streams.remove(x)
	x.proxy.forward.ServeHTTP(x.out, onward)
}

// settling reports whether an exchange is young and has no answer yet. A stream has
// begun its answer, and so is never spared.
func (x *exchange) settling() bool { return !x.out.begun() && time.Since(x.began) < settles }

// cut ends an exchange whose key no longer passes.
func (x *exchange) cut(reason keywright.Reason) {
	x.cancel(&cutError{reason})
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ended && x.out.begun() {
		// The client may be slow to take what is under way: it gets no more of it.
		_ = http.NewResponseController(x.out.ResponseWriter).SetWriteDeadline(time.Now())
	}
}

func (x *exchange) end() {
	x.mu.Lock()
	x.ended = true
	x.mu.Unlock()
}

// refuse writes the verdict's answer.
func (x *exchange) refuse(method string) {
	a := x.verdict.Answer
	h := x.out.Header()
	clear(h)
	x.out.final = nil
	x.dress(h)
	if !x.drain() {
		h.Set("Connection", "close")
	}
	if a.Status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	x.out.WriteHeader(a.Status)
	if method != http.MethodHead {
		_, _ = x.out.Write(a.Body)
	}
}

// dress sets the headers of the verdict's answer, as they are spelled.
func (x *exchange) dress(h http.Header) {
	for _, line := range x.verdict.Answer.Header {
		h[line.Name] = append(h[line.Name], line.Value)
	}
	x.verdict.Headers(func(name, value string) { put(h, name, value) })
	x.allowOrigin(h)
}

// The ways in which an exchange fails on our own account.
var (
	errSlow     = errors.New("the upstream did not answer in time")
	errTooLarge = errors.New("the body is longer than the API takes")
)

// cutError says that the key of an exchange no longer passes.
type cutError struct{ reason keywright.Reason }

// Error implements error.
func (e *cutError) Error() string { return "the key no longer passes: " + e.reason.String() }

// fail is told by the reverse proxy that no answer came of an exchange.
func fail(_ http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r)
	cause := context.Cause(r.Context())
	var cut *cutError
	reason := keywright.UpstreamFailed
	switch {
	case errors.As(cause, &cut):
		reason = cut.reason
	case x.body != nil && x.body.over.Load():
		reason = keywright.TooLarge
	case x.body != nil && (x.body.broken.Load() || (errors.Is(cause, context.Canceled) && x.body.waiting.Load())):
		reason = keywright.BadRequest // net/http gives a request up when its body does not come
	case errors.Is(cause, context.Canceled):
		panic(http.ErrAbortHandler) // the client has gone: nobody is to blame, and nobody to answer
	}
	if reason == keywright.UpstreamFailed {
		x.proxy.options.Log.Warn("the upstream failed", "api", x.verdict.API.Name, "error", err, "cause", cause)
	}
	if x.out.begun() {
		panic(http.ErrAbortHandler)
	}
	x.verdict.Refuse(reason)
	x.refuse(r.Method)
}

// recover dresses a panic, unless the answer is under way: then the connection
// is dropped, so that nobody takes half an answer for a whole one.
func (x *exchange) recover(r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		// The value may hold anything at all, so only its type is told.
		x.proxy.options.Log.Error("panic in the proxy", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		if !x.out.begun() {
			x.verdict.Refuse(keywright.Failure)
			x.refuse(r.Method)
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// statusClientGone is reported, and never sent, when the client did not wait for
// its answer: the number that nginx uses.
const statusClientGone = 499

// tell reports an exchange that has ended.
func (p *Proxy) tell(r *http.Request, x *exchange, began time.Time) {
	status := x.out.status()
	if status == 0 {
		status = statusClientGone
	}
	if p.options.Observe != nil {
		api := ""
		if x.verdict.API != nil {
			api = x.verdict.API.Name
		}
		p.options.Observe(api, x.verdict.Reason().String(), status)
	}
	if p.options.Report != nil {
		p.options.Report(r, &x.verdict, status, time.Since(began))
	}
}
