package management_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
)

// house adds to the whole of it what tests say often.
type house struct {
	*managementtest.House
	handler http.Handler
	clock   *managementtest.Clock
	key     string
	keyID   string
}

func newHouse(t testing.TB, change ...func(*management.Options)) *house {
	t.Helper()
	return of(managementtest.New(t, change...).Operator(t))
}

func of(m *managementtest.House) *house {
	return &house{House: m, handler: m.Handler, clock: m.Clock, key: m.Key, keyID: m.KeyID}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a response, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) str(t testing.TB, path string) string {
	t.Helper()
	s, _ := a.at(t, path).(string)
	return s
}

func (a *answer) at(t testing.TB, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s is no JSON: %v", a.body, err)
	}
	for _, part := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	return v
}

func (h *house) request(method, path, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "http://console.localhost"+path, strings.NewReader(body))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.9"), 1234).String()
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Header.Set("Authorization", "Bearer "+h.key)
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// do sends a request and holds the answer against the OpenAPI document.
func (h *house) do(t testing.TB, method, path, body string, header ...string) *answer {
	t.Helper()
	r := h.request(method, path, body, header...)
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	a := &answer{status: w.Code, header: w.Result().Header, body: w.Body.Bytes()}
	conform(t, r, a)
	return a
}

// want sends a request and expects a status.
func (h *house) want(t testing.TB, status int, method, path, body string, header ...string) *answer {
	t.Helper()
	a := h.do(t, method, path, body, header...)
	if a.status != status {
		t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, a.status, a.body, status)
	}
	return a
}

var document = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(management.Document())
})

// conform validates an answer, and what must be true of every one.
func conform(t testing.TB, r *http.Request, a *answer) {
	t.Helper()
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Request-Id") == "" {
		t.Errorf("%s %s: every answer is no-store and has a request id: %v", r.Method, r.URL.Path, a.header)
	}
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s %s: the management API allows no origin", r.Method, r.URL.Path)
	}
	if a.status >= 400 {
		conformProblem(t, r, a)
	}
	doc, err := document()
	must(t, err)
	for _, op := range api.Operations() {
		params, ok := matches(op.Path, r.URL.Path)
		if !ok || op.Method != r.Method {
			continue
		}
		if strings.Contains(a.header.Get("Content-Type"), "ndjson") {
			return // lines are held against their schema where they are read
		}
		item := doc.Paths.Find(op.Path)
		in := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params,
				Route: &routers.Route{Spec: doc, Path: op.Path, PathItem: item, Method: op.Method, Operation: item.GetOperation(op.Method)}},
			Status: a.status, Header: a.header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}
		in.SetBodyBytes(a.body)
		if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
			t.Errorf("%s %s answers what the document does not say: %v\n%s", r.Method, r.URL.Path, err, a.body)
		}
		return
	}
}

func conformProblem(t testing.TB, r *http.Request, a *answer) {
	t.Helper()
	if a.header.Get("Content-Type") != api.ProblemType {
		t.Errorf("%s %s: %d as %q", r.Method, r.URL.Path, a.status, a.header.Get("Content-Type"))
	}
	var p map[string]any
	must(t, json.Unmarshal(a.body, &p))
	for _, name := range []string{"type", "title", "status", "detail", "errors"} {
		if p[name] == nil {
			t.Errorf("%s %s: the problem has no %s: %s", r.Method, r.URL.Path, name, a.body)
		}
	}
	if len(p) != 5 || p["status"] != float64(a.status) {
		t.Errorf("%s %s: %d is not one shape: %s", r.Method, r.URL.Path, a.status, a.body)
	}
}

func matches(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(strings.TrimSuffix(path, "/"), "/")
	params := map[string]string{}
	if len(want) != len(have) {
		return nil, false
	}
	for i := range want {
		if strings.HasPrefix(want[i], "{") {
			params[strings.Trim(want[i], "{}")] = have[i]
		} else if want[i] != have[i] {
			return nil, false
		}
	}
	return params, true
}

// tenant makes a tenant and returns its id.
func (h *house) tenant(t testing.TB, body string) string {
	t.Helper()
	return h.want(t, 201, "POST", "/v1/tenants", body).str(t, "id")
}

// issue makes a key and returns its id and credential.
func (h *house) issue(t testing.TB, body string) (id, key, secret string) {
	t.Helper()
	a := h.want(t, 201, "POST", "/v1/keys", body)
	return a.str(t, "id"), a.str(t, "credential.key"), a.str(t, "credential.secret")
}

// operator makes an operator's key with some permissions.
func (h *house) operator(t testing.TB, permissions ...string) (id, key string) {
	t.Helper()
	list, err := json.Marshal(permissions)
	must(t, err)
	id, key, _ = h.issue(t, `{"tenant":"ten_operators","scheme":"keywright","environment":"live","permissions":`+string(list)+`}`)
	return id, key
}

// as is the header of another key.
func as(key string) []string { return []string{"Authorization", "Bearer " + key} }
