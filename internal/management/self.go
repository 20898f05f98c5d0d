package management

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// SelfOptions of NewSelf: one site.
type SelfOptions struct {
	Self   *selfservice.Service
	People *people.Service
	Clock  func() time.Time
	Log    *slog.Logger
	// View returns the client's address and transport by trusted hops.
	View func(r *http.Request) scheme.View
	// Origin is the site's own origin as the browser has it: for the links of
	// invitations, and to tell the site's own pages from another's.
	Origin    func(r *http.Request) string
	Discovery func(r *http.Request) api.Discovery
	// Random makes request ids; nil is crypto/rand.
	Random io.Reader
	// Observe is told of every answer once, for metrics; nil is not told.
	Observe func(api, reason string, status int)
}

// NewSelf returns the handler of a site's /v1/… and /.well-known/keywright.json.
func NewSelf(o SelfOptions) http.Handler {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &selfServer{SelfOptions: o, crossOrigin: http.NewCrossOriginProtection()}
	s.desk = newDesk(o.Log, o.Random, api.SelfOperations(), api.FindSelf, describeSelf)
	s.huma = newHuma(s.mux, selfConfig())
	s.routes()
	s.document = render(s.huma.OpenAPI())
	s.mux.HandleFunc("GET /v1/openapi.json", s.openAPI)
	return s
}

// SelfDocument returns the OpenAPI description of self-service, as served at
// /v1/openapi.json of every site.
func SelfDocument() []byte {
	s, _ := NewSelf(SelfOptions{}).(*selfServer)
	return s.document
}

// selfServer is the handler that NewSelf returns.
type selfServer struct {
	SelfOptions
	desk
	crossOrigin *http.CrossOriginProtection
}

// ServeHTTP finds the operation, looks at the request's manners, recognises who
// makes it, and hands it on.
func (s *selfServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec, c := s.open(w, r)
	rec.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	defer func() {
		s.caught(recover(), rec, c)
		if s.Observe != nil {
			s.Observe(s.Self.Site().API+"-site", selfReason(rec.status), rec.status)
		}
	}()
	c.view = s.View(r)
	r = untrailed(r)
	if p := s.bind(c, rec, r); p != nil {
		rec.problem(p)
		return
	}
	if !safe(r.Method) && s.fromElsewhere(r) {
		rec.problem(problem(http.StatusForbidden, "a request that changes something must come from this site's own pages, or from a program that is no browser"))
		return
	}
	if p := manners(c, rec, r); p != nil {
		rec.problem(p)
		return
	}
	r = r.WithContext(selfservice.WithRequestID(context.WithValue(r.Context(), callKey{}, c), c.requestID))
	c.request = r
	if !s.recognise(c, rec, r) {
		return
	}
	s.mux.ServeHTTP(rec, r)
	if c.answer != nil { // what was written meanwhile was dropped
		rec.mute = false
		rec.styled(c.answer)
	}
}

// selfReason is what the metrics call an outcome, where no gate has judged.
func selfReason(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return keywright.Granted.String()
	case status >= http.StatusInternalServerError:
		return keywright.Failure.String()
	case status == http.StatusTooManyRequests:
		return keywright.Limited.String()
	case status == http.StatusUnauthorized:
		return keywright.Missing.String()
	default:
		return keywright.BadRequest.String()
	}
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// bind finds the operation that a path and a method mean. A path that anyone could
// read in another way means none.
func (s *selfServer) bind(c *call, rec *recorder, r *http.Request) *api.Problem {
	if !plainPath(r.URL.EscapedPath()) {
		return problem(http.StatusNotFound, "there is nothing under this path")
	}
	_, pattern := s.mux.Handler(r)
	op, ok := s.operations[pattern]
	if ok {
		c.operation = op
		return nil
	}
	var methods []string
	for _, op := range s.operations {
		if fits(op.Path, r.URL.Path) {
			methods = append(methods, op.Method)
		}
	}
	if len(methods) == 0 {
		return problem(http.StatusNotFound, "there is nothing under this path")
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	rec.Header().Set("Allow", strings.Join(methods, ", "))
	return problem(http.StatusMethodNotAllowed, "this path takes "+strings.Join(methods, ", "))
}

// plainPath reports whether a path is of segments that every reader takes alike.
func plainPath(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for _, segment := range strings.Split(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
		for _, b := range []byte(segment) {
			letter := b|0x20 >= 'a' && b|0x20 <= 'z'
			if !letter && (b < '0' || b > '9') && strings.IndexByte("-_.~", b) < 0 {
				return false
			}
		}
	}
	return true
}

// fits reports whether a path is of a pattern's shape.
func fits(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, "{") })
}

