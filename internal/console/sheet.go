package console

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/management/wire"
)

// sheet is a list that a page holds whole, as a file: all its rows, as they are sorted
// and narrowed.
type sheet struct {
	name    string
	columns []column
	rows    [][]cell
}

// file answers with a list as CSV.
func (v *visit) file(s *sheet) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	line := func(text func(int) string) error {
		var all []string
		for i, c := range s.columns {
			if !c.Act {
				all = append(all, wire.Inert(text(i)))
			}
		}
		return w.Write(all)
	}
	err := line(func(i int) string { return s.columns[i].Title })
	for _, row := range s.rows {
		if err == nil {
			err = line(func(i int) string { return row[i].plain() })
		}
	}
	if w.Flush(); err != nil {
		return &keywright.Error{Kind: keywright.Internal, Detail: "the file could not be made", Cause: err}
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(s.name)+`.csv"`)
	_, _ = out.WriteTo(v.w) // whoever went away does not read it
	return nil
}

// fileName spells a list's name with letters, digits and dashes alone.
func fileName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), "-")
}

// plain is a cell's value without its looks: an instant in full, a choice as it stands.
func (c cell) plain() string {
	switch {
	case c.Time != nil:
		return c.Time.UTC().Format(time.RFC3339)
	case c.Form != nil:
		for _, o := range c.Form.Options {
			if o.Chosen {
				return o.Text
			}
		}
		return ""
	}
	return strings.Join(append([]string{c.Text}, c.Tags...), " ")
}
