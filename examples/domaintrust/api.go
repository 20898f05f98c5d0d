package domaintrust

import (
	_ "embed"
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

// Name is the API's name: the audience of the identities that it takes.
const Name = "domaintrust"

// The environments. The key alone fixes which of them a request is in.
const (
	Testing    = "testing"
	Production = "production"
)

// Options of the example.
type Options = exampleapi.Options

//go:embed openapi.yaml
var document []byte

// OpenAPI returns the example's OpenAPI document, in YAML.
func OpenAPI() []byte { return document }

// Table returns the routes, and what a key needs for each.
func Table() []exampleapi.Route { return exampleapi.Table(operations()) }

// maxBody is room for maxDomains domains.
const maxBody = 512 << 10

// maxKeyBody is ample for a key's description.
const maxKeyBody = 16 << 10

func operations() []exampleapi.Operation {
	on := func(method, path string, handle func(*exampleapi.Call) (exampleapi.Reply, error)) exampleapi.Operation {
		route := exampleapi.Route{Method: method, Path: path, Environments: []string{Testing, Production}, MaxBody: maxBody}
		return exampleapi.Operation{Route: route, Handle: handle}
	}
	login := func(method, path string, handle func(*exampleapi.Call) (exampleapi.Reply, error)) exampleapi.Operation {
		route := exampleapi.Route{Method: method, Path: path, Scheme: MembersScheme, MaxBody: maxKeyBody, Login: true}
		return exampleapi.Operation{Route: route, Handle: handle}
	}
	return []exampleapi.Operation{
		on(http.MethodGet, "/api/version", version),
		on(http.MethodPost, "/api/domains", submit),
		on(http.MethodGet, "/api/domains", list),
		on(http.MethodGet, "/api/domains/{domain}", show),
		login(http.MethodGet, "/api/keys", withKeys(listKeys)),
		login(http.MethodPost, "/api/keys", withKeys(createKey)),
		login(http.MethodGet, "/api/keys/{id}", withKeys(showKey)),
		login(http.MethodPatch, "/api/keys/{id}", withKeys(amendKey)),
		login(http.MethodDelete, "/api/keys/{id}", withKeys(deleteKey)),
		login(http.MethodPost, "/api/keys/{id}/rotate", withKeys(rotateKey)),
	}
}

// New returns the example; it is also an io.Closer.
func New(o Options) (http.Handler, error) {
	return exampleapi.New(o, exampleapi.API{
		Name: Name, Operations: operations(), Dress: dress, FaultType: "application/problem+json", Challenge: "Bearer",
	})
}

// problem is Domain Trust's error: errors lists wrong fields, and is never null.
type problem struct {
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Errors []fieldError `json:"errors"`
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// dress puts a fault in Domain Trust's style.
func dress(f exampleapi.Fault) (int, any) {
	p := problem{Title: http.StatusText(int(f.Kind)), Status: int(f.Kind), Detail: f.Sentence(), Errors: []fieldError{}}
	if f.Field != "" {
		p.Errors = append(p.Errors, fieldError{Field: f.Field, Message: f.Text})
	}
	return p.Status, p
}

func version(*exampleapi.Call) (exampleapi.Reply, error) {
	return exampleapi.Reply{Body: struct {
		Version string `json:"version"`
	}{"1.0.0"}}, nil
}

// scope is where the caller's submissions are. In production that is one place
// for all, of which each submitter has a bounded share; in testing it is the
// organization's own.
func scope(c *exampleapi.Call) exampleapi.Scope {
	s := c.Scope()
	if s.Environment == Production {
		s.Tenant, s.Owner = "shared", s.Tenant
	}
	return s
}
