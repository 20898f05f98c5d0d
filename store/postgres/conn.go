package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
	"github.com/keywright/keywright/store/internal/sqltext"
)

// patience bounds a single exchange of the writer's with the server, so that a
// network that swallows everything is noticed. It is longer than the server's
// own bound on a statement.
const patience = 40 * time.Second

// conn runs the shared SQL on one connection.
type conn struct {
	*pgx.Conn
	// shared: other writers' work is in this transaction, and a context that
	// ended would cost them the connection.
	shared bool
	writes int // rows written and statements failed, ever
}

var _ sqltext.Conn = (*conn)(nil)

func (c *conn) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.shared {
		return context.WithTimeout(context.WithoutCancel(ctx), patience)
	}
	return ctx, func() {}
}

func (c *conn) Query(ctx context.Context, sql string, args []any, each func(sqltext.Row) error) error {
	ctx, cancel := c.context(ctx)
	defer cancel()
	rows, err := c.Conn.Query(ctx, sql, args...)
	if err != nil {
		return c.failed(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(row(rows.RawValues())); err != nil {
			return err
		}
	}
	return c.failed(ctx, rows.Err())
}

func (c *conn) Exec(ctx context.Context, sql string, args []any) (int64, error) {
	ctx, cancel := c.context(ctx)
	defer cancel()
	tag, err := c.Conn.Exec(ctx, sql, args...)
	c.writes += int(tag.RowsAffected())
	return tag.RowsAffected(), c.failed(ctx, err)
}

func (c *conn) run(ctx context.Context, sql string) error {
	_, err := c.Exec(ctx, sql, nil)
	return err
}

func (c *conn) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	c.writes++ // the transaction is spoiled
	return failure(ctx, err)
}

// failure says of an error of the server's or the network's what a caller can
// do about it.
func failure(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && errors.Is(ended, context.Canceled) {
		return record.Ended(errors.Join(ended, err))
	}
	detail := "the PostgreSQL server does not answer: is it running, and does the address lead there?"
	var server *pgconn.PgError
	if errors.As(err, &server) {
		detail = describe(server.Code)
	}
	return record.Unavailable(detail, err)
}

// describe knows the server's codes that an operator may meet.
func describe(code string) string {
	switch {
	case code == "28P01" || code == "28000":
		return "the PostgreSQL server refuses the user or the password: look at the connection string"
	case code == "3D000":
		return "the PostgreSQL server has no such database: create it first"
	case code == "42501":
		return "the database user lacks a right: grant it SELECT, INSERT, UPDATE and DELETE, and CREATE on the schema for upgrades"
	case code == "25006":
		return "this PostgreSQL server is a read-only replica: connect to the primary"
	case code == "53100" || code == "53200":
		return "the PostgreSQL server is out of disk or memory: make room"
	case code == "53300":
		return "the PostgreSQL server has no connection left: raise max_connections or lower pool_max_conns"
	case code == "57014":
		return "the PostgreSQL server took too long and gave up: try again"
	case len(code) == 5 && code[:2] == "57":
		return "the PostgreSQL server is shutting down or starting: try again"
	}
	return "the PostgreSQL server refused a statement (SQLSTATE " + code + ")"
}

// again reports that an error undid a transaction that may be tried again.
func again(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && len(server.Code) == 5 && server.Code[:2] == "40"
}

// dead reports that a failure is the connection's, not the statement's.
func dead(err error) bool {
	var known *keywright.Error
	if !errors.As(err, &known) || known.Cause == nil {
		return false
	}
	var server *pgconn.PgError
	return !errors.As(known.Cause, &server) || server.Code[:2] == "57" && server.Code != "57014"
}

// row is one row in the wire's binary format, which for text is the text.
type row [][]byte

func (r row) Int(column int) int64 {
	if len(r[column]) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(r[column]))
}

func (r row) Bytes(column int) []byte { return r[column] }
