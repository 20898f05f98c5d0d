package daemon

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright/internal/management"
)

// seen is a ResponseWriter that remembers what was answered. Unwrap keeps
// flushing, hijacking and deadlines working through http.ResponseController.
type seen struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (s *seen) WriteHeader(status int) {
	if s.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (s *seen) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	n, err := s.ResponseWriter.Write(p)
	s.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// observed times a request, gives its body a deadline, and logs it.
// api is the one that the door belongs to, or "" to go by the host.
func (d *Daemon) observed(api string, next http.Handler) http.Handler {
	next = bodies(next, d.o.Source.Config.Limits.BodyTimeout)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s := &seen{ResponseWriter: w}
		if d.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		method, host, path, of := r.Method, r.Host, r.URL.EscapedPath(), api
		if of == "" {
			of = d.current.Load().apiOf(r)
		}
		next.ServeHTTP(s, r)
		took := time.Since(began)
		d.metrics.durations.WithLabelValues(of).Observe(took.Seconds())
		if !d.plan().Source.Config.Log.Access {
			return
		}
		d.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("api", of), slog.String("method", bounded(method, 16)), slog.String("host", bounded(host, 100)), slog.String("path", maskPath(path)),
			slog.Int("status", s.status), slog.Int64("bytes", s.bytes), slog.Duration("took", took))
	})
}

// maskPath is what may be logged of a path: the query is never part of it, and
// a segment as long as a secret is not shown, for a client may have put one there.
func maskPath(path string) string {
	const longest = 32
	segments := strings.Split(bounded(path, 512), "/")
	for i, s := range segments {
		if len(s) >= longest {
			segments[i] = "[long]"
		}
	}
	return strings.Join(segments, "/")
}

func bounded(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// apiOf is the API that a request's host belongs to, as a label: one that the
// configuration names, never what a client made up.
func (g *generation) apiOf(r *http.Request) string {
	host := hostOf(r)
	if g.console[host] {
		return management.APIName
	}
	if api, ok := g.hosts[host]; ok {
		return api
	}
	return "none"
}
