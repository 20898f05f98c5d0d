package sqltext

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/keywright/keywright"
)

//go:embed 0001.sql
var first string

//go:embed 0002.sql
var second string

//go:embed 0003.sql
var third string

//go:embed 0004.sql
var fourth string

// migrations lists what leads from each version of the schema to the next. One
// that was released is never changed; a change is another entry.
func migrations() []string { return []string{first, second, third, fourth} }

// Dialect is how one engine spells what the two do not share.
type Dialect struct {
	Int, Text, Bytes string
	Table            string // what follows a table that is read by its primary key
	Log              string // what follows a table that grows at its end, or whose rows may be large
}

func (d Dialect) spell(text string) string {
	return strings.NewReplacer("{int}", d.Int, "{text}", d.Text, "{bytes}", d.Bytes, "{table}", d.Table, "{log}", d.Log).Replace(text)
}

// Conn runs statements on one connection, inside the transaction that is open
// on it. each is called for every row, and a row is valid until the next.
type Conn interface {
	Query(ctx context.Context, sql string, args []any, each func(Row) error) error
	// Exec returns the number of rows that were written.
	Exec(ctx context.Context, sql string, args []any) (int64, error)
}

// Row is one row of a result. What Bytes returns is valid until the next row.
type Row interface {
	Int(column int) int64
	Bytes(column int) []byte // of text, too; nil for NULL
}

// Migrate brings the schema up to date, inside the open transaction. It returns
// a Precondition error if a newer Keywright wrote the schema.
func Migrate(ctx context.Context, c Conn, d Dialect) error {
	return migrate(ctx, c, d, migrations())
}

func migrate(ctx context.Context, c Conn, d Dialect, all []string) error {
	if _, err := c.Exec(ctx, d.spell("CREATE TABLE IF NOT EXISTS keywright_schema (version {int} NOT NULL PRIMARY KEY) {table}"), nil); err != nil {
		return err
	}
	var version int64
	err := c.Query(ctx, "SELECT COALESCE(MAX(version), 0) FROM keywright_schema", nil, func(r Row) error {
		version = r.Int(0)
		return nil
	})
	if err != nil {
		return err
	}
	if version > int64(len(all)) {
		return &keywright.Error{Kind: keywright.Precondition, Detail: fmt.Sprintf(
			"the database has schema %d, written by a newer Keywright; this one knows up to %d: run the newer version, or restore a backup of before", version, len(all))}
	}
	for i := int(version); i < len(all); i++ {
		for _, statement := range strings.Split(d.spell(all[i]), ";\n") {
			var err error
			switch strings.TrimSpace(statement) {
			case "":
			case "{fill}":
				err = fill(ctx, c, d)
			default:
				_, err = c.Exec(ctx, statement, nil)
			}
			if err != nil {
				return fmt.Errorf("schema %d: %w", i+1, err)
			}
		}
		if _, err := c.Exec(ctx, "INSERT INTO keywright_schema (version) VALUES ($1)", []any{int64(i + 1)}); err != nil {
			return err
		}
	}
	return nil
}
