package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const (
	maxAnswer  = 16 << 20
	firstPause = 200 * time.Millisecond
	maxPause   = 5 * time.Second // whoever asks for more is asked again by the caller, or not at all
)

// request is one call of an operation.
type request struct {
	method, path string // the path follows /v1
	query        url.Values
	header       http.Header
	body         any // nil: none
}

// send sends a request, again if it is lost and may be repeated, and decodes
// the answer into out.
func (c *Client) send(ctx context.Context, q request, out any) error {
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return &keywright.Error{Kind: keywright.Invalid, Detail: "the request cannot be written as JSON", Cause: err}
		}
	}
	pause := firstPause
	for attempt := 0; ; attempt++ {
		err := c.once(ctx, q, body, out)
		if err == nil || attempt >= c.o.Retries || !repeatable(q) || !worthRepeating(err) || ctx.Err() != nil {
			return err
		}
		if err := c.o.Wait(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

// repeatable reports whether sending a request twice does what sending it once does.
func repeatable(q request) bool {
	return q.method == http.MethodGet || q.header.Get("Idempotency-Key") != "" || q.header.Get("Keywright-Repeatable") != ""
}

// worthRepeating reports whether a failure may pass by itself within our pauses.
func worthRepeating(err error) bool {
	var e *Error
	return errors.Is(err, keywright.Unavailable) && !(errors.As(err, &e) && e.Status == http.StatusTooManyRequests && e.After > maxPause)
}

func (c *Client) once(ctx context.Context, q request, body []byte, out any) error {
	req, err := c.request(ctx, q, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body == nil {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.o.HTTP.Do(req)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return unreachable(err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return readProblem(res, raw)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return &Error{Status: res.StatusCode, kind: keywright.Internal, Detail: "the answer is not what the management API answers: is this its address?"}
	}
	return nil
}

func (c *Client) request(ctx context.Context, q request, body io.Reader) (*http.Request, error) {
	u := *c.base
	u.Path += q.path
	u.RawQuery = q.query.Encode()
	req, err := http.NewRequestWithContext(ctx, q.method, u.String(), body)
	if err != nil {
		return nil, &keywright.Error{Kind: keywright.Invalid, Detail: "the request cannot be made", Cause: err}
	}
	for name, values := range q.header {
		if name != "Keywright-Repeatable" {
			req.Header[name] = values
		}
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	if _, secret := c.key.Reveal(); secret != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	return req, nil
}

// Error is a refusal of the management API. errors.Is matches it with the
// kinds of package keywright.
type Error struct {
	Status    int           // 0: no answer came
	After     time.Duration // what Retry-After asks to wait; 0 is nothing
	Field     string
	Detail    string
	Type      string // of the problem, such as api.ProofNeeded; "" or about:blank is none in particular
	Errors    []api.FieldError
	RequestID string
	kind      keywright.Kind
	cause     error
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Detail
	if e.Status != 0 {
		text = fmt.Sprintf("%s (%d)", text, e.Status)
	}
	return text
}

// Kind is what sort of failure it is. A 401 is Forbidden.
func (e *Error) Kind() keywright.Kind { return e.kind }

// Is lets errors.Is match on the Kind.
func (e *Error) Is(target error) bool { k, ok := target.(keywright.Kind); return ok && k == e.kind }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// ErrUnreachable says that no answer came.
var ErrUnreachable = errors.New("the server cannot be reached")

func unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL
	}
	return &Error{kind: keywright.Unavailable, Detail: "the server cannot be reached: " + err.Error(), cause: errors.Join(ErrUnreachable, err)}
}

func readProblem(res *http.Response, raw []byte) error {
	e := &Error{Status: res.StatusCode, RequestID: res.Header.Get("X-Request-Id"), kind: kindOf(res.StatusCode)}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 && seconds < 1<<30 {
		e.After = time.Duration(seconds) * time.Second
	}
	var p api.Problem
	if err := json.Unmarshal(raw, &p); err == nil {
		e.Detail, e.Type, e.Errors = p.Detail, p.Type, p.Errors
		if e.Detail == "" {
			e.Detail = p.Title
		}
		if len(p.Errors) > 0 {
			e.Field = p.Errors[0].Field
		}
	}
	if e.Detail == "" {
		e.Detail = styled(raw)
	}
	if e.Detail == "" {
		e.Detail = "the server answered " + strconv.Itoa(res.StatusCode) + " " + http.StatusText(res.StatusCode)
	}
	return e
}

func kindOf(status int) keywright.Kind {
	switch status {
	case http.StatusNotFound:
		return keywright.NotFound
	case http.StatusConflict:
		return keywright.Conflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return keywright.Invalid
	case http.StatusUnauthorized, http.StatusForbidden:
		return keywright.Forbidden
	case http.StatusPreconditionFailed:
		return keywright.Precondition
	case http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return keywright.Unavailable
	}
	return keywright.Internal
}

// styled finds the sentence of a refusal that is in an API's own style.
func styled(raw []byte) string {
	var body struct {
		Message string `json:"message"`
		Other   string `json:"error_message"`
		Error   struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(raw, &body) // what cannot be read says nothing
	return cmp.Or(body.Message, body.Other, body.Error.Message)
}
