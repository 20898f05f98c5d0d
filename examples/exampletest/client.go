package exampletest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/seal"
)

// Client calls an example and holds every answer against its document.
type Client struct {
	t       testing.TB
	handler http.Handler
	doc     *openapi3.T
	router  routers.Router
	loose   bool
}

// Loosely returns a client that does not mind when a request is granted that the
// document would refuse: where one bad part does not stop the others.
func (c *Client) Loosely() *Client {
	other := *c
	other.loose = true
	return &other
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// New loads and validates the document, and compares it with the table: each
// route is documented, and each documented operation has a route.
func New(t testing.TB, handler http.Handler, document []byte, table []exampleapi.Route) *Client {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatalf("the OpenAPI document does not load: %v", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("the OpenAPI document is not valid: %v", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi: %s, want 3.1", doc.OpenAPI)
	}
	compare(t, doc, table)
	doc.Servers = nil // the tests call the handler, not the published address
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatalf("no router: %v", err)
	}
	if closer, ok := handler.(io.Closer); ok {
		t.Cleanup(func() { _ = closer.Close() })
	}
	return &Client{t: t, handler: handler, doc: doc, router: router}
}

func compare(t testing.TB, doc *openapi3.T, table []exampleapi.Route) {
	t.Helper()
	routed := map[string]bool{}
	for _, r := range table {
		routed[r.Method+" "+r.Path] = true
		item := doc.Paths.Value(r.Path)
		if item == nil || item.GetOperation(r.Method) == nil {
			t.Errorf("%s %s is not in the document", r.Method, r.Path)
			continue
		}
		op := item.GetOperation(r.Method)
		if open := op.Security != nil && len(*op.Security) == 0; open != r.Open {
			t.Errorf("%s %s: open in the table is %v, in the document %v", r.Method, r.Path, r.Open, open)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !routed[method+" "+path] {
				t.Errorf("%s %s is documented, but not in the table", method, path)
			}
		}
	}
}

// Do sends a request as someone, or as nobody when id is nil. body is nil, a
// string as it is, or anything that becomes JSON. headers are pairs.
func (c *Client) Do(id *seal.Identity, method, target string, body any, headers ...string) Answer {
	c.t.Helper()
	req := c.request(id, method, target, body, headers)
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, req)
	got := Answer{Status: rec.Code, Header: rec.Header(), Body: rec.Body.Bytes()}
	c.check(c.request(id, method, target, body, headers), got)
	return got
}

func (c *Client) request(id *seal.Identity, method, target string, body any, headers []string) *http.Request {
	c.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req := httptest.NewRequestWithContext(c.t.Context(), method, target, reader)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	if id != nil {
		raw, err := json.Marshal(id)
		if err != nil {
			c.t.Fatal(err)
		}
		req.Header.Set(seal.IdentityHeader, string(raw))
	}
	return req
}

// check holds an answer against the document. A path or method that is not
// documented has no answer there; its style is for the test to look at.
func (c *Client) check(req *http.Request, got Answer) {
	c.t.Helper()
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		ExcludeResponseBody: slices.Contains([]string{"text/event-stream", "application/x-ndjson"}, got.Header.Get("Content-Type")),
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}
	if got.Status < 300 && !c.loose {
		if err := openapi3filter.ValidateRequest(c.t.Context(), in); err != nil {
			c.t.Errorf("%s %s was granted, but the document would refuse it: %v", req.Method, req.URL.Path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.Status, Header: got.Header, Options: options}
	out.SetBodyBytes(got.Body)
	if err := openapi3filter.ValidateResponse(c.t.Context(), out); err != nil {
		c.t.Errorf("%s %s answered %d otherwise than documented: %v\n%s", req.Method, req.URL.Path, got.Status, err, got.Body)
	}
}

// JSON decodes an answer's body, which must be an object.
func (c *Client) JSON(a Answer) map[string]any {
	c.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		c.t.Fatalf("not a JSON object: %v\n%s", err, a.Body)
	}
	return v
}

// Want is Do and a look at the status; it returns the decoded body, if any.
func (c *Client) Want(status int, id *seal.Identity, method, target string, body any, headers ...string) map[string]any {
	c.t.Helper()
	got := c.Do(id, method, target, body, headers...)
	if got.Status != status {
		c.t.Fatalf("%s %s answered %d, want %d\n%s", method, target, got.Status, status, got.Body)
	}
	if len(got.Body) == 0 {
		return nil
	}
	return c.JSON(got)
}

// Unidentified calls every route of a table without an identity, and wants 401
// with one body, byte for byte, of all but the open ones.
func (c *Client) Unidentified(table []exampleapi.Route, body string) {
	c.t.Helper()
	for _, r := range table {
		if r.Open {
			continue
		}
		got := c.Do(nil, r.Method, strings.NewReplacer("{", "", "}", "", "...", "").Replace(r.Path), "{}")
		if got.Status != http.StatusUnauthorized || strings.TrimSpace(string(got.Body)) != body || got.Header.Get("WWW-Authenticate") == "" {
			c.t.Errorf("%s %s without an identity answered %d, %q\n%s", r.Method, r.Path, got.Status, got.Header.Get("WWW-Authenticate"), got.Body)
		}
	}
}

// Alike calls two targets and wants the same 404, byte for byte, of both.
func (c *Client) Alike(id *seal.Identity, method, foreign, unknown string, body any) {
	c.t.Helper()
	a, b := c.Do(id, method, foreign, body), c.Do(id, method, unknown, body)
	if a.Status != http.StatusNotFound || b.Status != http.StatusNotFound || !bytes.Equal(a.Body, b.Body) {
		c.t.Errorf("another's answers %d %s\nan unknown one %d %s", a.Status, a.Body, b.Status, b.Body)
	}
}

// Garbage sends bodies that are no JSON object, or too large, and wants 4xx in
// JSON for each, and the status of a body too large for the last.
func (c *Client) Garbage(id *seal.Identity, method, target string, limit int) {
	c.t.Helper()
	for _, body := range []string{"", "null", "[]", `"x"`, "5", "{", `{} {}`, "{\"a\":\"\xff\"}", "\x00", `{"a":}`} {
		got := c.Do(id, method, target, body)
		if got.Status != http.StatusBadRequest || !json.Valid(got.Body) {
			c.t.Errorf("%s %s with %q answered %d\n%s", method, target, body, got.Status, got.Body)
		}
	}
	if got := c.Do(id, method, target, `{"a":"`+strings.Repeat("x", limit)+`"}`); got.Status != http.StatusRequestEntityTooLarge || !json.Valid(got.Body) {
		c.t.Errorf("%s %s with a huge body answered %d\n%s", method, target, got.Status, got.Body)
	}
}
