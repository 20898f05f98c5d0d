package journey

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the built program; shared is the demo that most tests talk to.
var (
	binary string
	shared *demo
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "journey")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "keywright")
	build := exec.Command("go", "build", "-o", binary, "github.com/keywright/keywright/cmd/keywright")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	shared, err = startDemo(filepath.Join(dir, "data"))
	if err != nil {
		panic(err)
	}
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "the demo did not end well:", err.Error())
		code = 1
	}
	return max(code, scanAfterwards(shared))
}

type user struct {
	Email, Tenant, Key, Secret string
	KeyID                      string `json:"key_id"`
}

// credentials is the file that the demo writes once everything answers.
type credentials struct {
	HTTP, TLS, CA string
	Sites         map[string]string
	People        []struct{ System, Email, Role, Password, Invitation string }
	Management    struct{ Base, Key string }
	Trustifi      struct {
		Base, Direct string
		Users        []user
	}
	Truestamp struct {
		Base, Direct string
		Users        []user
	}
	Trusset struct {
		Base, Direct string
		Instances    []struct {
			Ref, Tenant, Key string
			Services         []string
			Archived         bool
			KeyID            string `json:"key_id"`
		}
		Mica struct {
			Key             string
			KeyID           string `json:"key_id"`
			ManagementToken string `json:"management_token"`
		}
	}
	DomainTrust struct {
		Base, Direct  string
		Organizations []struct {
			Name, Tenant  string
			Production    bool
			TestingKey    string `json:"testing_key"`
			ProductionKey string `json:"production_key"`
			SecondTesting string `json:"second_testing_key"`
		}
	}
	TrustSwiftly struct {
		Base, Direct string
		Accounts     []struct {
			Name, Tenant, Plan, Key string
			KeyID                   string `json:"key_id"`
		}
	}
	Acme struct {
		Base, Direct, Tenant, Key string
		KeyID                     string `json:"key_id"`
	}
}

// demo is one running `keywright demo`.
type demo struct {
	credentials
	data   string
	cmd    *exec.Cmd
	output *lockedBuffer
	client *http.Client
	exited chan error

	mu        sync.Mutex
	handedOut []string // secrets that were given out by and by
}

// remember keeps a secret for the scan.
func (d *demo) remember(secret string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handedOut = append(d.handedOut, secret)
	return secret
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func startDemo(data string, more ...string) (*demo, error) {
	file := data + ".json"
	d := &demo{data: data, output: &lockedBuffer{}, exited: make(chan error, 1)}
	d.cmd = exec.Command(binary, "demo", "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--data", data, "--credentials", file)
	d.cmd.Args = append(d.cmd.Args, more...)
	d.cmd.Stdout, d.cmd.Stderr = d.output, d.output
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { d.exited <- d.cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(60 * time.Second)
	for {
		select {
		case err := <-d.exited:
			return nil, errors.Join(errors.New("the demo ended early: "+d.output.String()), err)
		case <-deadline:
			return nil, errors.New("the demo did not start: " + d.output.String())
		case <-tick.C:
			src, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			if err := json.Unmarshal(src, &d.credentials); err != nil {
				return nil, err
			}
			return d, d.connect()
		}
	}
}

// connect makes a client that knows the demo's CA, and that takes every
// *.localhost to the loopback, as browsers and curl do.
func (d *demo) connect() error {
	pem, err := os.ReadFile(d.CA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return errors.New("the CA file holds no certificate")
	}
	var dialer net.Dialer
	d.client = &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				_, port, err := net.SplitHostPort(addr)
				if err != nil {
					return nil, err
				}
				return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
			},
		},
	}
	return nil
}

func (d *demo) stop() error {
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-d.exited:
		return err
	case <-time.After(20 * time.Second):
		_ = d.cmd.Process.Kill()
		return errors.New("it did not end within 20 s of SIGTERM")
	}
}

