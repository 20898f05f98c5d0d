package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var root = filepath.Join("..", "..")

// TestThePageIsCurrent fails when a test was added or renamed without
// regenerating the page.
func TestThePageIsCurrent(t *testing.T) {
	want, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "requirements.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/requirements.md is out of date: run go run ./internal/requirements")
	}
}

// TestWhatIsBuiltHasATest is the promise of the page: no row is without a test.
func TestWhatIsBuiltHasATest(t *testing.T) {
	all, err := readRequirements(filepath.Join(root, "docs", "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := findTests(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if len(tests[r.id]) == 0 {
			t.Errorf("%s has no test: %s", r.id, r.text)
		}
	}
}

func TestNumbersAreRead(t *testing.T) {
	found := map[string][]place{}
	readGoLine(found, "a_test.go", "func TestTRS21to23_Refused(t *testing.T) {")
	readGoLine(found, "a_test.go", `	t.Run("DMT-08…10 data never crosses", func`)
	readGoLine(found, "a_test.go", `	t.Error("see TSW-04")`)
	for _, id := range []string{"TRS-21", "TRS-22", "TRS-23", "DMT-08", "DMT-09", "DMT-10"} {
		if len(found[id]) != 1 {
			t.Errorf("%s was not found", id)
		}
	}
	if len(found["TSW-04"]) != 0 {
		t.Error("a number inside a message is not a test's name")
	}
}

// TestWhatIsShownExists looks up every test that docs/shown-by.md names.
func TestWhatIsShownExists(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "shown-by.md"))
	if err != nil {
		t.Fatal(err)
	}
	folder := regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)`")
	test := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	named := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		cell, dir := cells[2], ""
		for _, part := range strings.Split(cell, ",") {
			if m := folder.FindStringSubmatch(part); m != nil {
				dir = m[1]
			}
			if m := test.FindStringSubmatch(part); m != nil {
				named++
				if !declares(t, dir, m[1]) {
					t.Errorf("%s has no %s", dir, m[1])
				}
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d tests were read off the page", named)
	}
}

func declares(t *testing.T, dir, name string) bool {
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(src, []byte("func "+name+"(")) {
			return true
		}
	}
	return false
}
