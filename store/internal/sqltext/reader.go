package sqltext

import (
	"context"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// Reader reads through one connection. It implements keywright.Reader and is,
// like a transaction, for one goroutine.
type Reader struct {
	conn  Conn
	words record.Unpacker
}

var _ keywright.Reader = (*Reader)(nil)

// NewReader returns a reader of the snapshot that is open on a connection.
func NewReader(c Conn) *Reader { return &Reader{conn: c} }

func (r *Reader) query(ctx context.Context, sql string, args []any, each func(scan) error) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	for _, arg := range args {
		if s, ok := arg.(string); ok && !record.Storable(s) {
			return nil // no record can hold it, and PostgreSQL would refuse to look
		}
	}
	return r.conn.Query(ctx, sql, args, func(row Row) error { return each(scan{row, &r.words}) })
}

// clauses gathers the conditions of a query and numbers their parameters.
type clauses struct {
	text []string
	args []any
}

func (c *clauses) add(condition string, arg any) {
	c.args = append(c.args, arg)
	c.text = append(c.text, condition+" $"+strconv.Itoa(len(c.args)))
}

// sql is a SELECT under all conditions, in an order, of at most limit rows.
func (c *clauses) sql(selecting, order string, limit int) string {
	s := selecting
	if len(c.text) > 0 {
		s += " WHERE " + strings.Join(c.text, " AND ")
	}
	c.args = append(c.args, int64(record.Limit(limit)))
	return s + " ORDER BY " + order + " LIMIT $" + strconv.Itoa(len(c.args))
}

// Key implements keywright.Reader.
func (r *Reader) Key(ctx context.Context, id keywright.KeyID) (found keywright.Key, err error) {
	err = r.query(ctx, "SELECT "+keyColumns+" FROM keys k WHERE k.id = $1", []any{id[:]}, func(s scan) (err error) {
		found, err = s.key(0)
		return err
	})
	if err == nil && found.ID.IsZero() {
		err = record.NoKey()
	}
	return found, err
}

// Tenant implements keywright.Reader.
func (r *Reader) Tenant(ctx context.Context, idOrRef string) (found keywright.Tenant, err error) {
	const sql = "SELECT " + tenantColumns + " FROM tenants t WHERE t.id = $1 UNION ALL SELECT " + tenantColumns + " FROM tenants t WHERE t.ref = $1 AND t.ref <> ''"
	err = r.query(ctx, sql, []any{idOrRef}, func(s scan) error {
		t, err := s.tenant(0)
		if found.ID != keywright.TenantID(idOrRef) {
			found = t
		}
		return err
	})
	if err == nil && found.ID == "" {
		err = record.NoTenant()
	}
	return found, err
}

// Events implements keywright.Reader.
func (r *Reader) Events(ctx context.Context, q keywright.EventQuery) (found []keywright.Event, err error) {
	var c clauses
	if !q.Key.IsZero() {
		c.add("e.key_id =", q.Key[:])
	}
	switch {
	case q.Tenant == "":
	case q.Key.IsZero():
		c.add("e.tenant =", string(q.Tenant))
	default: // as with keys: the key's index is the narrower one
		c.add("e.tenant || '' =", string(q.Tenant))
	}
	if q.Act != "" {
		c.add("e.act =", string(q.Act))
	}
	if q.Actor != "" {
		c.add("e.actor =", q.Actor)
	}
	if !q.Since.IsZero() {
		c.add("e.at >=", record.Clamp(q.Since))
	}
	if !q.Until.IsZero() {
		c.add("e.at <", record.Clamp(q.Until))
	}
	if q.Before > 0 {
		c.add("e.seq <", int64(q.Before))
	}
	sql := c.sql("SELECT "+eventColumns+" FROM events e", "e.seq DESC", q.Limit)
	err = r.query(ctx, sql, c.args, func(s scan) error {
		e, err := s.event(0)
		found = append(found, e)
		return err
	})
	return found, err
}

// Receipt implements keywright.Reader.
func (r *Reader) Receipt(ctx context.Context, idempotencyKey string) (found keywright.Receipt, err error) {
	err = r.query(ctx, "SELECT request, result, at FROM receipts WHERE id = $1", []any{idempotencyKey}, func(s scan) error {
		found.Key = idempotencyKey
		copy(found.Request[:], s.Bytes(0))
		copy(found.Result[:], s.Bytes(1))
		found.At = record.Instant(s.Int(2))
		return nil
	})
	if err == nil && found.Key == "" {
		err = record.NoReceipt()
	}
	return found, err
}
