package management

import (
	"context"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// ServeHTTP lets a request through the gate, or in by an operator's session, looks
// at its manners, and hands it to its operation.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec, c := s.open(w, r)
	defer func() {
		s.caught(recover(), rec, c)
		if s.Observe != nil {
			s.Observe(APIName, c.verdict.Decision.Reason.String(), rec.status)
		}
	}()
	c.view = s.View(r)
	if p := s.admit(c, r); p != nil {
		rec.problem(p)
		return
	}
	r = untrailed(r)
	if c.verdict.Answer == nil {
		s.bind(c, r)
	}
	c.verdict.Headers(rec.Header().Set)
	if c.verdict.Answer != nil {
		rec.answer(c.verdict.Answer)
		return
	}
	if p := manners(c, rec, r); p != nil {
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
	switch op := &c.operation; {
	case op.ID == api.OpSetup && s.Setup == nil, (op.Tag == api.TagPeople || op.Tag == api.TagAccess || op.Tag == api.TagAccount) && s.People == nil,
		op.Tag == api.TagRegistrations && s.Sites == nil, op.Tag == api.TagConfiguration && s.Configured == nil:
		c.verdict.Refuse(keywright.NoSuchRoute)
	case c.operator != nil && op.Permission != "" && !keywright.Permits(c.verdict.Decision.Permissions, []string{op.Permission}):
		c.verdict.Refuse(keywright.PermissionMissing)
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

// actor is who makes the request, as the audit trail names them.
func (s *server) actor(ctx context.Context, c *call) keywright.Actor {
	if c.operator != nil {
		return c.operator.Actor
	}
	a := keywright.Actor{ID: c.verdict.Decision.Key.String(), RequestID: c.requestID}
	if c.view.Address.IsValid() {
		a.Address = c.view.Address.Unmap().String()
	}
	if k, err := s.key(ctx, c.verdict.Decision.Key); err == nil {
		a.Name = k.Name
	}
	return a
}

func (s *server) setup(w http.ResponseWriter, r *http.Request) { s.Setup.ServeHTTP(w, r) }
