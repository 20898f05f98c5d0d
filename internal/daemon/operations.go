package daemon

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// operations is what the metrics door answers.
func (d *Daemon) operations() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", d.metrics.handler())
	mux.HandleFunc("/healthz", d.healthz)
	mux.HandleFunc("/readyz", d.readyz)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "there are /metrics, /healthz and /readyz here")
	})
	return mux
}

// healthz says that the process runs; nothing more, so that a store that is
// away does not have every node restarted.
func (d *Daemon) healthz(w http.ResponseWriter, r *http.Request) {
	readOnly(w, r, "application/json", []byte(`{"status":"ok"}`+"\n"))
}

// readyz says whether requests should be sent here.
func (d *Daemon) readyz(w http.ResponseWriter, r *http.Request) {
	state := struct {
		Ready  bool    `json:"ready"`
		Detail string  `json:"detail,omitempty"`
		Age    float64 `json:"age_seconds"`
	}{Ready: true, Age: d.core.age().Round(time.Millisecond).Seconds()}
	status := http.StatusOK
	switch {
	case d.draining.Load():
		state.Ready, state.Detail, status = false, "stopping", http.StatusServiceUnavailable
	case !d.core.index.Fresh():
		state.Ready, state.Detail, status = false, "the view of the keys is older than its bound: everything is refused until the store answers again", http.StatusServiceUnavailable
	}
	body, err := json.Marshal(state)
	if err != nil {
		body, status = []byte(`{"ready":false}`), http.StatusInternalServerError
	}
	if status != http.StatusOK {
		write(w, status, "application/json", append(body, '\n'))
		return
	}
	readOnly(w, r, "application/json", append(body, '\n'))
}

// readOnly answers GET and HEAD.
func readOnly(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "only GET and HEAD are answered here")
		return
	}
	write(w, http.StatusOK, contentType, body)
}

// problem answers as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
	if err != nil {
		body = []byte("{}")
	}
	write(w, status, "application/problem+json", append(body, '\n'))
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone
}
