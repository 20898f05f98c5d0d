package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
	"github.com/keywright/keywright/store/internal/sqltext"
	"zombiezen.com/go/sqlite"
)

// conn runs the shared SQL on one connection of SQLite's.
type conn struct {
	*sqlite.Conn
	row    row
	writes int // rows written, ever
}

var _ sqltext.Conn = (*conn)(nil)

func (c *conn) Query(_ context.Context, sql string, args []any, each func(sqltext.Row) error) error {
	stmt, err := c.prepare(sql, args)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Reset() }()
	c.row.stmt = stmt
	for {
		more, err := stmt.Step()
		if err != nil {
			return failure(err)
		}
		if !more {
			return nil
		}
		if err := each(&c.row); err != nil {
			return err
		}
	}
}

func (c *conn) Exec(ctx context.Context, sql string, args []any) (int64, error) {
	err := c.Query(ctx, sql, args, func(sqltext.Row) error { return nil })
	n := c.Changes()
	c.writes += n
	return int64(n), err
}

// run executes a statement that has neither parameters nor a result.
func (c *conn) run(sql string) error {
	_, err := c.Exec(context.Background(), sql, nil)
	return err
}

// prepare takes a statement from the connection's own cache and binds to it.
func (c *conn) prepare(sql string, args []any) (*sqlite.Stmt, error) {
	stmt, err := c.Prepare(sql)
	if err != nil {
		return nil, failure(err)
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case int64:
			stmt.BindInt64(i+1, v)
		case string:
			stmt.BindText(i+1, v)
		case []byte:
			stmt.BindBytes(i+1, v)
		default:
			return nil, fmt.Errorf("sqlite: a parameter of type %T", arg)
		}
	}
	return stmt, nil
}

// failure says of an error of SQLite's what a caller can do about it.
func failure(err error) error {
	detail := "the database could not be read or written"
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultInterrupt:
		return record.Ended(errors.Join(context.Canceled, err))
	case sqlite.ResultFull:
		detail = "the disk is full: make room"
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		detail = "the database file is damaged, or is no Keywright database: restore it from a backup"
	case sqlite.ResultReadOnly, sqlite.ResultPerm, sqlite.ResultCantOpen:
		detail = "the database file cannot be written: look at its owner and permissions"
	}
	return &keywright.Error{Kind: keywright.Unavailable, Detail: detail, Cause: err}
}

// row reads the statement's current row into buffers that the next row reuses.
type row struct {
	stmt    *sqlite.Stmt
	buffers [20][]byte
}

const firstBuffer = 1024

func (r *row) Int(column int) int64 { return r.stmt.ColumnInt64(column) }

func (r *row) Bytes(column int) []byte {
	if r.buffers[column] == nil {
		r.buffers[column] = make([]byte, firstBuffer)
	}
	b := r.buffers[column]
	n := r.stmt.ColumnBytes(column, b)
	if n == len(b) {
		b = make([]byte, r.stmt.ColumnLen(column)+1)
		r.buffers[column] = b
		n = r.stmt.ColumnBytes(column, b)
	}
	if n == 0 && r.stmt.ColumnIsNull(column) {
		return nil
	}
	return b[:n:n]
}
