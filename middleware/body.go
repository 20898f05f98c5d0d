package middleware

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// takeBody bounds a request's body, and reads it whole only where the scheme
// wants it to be a JSON object. A limit below zero bounds nothing, but a body
// that is read whole is always bounded.
func takeBody(w http.ResponseWriter, r *http.Request, limit int64, object bool) (io.ReadCloser, keywright.Reason) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return r.Body, keywright.Granted
	}
	if limit < 0 {
		if !object {
			return r.Body, keywright.Granted
		}
		limit = DefaultMaxBody
	}
	if r.ContentLength > limit {
		return r.Body, keywright.TooLarge
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	if !object {
		return body, keywright.Granted
	}
	whole, err := io.ReadAll(body)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return body, keywright.TooLarge
	case err != nil:
		return body, keywright.BadRequest
	case len(whole) > 0 && !isObject(whole):
		return body, keywright.NotAnObject
	}
	return struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(whole), r.Body}, keywright.Granted
}

// isObject reports whether a body is one JSON object, in UTF-8 as RFC 8259 asks.
func isObject(body []byte) bool {
	start := bytes.TrimLeft(body, " \t\r\n")
	return len(start) > 0 && start[0] == '{' && utf8.Valid(body) && json.Valid(body)
}
