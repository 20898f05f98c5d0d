// Package management serves the management API over a keeper. It never holds a
// rule of a key's life, and no answer of it but the first holds a credential.
package management

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/scheme"
)

// APIName is the name under which the gate knows the management API.
const APIName = "management"

// Options of the management API.
type Options struct {
	Keeper  *keeper.Keeper
	Store   keywright.Store
	Schemes map[string]*scheme.Scheme
	Gate    func() *gate.Gate // the one in force now, which must hold API(...)
	Clock   func() time.Time
	Log     *slog.Logger
	// Client returns the client's address and transport by trusted hops.
	View func(r *http.Request) scheme.View
	// Setup answers POST /v1/setup, which turns the one-use set-up token into
	// the first operator key; nil: no such path.
	Setup http.Handler
}

// New returns the handler of /v1/… and /openapi.json.
func New(o Options) http.Handler { return http.NotFoundHandler() }

// API describes the management API to the gate: each operation is a route that
// needs its permission, of the scheme keywright and the operators' tenant.
func API(hosts []string, keywrightScheme *scheme.Scheme) gate.API { return gate.API{Name: APIName} }
