package management

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/selfservice"
)

// reply is an answer about one record.
type reply[T any] struct {
	Status int
	ETag   string `header:"ETag" doc:"The record's version, for If-Match."`
	Body   T
}

// listing is an answer of many records, or of a verdict.
type listing[T any] struct{ Body T }

// nothing is an answer without a body.
type nothing struct{}

func newHuma(mux *http.ServeMux, config huma.Config) huma.API {
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema member, no Link to schemas that are not served
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{reshape}
	return humago.New(mux, config)
}

func managementConfig() huma.Config {
	config := huma.DefaultConfig("Keywright management API", "1")
	config.Info.Description = "Issues, verifies and ends API keys. Every operation but /v1/setup and this document needs an operator key: " +
		"`Authorization: Bearer kw_live_…`, bound to the operators' tenant, with the permission that the operation names. " +
		"No answer but the first about a key holds its credential. Every refusal is application/problem+json."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"operator": {Type: "http", Scheme: "bearer", Description: "A key of the keywright scheme that is bound to the operators' tenant."},
		"session":  {Type: "apiKey", In: "cookie", Name: selfservice.SessionCookie, Description: "The session of an operator who is signed in on this host: its role says what it may do. Requests that change something must come from the same origin."},
		"setup":    {Type: "http", Scheme: "bearer", Description: "The one-use set-up token."},
	}
	config.Tags = []*huma.Tag{{Name: "Keys"}, {Name: "Tenants"}, {Name: "People"}, {Name: "Registrations"}, {Name: api.TagAccess}, {Name: api.TagConfiguration}, {Name: "Events"}, {Name: "Usage"}, {Name: "Setup"}}
	return config
}

// register is the one adapter between an operation and its handler.
func register[I, O any](d *desk, id string, handle func(context.Context, *call, *I) (*O, error)) {
	op := d.describe(d.huma.OpenAPI(), d.find(id))
	huma.Register(d.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, callFrom(ctx), in)
		if err != nil {
			return nil, d.fault(ctx, err)
		}
		return out, nil
	})
}

// describe turns an operation of the management API's table into huma's.
func describe(doc *huma.OpenAPI, o api.Operation) huma.Operation {
	op := describeAny(doc, o)
	if o.Permission != "" {
		op.Security = []map[string][]string{{"operator": {}}, {"session": {}}}
		op.Extensions = map[string]any{"x-permission": o.Permission}
		also(&op, "Needs the permission `"+o.Permission+"`.")
	}
	return op
}

// also adds a paragraph to an operation's description.
func also(op *huma.Operation, text string) {
	if op.Description != "" {
		op.Description += "\n\n"
	}
	op.Description += text
}

// describeAny is what operations of both APIs have in common.
func describeAny(doc *huma.OpenAPI, o api.Operation) huma.Operation {
	op := huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: o.Path, DefaultStatus: o.Success, Tags: []string{o.Tag},
		Summary: o.Summary, Description: o.Detail, MaxBodyBytes: maxBody(o) + 1, BodyReadTimeout: -1,
		Responses: map[string]*huma.Response{"default": refusal(doc)},
	}
	if o.Export {
		text := &huma.Schema{Type: huma.TypeString}
		op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{csvType: {Schema: text}, linesType: {Schema: text}}}
	}
	if replays(o.ID) {
		op.Responses["200"] = &huma.Response{Description: "The Idempotency-Key was used before: the key as it is, without its credential.",
			Content: map[string]*huma.MediaType{jsonType: {Schema: schemaOf(doc, reflect.TypeFor[api.Key](), "Key")}}}
	}
	return op
}

// replays reports whether an operation takes an Idempotency-Key.
func replays(id string) bool {
	return slices.Contains([]string{api.OpCreateKey, api.OpRotateKey, api.OpRotateRegistration, api.OpCreateOwnKey, api.OpRotateOwnKey, api.OpRotateHeldKey}, id)
}

func maxBody(o api.Operation) int64 {
	if o.MaxBody == 0 {
		return api.DefaultMaxBody
	}
	return o.MaxBody
}

// refusal describes the one shape of every refusal.
func refusal(doc *huma.OpenAPI) *huma.Response {
	return &huma.Response{
		Description: "A refusal: 400 not well formed, 401 no valid key, 403 not permitted, 404 no such thing, 405 another method, 406 and 415 another media type, " +
			"409 the state of things forbids it, 412 changed meanwhile, 413 too large, 422 a field is wrong, 429 too many requests, 500 a fault of ours, 503 not now.",
		Content: map[string]*huma.MediaType{api.ProblemType: {Schema: schemaOf(doc, reflect.TypeFor[api.Problem](), "Problem")}},
	}
}

func schemaOf(doc *huma.OpenAPI, t reflect.Type, hint string) *huma.Schema {
	return doc.Components.Schemas.Schema(t, true, hint)
}

// render spells the document, the same bytes each time.
func render(doc *huma.OpenAPI) []byte {
	raw, err := json.Marshal(doc)
	if err != nil {
		panic("management: the OpenAPI document does not marshal: " + err.Error())
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		panic("management: the OpenAPI document does not indent: " + err.Error())
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// Document returns the OpenAPI description, as served at /openapi.json.
func Document() []byte {
	s, _ := New(Options{}).(*server)
	return s.document
}

// describeHeaders says what Go's any cannot: a header is a text or a list of texts.
func describeHeaders(doc *huma.OpenAPI) {
	text := &huma.Schema{Type: huma.TypeString}
	for _, name := range []string{"Verify", "TryScheme"} {
		headers := doc.Components.Schemas.Map()[name].Properties["headers"]
		headers.AdditionalProperties = &huma.Schema{OneOf: []*huma.Schema{text, {Type: huma.TypeArray, Items: text}}}
		headers.Examples = []any{map[string]any{"Authorization": "Bearer kw_live_…"}}
		headers.PrecomputeMessages()
	}
}

func describeImport(doc *huma.OpenAPI) {
	op := describe(doc, api.Find(api.OpImport))
	text := &huma.Schema{Type: huma.TypeString}
	op.Parameters = []*huma.Param{
		{Name: "tenant", In: "query", Description: "For rows that name none: id or ref.", Schema: text},
		{Name: "scheme", In: "query", Description: "For rows that name none.", Schema: text},
	}
	row := schemaOf(doc, reflect.TypeFor[api.ImportRow](), "ImportRow")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		linesType: {Schema: row}, "application/jsonl": {Schema: row}, "text/csv": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		jsonType:  {Schema: schemaOf(doc, reflect.TypeFor[api.ImportSummary](), "ImportSummary")},
		linesType: {Schema: schemaOf(doc, reflect.TypeFor[api.ImportLine](), "ImportLine")},
	}}
	doc.AddOperation(&op)
}

func describeSetup(doc *huma.OpenAPI) {
	op := describe(doc, api.Find(api.OpSetup))
	op.Security = []map[string][]string{{"setup": {}}, {}}
	op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{jsonType: {Schema: schemaOf(doc, reflect.TypeFor[api.Setup](), "Setup")}}}
	op.Responses["201"] = &huma.Response{Description: "Created", Content: map[string]*huma.MediaType{
		jsonType: {Schema: schemaOf(doc, reflect.TypeFor[api.Key](), "Key")},
	}}
	doc.AddOperation(&op)
	open := describe(doc, api.Find(api.OpOpenAPI))
	open.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{jsonType: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}}
	doc.AddOperation(&open)
}
