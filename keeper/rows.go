package keeper

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// maxRow bounds a line of an import, and so what is held of a file at a time.
const maxRow = 16 << 10

// columns are the fields of a row, in both notations. In CSV, permissions are
// separated by spaces, and a column metadata.<name> is one entry of metadata.
const columns = "tenant, scheme, key, secret, sha256, hint, name, environment, permissions, metadata, created_at, expires_at"

const metadataColumn = "metadata."

// ReadCSV yields the rows of a CSV file whose first line names the columns. A
// field does not run over the end of a line. An error that concerns one line
// comes with that line's number, and the rows after it follow; an error without
// a line ends the rows. No error repeats what stands in the file.
func ReadCSV(r io.Reader) iter.Seq2[ImportRow, error] {
	return func(yield func(ImportRow, error) bool) {
		var header []func(*ImportRow, string) error
		for n, line := range lines(r) {
			if line.fatal {
				yield(ImportRow{}, line.err)
				return
			}
			if line.err != nil && header == nil {
				yield(ImportRow{}, rowError(n, "", line.err.Error()))
				return
			}
			if header == nil {
				var err error
				if header, err = parseHeader(n, line.text); err != nil {
					yield(ImportRow{}, err)
					return
				}
				continue
			}
			row, err := csvRow(n, line, header)
			if !yield(row, err) {
				return
			}
		}
		if header == nil {
			yield(ImportRow{}, rowError(1, "", "the file is empty: its first line names the columns: "+columns))
		}
	}
}

func csvRow(n int, line line, header []func(*ImportRow, string) error) (ImportRow, error) {
	row := ImportRow{Line: n}
	if line.err != nil {
		return row, rowError(n, "", line.err.Error())
	}
	cells, err := split(line.text)
	if err != nil {
		return row, rowError(n, "", "it is not CSV: look for a quote that is not closed")
	}
	if len(cells) != len(header) {
		return row, rowError(n, "", fmt.Sprintf("it has %d fields, and the first line %d", len(cells), len(header)))
	}
	for i, set := range header {
		if cells[i] == "" {
			continue
		}
		if err := set(&row, cells[i]); err != nil {
			return ImportRow{Line: n}, atLine(n, err)
		}
	}
	return row, nil
}

func split(text []byte) ([]string, error) {
	c := csv.NewReader(bytes.NewReader(text))
	c.FieldsPerRecord = -1
	return c.Read()
}

// parseHeader turns the first line into what each column sets.
func parseHeader(n int, text []byte) ([]func(*ImportRow, string) error, error) {
	names, err := split(text)
	if err != nil {
		return nil, rowError(n, "", "it is not CSV")
	}
	setters := make([]func(*ImportRow, string) error, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		name = strings.TrimSpace(name)
		// The name is not repeated: where the header is missing, it is a key.
		if setters[i] = setter(name); setters[i] == nil {
			return nil, rowError(n, "", fmt.Sprintf("column %d has no name that is known: the first line names the columns: %s", i+1, columns))
		}
		if seen[name] {
			return nil, rowError(n, name, "there are two columns of this name")
		}
		seen[name] = true
	}
	return setters, nil
}

// setter returns what a column sets, or nil for an unknown one.
func setter(name string) func(*ImportRow, string) error {
	if entry, ok := strings.CutPrefix(name, metadataColumn); ok && entry != "" {
		return func(r *ImportRow, s string) error {
			if r.Metadata == nil {
				r.Metadata = map[string]string{}
			}
			r.Metadata[entry] = s
			return nil
		}
	}
	text := func(at func(*ImportRow) *string) func(*ImportRow, string) error {
		return func(r *ImportRow, s string) error { *at(r) = s; return nil }
	}
	instant := func(at func(*ImportRow) *time.Time) func(*ImportRow, string) error {
		return func(r *ImportRow, s string) (err error) { *at(r), err = parseInstant(name, s); return err }
	}
	switch name {
	case "tenant":
		return text(func(r *ImportRow) *string { return &r.Tenant })
	case "scheme":
		return text(func(r *ImportRow) *string { return &r.Scheme })
	case "key":
		return text(func(r *ImportRow) *string { return &r.Key })
	case "secret":
		return text(func(r *ImportRow) *string { return &r.Secret })
	case "sha256":
		return text(func(r *ImportRow) *string { return &r.SHA256 })
	case "hint":
		return text(func(r *ImportRow) *string { return &r.Hint })
	case "name":
		return text(func(r *ImportRow) *string { return &r.Name })
	case "environment":
		return text(func(r *ImportRow) *string { return &r.Environment })
	case "permissions":
		return func(r *ImportRow, s string) error { r.Permissions = strings.Fields(s); return nil }
	case "created_at":
		return instant(func(r *ImportRow) *time.Time { return &r.Created })
	case "expires_at":
		return instant(func(r *ImportRow) *time.Time { return &r.Expires })
	default:
		return nil
	}
}

