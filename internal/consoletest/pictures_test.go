package consoletest_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/keywright/keywright/internal/webtest"
)

// pictures are what scripts/pictures writes, below the repository's root.
func pictures() map[string]string {
	return map[string]string{
		"creating-a-token": "examples/trustswiftly/docs/images/creating-a-token.png",
		"portal":           "docs/pictures/portal.png",
		"console":          "docs/pictures/console.png",
	}
}

// The pictures that the docs show are of the real console, and can be taken again:
// scripts/pictures runs this test with KEYWRIGHT_PICTURES set to the root.
func TestTSW17_PicturesOfTheConsole(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	into := t.TempDir()
	args := map[string]any{"into": into}
	for key, who := range map[string][2]string{"trustswiftly": {"trustswiftly", "ada"}, "trusset": {"trusset", "ada"}, "operator": {"", "operator"}} {
		args[key] = d.args(who[0], who[1])
	}
	webtest.Run(t, "testdata/pictures.mjs", args)
	for name, at := range pictures() {
		body, err := os.ReadFile(filepath.Join(into, name+".png")) //nolint:gosec // a folder of this test's
		if err != nil {
			t.Fatal(err)
		}
		if is, err := png.DecodeConfig(bytes.NewReader(body)); err != nil || is.Width < 400 || len(body) < 5000 {
			t.Errorf("%s is no picture of a page: %v, %d bytes", name, err, len(body))
		}
		if root := os.Getenv("KEYWRIGHT_PICTURES"); root != "" {
			write(t, filepath.Join(root, filepath.FromSlash(at)), body)
		}
		if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(at))); err != nil {
			t.Errorf("the docs lack %s: run scripts/pictures", at)
		}
	}
}

func write(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // of the repository
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil { //nolint:gosec // of the repository
		t.Fatal(err)
	}
}
