package sqltext

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

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

// Events implements keywright.Reader. One filter leads, by its index; the others
// are spelled so that no planner prefers theirs.
func (r *Reader) Events(ctx context.Context, q keywright.EventQuery) (found []keywright.Event, err error) {
	var c clauses
	spell := asItIs
	lead := func(column string, arg any) {
		c.add(spell(column)+" =", arg)
		spell = hidden
	}
	if !q.Key.IsZero() {
		lead("e.key_id", q.Key[:])
	}
	if q.Tenant != "" {
		lead("e.tenant", string(q.Tenant))
	}
	if q.Actor != "" {
		lead("e.actor", q.Actor)
	}
	if q.Act != "" {
		lead("e.act", string(q.Act))
	}
	if len(c.text) == 0 {
		if err := r.eventSpan(ctx, &q, &c); err != nil {
			return nil, err
		}
	}
	if !q.Since.IsZero() {
		c.add(hidden("e.at")+" >=", record.Clamp(q.Since))
	}
	if !q.Until.IsZero() {
		c.add(hidden("e.at")+" <", record.Clamp(q.Until))
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

// eventSpan bounds the cursors of events by their instants, which go nearly the same
// way: else a page of last year's would read on through everything since.
func (r *Reader) eventSpan(ctx context.Context, q *keywright.EventQuery, c *clauses) error {
	for _, one := range []struct {
		at         time.Time
		sql, bound string
	}{
		{q.Since, "SELECT COALESCE(MIN(seq + 0), $1) FROM events WHERE at >= $2", "e.seq >="},
		{q.Until, "SELECT COALESCE(MAX(seq + 0), $1) FROM events WHERE at < $2", "e.seq <="},
	} {
		if one.at.IsZero() {
			continue
		}
		none := int64(0)
		if one.bound == "e.seq >=" {
			none = math.MaxInt64
		}
		err := r.query(ctx, one.sql, []any{none, record.Clamp(one.at)}, func(s scan) error {
			c.add(one.bound, s.Int(0))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
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
