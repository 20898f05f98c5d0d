package trusset

import (
	_ "embed"
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

// Name is the API's name: the audience of the identities that it takes.
const Name = "trusset"

// The schemes of the two key systems, which share one API.
const (
	InstanceScheme = "trusset-instance"
	MiCAScheme     = "trusset-mica"
	// MembersScheme is the contract of the logins that manage an instance's keys,
	// and ManagementScheme that of the tokens that manage a register key.
	MembersScheme    = "trusset-members"
	ManagementScheme = "trusset-mica-management"
)

// Options of the example.
type Options = exampleapi.Options

//go:embed openapi.yaml
var document []byte

// OpenAPI returns the example's OpenAPI document, in YAML.
func OpenAPI() []byte { return document }

// Table returns the routes, and what a key needs for each.
func Table() []exampleapi.Route { return exampleapi.Table(operations()) }

const maxBody = 16 << 10

// operations are the endpoints: one service each, but for customers, which the
// vendor puts under tokenization.
func operations() []exampleapi.Operation {
	on := func(method, path, service string, handle func(*exampleapi.Call) (exampleapi.Reply, error)) exampleapi.Operation {
		route := exampleapi.Route{Method: method, Path: path, Scheme: InstanceScheme, Service: service, MaxBody: maxBody}
		return exampleapi.Operation{Route: route, Handle: handle}
	}
	login := func(method, path string, handle func(*exampleapi.Call) (exampleapi.Reply, error)) exampleapi.Operation {
		route := exampleapi.Route{Method: method, Path: path, Scheme: MembersScheme, MaxBody: maxBody, Login: true}
		return exampleapi.Operation{Route: route, Handle: handle}
	}
	return []exampleapi.Operation{
		on(http.MethodGet, "/customers/api/manage", "tokenization", listCustomers),
		on(http.MethodPost, "/customers/api/manage", "tokenization", createCustomer),
		on(http.MethodGet, "/tokenization/api/tokens", "tokenization", listTokens),
		on(http.MethodGet, "/trading/api/orders", "trading", listOrders),
		on(http.MethodPost, "/trading/api/orders", "trading", placeOrder),
		on(http.MethodGet, "/lending/api/markets", "lending", listMarkets),
		on(http.MethodGet, "/custody/api/wallets", "custody", listWallets),
		{
			Route:  exampleapi.Route{Method: http.MethodGet, Path: "/api/mica/v1/issuers", Scheme: MiCAScheme},
			Handle: listIssuers,
		},
		login(http.MethodGet, "/keys/api/manage", listKeys),
		login(http.MethodPost, "/keys/api/manage", createKey),
		login(http.MethodPost, "/keys/api/manage/{id}/rotate", rotateKey),
		login(http.MethodPost, "/keys/api/manage/{id}/revoke", revokeKey),
		login(http.MethodPost, "/keys/api/manage/{id}/pause", pauseKey),
		login(http.MethodDelete, "/keys/api/manage/{id}", deleteKey),
		{Route: exampleapi.Route{Method: http.MethodPost, Path: "/api/mica/v1/keys/register", Scheme: MiCAScheme, MaxBody: maxBody, Open: true}, Handle: register},
		{Route: exampleapi.Route{Method: http.MethodPost, Path: "/api/mica/v1/keys/rotate", Scheme: ManagementScheme, MaxBody: maxBody}, Handle: rotateRegistered},
		{Route: exampleapi.Route{Method: http.MethodPost, Path: "/api/mica/v1/keys/revoke", Scheme: ManagementScheme, MaxBody: maxBody}, Handle: revokeRegistered},
	}
}

// New returns the example; it is also an io.Closer.
func New(o Options) (http.Handler, error) {
	return exampleapi.New(o, exampleapi.API{
		Name: Name, Operations: operations(), Dress: dress, Challenge: `ApiKey header="X-API-Key"`,
		Bounds: map[exampleapi.RecordKind]int{customers: maxCustomers, orders: maxOrders, entries: maxCustomers + maxOrders + maxSeeds},
	})
}

type refusal struct {
	Success bool `json:"success"`
	Error   struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// dress puts a fault in Trusset's style; a wrong field is a 400 there.
func dress(f exampleapi.Fault) (int, any) {
	status := int(f.Kind)
	var body refusal
	body.Error.Message = f.Sentence()
	switch f.Kind {
	case exampleapi.Unauthenticated:
		body.Error.Code = "AUTH_FAILED"
	case exampleapi.Forbidden:
		body.Error.Code = "FORBIDDEN"
	case exampleapi.Crowded:
		body.Error.Code = "RATE_LIMIT_EXCEEDED"
	case exampleapi.Away:
		status, body.Error.Code = http.StatusInternalServerError, "INTERNAL_ERROR"
	case exampleapi.Unknown:
		body.Error.Code = "NOT_FOUND"
	case exampleapi.WrongMethod:
		body.Error.Code = "METHOD_NOT_ALLOWED"
	case exampleapi.TooLarge:
		body.Error.Code = "PAYLOAD_TOO_LARGE"
	case exampleapi.Full:
		body.Error.Code = "LIMIT_REACHED"
	case exampleapi.Failure:
		body.Error.Code = "INTERNAL_ERROR"
	default:
		status, body.Error.Code = http.StatusBadRequest, "VALIDATION_ERROR"
	}
	return status, body
}

type envelope struct {
	Success  bool `json:"success"`
	Data     any  `json:"data"`
	Metadata struct {
		RequestID string `json:"requestId"`
		Timestamp string `json:"timestamp"`
	} `json:"metadata"`
}

// success puts data in Trusset's envelope.
func success(c *exampleapi.Call, status int, data any) exampleapi.Reply {
	e := envelope{Success: true, Data: data}
	e.Metadata.RequestID = "req_" + exampleapi.NewID(c.Now)
	e.Metadata.Timestamp = c.Stamp()
	return exampleapi.Reply{Status: status, Body: e}
}

// page is which part of a list is asked for.
type page struct{ limit, offset int }

func pageOf(c *exampleapi.Call) (page, error) {
	limit, err := c.Int("limit", 50, 1, 100)
	if err != nil {
		return page{}, err
	}
	offset, err := c.Int("offset", 0, 0, 1_000_000)
	return page{limit, offset}, err
}
