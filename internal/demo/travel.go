package demo

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/daemon"
	"github.com/keywright/keywright/scheme"
)

// The demo's own surface: the clock. `serve` knows neither the name nor the path.
const (
	surface   = "demo-clock"
	clockPath = "/demo/clock"
)

// extra describes the surface to the gate: only operators may move time.
func extra(schemes map[string]*scheme.Scheme) []gate.API {
	return []gate.API{{
		Name: surface, Scheme: schemes["keywright"],
		Routes: []gate.Route{{
			Methods: []string{http.MethodGet, http.MethodPost}, Path: clockPath,
			Need: keywright.Need{Tenant: keywright.OperatorTenant, Permissions: []string{"demo:clock"}},
		}},
	}}
}

// console puts the clock beside the management API.
func console(c *Clock) func(http.Handler, daemon.Pass) http.Handler {
	return func(management http.Handler, pass daemon.Pass) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != clockPath {
				management.ServeHTTP(w, r)
				return
			}
			v := pass(r, surface)
			v.Headers(w.Header().Set)
			if v.Answer != nil {
				for _, h := range v.Answer.Header {
					w.Header().Set(h.Name, h.Value)
				}
				w.WriteHeader(v.Answer.Status)
				_, _ = w.Write(v.Answer.Body) // the client has gone
				return
			}
			travel(c, w, r)
		})
	}
}

// travel answers a request that may move time.
func travel(c *Clock, w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		by, err := readAdvance(http.MaxBytesReader(w, r.Body, 1<<10))
		if err == nil && !c.Advance(by) {
			err = errors.New(`must be more than 0, and all travels together at most ten years: time goes forward only`)
		}
		if err != nil {
			answer(w, http.StatusUnprocessableEntity, "application/problem+json", map[string]any{
				"type": "about:blank", "title": http.StatusText(http.StatusUnprocessableEntity), "status": http.StatusUnprocessableEntity, "detail": "advance: " + err.Error(),
				"errors": []map[string]string{{"field": "advance", "detail": err.Error()}},
			})
			return
		}
	}
	answer(w, http.StatusOK, "application/json", map[string]string{"now": c.Now().UTC().Format(time.RFC3339Nano)})
}

func readAdvance(body io.Reader) (time.Duration, error) {
	var asked struct {
		Advance string `json:"advance"`
	}
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&asked); err != nil || d.More() {
		return 0, errors.New(`the body must be {"advance":"168h"}`)
	}
	by, err := time.ParseDuration(asked.Advance)
	if err != nil {
		return 0, errors.New(`must be a duration with its unit, such as "168h" or "90m"`)
	}
	return by, nil
}

func answer(w http.ResponseWriter, status int, contentType string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		text, status = []byte("{}"), http.StatusInternalServerError
	}
	text = append(text, '\n')
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client has gone
}
