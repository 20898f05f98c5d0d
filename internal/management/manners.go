package management

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright/api"
)

const (
	jsonType   = "application/json"
	linesType  = "application/x-ndjson"
	csvType    = "text/csv"
	maxDepth   = 16
	bodyReadBy = 10 * time.Second
)

// manners looks at what a request is written in, before anything is done. It
// leaves the whole body in r.Body, and the client's Accept where huma cannot
// stumble over it.
func manners(c *call, w http.ResponseWriter, r *http.Request) *api.Problem {
	if c.operation.ID == api.OpImport {
		return nil // it streams: importKeys looks for itself
	}
	if !accepts(r.Header["Accept"]) && (!c.operation.Export || !takes(r.Header["Accept"], csvType, linesType)) {
		return problem(http.StatusNotAcceptable, "answers are application/json: send Accept: application/json, or none")
	}
	r.Header.Set("Accept", jsonType)
	if p := duplicateParameters(r); p != nil {
		return p
	}
	if r.Method == http.MethodGet || r.Method == http.MethodDelete || r.Method == http.MethodHead {
		return nil
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyReadBy)) // best effort: not every writer can
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody(c.operation)))
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return problem(http.StatusRequestEntityTooLarge, "a body has at most "+strconv.FormatInt(maxBody(c.operation), 10)+" bytes")
		}
		return problem(http.StatusBadRequest, "the body could not be read whole")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	if len(body) == 0 {
		return nil // whether it had to be there is for the operation to say
	}
	if !isJSON(r.Header["Content-Type"]) {
		return problem(http.StatusUnsupportedMediaType, "send the body as Content-Type: application/json")
	}
	r.Header.Set("Content-Type", jsonType)
	return c.look(body)
}

// accepts reports whether any of the media ranges lets a JSON answer through.
func accepts(lines []string) bool {
	if len(lines) == 0 {
		return true
	}
	return takes(lines, "*/*", "application/*", jsonType, api.ProblemType) || strings.TrimSpace(strings.Join(lines, "")) == ""
}

// takes reports whether one of the media ranges stands there, and is not refused.
func takes(lines []string, ranges ...string) bool {
	for _, one := range strings.Split(strings.Join(lines, ","), ",") {
		kind, params, err := mime.ParseMediaType(one)
		if err == nil && !refusedWeight(params["q"]) && slices.Contains(ranges, kind) {
			return true
		}
	}
	return false
}

func refusedWeight(q string) bool {
	weight, err := strconv.ParseFloat(q, 64)
	return q != "" && (err != nil || weight <= 0)
}

func isJSON(lines []string) bool {
	if len(lines) != 1 {
		return false
	}
	kind, params, err := mime.ParseMediaType(lines[0])
	charset := params["charset"]
	return err == nil && kind == jsonType && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// duplicateParameters refuses a query that says one thing twice: two readers
// would take different ones.
func duplicateParameters(r *http.Request) *api.Problem {
	query := r.URL.Query()
	if strings.Contains(r.URL.RawQuery, ";") {
		return problem(http.StatusBadRequest, "the query is not well formed")
	}
	for name, values := range query {
		if len(values) > 1 {
			return problem(http.StatusUnprocessableEntity, "a query parameter is given twice", api.FieldError{Field: plain(name), Detail: "give it once"})
		}
	}
	return nil
}

// plain returns a name that may be repeated in an answer, or nothing.
func plain(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return ""
}

// look walks the body once: it must be one JSON object, in UTF-8, of names that
// stand once each, spelled as documented. encoding/json would take the last of
// two, and any letter case.
func (c *call) look(body []byte) *api.Problem {
	if !utf8.Valid(body) {
		return problem(http.StatusBadRequest, "the body must be UTF-8")
	}
	if !json.Valid(body) {
		return problem(http.StatusBadRequest, "the body is not well-formed JSON")
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); trimmed[0] != '{' {
		return problem(http.StatusBadRequest, "the body must be a JSON object")
	}
	c.nulls = map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		return problem(http.StatusBadRequest, "the body is not well-formed JSON")
	}
	return c.walkObject(dec, 1)
}

func (c *call) walkObject(dec *json.Decoder, depth int) *api.Problem {
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return problem(http.StatusBadRequest, "the body is not well-formed JSON")
		}
		if seen[name] {
			return problem(http.StatusBadRequest, "a field stands twice in one object", api.FieldError{Field: plain(name), Detail: "give it once"})
		}
		seen[name] = true
		if depth == 1 && strings.ToLower(name) != name {
			return problem(http.StatusUnprocessableEntity, "a field is not known", fieldError("body."+name, "unexpected property"))
		}
		null, p := c.walkValue(dec, depth)
		if p != nil {
			return p
		}
		if depth == 1 && null {
			c.nulls[name] = true
		}
	}
	_, _ = dec.Token() // the closing brace, which json.Valid has seen
	return nil
}

func (c *call) walkValue(dec *json.Decoder, depth int) (null bool, p *api.Problem) {
	token, err := dec.Token()
	if err != nil {
		return false, problem(http.StatusBadRequest, "the body is not well-formed JSON")
	}
	open, nested := token.(json.Delim)
	if !nested {
		return token == nil, nil
	}
	if depth >= maxDepth {
		return false, problem(http.StatusBadRequest, "the body is nested too deeply")
	}
	if open == '{' {
		return false, c.walkObject(dec, depth+1)
	}
	for dec.More() {
		if _, p := c.walkValue(dec, depth+1); p != nil {
			return false, p
		}
	}
	_, _ = dec.Token()
	return false, nil
}