// own starts a demo for one test alone: one that moves the clock, say.
func own(t *testing.T, more ...string) *demo {
	t.Helper()
	d, err := startDemo(filepath.Join(t.TempDir(), "data"), more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// answer is a response, read whole.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// json reads a path of the body, such as "error.code" or "items.0.id".
func (a answer) json(t *testing.T, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("not JSON: %v: %q", err, a.Body)
	}
	for _, step := range strings.Split(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[step]
		case []any:
			i := int(step[0] - '0')
			if i >= len(node) {
				t.Fatalf("%s: only %d elements in %s", path, len(node), a.Body)
			}
			v = node[i]
		default:
			t.Fatalf("no %q in %s", path, a.Body)
		}
	}
	return v
}

func (a answer) str(t *testing.T, path string) string {
	t.Helper()
	s, ok := a.json(t, path).(string)
	if !ok {
		t.Fatalf("%s is no string in %s", path, a.Body)
	}
	return s
}

// header is what a request carries: name, value, name, value.
type header = []string

// send makes one request. body "" sends none.
func (d *demo) send(t *testing.T, method, url string, h header, body string) answer {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(h); i += 2 {
		req.Header.Add(h[i], h[i+1])
	}
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := d.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func (d *demo) get(t *testing.T, url string, h ...string) answer {
	t.Helper()
	return d.send(t, http.MethodGet, url, h, "")
}

// manage calls the management API.
func (d *demo) manage(t *testing.T, method, path, body string) answer {
	t.Helper()
	return d.send(t, method, d.Management.Base+path, header{"Authorization", "Bearer " + d.Management.Key}, body)
}

// issue makes a key and returns its id and its credential's key.
func (d *demo) issue(t *testing.T, body string) (id, key string) {
	t.Helper()
	a := d.manage(t, http.MethodPost, "/keys", body)
	wants(t, a, http.StatusCreated)
	return a.str(t, "id"), a.str(t, "credential.key")
}

// advance moves the demo's clock.
func (d *demo) advance(t *testing.T, by string) {
	t.Helper()
	base := strings.TrimSuffix(d.Management.Base, "/v1")
	a := d.send(t, http.MethodPost, base+"/demo/clock", header{"Authorization", "Bearer " + d.Management.Key}, `{"advance":"`+by+`"}`)
	wants(t, a, http.StatusOK)
}

func (d *demo) now(t *testing.T) time.Time {
	t.Helper()
	base := strings.TrimSuffix(d.Management.Base, "/v1")
	a := d.get(t, base+"/demo/clock", "Authorization", "Bearer "+d.Management.Key)
	wants(t, a, http.StatusOK)
	at, err := time.Parse(time.RFC3339Nano, a.str(t, "now"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func wants(t *testing.T, a answer, status int) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
}

// refused checks status and one field of a refusal.
func refused(t *testing.T, a answer, status int, field, value string) {
	t.Helper()
	wants(t, a, status)
	if got := a.json(t, field); got != value {
		t.Fatalf("%s is %v, want %q: %s", field, got, value, a.Body)
	}
	if status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
		t.Error("a 401 without WWW-Authenticate (RFC 9110, 11.6.1)")
	}
}

// same compares two refusals whole: status, every header but Date, body.
func same(t *testing.T, a, b answer) {
	t.Helper()
	ah, bh := a.Header.Clone(), b.Header.Clone()
	for _, h := range []http.Header{ah, bh} {
		h.Del("Date")
		h.Del("X-Ratelimit-Reset") // an instant, too
	}
	aj, _ := json.Marshal(ah)
	bj, _ := json.Marshal(bh)
	if a.Status != b.Status || a.Body != b.Body || !bytes.Equal(aj, bj) {
		t.Errorf("two refusals of one code differ:\n%d %s %s\n%d %s %s", a.Status, aj, a.Body, b.Status, bj, b.Body)
	}
}

// curls returns the lines that the demo prints to be pasted.
func (d *demo) curls() []string {
	var lines []string
	s := bufio.NewScanner(strings.NewReader(d.output.String()))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if strings.HasPrefix(s.Text(), "curl ") {
			lines = append(lines, s.Text())
		}
	}
	return lines
}
