package sqltext

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

// SQLite numbers $n by first appearance, PostgreSQL by name.
func TestParametersAppearInTheOrderOfTheirNumbers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range regexp.MustCompile("(?s)`[^`]*`|\"[^\"\n]*\"").FindAllString(string(source), -1) {
			highest := 0
			for _, m := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(text, -1) {
				n, _ := strconv.Atoi(m[1])
				if n > highest+1 {
					t.Errorf("%s: $%d comes before $%d in %s", file, n, highest+1, text)
				}
				highest = max(highest, n)
				checked++
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d parameters were found", checked)
	}
}

// fake answers the question for the schema's version and notes what is run.
type fake struct {
	version int64
	ran     []string
}

func (f *fake) Query(_ context.Context, _ string, _ []any, each func(Row) error) error {
	return each(number(f.version))
}

func (f *fake) Exec(_ context.Context, sql string, _ []any) (int64, error) {
	f.ran = append(f.ran, sql)
	if strings.Contains(sql, "broken") {
		return 0, errors.New("broken")
	}
	return 1, nil
}

type number int64

func (n number) Int(int) int64    { return int64(n) }
func (n number) Bytes(int) []byte { return nil }

func TestMigrations(t *testing.T) {
	t.Parallel()
	all := []string{"one {int};\ntwo;\n", "three\n"}
	d := Dialect{Int: "BIGINT"}
	f := &fake{version: 1}
	if err := migrate(t.Context(), f, d, all); err != nil || strings.TrimSpace(f.ran[1]) != "three" || len(f.ran) != 3 {
		t.Errorf("from 1: %v, %q", err, f.ran)
	}
	f = &fake{}
	if err := migrate(t.Context(), f, d, all); err != nil || f.ran[1] != "one BIGINT" || len(f.ran) != 6 {
		t.Errorf("from nothing: %v, %q", err, f.ran)
	}
	f = &fake{version: 2}
	if err := migrate(t.Context(), f, d, all); err != nil || len(f.ran) != 1 {
		t.Errorf("up to date: %v, %q", err, f.ran)
	}
	f = &fake{version: 3}
	err := migrate(t.Context(), f, d, all)
	if !errors.Is(err, keywright.Precondition) || !strings.Contains(err.Error(), "newer Keywright") || len(f.ran) != 1 {
		t.Errorf("from a newer one: %v, %q", err, f.ran)
	}
	if err := migrate(t.Context(), &fake{}, d, []string{"broken"}); err == nil || !strings.Contains(err.Error(), "schema 1") {
		t.Errorf("a broken one: %v", err)
	}
}

// A binary of before people had records must not open what this one wrote.
func TestAnOlderBinaryRefusesThisSchema(t *testing.T) {
	t.Parallel()
	f := &fake{version: int64(len(migrations()))}
	err := migrate(t.Context(), f, Dialect{}, migrations()[:1])
	if !errors.Is(err, keywright.Precondition) || !strings.Contains(err.Error(), "newer Keywright") {
		t.Errorf("got %v", err)
	}
}
