package handbook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/examples/acme"
	"github.com/keywright/keywright/examples/domaintrust"
	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/truestamp"
	"github.com/keywright/keywright/examples/trusset"
	"github.com/keywright/keywright/examples/trustifi"
	"github.com/keywright/keywright/examples/trustswiftly"
	"github.com/keywright/keywright/handbook"
	"github.com/keywright/keywright/internal/demo"
)

// partsOf are an example's schemes and routes, as the gateway has them.
func partsOf(t *testing.T, own string, table []exampleapi.Route) []handbook.Part {
	t.Helper()
	all := []handbook.Part{{Scheme: shipped(t, own)}}
	for _, r := range table {
		name := r.Scheme
		if name == "" {
			name = own
		}
		s := shipped(t, name)
		at := slices.IndexFunc(all, func(p handbook.Part) bool { return p.Scheme.Name() == name })
		if at < 0 {
			at, all = len(all), append(all, handbook.Part{Scheme: s})
		}
		all[at].Routes = append(all[at].Routes, handbook.Route{
			Methods: []string{r.Method}, Path: r.Path, Open: r.Open, MaxBody: r.MaxBody, Keys: len(s.Formats()) > 0 && !r.Login, Tokens: s.TakesTokens(),
			Need: keywright.Need{Service: r.Service, Permissions: r.Permissions, Environments: r.Environments},
		})
	}
	return all
}

func running(t *testing.T) demo.Credentials {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials.json")
	d, err := demo.Start(t.Context(), demo.Options{Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "127.0.0.1:0", Credentials: file, Out: &strings.Builder{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	if err := d.Announce(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c demo.Credentials
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// example is one system of the demo and what a customer of it holds.
type example struct {
	system
	base  string
	table []exampleapi.Route
	doc   []byte
	env   []string
}

func examples(c *demo.Credentials) []example {
	s := systems()
	return []example{
		{s[0], c.Acme.Direct, acme.Table(), acme.OpenAPI(), []string{"ACME_API_KEY=" + c.Acme.Key}},
		{s[1], c.Trustifi.Direct, trustifi.Table(), trustifi.OpenAPI(), []string{"TRUSTIFI_API_KEY=" + c.Trustifi.Users[0].Key, "TRUSTIFI_API_SECRET=" + c.Trustifi.Users[0].Secret}},
		{s[2], c.Truestamp.Direct, truestamp.Table(), truestamp.OpenAPI(), []string{"TRUESTAMP_API_KEY=" + c.Truestamp.Users[0].Key, "TRUESTAMP_ACCESS_TOKEN=none"}},
		{s[3], c.Trusset.Direct, trusset.Table(), trusset.OpenAPI(), []string{"TRUSSET_API_KEY=" + c.Trusset.Instances[0].Key, "TRUSSET_ACCESS_TOKEN=none", "TRUSSET_MICA_KEY=" + c.Trusset.Mica.Key, "TRUSSET_MICA_MANAGEMENT_KEY=none"}},
		{s[4], c.DomainTrust.Direct, domaintrust.Table(), domaintrust.OpenAPI(), []string{"DOMAIN_TRUST_API_KEY=" + c.DomainTrust.Organizations[0].TestingKey, "DOMAIN_TRUST_ACCESS_TOKEN=none"}},
		{s[5], c.TrustSwiftly.Direct, trustswiftly.Table(), trustswiftly.OpenAPI(), []string{"TRUST_SWIFTLY_API_KEY=" + c.TrustSwiftly.Accounts[0].Key}},
	}
}

var statusLine = regexp.MustCompile(`(?m)^(?:HTTP/[\d.]+ )?(\d{3})\b`)

// perform runs a sample and returns the status that it printed.
func perform(ctx context.Context, dir string, s handbook.Sample, ca string, env []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	file := filepath.Join(dir, map[string]string{"go": "main.go", "javascript": "sample.mjs", "node": "sample.mjs", "php": "sample.php", "python": "sample.py"}[s.Language])
	text, args := s.Text, []string(nil)
	switch s.Language {
	case "curl":
		args = []string{"sh", "-c", strings.Replace(text, "curl ", "curl --silent --show-error --include ", 1)}
	case "httpie":
		args = []string{"sh", "-c", strings.Replace(text, "http --ignore-stdin", "http --ignore-stdin --print=hb", 1)}
	case "go":
		args = []string{"go", "run", file}
	case "php":
		args = []string{"php", file}
	case "python":
		args = []string{"python3", file}
	default:
		args = []string{"node", file}
	}
	if file != dir {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca), env...)
	out, err := cmd.CombinedOutput()
	m := statusLine.FindSubmatch(out)
	if err != nil || m == nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return string(m[1]), nil
}

// TestTFI27_EveryPrintedSampleRuns runs all languages for all operations of all
// systems. Within one operation every language must get an answer that the
// reference names, and never that of a request which is not well formed.
func TestTFI27_TFI26_TSW23_EveryPrintedSampleRuns(t *testing.T) {
	c := running(t)
	for _, x := range examples(&c) {
		h, err := handbook.New(handbook.Options{API: x.name, Title: x.name, Base: x.base, OpenAPI: x.doc, Variable: x.variable, CA: c.CA, Schemes: partsOf(t, x.scheme, x.table)})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(x.name, func(t *testing.T) {
			gate := make(chan struct{}, 3)
			var wait sync.WaitGroup
			seen := map[string]int{}
			var mu sync.Mutex
			for _, s := range h.Samples() {
				if !s.Runs {
					continue
				}
				dir := t.TempDir()
				gate <- struct{}{}
				wait.Go(func() {
					defer func() { <-gate }()
					status, err := perform(t.Context(), dir, s, c.CA, x.env)
					if err != nil {
						t.Errorf("%s in %s: %v\n%s", s.Operation, s.Language, err, s.Text)
						return
					}
					mu.Lock()
					seen[s.Operation+" "+status]++
					mu.Unlock()
					// An example names things that need not be there: a refusal is an answer,
					// if the reference tells of it, and not one of a malformed request.
					told := status == "429" || regexp.MustCompile(`(?m)^### (?:\d+, )*`+status).MatchString(get(t, h, "/reference/"+dashed(s.Operation)+".md"))
					if !told || slices.Contains([]string{"405", "406", "413", "415", "500", "502", "503"}, status) {
						t.Errorf("%s in %s answered %s\n%s", s.Operation, s.Language, status, s.Text)
					}
				})
			}
			wait.Wait()
			t.Log(seen)
		})
	}
}

// dashed is an operation's name in the address of its page: createItem is create-item.
func dashed(s string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(s, "$1-$2"))
}
