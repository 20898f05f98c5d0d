package management

import (
	"context"
	"encoding/base32"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/scheme"
)

// call is one request that was let in.
type call struct {
	request   *http.Request
	view      scheme.View
	verdict   gate.Verdict
	operation api.Operation
	requestID string
	nulls     map[string]bool // the body's members that are null

	operator *selfservice.Caller // the operator whose session makes the request; nil for a key

	caller selfservice.Caller // self-service: the person
	holder selfservice.Holder // self-service: the key
	style  string             // self-service: the scheme in whose style the key is refused
	answer *scheme.Answer     // self-service: the refusal, in that style
	rec    *recorder
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	if c == nil {
		return &call{} // holds no permission, so nothing can be done with it
	}
	return c
}

// desk is what both APIs have in common: the table of operations, and how each is
// answered.
type desk struct {
	log        *slog.Logger
	random     io.Reader
	mux        *http.ServeMux
	huma       huma.API
	find       func(id string) api.Operation
	describe   func(*huma.OpenAPI, api.Operation) huma.Operation
	operations map[string]api.Operation // by "METHOD /path"
	document   []byte
}

func newDesk(log *slog.Logger, random io.Reader, table []api.Operation, find func(string) api.Operation, describe func(*huma.OpenAPI, api.Operation) huma.Operation) desk {
	d := desk{log: log, random: random, mux: http.NewServeMux(), find: find, describe: describe, operations: map[string]api.Operation{}}
	for _, op := range table {
		d.operations[op.Method+" "+op.Path] = op
	}
	return d
}

// open begins an answer: what stands on every one.
func (d *desk) open(w http.ResponseWriter, r *http.Request) (*recorder, *call) {
	rec := &recorder{ResponseWriter: w}
	c := &call{requestID: d.requestID(r), request: r, rec: rec}
	h := rec.Header()
	h.Set("X-Request-Id", c.requestID)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return rec, c
}

// caught turns a panic into an answer; it is deferred with what recover returned.
func (d *desk) caught(p any, rec *recorder, c *call) {
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	d.log.Error("management: a request failed", slog.String("request_id", c.requestID), slog.String("stack", string(debug.Stack())))
	rec.mute = false
	rec.problem(problem(http.StatusInternalServerError, "a fault of ours; the log has it under this answer's X-Request-Id"))
}

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$`)

// requestID is the client's own, if it is short and plain, or a new one.
func (d *desk) requestID(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && saneRequestID.MatchString(ids[0]) {
		return ids[0]
	}
	var b [10]byte
	if _, err := io.ReadFull(d.random, b[:]); err != nil {
		return "none"
	}
	return "req_" + base32.StdEncoding.EncodeToString(b[:])
}

// recorder remembers what was answered, and passes streaming through.
type recorder struct {
	http.ResponseWriter
	status int
	mute   bool // what is written now is dropped: another answer takes its place
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	if r.mute {
		return
	}
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (r *recorder) Write(p []byte) (int, error) {
	if r.mute {
		return len(p), nil
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// answer writes a refusal of the gate, or of a scheme.
func (r *recorder) answer(a *scheme.Answer) {
	for _, h := range a.Header {
		r.Header().Set(h.Name, h.Value)
	}
	r.WriteHeader(a.Status)
	_, _ = r.Write(a.Body)
}

func (d *desk) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(d.document)
}
