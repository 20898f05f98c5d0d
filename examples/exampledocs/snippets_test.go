package exampledocs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/examples/trusset"
)

// block is one fenced block of a page. Its info says how it is to be taken:
//
//	sh          runs, and every curl in it is answered with 2xx
//	sh 401      runs, and is answered with that status
//	sh stream   runs until its key ends
//	python, js  runs
//	shell       commands of keywright's, which the command line knows
//	text, json  right below one that runs: exactly what it prints
type block struct {
	info, body string
	follows    bool // nothing stands between it and the block before
}

func blocks(t *testing.T, page string) []block {
	t.Helper()
	var all []block
	var open *block
	between := true
	for line := range strings.Lines(page) {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{info: strings.TrimSpace(info), follows: !between && len(all) > 0}
		case fence:
			all, open, between = append(all, *open), nil, false
		case open != nil:
			open.body += line
		case strings.TrimSpace(line) != "":
			between = true
		}
	}
	if open != nil {
		t.Fatal("a block has no end")
	}
	return all
}

// reader does what a page says, in a shell of their own that keeps its variables.
type reader struct {
	dir     string
	env     []string
	holds   map[string]string
	said    [][]byte // what the calls so far have printed
	last    string
	streams []*stream
}

func newReader(t *testing.T, s system) *reader {
	t.Helper()
	r := &reader{dir: t.TempDir(), holds: s.holds}
	own := regexp.MustCompile(`(?i)^([A-Z_]*(_KEY|_SECRET|_ID)|HASH|MAGIC_LINK|CURL_CA_BUNDLE|[a-z]+_proxy)=`)
	for _, v := range os.Environ() {
		if !own.MatchString(v) {
			r.env = append(r.env, v)
		}
	}
	return r
}

var placeholder = regexp.MustCompile(`export ([A-Z_]+)="your_(\w+)_goes_here"`)

// fill puts a reader's own values where a page says "your_…_goes_here": what the
// last answers gave, or what they held before.
func (r *reader) fill(t *testing.T, script string) string {
	t.Helper()
	script = placeholder.ReplaceAllStringFunc(script, func(line string) string {
		m := placeholder.FindStringSubmatch(line)
		value := r.answered(map[string]string{"mail_id": "_id"}, m[2])
		if value == "" {
			value = r.holds[m[1]]
		}
		if value == "" {
			t.Errorf("nothing on the page yields what is to be put into %s", m[1])
		}
		return "export " + m[1] + `="` + value + `"`
	})
	if strings.Contains(script, "_goes_here") {
		t.Errorf("a placeholder is not in an export:\n%s", script)
	}
	return shared.ports(script)
}

// answered finds a member of the latest answer that has it.
func (r *reader) answered(called map[string]string, name string) string {
	if other, is := called[name]; is {
		name = other
	}
	for i := len(r.said) - 1; i >= 0; i-- {
		d := json.NewDecoder(bytes.NewReader(r.said[i]))
		d.UseNumber()
		var v map[string]any
		for d.Decode(&v) == nil { // the last, where a call was repeated
		}
		for _, at := range []any{v, v["data"]} {
			if m, is := at.(map[string]any); is && m[name] != nil {
				return fmt.Sprint(m[name])
			}
		}
	}
	return ""
}

var status = regexp.MustCompile(`(?m)^STATUS (\d+)$`)

// run runs one block, and wants every call of it answered with a status like want.
func (r *reader) run(t *testing.T, b block, want *regexp.Regexp) {
	t.Helper()
	state := filepath.Join(r.dir, ".state")
	script := `set -euo pipefail
curl() { command curl --silent --show-error --max-time 30 --retry 5 --write-out '%{stderr}\nSTATUS %{http_code}\n' "$@"; }
` + r.fill(t, b.body) + "\nenv -0 >" + state + "\n"
	out, words := r.start(t, exec.CommandContext(t.Context(), "bash", "-c", script))
	r.said = append(r.said, out)
	r.last = string(out)
	all := status.FindAllStringSubmatch(words, -1)
	if len(all) != strings.Count("\n"+b.body, "\ncurl ") {
		t.Errorf("not every call was answered:\n%s\n%s", b.body, words)
	}
	for _, m := range all {
		if !want.MatchString(m[1]) {
			t.Errorf("answered with %s:\n%s\n%s", m[1], b.body, out)
		}
	}
	env, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	r.env = strings.Split(strings.Trim(string(env), "\x00"), "\x00")
}

