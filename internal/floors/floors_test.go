package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTheHouseStands parses every Go file itself: a test that asked `go list`
// would be answered from go test's cache and miss what changed.
func TestTheHouseStands(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); path != root && (strings.HasPrefix(n, ".") || n == "testdata" || n == "node_modules" || n == "artifacts") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		seen++
		checkFile(t, root, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Fatalf("only %d files were seen: the walk is broken", seen)
	}
}

func checkFile(t *testing.T, root, path string) {
	t.Helper()
	src, err := os.ReadFile(path) //nolint:gosec // a path of this repository
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.ToSlash(rel)
	if folder == "." {
		folder = ""
	}
	for _, imp := range file.Imports {
		if err := judge(folder, importPath(t, imp), strings.HasSuffix(path, "_test.go")); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func importPath(t *testing.T, imp *ast.ImportSpec) string {
	t.Helper()
	p, err := strconv.Unquote(imp.Path.Value)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestThePolicyBites shows that each kind of violation is refused.
func TestThePolicyBites(t *testing.T) {
	for _, c := range []struct {
		folder, imported string
		inTest, ok       bool
	}{
		{"", "net/http", false, false},
		{"", "net/netip", false, true},
		{"", "log/slog", false, false},
		{"", "log/slog", true, true},
		{"", Module + "/scheme", false, false},
		{"scheme", Module, false, true},
		{"scheme", Module + "/seal", false, true},
		{"scheme", Module + "/gate", false, false},
		{"verify", "context", false, false},
		{"verify", "net/netip", false, true},
		{"gate", Module + "/limit", false, true},
		{"gate", Module + "/store/memory", false, false},
		{"gate", Module + "/store/memory", true, true},
		{"store/sqlite", Module + "/store/postgres", false, false},
		{"store/sqlite", Module + "/store/internal/sqltext", false, true},
		{"front/proxy", Module + "/store/internal/sqltext", false, false},
		{"front/proxy", Module + "/front/forwardauth", false, false},
		{"front/proxy", Module + "/gate", false, true},
		{"internal/daemon", Module + "/internal/config", false, true},
		{"internal/daemon", Module + "/cmd/keywright", false, false},
		{"attic", Module, false, false},
	} {
		if err := judge(c.folder, c.imported, c.inTest); (err == nil) != c.ok {
			t.Errorf("judge(%q, %q, test=%v) = %v", c.folder, c.imported, c.inTest, err)
		}
	}
}
