package acme

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
)

// Name is the API's name: the audience of the identities that it takes.
const Name = "acme"

// The permissions that keys of this API hold. A key with "messages:*" has both
// of the first two, and one with "*" has all.
const (
	readMessages  = "messages:read"
	writeMessages = "messages:write"
	readEvents    = "events:read"
)

// reports is a service: an extra that a tenant has, or has not, switched on.
const reports = "reports"

// test is the environment in which nothing is real. Its data is its own.
const test = "test"

// Options of the example.
type Options = exampleapi.Options

//go:embed openapi.yaml
var document []byte

// OpenAPI returns the example's OpenAPI document, in YAML.
func OpenAPI() []byte { return document }

// Table returns the routes, and what a key needs for each.
func Table() []exampleapi.Route { return exampleapi.Table(new(acme).operations()) }

// maxBody bounds a request's body.
const maxBody = 16 << 10

// acme is the running example: what it has beside its records.
type acme struct {
	hub  *hub
	beat time.Duration // between signs of life on an idle event stream
}

// operations is the whole API: each route, what a key needs for it, and what
// answers. The gateway's table is made of the same rows.
func (a *acme) operations() []exampleapi.Operation {
	return []exampleapi.Operation{
		// Open: no key at all.
		{Route: exampleapi.Route{Method: http.MethodGet, Path: "/v1/status", Open: true}, Handle: status},
		// Any key of the API.
		{Route: exampleapi.Route{Method: http.MethodGet, Path: "/v1/me"}, Handle: me},
		// A permission.
		{Route: may(http.MethodGet, "/v1/messages", readMessages), Handle: listMessages},
		{Route: may(http.MethodPost, "/v1/messages", writeMessages), Handle: a.sendMessage},
		{Route: may(http.MethodGet, "/v1/messages/{id}", readMessages), Handle: showMessage, ETag: true},
		{Route: may(http.MethodDelete, "/v1/messages/{id}", writeMessages), Handle: deleteMessage},
		// An environment: this would be a disaster in live.
		{Route: only(test, may(http.MethodDelete, "/v1/messages", writeMessages)), Handle: clearMessages},
		// A service and a permission.
		{Route: with(reports, may(http.MethodGet, "/v1/reports/daily", readMessages)), Handle: daily},
		// Streams, which end when their key does.
		{Route: may(http.MethodGet, "/v1/events", readEvents), Stream: a.events},
		{Route: may(http.MethodGet, "/v1/socket", readEvents), Stream: a.socket},
		{Route: may(http.MethodGet, "/v1/export", readMessages), Stream: a.export},
	}
}

func may(method, path string, permissions ...string) exampleapi.Route {
	return exampleapi.Route{Method: method, Path: path, Permissions: permissions, MaxBody: maxBody}
}

func only(environment string, r exampleapi.Route) exampleapi.Route {
	r.Environments = []string{environment}
	return r
}

func with(service string, r exampleapi.Route) exampleapi.Route {
	r.Service = service
	return r
}

// New returns the example; it is also an io.Closer, which ends its streams.
func New(o Options) (http.Handler, error) {
	return newWith(o, &acme{hub: newHub(), beat: 15 * time.Second})
}

func newWith(o Options, a *acme) (http.Handler, error) {
	return exampleapi.New(o, exampleapi.API{
		Name: Name, Operations: a.operations(), Dress: dress, FaultType: "application/problem+json", Challenge: "Bearer", Strict: true,
	})
}

// problem is an error as RFC 9457 has it, in the shape of the keywright scheme.
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Errors []fieldError `json:"errors"`
}

type fieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// dress puts a fault in the style in which the gateway refuses too: a client
// meets one kind of error, wherever it comes from.
func dress(f exampleapi.Fault) (int, any) {
	p := problem{Type: "about:blank", Title: http.StatusText(int(f.Kind)), Status: int(f.Kind), Detail: f.Sentence(), Errors: []fieldError{}}
	if f.Field != "" {
		p.Errors = append(p.Errors, fieldError{Field: f.Field, Detail: f.Text})
	}
	return p.Status, p
}

func status(*exampleapi.Call) (exampleapi.Reply, error) {
	return exampleapi.Reply{Body: struct {
		Status string `json:"status"`
	}{"ok"}}, nil
}

// me says all that the gateway tells of a caller.
func me(c *exampleapi.Call) (exampleapi.Reply, error) {
	return exampleapi.Reply{Body: struct {
		Tenant      string   `json:"tenant"`
		Name        string   `json:"name"`
		Key         string   `json:"key_id"`
		Environment string   `json:"environment"`
		Permissions []string `json:"permissions"`
	}{c.Identity.Subject, c.Identity.TenantName, c.Identity.Key, c.Identity.Environment, append([]string{}, c.Identity.Permissions...)}}, nil
}
