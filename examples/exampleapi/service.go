package exampleapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/seal"
)

// Service is a running example: an http.Handler and an io.Closer.
type Service struct {
	api      API
	identify Identify
	clock    func() time.Time
	public   string
	log      *slog.Logger
	keys     func() (*client.Client, error)
	store    *Store
	mux      *http.ServeMux
	done     chan struct{}
	once     sync.Once
}

// New opens an example's records and makes its handler.
func New(o Options, api API) (*Service, error) {
	if o.Identify == nil {
		return nil, errors.New("exampleapi: Options.Identify is required: an example trusts only an identity")
	}
	store, err := OpenStore(o.Dir, api.Name, api.Bounds)
	if err != nil {
		return nil, err
	}
	s := &Service{
		api: api, identify: o.Identify, clock: o.Clock, public: strings.TrimSuffix(o.PublicURL, "/"),
		log: o.Log, keys: o.Keys, store: store, mux: http.NewServeMux(), done: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.register()
	return s, nil
}

// register fills the mux so that it never answers by itself: its own answers
// are plain text, which no system speaks.
func (s *Service) register() {
	allowed := map[string][]string{}
	for _, op := range s.api.Operations {
		s.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, op) })
		allowed[op.Path] = append(allowed[op.Path], op.Method)
	}
	for pattern, methods := range allowed {
		slices.Sort(methods)
		allow := strings.Join(methods, ", ")
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", allow)
			s.refuse(w, fault(WrongMethod))
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, fault(Unknown)) })
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The mux redirects a path that it would clean, in plain text.
	if path.Clean(r.URL.Path) != r.URL.Path {
		s.refuse(w, fault(Unknown))
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Close ends open streams and closes the records.
func (s *Service) Close() error {
	var err error
	s.once.Do(func() {
		close(s.done)
		err = s.store.Close()
	})
	return err
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request, op Operation) {
	call := &Call{Request: r, Now: s.clock().UTC(), service: s, limit: op.MaxBody}
	if !op.Open {
		id, err := s.identify(r)
		if err != nil || !fits(id, op.Route) {
			s.refuse(w, fault(Unauthenticated))
			return
		}
		call.Identity = id
	}
	if s.api.Strict && !acceptsJSON(r.Header.Values("Accept")) && op.Stream == nil {
		s.refuse(w, fault(NotAcceptable))
		return
	}
	if op.Stream != nil {
		if r.Method != op.Method { // HEAD, which the mux lets GET answer, would never end
			w.Header().Set("Allow", op.Method)
			s.refuse(w, fault(WrongMethod))
			return
		}
		if err := op.Stream(call, w); err != nil {
			s.fail(w, r, err)
		}
		return
	}
	reply, err := op.Handle(call)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, reply, op.ETag)
}

// fits reports whether an identity is of the kind that a route takes. The
// gateway has seen to it; an upstream with two kinds of keys looks again.
func fits(id seal.Identity, r Route) bool {
	if id.Subject == "" || (r.Scheme != "" && id.Scheme != r.Scheme) {
		return false
	}
	if r.Login && id.Key != "" {
		return false // a key, where only a person's login will do
	}
	return len(r.Environments) == 0 || slices.Contains(r.Environments, id.Environment)
}

func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f Fault
	if !errors.As(err, &f) {
		s.log.ErrorContext(r.Context(), "example failed", "api", s.api.Name, "method", r.Method, "error", err.Error())
		f = fault(Failure)
	}
	s.refuse(w, f)
}

// acceptsJSON reports whether one of the media ranges of Accept is JSON's. No
// Accept at all, or an empty one, accepts everything.
func acceptsJSON(lines []string) bool {
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		media, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "*/*", "application/*", "application/json":
			if !refusedByWeight(params) {
				return true
			}
		}
	}
	return false
}

// refusedByWeight reports whether a media range's parameters say q=0.
func refusedByWeight(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") && strings.Trim(value, "0.") == "" {
			return true
		}
	}
	return false
}

// Records opens the records to the program that runs the example, for seeds and tests.
func (s *Service) Records(ctx context.Context, fn func(Tx) error) error { return s.store.Do(ctx, fn) }
