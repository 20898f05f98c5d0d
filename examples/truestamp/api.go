package truestamp

import (
	_ "embed"
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

// Name is the API's name: the audience of the identities that it takes.
const Name = "truestamp"

// Scheme is the contract of its keys, which takes the tokens of a login too.
const Scheme = "truestamp"

// Options of the example.
type Options = exampleapi.Options

//go:embed openapi.yaml
var document []byte

// OpenAPI returns the example's OpenAPI document, in YAML.
func OpenAPI() []byte { return document }

// Table returns the routes, and what a key needs for each.
func Table() []exampleapi.Route { return exampleapi.Table(operations()) }

// maxBody is ample for a hash.
const maxBody = 4 << 10

func operations() []exampleapi.Operation {
	route := func(method, path string) exampleapi.Route {
		return exampleapi.Route{Method: method, Path: path, MaxBody: maxBody}
	}
	health := route(http.MethodGet, "/v1/health")
	health.Open = true
	return []exampleapi.Operation{
		{Route: health, Handle: alive},
		{Route: route(http.MethodPost, "/v1/items"), Handle: create},
		{Route: route(http.MethodGet, "/v1/items/{id}"), Handle: show, ETag: true},
		{Route: route(http.MethodPut, "/v1/items/{id}"), Handle: replace, ETag: true},
		{Route: login(route(http.MethodPost, "/v1/apikeys")), Handle: createKey},
		{Route: login(route(http.MethodGet, "/v1/apikeys")), Handle: listKeys},
		{Route: login(route(http.MethodDelete, "/v1/apikeys/{id}")), Handle: deleteKey},
	}
}

// login makes a route that only a person who is logged in may take.
func login(r exampleapi.Route) exampleapi.Route {
	r.Login = true
	return r
}

// New returns the example; it is also an io.Closer.
func New(o Options) (http.Handler, error) {
	return exampleapi.New(o, exampleapi.API{
		Name: Name, Operations: operations(), Dress: dress, Challenge: "Bearer", Pretty: true, Strict: true,
	})
}

type refusal struct {
	Message string `json:"message"`
}

// dress puts a fault in Truestamp's style: an object with a message.
// Its contract has no 503.
func dress(f exampleapi.Fault) (int, any) {
	if f.Kind == exampleapi.Away {
		f.Kind = exampleapi.Failure
	}
	return int(f.Kind), refusal{Message: f.Sentence()}
}

func alive(*exampleapi.Call) (exampleapi.Reply, error) {
	return exampleapi.Reply{Body: struct {
		Status string `json:"status"`
	}{"ok"}}, nil
}
