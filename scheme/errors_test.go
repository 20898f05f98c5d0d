package scheme

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func readFile(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// TestParseErrors compares what each broken file in testdata/errors is told with
// the .txt beside it. Each file is testdata/minimal.yaml with one thing changed.
func TestParseErrors(t *testing.T) {
	if _, err := Parse("minimal.yaml", []byte(readFile(t, "testdata/minimal.yaml"))); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) < 90 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			s, err := Parse(filepath.Base(file), []byte(readFile(t, file)))
			if err == nil || s != nil {
				t.Fatal("the file was let pass")
			}
			var parse *ParseError
			if !errors.As(err, &parse) || len(parse.Problems) == 0 {
				t.Fatalf("%T says nothing of problems", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := readFile(t, golden); err.Error()+"\n" != want {
				t.Errorf("got\n%s\nwant\n%s", err, want)
			}
		})
	}
}
