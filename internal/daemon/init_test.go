package daemon_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keywright runs the program and returns what it printed and its exit code.
func keywright(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	var out, bad strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), bad.String(), cmd.ProcessState.ExitCode()
}

func TestInit_WritesAFileThatRuns(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"standard answers": {"--yes"},
		"every flag":       {"--api", "shop", "--host", "shop.example.com", "--upstream", "http://127.0.0.1:1", "--scheme", "domain-trust", "--store", "postgres", "--listen", ":8443", "--tls", "acme"},
		"internal CA":      {"--yes", "--tls", "internal", "--store", "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out, bad, code := keywright(t, dir, "", append([]string{"init"}, args...)...)
			if code != 0 || !strings.Contains(out, "keywright serve --config keywright.yaml") {
				t.Fatalf("init: %d\n%s%s", code, out, bad)
			}
			out, bad, code = keywright(t, dir, "", "config", "check")
			if code != 0 || !strings.Contains(out, "keywright.yaml is in order") {
				t.Errorf("config check: %d\n%s%s", code, out, bad)
			}
		})
	}
}

func TestInit_AsksAndTakesAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, bad, code := keywright(t, dir, "shop\nshop.localhost\n\n\nmemory\n\n\n", "init")
	if code != 0 || strings.Count(bad, "]: ") != 7 {
		t.Fatalf("%d\n%s%s", code, out, bad)
	}
	text, err := os.ReadFile(filepath.Join(dir, "keywright.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`name: "shop"`, `hosts: ["shop.localhost"]`, `kind: "memory"`, `upstream: "http://127.0.0.1:3000"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %s:\n%s", want, text)
		}
	}
}

func TestInit_NeverOverwritesUnasked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "keywright.yaml")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, bad, code := keywright(t, dir, "", "init", "--yes"); code == 0 || !strings.Contains(bad, "--force") {
		t.Errorf("%d %s", code, bad)
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Error("the file was overwritten")
	}
	if _, bad, code := keywright(t, dir, "", "init", "--yes", "--force"); code != 0 {
		t.Errorf("with --force: %d %s", code, bad)
	}
}

func TestInit_RefusesAnswersThatWouldNotRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"scheme":     {[]string{"--scheme", "nonesuch"}, "there is no scheme"},
		"store":      {[]string{"--store", "oracle"}, "store.kind"},
		"host":       {[]string{"--host", "https://x"}, "hosts[0]"},
		"injection":  {[]string{"--host", "x]\nstore: {kind: memory"}, "hosts[0]"},
		"tls":        {[]string{"--tls", "perhaps"}, "tls"},
		"no answers": {nil, "--yes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, args := t.TempDir(), []string{"init"}
			if c.args != nil {
				args = append(append(args, "--yes"), c.args...)
			}
			_, bad, code := keywright(t, dir, "", args...)
			if code == 0 || !strings.Contains(bad, c.says) {
				t.Errorf("%d, without %q:\n%s", code, c.says, bad)
			}
			if _, err := os.Stat(filepath.Join(dir, "keywright.yaml")); err == nil {
				t.Error("a file was written")
			}
		})
	}
}

func TestConfigCheck_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	scheme := "name: broken\nread: {header: X}\n"
	files := map[string]string{
		"keywright.yaml": "listen: {http: \"127.0.0.1:1\"}\nscheme_files: [broken.yaml]\napis:\n  - {name: a, hosts: [a.localhost], scheme: broken, upstream: \"http://127.0.0.1:1\", routes: [{path: /}]}\n",
		"broken.yaml":    scheme,
		"two.yaml":       "listen: {http: \"127.0.0.1:1\"}\napis:\n  - {name: a, hosts: [a.localhost], scheme: keywrit, upstream: \"http://127.0.0.1:1\", openapi: none.json, routes: [{path: /, scheme: nope, need: {environments: [moon]}}]}\n",
		"moon.yaml":      "listen: {http: \"127.0.0.1:1\"}\napis:\n  - {name: a, hosts: [a.localhost], scheme: keywright, upstream: \"http://127.0.0.1:1\", routes: [{path: /, need: {environments: [moon]}}]}\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, says := range map[string][]string{
		"keywright.yaml": {"broken.yaml:"},
		"two.yaml":       {"two.yaml:3:", "apis[0].scheme", "apis[0].openapi", "apis[0].routes[0].scheme"},
		"moon.yaml":      {"moon.yaml:3:", "no key could ever pass"},
		"nowhere.yaml":   {"keywright init"},
	} {
		_, bad, code := keywright(t, dir, "", "config", "check", file)
		for _, want := range says {
			if code == 0 || !strings.Contains(bad, want) {
				t.Errorf("%s: %d, without %q:\n%s", file, code, want, bad)
			}
		}
	}
	if out, _, code := keywright(t, dir, "", "config", "example"); code != 0 || !strings.Contains(out, "listen:") {
		t.Errorf("config example: %d %s", code, out)
	}
}
