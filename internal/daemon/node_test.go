package daemon_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the built program: what is tested here is a process, with signals,
// locks and exit codes.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "daemon")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "keywright")
	args := append(append([]string{"build"}, buildFlags()...), "-o", program, "github.com/keywright/keywright/cmd/keywright")
	build := exec.Command("go", args...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	return m.Run()
}

// patience is how long a test waits for what takes milliseconds.
const patience = 20 * time.Second

// node is one `keywright serve`.
type node struct {
	t      *testing.T
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // once exited
	mu     sync.Mutex
	log    []map[string]any
	raw    bytes.Buffer
	grew   chan struct{}
}

// base is a configuration that every test's begins with; it listens on free ports.
const base = `
listen: {http: "127.0.0.1:0", management: "127.0.0.1:0", metrics: "127.0.0.1:0"}
`

// launch starts a process without waiting for it to be ready.
func launch(t *testing.T, dir, yaml string, env ...string) *node {
	t.Helper()
	file := filepath.Join(dir, "keywright.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, dir: dir, exited: make(chan struct{}), grew: make(chan struct{}, 1)}
	n.cmd = exec.Command(program, "serve", "--config", file)
	n.cmd.Env = append(os.Environ(), env...)
	out, err := n.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go n.read(out)
	t.Cleanup(func() {
		_ = n.cmd.Process.Kill()
		<-n.exited
		if t.Failed() {
			t.Logf("the node's log:\n%s", n.text())
		}
	})
	return n
}

func (n *node) read(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var entry map[string]any
		_ = json.Unmarshal(lines.Bytes(), &entry) // an error at the start is text
		n.mu.Lock()
		n.log = append(n.log, entry)
		n.raw.Write(append(lines.Bytes(), '\n'))
		n.mu.Unlock()
		select {
		case n.grew <- struct{}{}:
		default:
		}
	}
	n.err = n.cmd.Wait()
	close(n.exited)
}

func (n *node) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.raw.String()
}

// serve starts a node and waits until it is ready.
func serve(t *testing.T, dir, yaml string, env ...string) *node {
	t.Helper()
	n := launch(t, dir, yaml, env...)
	n.wait("ready")
	return n
}

// wait returns the first log entry with a message.
func (n *node) wait(message string) map[string]any {
	n.t.Helper()
	deadline := time.After(patience)
	for {
		n.mu.Lock()
		i := slices.IndexFunc(n.log, func(e map[string]any) bool { return e["msg"] == message })
		var entry map[string]any
		if i >= 0 {
			entry = n.log[i]
			n.log = slices.Delete(slices.Clone(n.log), i, i+1)
		}
		n.mu.Unlock()
		if entry != nil {
			return entry
		}
		select {
		case <-n.grew:
		case <-n.exited:
			n.t.Fatalf("the node ended before it said %q (%v):\n%s", message, n.err, n.text())
		case <-deadline:
			n.t.Fatalf("the node never said %q:\n%s", message, n.text())
		}
	}
}

// door is where the node answers, as its log says.
func (n *node) door(name string) string {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.log {
		if e["msg"] == "listening" && e["door"] == name {
			return e["address"].(string)
		}
	}
	n.t.Fatalf("the node has no door %q", name)
	return ""
}

// end waits for the process and returns its exit code.
func (n *node) end() int {
	n.t.Helper()
	select {
	case <-n.exited:
	case <-time.After(patience):
		n.t.Fatalf("the node did not end:\n%s", n.text())
	}
	var exit *exec.ExitError
	switch {
	case n.err == nil:
		return 0
	case errors.As(n.err, &exit):
		return exit.ExitCode()
	}
	n.t.Fatal(n.err)
	return -1
}

func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
}

// rewrite changes the configuration and has it read again.
func (n *node) rewrite(yaml string) {
	n.t.Helper()
	if err := os.WriteFile(filepath.Join(n.dir, "keywright.yaml"), []byte(yaml), 0o600); err != nil {
		n.t.Fatal(err)
	}
	n.signal(syscall.SIGHUP)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// do makes one request; pairs are header names and values, and Host is the host.
func do(t *testing.T, client *http.Client, method, url, body string, pairs ...string) answer {
	t.Helper()
	a, err := try(client, method, url, body, pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(client *http.Client, method, url, body string, pairs ...string) (answer, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "Host" {
			req.Host = pairs[i+1]
		} else {
			req.Header.Set(pairs[i], pairs[i+1])
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text)}, errors.Join(err, res.Body.Close())
}

// operator turns the set-up token into an operator key.
func (n *node) operator() string {
	n.t.Helper()
	path, _ := n.wait("there is no operator key yet: a one-use set-up token, valid for 15 minutes, is in this file")["path"].(string)
	info, err := os.Stat(path)
	if err != nil {
		n.t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		n.t.Errorf("the set-up token's file has mode %o", info.Mode().Perm())
	}
	token, err := os.ReadFile(path)
	if err != nil {
		n.t.Fatal(err)
	}
	if strings.Contains(n.text(), strings.TrimSpace(string(token))) {
		n.t.Error("the log holds the set-up token itself")
	}
	a := do(n.t, http.DefaultClient, "POST", "http://"+n.door("management")+"/v1/setup", "", "Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return credential(n.t, a)
}

func credential(t *testing.T, a answer) string {
	t.Helper()
	var made struct {
		ID         string
		Credential struct{ Key string }
	}
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != http.StatusCreated || made.Credential.Key == "" {
		t.Fatalf("no key was made: %d %s (%v)", a.status, a.body, err)
	}
	return made.Credential.Key
}

// customer makes a tenant and a key of the scheme keywright.
func (n *node) customer(operator, ref string) string {
	n.t.Helper()
	api, auth := "http://"+n.door("management")+"/v1", "Bearer "+operator
	if a := do(n.t, http.DefaultClient, "POST", api+"/tenants", fmt.Sprintf(`{"ref":%q,"name":"A customer"}`, ref), "Authorization", auth); a.status != http.StatusCreated {
		n.t.Fatalf("no tenant was made: %d %s", a.status, a.body)
	}
	body := fmt.Sprintf(`{"tenant":%q,"scheme":"keywright","environment":"live","permissions":["*"]}`, ref)
	return credential(n.t, do(n.t, http.DefaultClient, "POST", api+"/keys", body, "Authorization", auth))
}

// upstream answers with a name, so that a test sees which one was reached.
func upstream(t *testing.T, name string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
	t.Cleanup(s.Close)
	return s.URL
}

// api is one API's part of a configuration.
func api(upstream string) string {
	return fmt.Sprintf(`
apis:
  - name: orders
    hosts: [orders.localhost]
    scheme: keywright
    upstream: %s
    routes: [{path: "/{rest...}"}]
`, upstream)
}