// fromElsewhere reports whether a browser says that another site's page makes the
// request. Where an old browser names only the origin, it may also be the site's own
// as it is known outside.
func (s *selfServer) fromElsewhere(r *http.Request) bool {
	if s.crossOrigin.Check(r) == nil {
		return false
	}
	return r.Header.Get("Sec-Fetch-Site") != "" || s.Origin == nil || r.Header.Get("Origin") != s.Origin(r)
}

// recognise finds who makes a request, as its operation asks; it answers itself
// where that is nobody.
func (s *selfServer) recognise(c *call, rec *recorder, r *http.Request) bool {
	switch c.operation.Caller {
	case api.PersonCaller:
		if len(r.CookiesNamed(selfservice.SessionCookie)) > 0 && len(r.Header["Authorization"]) > 0 {
			rec.problem(problem(http.StatusBadRequest, "a session's cookie and a token came together: send one of the two"))
			return false
		}
		caller, err := s.Self.Recognise(r, r.URL.Query().Get("tenant"))
		if err != nil {
			rec.refuse(s.failed(c, err), waitOf(err))
			return false
		}
		c.caller = caller
	case api.KeyCaller:
		holder, refusal := s.Self.Held(r)
		if refusal != nil {
			rec.styled(refusal)
			return false
		}
		c.holder, c.style = holder, holder.Key.Scheme
	}
	return true
}

// styled writes a refusal as its scheme says it; one without a body is a problem.
func (r *recorder) styled(a *scheme.Answer) {
	if len(a.Body) == 0 {
		r.problem(problem(a.Status, "there is nothing under this path"))
		return
	}
	r.Header().Del("Content-Type")
	r.Header().Del("Www-Authenticate")
	r.answer(a)
}

// heldFault turns the error of an operation on a key that speaks for itself into
// the scheme's own words, which take the place of what huma writes.
func (s *selfServer) heldFault(c *call, err error) error {
	if errors.Is(err, keywright.Internal) || errors.Is(err, keywright.Unavailable) {
		_ = s.failed(c, err) // logged
	}
	c.answer, c.rec.mute = s.Self.Refusal(c.style, err), true
	if errors.Is(err, people.Throttled) {
		problemHeaders(http.StatusTooManyRequests, waitOf(err), c.rec.Header().Set)
	}
	return err
}

func selfConfig() huma.Config {
	config := huma.DefaultConfig("Keywright self-service API", "1")
	config.Info.Description = "What customers of an API do for themselves: their keys, their people, their sessions, and a registration without an account. " +
		"A person calls with the session of the site's pages, or with an access token of a login as `Authorization: Bearer TOKEN`; never with an API key, which makes no keys. " +
		"The operations under /v1/key are for a key that calls for itself, as the API reads it. Every refusal is application/problem+json, but those of a key: they are what the API itself answers."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: selfservice.SessionCookie, Description: "The session of a person who is signed in on the site. Requests that change something must come from the same origin."},
		"login":   {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "An access token of an identity provider that the API takes."},
		"key":     {Type: "apiKey", In: "header", Name: "Authorization", Description: "A key of the API, or a management token, wherever the API reads it."},
	}
	config.Tags = []*huma.Tag{{Name: "Keys"}, {Name: "People"}, {Name: api.TagAccess}, {Name: "This key"}, {Name: "Usage"}, {Name: "Registration"}}
	return config
}

// describeSelf turns an operation of self-service into huma's.
func describeSelf(doc *huma.OpenAPI, o api.Operation) huma.Operation {
	op := describeAny(doc, o)
	switch o.Caller {
	case api.PersonCaller:
		op.Security = []map[string][]string{{"session": {}}, {"login": {}}}
		if o.Permission != "" {
			op.Extensions = map[string]any{"x-right": o.Permission}
			also(&op, "Needs the right `"+o.Permission+"`"+granted(&o)+".")
		}
	case api.KeyCaller:
		op.Security = []map[string][]string{{"key": {}}}
		op.Responses["default"].Description = "A refusal: in the API's own style where it concerns the key, else application/problem+json."
		op.Responses["default"].Content = map[string]*huma.MediaType{
			jsonType:        {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
			api.ProblemType: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
		}
	case api.AnyCaller:
		op.Security = []map[string][]string{{}}
	}
	return op
}

func granted(o *api.Operation) string {
	if o.Permission != api.OwnKeysWrite || o.Tag == api.TagAccess {
		return ""
	}
	return "; for keys of an environment that has to be granted, `" + string(people.GrantedKeys) + "`"
}
