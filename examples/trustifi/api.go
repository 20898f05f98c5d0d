package trustifi

import (
	_ "embed"
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

// Name is the API's name: the audience of the identities that it takes.
const Name = "trustifi"

// Options of the example.
type Options = exampleapi.Options

//go:embed openapi.yaml
var document []byte

// OpenAPI returns the example's OpenAPI document, in YAML.
func OpenAPI() []byte { return document }

// Table returns the routes, and what a key needs for each.
func Table() []exampleapi.Route { return exampleapi.Table(operations()) }

// maxMail bounds a mail's request; the gateway must let as much through.
const maxMail = 256 << 10

func operations() []exampleapi.Operation {
	on := func(method, path string, handle func(*exampleapi.Call) (exampleapi.Reply, error)) exampleapi.Operation {
		return exampleapi.Operation{Route: exampleapi.Route{Method: method, Path: path, MaxBody: maxMail}, Handle: handle}
	}
	return []exampleapi.Operation{
		on(http.MethodGet, "/api/i/v1/me", me),
		on(http.MethodPost, "/api/i/v1/email", send),
		on(http.MethodGet, "/api/i/v1/email/{id}", show),
		on(http.MethodDelete, "/api/i/v1/email/{id}", remove),
		on(http.MethodGet, "/api/i/v1/quarantine", quarantine),
		on(http.MethodPut, "/api/i/v1/quarantine/{id}", act),
	}
}

// New returns the example; it is also an io.Closer.
func New(o Options) (http.Handler, error) {
	return exampleapi.New(o, exampleapi.API{
		Name: Name, Operations: operations(), Dress: dress,
		Bounds: map[exampleapi.RecordKind]int{mails: maxMails}, Challenge: `ApiKey header="x-trustifi-key"`,
	})
}

type refusal struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// dress puts a fault in Trustifi's style; a wrong field is a 400 there.
func dress(f exampleapi.Fault) (int, any) {
	status := int(f.Kind)
	var body refusal
	body.Error.Message = f.Sentence()
	switch f.Kind {
	case exampleapi.Unauthenticated:
		body.Error.Code = "invalid_credentials"
	case exampleapi.Unknown:
		body.Error.Code = "not_found"
	case exampleapi.WrongMethod:
		body.Error.Code = "method_not_allowed"
	case exampleapi.TooLarge:
		body.Error.Code = "too_large"
	case exampleapi.Full:
		body.Error.Code = "limit_reached"
	case exampleapi.Failure:
		body.Error.Code = "internal_error"
	default:
		status, body.Error.Code = http.StatusBadRequest, "invalid_request"
	}
	return status, body
}

type user struct {
	ID    string `json:"_id"`
	Email string `json:"email"`
	Name  string `json:"name"`
	KeyID string `json:"keyId"`
}

// caller says who the identity stands for: at Trustifi a tenant is a user.
func caller(c *exampleapi.Call) user {
	u := user{ID: c.Identity.Subject, Name: c.Identity.TenantName, KeyID: c.Identity.Key, Email: c.Identity.Metadata["email"]}
	if u.Email == "" {
		u.Email = c.Identity.TenantName
	}
	return u
}

func me(c *exampleapi.Call) (exampleapi.Reply, error) {
	return exampleapi.Reply{Body: caller(c)}, nil
}
