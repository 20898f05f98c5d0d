package sdk_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/sdk"
)

var block = regexp.MustCompile("(?s)(?:<!-- ([^\n]*?) -->\n)?```(\\w*)\n(.*?)```")

// flat takes off what a piece of code was indented by.
func flat(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimLeft(line, " \t"))
	}
	return b.String()
}

// snippets holds each piece of a page to the file that it is taken from.
func snippets(t *testing.T, page, language string) int {
	t.Helper()
	n := 0
	for _, m := range block.FindAllStringSubmatch(string(read(t, filepath.Join(root, page))), -1) {
		file, kind, code := m[1], m[2], m[3]
		if kind != language {
			continue
		}
		n++
		if file == "" {
			t.Errorf("%s: a piece of code that is taken from nowhere:\n%s", page, code)
			continue
		}
		if !strings.Contains(flat(string(read(t, filepath.Join(root, file)))), flat(code)) {
			t.Errorf("%s: this is not in %s:\n%s", page, file, code)
		}
	}
	return n
}

func TestTSP06TheGoGuidesCodeIsTested(t *testing.T) {
	t.Parallel()
	if n := snippets(t, "docs/guide/go-sdk.md", "go"); n < 10 {
		t.Errorf("only %d pieces of code", n)
	}
}

func TestTSP06TheTypeScriptGuidesCodeIsTested(t *testing.T) {
	t.Parallel()
	for page, least := range map[string]int{"docs/guide/typescript-sdk.md": 4, "sdk/typescript/README.md": 1} {
		if n := snippets(t, page, "ts"); n < least {
			t.Errorf("%s: only %d pieces of code", page, n)
		}
	}
}

// TestTheGuidesCommandsWork runs each `keywright sdk` of the pages.
func TestTheGuidesCommandsWork(t *testing.T) {
	document, page := read(t, filepath.Join(root, "examples/trustswiftly/openapi.yaml")), read(t, filepath.Join(root, "schemes/trust-swiftly.yaml"))
	var lines []string
	for _, file := range []string{"docs/guide/typescript-sdk.md", "sdk/typescript/README.md"} {
		for _, m := range block.FindAllStringSubmatch(string(read(t, filepath.Join(root, file))), -1) {
			for line := range strings.SplitSeq(m[3], "\n") {
				if rest, ok := strings.CutPrefix(line, "keywright sdk "); ok {
					lines = append(lines, rest)
				}
			}
		}
	}
	if len(lines) < 2 {
		t.Fatalf("only %d commands", len(lines))
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string][]byte{"openapi.yaml": document, "our-scheme.yaml": page} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range lines {
		cmd := sdk.Command()
		cmd.SetArgs(strings.Fields(line))
		if err := cmd.Execute(); err != nil {
			t.Errorf("keywright sdk %s: %v", line, err)
		}
	}
}
