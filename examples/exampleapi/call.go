package exampleapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright/seal"
)

// DefaultMaxBody bounds a request's body where its route says nothing.
const DefaultMaxBody = 64 << 10

// Call is one request on its way through an operation.
type Call struct {
	*http.Request
	Identity seal.Identity // zero on an open route
	Now      time.Time     // UTC, by the injected clock
	service  *Service
	limit    int64
}

// Scope is where the caller's own records are.
func (c *Call) Scope() Scope {
	return Scope{Tenant: c.Identity.Subject, Environment: c.Identity.Environment}
}

// Records reads and writes records, all or nothing.
func (c *Call) Records(fn func(Tx) error) error { return c.service.store.Do(c.Context(), fn) }

// Done is closed when the example is closed: streams end.
func (c *Call) Done() <-chan struct{} { return c.service.done }

// Stamp is now, as the examples write instants.
func (c *Call) Stamp() string { return c.Now.Format(time.RFC3339) }

// Link makes an absolute address under which a client reaches a path.
func (c *Call) Link(path string) string {
	if c.service.public != "" {
		return c.service.public + path
	}
	u := url.URL{Scheme: "http", Host: c.Host, Path: path}
	if host := c.Header.Get("X-Forwarded-Host"); host != "" {
		u.Host = host
	}
	if c.TLS != nil || c.Header.Get("X-Forwarded-Proto") == "https" {
		u.Scheme = "https"
	}
	return u.String()
}

// Read decodes the body, which must be one JSON object within the route's bound.
func (c *Call) Read(into any) error {
	raw, err := c.body()
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if c.service.api.Strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(into); err != nil {
		return decodeFault(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Fault{Kind: BadRequest, Text: "The body must be one JSON object and nothing after it."}
	}
	return nil
}

func (c *Call) body() ([]byte, error) {
	if c.service.api.Strict {
		media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
		if err != nil || media != jsonType {
			return nil, fault(UnsupportedMedia)
		}
	}
	limit := c.limit
	if limit == 0 {
		limit = DefaultMaxBody
	}
	raw, err := io.ReadAll(io.LimitReader(c.Body, limit+1))
	switch {
	case err != nil:
		return nil, Fault{Kind: BadRequest, Text: "The body did not arrive whole."}
	case int64(len(raw)) > limit:
		return nil, fault(TooLarge)
	case !utf8.Valid(raw):
		return nil, Fault{Kind: BadRequest, Text: "The body must be JSON in UTF-8."}
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return nil, Fault{Kind: BadRequest, Text: "The body must be a JSON object."}
	}
	return raw, nil
}

// decodeFault says what is wrong with a body without repeating any of its values.
func decodeFault(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return Wrong(wrong.Field, "must be "+article(wrong.Type))
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ := strconv.Unquote(field)
		return Wrong(Shorten(name, 64), "is not a field of this request")
	}
	return Fault{Kind: BadRequest, Text: "The body is not valid JSON."}
}

func article(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "a whole number"
	}
}

// Query returns a parameter's one value, or "".
func (c *Call) Query(name string) (string, error) {
	all, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return "", Fault{Kind: BadRequest, Text: "The query string is not well formed."}
	}
	switch values := all[name]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", Wrong(name, "must be given once")
	}
}

// Int returns a parameter between low and high; without it, preset.
func (c *Call) Int(name string, preset, low, high int) (int, error) {
	value, err := c.Query(name)
	if err != nil || value == "" {
		return preset, err
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return 0, Wrong(name, "must be a whole number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high))
	}
	return n, nil
}

// Clamped returns a parameter of at least 1, cut down to high; without it, preset.
func (c *Call) Clamped(name string, preset, high int) (int, error) {
	value, err := c.Query(name)
	if err != nil || value == "" {
		return preset, err
	}
	n, err := strconv.Atoi(value)
	if errors.Is(err, strconv.ErrRange) && value[0] != '-' {
		n, err = math.MaxInt, nil
	}
	if err != nil || n < 1 {
		return 0, Wrong(name, "must be a whole number from 1")
	}
	return min(n, high), nil
}
