package management

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
)

// maxRow bounds one row of an import, so that a file without an end of line
// cannot fill the memory.
const maxRow = 64 << 10

var errLongRow = errors.New("a row is longer than 64 KiB")

// jsonRows reads one JSON object a line. A line that is wrong is its own
// refusal; only what ends the reading comes as another error.
func jsonRows(body io.Reader, base keeper.ImportRow) iter.Seq2[keeper.ImportRow, error] {
	return func(yield func(keeper.ImportRow, error) bool) {
		in := bufio.NewReaderSize(body, maxRow)
		for line := 1; ; line++ {
			text, err := in.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				yield(keeper.ImportRow{}, errLongRow) // no line: it ends the import
				return
			}
			if text = bytes.TrimSpace(text); len(text) > 0 {
				row, rowErr := jsonRow(text, base)
				row.Line = line
				if !yield(row, rowErr) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(keeper.ImportRow{}, err)
				return
			}
		}
	}
}

func jsonRow(text []byte, base keeper.ImportRow) (keeper.ImportRow, error) {
	var w api.ImportRow
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return base, rowFault(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return base, invalidField("", "one JSON object on each line")
	}
	return importRow(&w, base), nil
}

// rowFault names the field that a JSON line has wrong, without its value.
func rowFault(err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalidField(plain(strings.Trim(name, `"`)), "is not a field of a row: leave it out")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return invalidField(plain(wrong.Field), "is not of the documented shape")
	}
	return invalidField("", "is not one JSON object of the documented shape")
}

func importRow(w *api.ImportRow, base keeper.ImportRow) keeper.ImportRow {
	row := keeper.ImportRow{
		Tenant: w.Tenant, Scheme: w.Scheme, Key: w.Key, Secret: w.Secret, SHA256: w.SHA256, Hint: w.Hint, Name: w.Name,
		Environment: w.Environment, Permissions: w.Permissions, Metadata: w.Metadata,
	}
	if row.Tenant == "" {
		row.Tenant = base.Tenant
	}
	if row.Scheme == "" {
		row.Scheme = base.Scheme
	}
	if w.CreatedAt != nil {
		row.Created = w.CreatedAt.UTC()
	}
	if w.ExpiresAt != nil {
		row.Expires = w.ExpiresAt.UTC()
	}
	return row
}

// leash bounds how much is read between two resets.
type leash struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (l *leash) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRow
	}
	if len(p) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}

const metadataColumn = "metadata."

func columns() []string {
	return []string{"tenant", "scheme", "key", "secret", "sha256", "hint", "name", "environment", "permissions", "created_at", "expires_at"}
}

// csvTable reads rows of CSV under a header that names the fields of ImportRow.
type csvTable struct {
	in     *csv.Reader
	leash  *leash
	header []string
	base   keeper.ImportRow
}

// openCSV reads the header. It returns an Invalid error that names a column.
func openCSV(body io.Reader, base keeper.ImportRow) (*csvTable, error) {
	l := &leash{r: body, left: maxRow}
	t := &csvTable{in: csv.NewReader(l), leash: l, base: base}
	header, err := t.in.Read()
	if err != nil {
		return nil, invalidField("header", "the first line names the columns: "+strings.Join(columns(), ", ")+", metadata.<name>")
	}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if slices.Contains(header[:i], name) {
			return nil, invalidField(plain(name), "this column is there twice")
		}
		if !slices.Contains(columns(), name) && !strings.HasPrefix(name, metadataColumn) {
			return nil, invalidField(plain(name), "is no column of an import; there are "+strings.Join(columns(), ", ")+", metadata.<name>")
		}
		header[i] = name
	}
	t.header = header
	return t, nil
}

func (t *csvTable) rows(yield func(keeper.ImportRow, error) bool) {
	for {
		t.leash.left = maxRow
		record, err := t.in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var fault *csv.ParseError
		if errors.As(err, &fault) {
			if !yield(keeper.ImportRow{Line: fault.StartLine}, invalidField("", "is not a row of CSV with as many fields as the header")) {
				return
			}
			continue
		}
		if err != nil {
			yield(keeper.ImportRow{}, err)
			return
		}
		line, _ := t.in.FieldPos(0)
		row, err := t.row(record)
		row.Line = line
		if !yield(row, err) {
			return
		}
	}
}

func (t *csvTable) row(record []string) (keeper.ImportRow, error) {
	w := api.ImportRow{}
	texts := map[string]*string{
		"tenant": &w.Tenant, "scheme": &w.Scheme, "key": &w.Key, "secret": &w.Secret, "sha256": &w.SHA256,
		"hint": &w.Hint, "name": &w.Name, "environment": &w.Environment,
	}
	times := map[string]**time.Time{"created_at": &w.CreatedAt, "expires_at": &w.ExpiresAt}
	for i, value := range record {
		name := t.header[i]
		if into, ok := texts[name]; ok {
			*into = value
			continue
		}
		if into, ok := times[name]; ok {
			if value == "" {
				continue
			}
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				return t.base, &keywright.Error{Kind: keywright.Invalid, Field: name, Detail: "must be a date and time as in RFC 3339"}
			}
			*into = &at
			continue
		}
		if name == "permissions" {
			w.Permissions = strings.Fields(value)
			continue
		}
		if value != "" {
			if w.Metadata == nil {
				w.Metadata = map[string]string{}
			}
			w.Metadata[strings.TrimPrefix(name, metadataColumn)] = value
		}
	}
	return importRow(&w, t.base), nil
}