func (r *reader) start(t *testing.T, cmd *exec.Cmd) (out []byte, words string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = r.dir, r.env, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, stderr.String())
	}
	return out, stderr.String()
}

// program runs a block of another language.
func (r *reader) program(t *testing.T, with, file, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, file), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := r.start(t, exec.CommandContext(t.Context(), with, file))
	r.last = string(out)
}

// stream is a call whose answer goes on.
type stream struct {
	mu    sync.Mutex
	said  bytes.Buffer
	heard chan struct{}
	ended chan struct{}
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.heard <- struct{}{}:
	default:
	}
	return s.said.Write(p)
}

// patience is real time, since curl knows no other: only a failure waits it out.
const patience = 30 * time.Second

// hears waits until a stream has said something.
func (s *stream) hears(t *testing.T, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		s.mu.Lock()
		said := s.said.String()
		s.mu.Unlock()
		if strings.Contains(said, words) {
			return
		}
		select {
		case <-s.heard:
		case <-ctx.Done():
			t.Fatalf("the stream never said %q, but:\n%s", words, said)
		}
	}
}

func (r *reader) open(t *testing.T, b block) {
	t.Helper()
	s := &stream{heard: make(chan struct{}, 1), ended: make(chan struct{})}
	// As on a terminal: line by line.
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "exec stdbuf -oL "+r.fill(t, b.body))
	cmd.Dir, cmd.Env, cmd.Stdout = r.dir, r.env, s
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait(); close(s.ended) }()
	r.streams = append(r.streams, s)
	if strings.Contains(b.body, "websocket") {
		s.hears(t, "101 Switching Protocols")
	} else {
		s.hears(t, ": connected\n")
	}
}

// follow does all that a page says, from top to bottom.
func (r *reader) follow(t *testing.T, page string) {
	t.Helper()
	for i, b := range blocks(t, page) {
		kind, more, _ := strings.Cut(b.info, " ")
		switch {
		case b.info == "sh stream":
			r.open(t, b)
		case kind == "sh":
			want := "^2..$"
			if more != "" {
				want = "^" + more + "$"
			}
			r.run(t, b, regexp.MustCompile(want))
		case b.info == "python":
			r.program(t, "python3", fmt.Sprintf("sample%d.py", i), b.body)
		case b.info == "js":
			r.program(t, "node", fmt.Sprintf("sample%d.mjs", i), b.body)
		case b.info == "text", b.info == "json":
			if b.follows && strings.TrimSpace(r.last) != strings.TrimSpace(b.body) {
				t.Errorf("the page promises %s, and it is %s", b.body, r.last)
			}
		case b.info == "shell": // TestTSP17_TSP25_… looks at these
		default:
			t.Errorf("a block is of the kind %q", b.info)
		}
		if t.Failed() {
			return
		}
	}
}

// TestEverySnippetWorks reads every page as a newcomer would, and does
// what it says.
func TestEverySnippetWorks(t *testing.T) {
	each(t, func(t *testing.T, s system, name, text string) {
		var key string
		if s.name == "acme" {
			key, s.holds["ACME_API_KEY"] = shared.testKey(t)
		}
		r := newReader(t, s)
		r.follow(t, text)
		if len(r.streams) == 0 || t.Failed() {
			return
		}
		r.streams[0].hears(t, "event: message.created\nid: msg_")
		if _, err := shared.operator.RevokeKey(t.Context(), key, "unused"); err != nil {
			t.Fatal(err)
		}
		for _, one := range r.streams {
			select {
			case <-one.ended:
			case <-time.After(patience):
				t.Error("a stream lives on without its key")
			}
		}
	})
}

// TestTRS19_TheRefusalIsAsPrinted calls with the key of an instance without lending.
func TestTRS19_TheRefusalIsAsPrinted(t *testing.T) {
	page, err := os.ReadFile("../trusset/docs/instance-keys.md")
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shared.has.Trusset.Direct+"/lending/api/markets", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", shared.has.Trusset.Instances[1].Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusForbidden || !bytes.Contains(page, bytes.TrimSpace(body)) {
		t.Errorf("%s answers %d %s (%v), which its page does not say", trusset.Name, resp.StatusCode, body, err)
	}
}
