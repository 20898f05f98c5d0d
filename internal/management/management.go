package management

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// APIName is the name under which the gate knows the management API.
const APIName = "management"

// SchemeName is the scheme whose keys open the management API.
const SchemeName = "keywright"

// Options of the management API.
type Options struct {
	Keeper  *keeper.Keeper
	Store   keywright.Store
	Schemes map[string]*scheme.Scheme
	Gate    func() *gate.Gate // the one in force now, which must hold API(...)
	Clock   func() time.Time
	Log     *slog.Logger
	// View returns the client's address and transport by trusted hops.
	View func(r *http.Request) scheme.View
	// Setup answers POST /v1/setup, which turns the one-use set-up token into
	// the first operator key; nil: no such path. See NewSetup.
	Setup http.Handler
	// Index and Pepper answer verify and explain where a scheme or a need is
	// named instead of an api's route.
	Index  gate.Verifier
	Pepper gate.Digester
	// APIs finds a protected surface by name, for verify and explain without a
	// path; nil: they need a path, or a scheme.
	APIs func(name string) (gate.API, bool)
	// People lets operators in by their sessions, and answers the operations on
	// members and invitations; nil: there are no such operations.
	People *people.Service
	// Sites finds the self-service of an API, or nil; nil: no registrations here.
	Sites func(apiName string) *selfservice.Service
	// SiteURL is the origin of an API's site, and of the operators' own for "", for
	// the links of invitations; "" is none. nil: invitations have no links.
	SiteURL func(apiName string) string
	// Configured answers the operations on what is configured; nil: there are none.
	Configured Configured
	// Meter says what was used; nil: nothing was.
	Meter *meter.Meter
	// Random makes request ids; nil is crypto/rand.
	Random io.Reader
	// Observe is told of every answer once, for metrics; nil is not told.
	Observe func(api, reason string, status int)
}

// New returns the handler of /v1/… and /openapi.json.
func New(o Options) http.Handler {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{Options: o, crossOrigin: http.NewCrossOriginProtection()}
	s.desk = newDesk(o.Log, o.Random, api.Operations(), api.Find, describe)
	s.huma = newHuma(s.mux, managementConfig())
	s.routes()
	s.mux.HandleFunc("POST /v1/keys/import", s.importKeys)
	s.document = render(s.huma.OpenAPI())
	s.mux.HandleFunc("GET /openapi.json", s.openAPI)
	s.mux.HandleFunc("POST /v1/setup", s.setup)
	return s
}

// API describes the management API to the gate: each operation is a route that
// needs its permission, of the scheme keywright and the operators' tenant.
func API(hosts []string, keywrightScheme *scheme.Scheme) gate.API {
	a := gate.API{Name: APIName, Hosts: hosts, Scheme: keywrightScheme}
	for _, op := range api.Operations() {
		route := gate.Route{Methods: []string{op.Method}, Path: op.Path, MaxBody: max(op.MaxBody, api.DefaultMaxBody)}
		if op.Permission == "" {
			route.Open = true
		} else {
			route.Need = keywright.Need{Tenant: keywright.OperatorTenant, Permissions: []string{op.Permission}}
		}
		a.Routes = append(a.Routes, route)
	}
	a.Routes = append(a.Routes, introspection()...)
	return a
}

// server is the handler that New returns.
type server struct {
	Options
	desk
	crossOrigin *http.CrossOriginProtection
}

// routes binds every operation that speaks JSON to its handler.
func (s *server) routes() {
	register(&s.desk, api.OpCreateKey, s.createKey)
	register(&s.desk, api.OpListKeys, s.listKeys)
	register(&s.desk, api.OpGetKey, s.getKey)
	register(&s.desk, api.OpAmendKey, s.amendKey)
	register(&s.desk, api.OpDeleteKey, s.deleteKey)
	register(&s.desk, api.OpRotateKey, s.rotateKey)
	register(&s.desk, api.OpOverlapKey, s.overlapKey)
	register(&s.desk, api.OpPauseKey, s.pauseKey)
	register(&s.desk, api.OpResumeKey, s.resumeKey)
	register(&s.desk, api.OpRevokeKey, s.revokeKey)
	register(&s.desk, api.OpVerify, s.verify)
	register(&s.desk, api.OpExplain, s.explain)
	register(&s.desk, api.OpCreateTenant, s.createTenant)
	register(&s.desk, api.OpListTenants, s.listTenants)
	register(&s.desk, api.OpGetTenant, s.getTenant)
	register(&s.desk, api.OpAmendTenant, s.amendTenant)
	register(&s.desk, api.OpListEvents, s.listEvents)
	register(&s.desk, api.OpExportKeys, s.exportKeys)
	register(&s.desk, api.OpExportTenants, s.exportTenants)
	register(&s.desk, api.OpExportEvents, s.exportEvents)
	s.peopleRoutes()
	s.accountRoutes(s.operatorAccount())
	s.configurationRoutes()
	s.accessRoutes()
	s.usageRoutes()
	describeHeaders(s.huma.OpenAPI())
	describeImport(s.huma.OpenAPI())
	describeSetup(s.huma.OpenAPI())
}
