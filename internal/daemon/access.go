package daemon

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
)

// seen is a ResponseWriter that remembers what was answered, and why. Unwrap
// keeps flushing, hijacking and deadlines working through http.ResponseController.
type seen struct {
	http.ResponseWriter
	streams context.Context // ends when streams must
	cancel  context.CancelFunc
	spared  func() bool // set for a stream: it has ended by itself
	until   time.Time   // the last instant for the request's body; zero if there is none
	status  int
	bytes   int64
	api     string
	reason  string
	key     keywright.KeyID
	person  string // of a login's token
}

type seenKey struct{}

// WriteHeader implements http.ResponseWriter.
func (s *seen) WriteHeader(status int) {
	if s.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		s.status = status
		if status == http.StatusSwitchingProtocols || strings.HasPrefix(s.Header().Get("Content-Type"), "text/event-stream") {
			s.spared = context.AfterFunc(s.streams, s.cancel)
		}
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (s *seen) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.WriteHeader(http.StatusOK)
	}
	n, err := s.ResponseWriter.Write(p)
	s.bytes += int64(n)
	return n, err
}

// SetReadDeadline is for http.ResponseController: a front that waits for each next
// piece of a body must not wait for all of them longer than the whole may take.
func (s *seen) SetReadDeadline(at time.Time) error {
	if !s.until.IsZero() && at.After(s.until) {
		at = s.until
	}
	return http.NewResponseController(s.ResponseWriter).SetReadDeadline(at)
}

// Unwrap is for http.ResponseController.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// report takes down what the gate found, for the access log.
func report(r *http.Request, v *gate.Verdict, _ int, _ time.Duration) {
	s, ok := r.Context().Value(seenKey{}).(*seen)
	if !ok {
		return
	}
	if v.API != nil {
		s.api = v.API.Name
	}
	s.reason, s.key = v.Reason().String(), v.Decision.Key
	if p := v.Decision.Principal; p != nil {
		s.person = p.Person
	}
}

// labelled says which API a request that no gate saw belongs to.
func labelled(r *http.Request, api string) {
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok {
		s.api = api
	}
}

// observed serves a request by the generation in force, times it, gives its body
// a deadline, and logs it: no query, no header, and of the key its id alone.
func (d *Daemon) observed(next func(*generation, http.ResponseWriter, *http.Request)) http.Handler {
	limits := d.o.Source.Config.Limits
	access := d.o.Source.Config.Log.Access
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		g := d.generations.acquire()
		defer d.generations.release(g)
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		s := &seen{ResponseWriter: w, streams: d.streams, cancel: cancel, api: "none"}
		if d.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		method, host, path, from := r.Method, r.Host, r.URL.EscapedPath(), netip.Addr{}
		if access {
			from = g.hops.View(r).Address
		}
		// Deferred, so that an answer that was cut off is counted and logged too.
		defer func() {
			if s.spared != nil {
				s.spared()
			}
			took := time.Since(began)
			d.metrics.durations.WithLabelValues(s.api).Observe(took.Seconds())
			if access {
				d.log.LogAttrs(ctx, slog.LevelInfo, "request",
					slog.String("api", s.api), slog.String("method", bounded(method, 16)), slog.String("host", bounded(host, 100)),
					slog.String("path", maskPath(path)), slog.Int("status", s.status), slog.String("reason", s.reason),
					slog.String("key", s.key.String()), slog.String("person", s.person), slog.String("address", from.String()),
					slog.Int64("bytes", s.bytes), slog.Float64("ms", float64(took.Microseconds())/1000))
			}
		}()
		next(g, s, dribbled(s, r.WithContext(context.WithValue(ctx, seenKey{}, s)), limits.BodyTimeout))
	})
}

// maskPath is what may be logged of a path: the query is never part of it, and
// a segment as long as a secret is not shown, for a client may have put one there.
func maskPath(path string) string {
	const longest = 32
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if len(s) >= longest {
			segments[i] = "[long]"
		}
	}
	return bounded(strings.Join(segments, "/"), 512)
}

func bounded(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
