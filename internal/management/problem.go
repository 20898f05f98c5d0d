package management

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

// fault is a problem that huma writes as it is.
type fault struct {
	*api.Problem
	wait time.Duration // of 429
}

// GetStatus implements huma.StatusError.
func (f fault) GetStatus() int { return f.Status }

// ContentType implements huma.ContentTypeFilter.
func (f fault) ContentType(string) string { return api.ProblemType }

// GetHeaders implements huma.HeadersError.
func (f fault) GetHeaders() http.Header {
	h := http.Header{}
	problemHeaders(f.Status, f.wait, h.Set)
	return h
}

// problemHeaders sets what goes with a status.
func problemHeaders(status int, wait time.Duration, set func(name, value string)) {
	switch status {
	case http.StatusServiceUnavailable:
		set("Retry-After", "1")
	case http.StatusTooManyRequests:
		set("Retry-After", strconv.FormatInt(int64(math.Ceil(max(wait, time.Second).Seconds())), 10))
	case http.StatusUnauthorized:
		set("WWW-Authenticate", "Bearer")
	}
}

// waitOf is how long a Throttled error asks to wait.
func waitOf(err error) time.Duration {
	var says interface{ RetryAfter() time.Duration }
	if errors.As(err, &says) {
		return says.RetryAfter()
	}
	return time.Minute
}

func problem(status int, detail string, wrong ...api.FieldError) *api.Problem {
	if wrong == nil {
		wrong = []api.FieldError{}
	}
	return &api.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: wrong}
}

func invalidField(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

func conflict(detail string) error {
	return &keywright.Error{Kind: keywright.Conflict, Detail: detail}
}

// problemOf turns a failure into what the caller may see of it.
func problemOf(err error) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	var e *keywright.Error
	errors.As(err, &e)
	kind := keywright.KindOf(err)
	status := statusOf(kind, e)
	if status == http.StatusInternalServerError {
		return problem(status, "a fault of ours; the log has it under this answer's X-Request-Id")
	}
	if e == nil {
		return problem(status, string(kind))
	}
	if e.Field == "" {
		out := problem(status, e.Detail)
		if kind == people.ProofNeeded {
			out.Type, out.Title = api.ProofNeeded, "Proof needed"
		}
		return out
	}
	return problem(status, e.Field+": "+e.Detail, api.FieldError{Field: e.Field, Detail: e.Detail})
}

func statusOf(kind keywright.Kind, e *keywright.Error) int {
	switch kind {
	case keywright.NotFound:
		if e != nil && (e.Field == "tenant" || e.Field == "scheme") {
			return http.StatusUnprocessableEntity // a field of the request names what is not there
		}
		return http.StatusNotFound
	case keywright.Conflict:
		return http.StatusConflict
	case keywright.Invalid:
		return http.StatusUnprocessableEntity
	case keywright.Forbidden:
		return http.StatusForbidden
	case keywright.Precondition:
		return http.StatusPreconditionFailed
	case keywright.Unavailable:
		return http.StatusServiceUnavailable
	case people.ErrSignIn:
		return http.StatusUnauthorized
	case people.ProofNeeded:
		return http.StatusForbidden
	case people.Throttled:
		return http.StatusTooManyRequests
	default:
		return http.StatusInternalServerError
	}
}

// fault turns a handler's error into huma's, and logs what is our own.
func (d *desk) fault(ctx context.Context, err error) error {
	return fault{Problem: d.failed(callFrom(ctx), err), wait: waitOf(err)}
}

// failed is the problem of an error, which is logged where it is our own.
func (d *desk) failed(c *call, err error) *api.Problem {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		d.log.Error("management: an operation failed", slog.String("request_id", c.requestID), slog.String("error", causes(err)))
	}
	return p
}

// causes spells an error with its causes, which callers never see.
func causes(err error) string {
	text := err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		text += ": " + causes(cause)
	}
	return text
}

func (r *recorder) problem(p *api.Problem) { r.refuse(p, 0) }

// refuse writes a problem; wait is for 429.
func (r *recorder) refuse(p *api.Problem, wait time.Duration) {
	if r.status != 0 {
		return
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{}`)
	}
	r.Header().Set("Content-Type", api.ProblemType)
	problemHeaders(p.Status, wait, func(name, value string) {
		if r.Header().Get(name) == "" {
			r.Header().Set(name, value)
		}
	})
	r.WriteHeader(p.Status)
	_, _ = r.Write(append(body, '\n'))
}

// reshape is a huma transformer: it turns huma's own errors, which repeat the
// value that was sent, into problems, which do not.
func reshape(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if model.Status >= http.StatusInternalServerError {
		return problem(model.Status, "a fault of ours; the log has it under this answer's X-Request-Id"), nil
	}
	wrong := make([]api.FieldError, 0, len(model.Errors))
	for _, d := range model.Errors {
		if d != nil {
			wrong = append(wrong, fieldError(d.Location, d.Message))
		}
	}
	detail := model.Detail
	switch {
	case len(wrong) == 1 && wrong[0].Field != "":
		detail = wrong[0].Field + ": " + wrong[0].Detail
	case len(wrong) > 1:
		detail = "several fields are wrong"
	case len(wrong) == 1:
		detail = wrong[0].Detail
	}
	return problem(model.Status, detail, wrong...), nil
}

var (
	goField   = regexp.MustCompile(`Go struct field [A-Za-z]+\.([a-z_.]{1,40}) of type`)
	required  = regexp.MustCompile(`^expected required property ([a-z_]{1,40}) to be present$`)
	plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\[\]-]{0,29}$`)
	// plainMessage lists the sentences of huma's that hold nothing which was sent.
	plainMessage = regexp.MustCompile(`^(expected (boolean|number|integer|string|array|object)|expected string to be RFC 3339 date-time|` +
		`expected (number|length|array length) (<=|>=|<|>) [0-9.e+]+|expected value to be one of "[A-Za-z_, ]*"|invalid (integer|float|boolean)|` +
		`expected object with at (most|least) [0-9]+ properties)$`)
)

// fieldError names the field, unless its name is itself something odd that was
// sent, and says what is wrong in words that hold nothing which was sent.
func fieldError(location, message string) api.FieldError {
	_, field, _ := strings.Cut(location, ".")
	if m := required.FindStringSubmatch(message); m != nil {
		if field != "" {
			field += "."
		}
		return api.FieldError{Field: field + m[1], Detail: "required"}
	}
	if m := goField.FindStringSubmatch(message); m != nil {
		field = m[1]
	}
	if !plainName.MatchString(field) {
		field = ""
	}
	detail := "is not of the documented shape"
	switch {
	case message == "unexpected property":
		detail = "is not a field of this request: leave it out"
	case message == "unknown query parameter":
		detail = "is not a parameter of this operation: leave it out"
	case strings.HasPrefix(message, "invalid date/time"):
		detail = "must be a date and time as in RFC 3339, such as 2030-01-01T00:00:00Z"
	case message == "expected string to be RFC 3339 date-time":
		detail = "must be a date and time as in RFC 3339, such as 2030-01-01T00:00:00Z"
	case message == "expected integer" || message == "invalid integer":
		detail = "must be a whole number"
	case plainMessage.MatchString(message):
		detail = strings.Replace(message, "expected", "must be", 1)
	}
	return api.FieldError{Field: field, Detail: detail}
}
