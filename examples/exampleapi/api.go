package exampleapi

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/seal"
)

// Identify returns who a request is made for. An error means nobody: 401.
type Identify func(*http.Request) (seal.Identity, error)

// FromVerifier reads the identity from the signed assertion that the gateway (or
// the middleware) put under seal.IdentityHeader.
func FromVerifier(v *seal.Verifier) Identify {
	return func(r *http.Request) (seal.Identity, error) {
		lines := r.Header.Values(seal.IdentityHeader)
		if len(lines) != 1 {
			return seal.Identity{}, errors.New("exampleapi: not exactly one identity assertion")
		}
		return v.Verify(lines[0])
	}
}

// Options of an example.
type Options struct {
	Identify  Identify         // who a request is made for; required
	Clock     func() time.Time // nil is time.Now
	Dir       string           // where the example keeps its data; "" is memory
	PublicURL string           // where clients reach the example; "" is where the request says
	Log       *slog.Logger     // faults of the example itself; nil is slog.Default
	// Keys calls the management API with the backend's own operator key: what an
	// example's key-management endpoints are written over. nil: they answer 503.
	Keys func() (*client.Client, error)
}

// Route is one shape of request and what a key needs for it. The gateway's table
// is made of these, so that the example and its gate cannot drift apart.
type Route struct {
	Method       string
	Path         string // "/v1/items/{id}": one segment for {id}
	Scheme       string // the scheme, where an API has several; "" is the API's
	Service      string // a service that the tenant must have on
	Permissions  []string
	Environments []string // "" is all of the scheme's
	MaxBody      int64    // bytes of a request's body; 0 is the gateway's default
	Open         bool     // no key is needed
	Login        bool     // only a person's login is taken, and no key
}

// Operation is a route and what answers it. Exactly one of Handle and Stream is
// set: Stream writes its answer itself, and an error before it wrote is answered
// in style.
type Operation struct {
	Route
	Handle func(*Call) (Reply, error)
	Stream func(*Call, http.ResponseWriter) error
	ETag   bool // answers of GET carry an entity tag, and If-None-Match is heeded
}

// Reply is an answer: Body is written as JSON unless it is nil.
type Reply struct {
	Status int // 0 is 200
	Body   any
	Header map[string]string
}

// API is everything that differs between the examples.
type API struct {
	Name       string // the file's name in Options.Dir
	Operations []Operation
	Bounds     map[RecordKind]int                 // how many records of a kind one tenant may have
	Dress      func(Fault) (status int, body any) // a fault in the system's own style
	FaultType  string                             // media type of a fault; "" is application/json
	Challenge  string                             // WWW-Authenticate of a 401
	Pretty     bool                               // JSON in lines, two spaces a level
	Strict     bool                               // Accept and Content-Type must name JSON, and a body no unknown field
}

// Table returns the routes of operations.
func Table(operations []Operation) []Route {
	routes := make([]Route, len(operations))
	for i, o := range operations {
		routes[i] = o.Route
	}
	return routes
}
