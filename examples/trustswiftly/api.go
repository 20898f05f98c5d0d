package trustswiftly

import (
	_ "embed"
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

// Name is the API's name: the audience of the identities that it takes.
const Name = "trustswiftly"

// Options of the example.
type Options = exampleapi.Options

//go:embed openapi.yaml
var document []byte

// OpenAPI returns the example's OpenAPI document, in YAML.
func OpenAPI() []byte { return document }

// Table returns the routes, and what a key needs for each.
func Table() []exampleapi.Route { return exampleapi.Table(operations()) }

const maxBody = 16 << 10

func operations() []exampleapi.Operation {
	on := func(method, path string, handle func(*exampleapi.Call) (exampleapi.Reply, error)) exampleapi.Operation {
		return exampleapi.Operation{Route: exampleapi.Route{Method: method, Path: path, MaxBody: maxBody}, Handle: handle}
	}
	link := on(http.MethodGet, "/magic/{token}", follow)
	link.Open = true // the user who follows it has no key: the link itself is the proof
	return []exampleapi.Operation{
		on(http.MethodPost, "/api/verify-credentials", account),
		on(http.MethodPost, "/api/users", create),
		on(http.MethodGet, "/api/users", list),
		on(http.MethodGet, "/api/users/{id}", show),
		on(http.MethodPatch, "/api/users/{id}", amend),
		on(http.MethodDelete, "/api/users/{id}", remove),
		link,
	}
}

// New returns the example; it is also an io.Closer.
func New(o Options) (http.Handler, error) {
	return exampleapi.New(o, exampleapi.API{Name: Name, Operations: operations(), Dress: dress, Challenge: "Bearer"})
}

type refusal struct {
	Type    string              `json:"error_type"`
	Message string              `json:"error_message"`
	Errors  map[string][]string `json:"errors,omitempty"`
}

// dress puts a fault in Trust Swiftly's style.
func dress(f exampleapi.Fault) (int, any) {
	body := refusal{Message: f.Sentence()}
	switch f.Kind {
	case exampleapi.Unauthenticated:
		body.Type, body.Message = "api_auth_error", "Unauthenticated."
	case exampleapi.Unknown:
		body.Type = "api_not_found_error"
	case exampleapi.WrongMethod:
		body.Type = "api_method_error"
	case exampleapi.Full:
		body.Type = "api_conflict_error"
	case exampleapi.Used:
		body.Type = "api_magic_link_error"
	case exampleapi.Failure:
		body.Type = "api_server_error"
	case exampleapi.WrongField:
		body.Type, body.Message = "api_validation_error", "The given data was invalid."
		body.Errors = map[string][]string{f.Field: {"The " + f.Field + " " + f.Text + "."}}
	default:
		body.Type = "api_request_error"
	}
	return int(f.Kind), body
}

// account says whose credentials these are.
func account(c *exampleapi.Call) (exampleapi.Reply, error) {
	var body struct {
		Status  string `json:"status"`
		Account struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"account"`
	}
	body.Status, body.Account.ID, body.Account.Name = "success", c.Identity.Subject, c.Identity.TenantName
	return exampleapi.Reply{Body: body}, nil
}
