package consoletest_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/demo"
)

// world is a running demo, and what its people hold.
type world struct {
	t   *testing.T
	has demo.Credentials
	own string // the operators' own site
}

// startDemo starts one of the test's own, and ends it with the test.
func startDemo(t *testing.T) *world {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials.json")
	d, err := demo.Start(t.Context(), demo.Options{
		Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "127.0.0.1:0", Credentials: file, Out: io.Discard, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	if err := d.Announce(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file) //nolint:gosec // a file of this test's
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	if err := json.Unmarshal(raw, &w.has); err != nil {
		t.Fatal(err)
	}
	w.own = strings.TrimSuffix(w.has.Management.Base, "/v1")
	return w
}

// site is where a system's customers sign in; "" is the operators' own.
func (w *world) site(system string) string {
	if system == "" {
		return w.own
	}
	return w.has.Sites[system]
}

// person is somebody of a system who signs in with a password, by the first letters of
// the e-mail address; "" is the operator.
func (w *world) person(system, name string) demo.Person {
	w.t.Helper()
	for _, p := range w.has.People {
		if p.System == system && p.Password != "" && strings.HasPrefix(p.Email, name) {
			return p
		}
	}
	w.t.Fatalf("nobody of %q is called %q and has a password", system, name)
	return demo.Person{}
}

// args are what a script needs to act as a person: the site, the address, the password.
func (w *world) args(system, name string, more ...any) map[string]any {
	w.t.Helper()
	p := w.person(system, name)
	all := map[string]any{"site": w.site(system), "email": p.Email, "password": p.Password, "look": os.Getenv("KEYWRIGHT_TEST_SHOTS") != "" || !testing.Short()}
	for i := 0; i+1 < len(more); i += 2 {
		name, _ := more[i].(string)
		all[name] = more[i+1]
	}
	return all
}

// call sends a request to an API of the demo, and returns the status and the body.
func (w *world) call(method, address, body string, header ...string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	transport := client.Transport()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the demo's own authority, on this machine
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
