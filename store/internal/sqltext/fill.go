package sqltext

import (
	"context"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// What lists are answered from beside a record's body. Each function returns the
// values of these columns, in their order.
const (
	keyListed    = "environment, name, hint, expires, retires, paused, paused_until"
	tenantListed = "label, name, plan, archived, granted"
)

func keyValues(k *keywright.Key) []any {
	return []any{k.Environment, record.Fold(k.Name), record.Visible(k.Hint), record.Expiry(k.Expires), record.Nanos(k.Retires), record.Nanos(k.PausedAt), record.Nanos(k.PausedUntil)}
}

func tenantValues(t *keywright.Tenant) []any {
	archived := int64(0)
	if t.Archived {
		archived = 1
	}
	granted := ""
	for _, one := range t.Environments {
		granted += "\n" + one + "\n"
	}
	return []any{record.Fold(t.Ref), record.Fold(t.Name), t.Plan, archived, granted}
}

// fillAtOnce is how many rows one statement fills.
const fillAtOnce = 200

// fill sets the columns of lists for the rows that were there before them.
func fill(ctx context.Context, c Conn, d Dialect) error {
	r := NewReader(c)
	var keys []any
	key := func(s scan) (any, error) {
		k, err := s.key(0)
		keys = append(append(keys, k.ID[:], record.Nanos(k.RevokedAt)), keyValues(&k)...)
		return k.ID[:], err
	}
	columns := typed{"keys", []string{"id", "revoked", "environment", "name", "hint", "expires", "retires", "paused", "paused_until"},
		[]string{"{bytes}", "{int}", "TEXT", "TEXT", "TEXT", "{int}", "{int}", "{int}", "{int}"}}
	if err := fillTable(ctx, r, d, columns, "SELECT "+keyColumns+" FROM keys k WHERE k.id > $1 ORDER BY k.id LIMIT $2", []byte{}, key, &keys); err != nil {
		return err
	}
	var tenants []any
	tenant := func(s scan) (any, error) {
		t, err := s.tenant(0)
		tenants = append(append(tenants, string(t.ID)), tenantValues(&t)...)
		return string(t.ID), err
	}
	columns = typed{"tenants", []string{"id", "label", "name", "plan", "archived", "granted"}, []string{"TEXT", "TEXT", "TEXT", "TEXT", "{int}", "TEXT"}}
	return fillTable(ctx, r, d, columns, "SELECT "+tenantColumns+" FROM tenants t WHERE t.id > $1 ORDER BY t.id LIMIT $2", "", tenant, &tenants)
}

// typed are columns of a table, with the type of each; the first is the id.
type typed struct {
	table   string
	columns []string
	types   []string
}

// fillTable reads a table in the order of its ids, and fills a few rows at a time;
// note adds the values of a row to values, and returns its id.
func fillTable(ctx context.Context, r *Reader, d Dialect, t typed, sql string, after any, note func(scan) (any, error), values *[]any) error {
	for {
		*values = (*values)[:0]
		rows := 0
		err := r.query(ctx, sql, []any{after, int64(fillAtOnce)}, func(s scan) (err error) {
			rows++
			after, err = note(s)
			return err
		})
		if err == nil && rows > 0 {
			_, err = r.conn.Exec(ctx, d.spell(t.update(rows)), *values)
		}
		if err != nil || rows < fillAtOnce {
			return err
		}
	}
}

// update sets every column but the id in so many rows.
func (t typed) update(rows int) string {
	var s statement
	s.add("UPDATE " + t.table + " SET ")
	for i, name := range t.columns[1:] {
		if i > 0 {
			s.add(", ")
		}
		s.add(name + " = filled." + name)
	}
	s.add(" FROM (")
	row := make([]string, len(t.columns))
	for i := range row {
		row[i] = "CAST(? AS " + t.types[i] + ")"
	}
	none := make([]any, len(row))
	for i := range rows {
		if i == 0 {
			named := make([]string, len(row))
			for c := range row {
				named[c] = row[c] + " AS " + t.columns[c]
			}
			s.add("SELECT "+strings.Join(named, ", "), none...)
			continue
		}
		s.add(" UNION ALL SELECT "+strings.Join(row, ", "), none...)
	}
	s.add(") filled WHERE " + t.table + ".id = filled.id")
	return s.text.String()
}