func parseInstant(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, invalid(field, "must be an instant such as 2030-01-31T12:00:00Z")
	}
	return t, nil
}

// jsonRow is a line of a JSON-lines file.
type jsonRow struct {
	Tenant      string            `json:"tenant"`
	Scheme      string            `json:"scheme"`
	Key         string            `json:"key"`
	Secret      string            `json:"secret"`
	SHA256      string            `json:"sha256"`
	Hint        string            `json:"hint"`
	Name        string            `json:"name"`
	Environment string            `json:"environment"`
	Permissions []string          `json:"permissions"`
	Metadata    map[string]string `json:"metadata"`
	Created     string            `json:"created_at"`
	Expires     string            `json:"expires_at"`
}

// ReadJSONLines yields the rows of a file with one JSON object in each line;
// empty lines are passed over. Its errors are as ReadCSV's.
func ReadJSONLines(r io.Reader) iter.Seq2[ImportRow, error] {
	return func(yield func(ImportRow, error) bool) {
		for n, line := range lines(r) {
			row, err := ImportRow{Line: n}, error(nil)
			switch {
			case line.fatal:
				yield(ImportRow{}, line.err)
				return
			case line.err != nil:
				err = rowError(n, "", line.err.Error())
			default:
				row, err = parseJSONRow(n, line.text)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func parseJSONRow(n int, text []byte) (ImportRow, error) {
	var j jsonRow
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return ImportRow{Line: n}, jsonError(n, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ImportRow{Line: n}, rowError(n, "", "something follows the object")
	}
	row := ImportRow{
		Line: n, Tenant: j.Tenant, Scheme: j.Scheme, Key: j.Key, Secret: j.Secret, SHA256: j.SHA256, Hint: j.Hint,
		Name: j.Name, Environment: j.Environment, Permissions: j.Permissions, Metadata: j.Metadata,
	}
	var err error
	if row.Created, err = parseInstant("created_at", j.Created); err == nil {
		row.Expires, err = parseInstant("expires_at", j.Expires)
	}
	if err != nil {
		return ImportRow{Line: n}, atLine(n, err)
	}
	return row, nil
}

// jsonError says what is wrong in words of ours: encoding/json repeats values.
func jsonError(n int, err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		field, _, _ := strings.Cut(kind.Field, ".")
		return rowError(n, field, "it is of the wrong type")
	}
	return rowError(n, "", "it is not a JSON object with these fields and no other: "+columns)
}

func rowError(n int, field, detail string) error {
	return atLine(n, &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail})
}

// line is one line of a file, without its end.
type line struct {
	text  []byte
	err   error
	fatal bool // nothing follows
}

var errLong = fmt.Errorf("it is longer than %d bytes", maxRow)

// lines yields the lines that are not empty, with their numbers from 1. A line
// that is too long is passed over and reported. The text is valid until the next.
func lines(r io.Reader) iter.Seq2[int, line] {
	return func(yield func(int, line) bool) {
		b := bufio.NewReaderSize(r, maxRow)
		for n := 1; ; n++ {
			text, err := b.ReadSlice('\n')
			long := errors.Is(err, bufio.ErrBufferFull)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = b.ReadSlice('\n')
			}
			end := errors.Is(err, io.EOF)
			if err != nil && !end {
				yield(n, line{err: &keywright.Error{Kind: keywright.Unavailable, Detail: fmt.Sprintf("line %d: the file cannot be read any further", n), Cause: err}, fatal: true})
				return
			}
			if n == 1 {
				text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // spreadsheets put it there
			}
			text = bytes.TrimRight(text, "\r\n")
			switch {
			case long:
				if !yield(n, line{err: errLong}) {
					return
				}
			case len(bytes.TrimSpace(text)) > 0:
				if !yield(n, line{text: text}) {
					return
				}
			}
			if end {
				return
			}
		}
	}
}
