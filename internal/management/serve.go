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
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// call is one request that the gate has let through.
type call struct {
	view      scheme.View
	verdict   gate.Verdict
	operation api.Operation
	requestID string
	nulls     map[string]bool // the body's members that are null
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	if c == nil {
		return &call{} // holds no permission, so nothing can be done with it
	}
	return c
}

// ServeHTTP lets a request through the gate, looks at its manners, and hands it
// to its operation.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	c := &call{requestID: s.requestID(r)}
	h := rec.Header()
	h.Set("X-Request-Id", c.requestID)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Log.Error("management: a request failed", slog.String("request_id", c.requestID), slog.String("stack", string(debug.Stack())))
			rec.problem(problem(http.StatusInternalServerError, "a fault of ours; the log has it under this answer's X-Request-Id"))
		}
		if s.Observe != nil {
			s.Observe(APIName, c.verdict.Decision.Reason.String(), rec.status)
		}
	}()
	c.view = s.View(r)
	c.verdict = s.Gate().Pass(&c.view, APIName)
	r = untrailed(r)
	if c.verdict.Answer == nil {
		s.bind(c, r)
	}
	c.verdict.Headers(h.Set)
	if c.verdict.Answer != nil {
		rec.answer(c.verdict.Answer)
		return
	}
	if p := s.manners(c, rec, r); p != nil {
		rec.problem(p)
		return
	}
	s.mux.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
}

// bind makes sure that the route which the gate decided on is the very one that
// will answer: two readings of one path must never end in another's permission.
func (s *server) bind(c *call, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	_, pattern := s.mux.Handler(r)
	if c.verdict.Route == nil || pattern != method+" "+c.verdict.Route.Path {
		c.verdict.Refuse(keywright.NoSuchRoute)
		return
	}
	c.operation = s.operations[pattern]
	if c.operation.ID == api.OpSetup && s.Setup == nil {
		c.verdict.Refuse(keywright.NoSuchRoute)
	}
}

// untrailed drops a trailing slash, which to the gate makes no other path.
func untrailed(r *http.Request) *http.Request {
	path, found := strings.CutSuffix(r.URL.Path, "/")
	if !found || path == "" {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = path, strings.TrimSuffix(u.RawPath, "/")
	out := *r
	out.URL = &u
	return &out
}

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$`)

// requestID is the client's own, if it is short and plain, or a new one.
func (s *server) requestID(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && saneRequestID.MatchString(ids[0]) {
		return ids[0]
	}
	var b [10]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "none"
	}
	return "req_" + base32.StdEncoding.EncodeToString(b[:])
}

// actor is who makes the request, as the audit trail names them.
func (s *server) actor(ctx context.Context, c *call) keywright.Actor {
	a := keywright.Actor{ID: c.verdict.Decision.Key.String(), RequestID: c.requestID}
	if c.view.Address.IsValid() {
		a.Address = c.view.Address.Unmap().String()
	}
	if k, err := s.key(ctx, c.verdict.Decision.Key); err == nil {
		a.Name = k.Name
	}
	return a
}

// recorder remembers what was answered, and passes streaming through.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// answer writes a refusal of the gate.
func (r *recorder) answer(a *scheme.Answer) {
	for _, h := range a.Header {
		r.Header().Set(h.Name, h.Value)
	}
	r.WriteHeader(a.Status)
	_, _ = r.Write(a.Body)
}

func (s *server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.document)
}

func (s *server) setup(w http.ResponseWriter, r *http.Request) { s.Setup.ServeHTTP(w, r) }
