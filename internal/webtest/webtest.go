package webtest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed runner.mjs
var runner []byte

// Setting changes one thing about a run.
type Setting func(*job)

// Hosts allows requests to further hosts, by name without port.
func Hosts(names ...string) Setting {
	return func(j *job) { j.Hosts = append(j.Hosts, names...) }
}

// Expect allows errors in a console that match any of these JavaScript regular
// expressions.
func Expect(patterns ...string) Setting {
	return func(j *job) { j.Expect = append(j.Expect, patterns...) }
}

// Timeout bounds the whole run; it is two minutes unless set.
func Timeout(d time.Duration) Setting { return func(j *job) { j.timeout = d } }

// job is what the runner is told.
type job struct {
	Script  string   `json:"script"`
	Node    string   `json:"node"`
	Browser string   `json:"browser"`
	Shots   string   `json:"shots"`
	Hosts   []string `json:"hosts"`
	Expect  []string `json:"expect"`
	Args    any      `json:"args"`
	Out     string   `json:"out"`
	timeout time.Duration
}

// report is what the runner answers.
type report struct {
	Value    json.RawMessage `json:"value"`
	Problems []string        `json:"problems"`
	Log      []string        `json:"log"`
}

// Run runs a script in a browser of its own, and returns what the script returned.
// Whatever went wrong in the script, in a page, or on the way out of this machine
// fails the test.
func Run(t testing.TB, script string, args any, settings ...Setting) json.RawMessage {
	t.Helper()
	r, dir := prepare(t, script, args, settings)
	ctx, cancel := context.WithTimeout(t.Context(), r.timeout)
	defer cancel()
	answer := drive(ctx, t, r, dir)
	for _, line := range answer.Log {
		t.Log(line)
	}
	if len(answer.Problems) > 0 {
		t.Fatalf("%s:\n%s", filepath.Base(script), strings.Join(answer.Problems, "\n"))
	}
	return answer.Value
}

func prepare(t testing.TB, script string, args any, settings []Setting) (*job, string) {
	t.Helper()
	dir := t.TempDir()
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	j := &job{Script: path, Node: nodeFolder(t), Browser: browser(t), Args: args, Out: filepath.Join(dir, "report.json"), timeout: 2 * time.Minute}
	j.Shots = filepath.Join(dir, "shots")
	if kept := os.Getenv("KEYWRIGHT_TEST_SHOTS"); kept != "" {
		j.Shots = filepath.Join(kept, filepath.FromSlash(t.Name()))
	}
	for _, s := range settings {
		s(j)
	}
	if err := errors.Join(os.MkdirAll(j.Shots, 0o755), os.WriteFile(filepath.Join(dir, "runner.mjs"), runner, 0o600)); err != nil {
		t.Fatal(err)
	}
	return j, dir
}

// drive runs Node.js, and stops it with its browser when the time is over.
func drive(ctx context.Context, t testing.TB, j *job, dir string) report {
	t.Helper()
	told, err := json.Marshal(j)
	if err != nil {
		t.Fatal("the arguments cannot be spelled as JSON:", err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "node", filepath.Join(dir, "runner.mjs"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(told), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Playwright closes its browser on SIGTERM; the browser ends by itself when the
	// pipe to a killed parent closes.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whoever is left of the group
	}
	var answer report
	body, readErr := os.ReadFile(j.Out)
	switch {
	case ctx.Err() != nil:
		t.Fatalf("the browser was not done within %s:\n%s", j.timeout, out.String())
	case readErr != nil:
		t.Fatalf("the browser's runner failed: %v\n%s", err, out.String())
	case json.Unmarshal(body, &answer) != nil:
		t.Fatalf("the browser's runner wrote no report:\n%s", out.String())
	}
	if text := strings.TrimSpace(out.String()); text != "" {
		answer.Log = append(answer.Log, text)
	}
	return answer
}

// nodeFolder is where the npm packages are.
func nodeFolder(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatal("this test needs Node.js 20 or later: no program node is on the PATH")
	}
	dir := os.Getenv("KEYWRIGHT_TEST_NODE")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal("set KEYWRIGHT_TEST_NODE:", err)
		}
		dir = filepath.Join(home, ".cache", "keywright-tools", "node")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"playwright-core", "axe-core"} {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", name, "package.json")); err != nil {
			t.Fatalf("this test needs the npm package %s in %s: install those of scripts/node there, or set KEYWRIGHT_TEST_NODE", name, filepath.Join(dir, "node_modules"))
		}
	}
	return dir
}

func browser(t testing.TB) string {
	t.Helper()
	path := os.Getenv("KEYWRIGHT_TEST_CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("this test needs Chromium at %s: install Debian's package chromium, or set KEYWRIGHT_TEST_CHROMIUM to another", path)
	}
	return path
}
