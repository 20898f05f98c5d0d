package sqltext

import (
	"bytes"
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// Tx reads and writes in one transaction. Writers of one store MUST be ordered,
// one at a time until committed: cursors are then in commit order, and a check
// and the write after it are one.
type Tx struct {
	Reader
	last     keywright.Cursor
	madeRoom bool // for records of people's
}

var _ keywright.Tx = (*Tx)(nil)

// NewTx returns a transaction over the one that is open on a connection, whose
// log ends at last.
func NewTx(c Conn, last keywright.Cursor) *Tx { return &Tx{Reader: Reader{conn: c}, last: last} }

// Last is the cursor of the log's end, this transaction's events included.
func (t *Tx) Last() keywright.Cursor { return t.last }

// Last reads the cursor of the log's end from a connection.
func Last(ctx context.Context, c Conn) (last keywright.Cursor, err error) {
	err = c.Query(ctx, LastCursor, nil, func(r Row) error {
		last = keywright.Cursor(r.Int(0))
		return nil
	})
	return last, err
}

// LastCursor selects the cursor of the log's end.
const LastCursor = "SELECT COALESCE(MAX(seq), 0) FROM events"

// A look and a plain write instead of one clever statement: SQLite would keep a
// journal of each clever one, to be able to undo half of it, at twice the cost,
// and for an OR instead of the UNION it would make a table.
const (
	keyOwners = "SELECT id FROM keys WHERE digest = $1 UNION ALL SELECT id FROM keys WHERE id = $2"
	insertKey = "INSERT INTO keys (" + keyListed + ", tenant, scheme, digest, revoked, body, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
	updateKey = "UPDATE keys SET environment = $1, name = $2, hint = $3, expires = $4, retires = $5, paused = $6, paused_until = $7, tenant = $8, scheme = $9, digest = $10, revoked = $11, body = $12 WHERE id = $13"
)

// PutKey implements keywright.Tx.
func (t *Tx) PutKey(ctx context.Context, k keywright.Key) error {
	k, err := record.Key(k)
	if err != nil {
		return err
	}
	known, taken := false, false
	err = t.query(ctx, keyOwners, []any{k.Digest[:], k.ID[:]}, func(s scan) error {
		ours := bytes.Equal(s.Bytes(0), k.ID[:])
		known, taken = known || ours, taken || !ours
		return nil
	})
	switch {
	case err != nil:
		return err
	case taken:
		return record.DigestTaken()
	}
	sql := insertKey
	if known {
		sql = updateKey
	}
	return t.write(ctx, nil, sql, append(keyValues(&k), string(k.Tenant), k.Scheme, k.Digest[:], record.Nanos(k.RevokedAt), record.PackKey(&k), k.ID[:])...)
}

// DeleteKey implements keywright.Tx.
func (t *Tx) DeleteKey(ctx context.Context, id keywright.KeyID) error {
	return t.write(ctx, record.NoKey, "DELETE FROM keys WHERE id = $1", id[:])
}

const (
	tenantOwners = "SELECT id FROM tenants WHERE ref = $1 AND ref <> '' UNION ALL SELECT id FROM tenants WHERE id = $2"
	insertTenant = "INSERT INTO tenants (" + tenantListed + ", ref, body, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	updateTenant = "UPDATE tenants SET label = $1, name = $2, plan = $3, archived = $4, granted = $5, ref = $6, body = $7 WHERE id = $8"
)

// PutTenant implements keywright.Tx.
func (t *Tx) PutTenant(ctx context.Context, one keywright.Tenant) error {
	one, err := record.Tenant(one)
	if err != nil {
		return err
	}
	known, taken := false, false
	err = t.query(ctx, tenantOwners, []any{one.Ref, string(one.ID)}, func(s scan) error {
		ours := string(s.Bytes(0)) == string(one.ID)
		known, taken = known || ours, taken || !ours
		return nil
	})
	switch {
	case err != nil:
		return err
	case taken:
		return record.RefTaken()
	}
	sql := insertTenant
	if known {
		sql = updateTenant
	}
	return t.write(ctx, nil, sql, append(tenantValues(&one), one.Ref, record.PackTenant(&one), string(one.ID))...)
}

const appendEvent = "INSERT INTO events (seq, at, act, actor, key_id, tenant, body) VALUES ($1, $2, $3, $4, $5, $6, $7)"

// Append implements keywright.Tx.
func (t *Tx) Append(ctx context.Context, e keywright.Event) error {
	e, err := record.Event(e)
	if err != nil {
		return err
	}
	err = t.write(ctx, nil, appendEvent, int64(t.last+1), record.Nanos(e.At), string(e.Act), e.Actor.ID, idBytes(e.Key), string(e.Tenant), record.PackEvent(&e))
	if err == nil {
		t.last++
	}
	return err
}

const remember = `INSERT INTO receipts (id, request, result, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET request = excluded.request, result = excluded.result, at = excluded.at`

// Remember implements keywright.Tx.
func (t *Tx) Remember(ctx context.Context, r keywright.Receipt) error {
	r, err := record.Receipt(r)
	if err != nil {
		return err
	}
	if err := t.write(ctx, nil, "DELETE FROM receipts WHERE at < $1", record.Horizon(r.At)); err != nil {
		return err
	}
	return t.write(ctx, nil, remember, r.Key, r.Request[:], r.Result[:], record.Nanos(r.At))
}

// write runs a statement; if it wrote nothing, and that means something, it
// returns that error.
func (t *Tx) write(ctx context.Context, nothing func() error, sql string, args ...any) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	n, err := t.conn.Exec(ctx, sql, args)
	if err == nil && n == 0 && nothing != nil {
		err = nothing()
	}
	return err
}
