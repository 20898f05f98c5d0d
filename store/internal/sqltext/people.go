package sqltext

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/internal/record"
)

var (
	_ people.RecordReader = (*Reader)(nil)
	_ people.RecordTx     = (*Tx)(nil)
)

const (
	recordColumns = "p.kind, p.id, p.name, p.owner, p.tenant, p.expires, p.version, p.body"
	selectRecord  = "SELECT " + recordColumns + " FROM people p"
)

// record reads a row of recordColumns.
func (s scan) record() people.Record {
	return people.Record{
		Kind: people.RecordKind(s.Word(s.Bytes(0))), ID: string(s.Bytes(1)), Name: string(s.Bytes(2)), Owner: string(s.Bytes(3)),
		Tenant: keywright.TenantID(s.Word(s.Bytes(4))), Expires: record.Instant(s.Int(5)), Version: uint64(s.Int(6)), Body: append([]byte(nil), s.Bytes(7)...),
	}
}

// Record implements people.RecordReader.
func (r *Reader) Record(ctx context.Context, kind people.RecordKind, id string) (people.Record, error) {
	return r.one(ctx, selectRecord+" WHERE p.kind = $1 AND p.id = $2", string(kind), id)
}

// Named implements people.RecordReader. That a name is not empty is said so that
// SQLite may use the index of names.
func (r *Reader) Named(ctx context.Context, kind people.RecordKind, name string) (people.Record, error) {
	return r.one(ctx, selectRecord+" WHERE p.kind = $1 AND p.name = $2 AND p.name <> ''", string(kind), name)
}

func (r *Reader) one(ctx context.Context, sql string, args ...any) (found people.Record, err error) {
	err = r.query(ctx, sql, args, func(s scan) error {
		found = s.record()
		return nil
	})
	if err == nil && found.ID == "" {
		err = record.NoRecord()
	}
	return found, err
}

// Records implements people.RecordReader.
func (r *Reader) Records(ctx context.Context, q people.RecordQuery) (found []people.Record, err error) {
	var c clauses
	c.add("p.kind =", string(q.Kind))
	if q.Owner != "" {
		c.add("p.owner <> '' AND p.owner =", q.Owner)
	}
	switch {
	case q.Tenant == "":
	case q.Owner == "":
		c.add("p.tenant <> '' AND p.tenant =", string(q.Tenant))
	default: // as with keys: the owner's index is the narrower one
		c.add("p.tenant || '' =", string(q.Tenant))
	}
	if q.After != "" {
		c.add("p.id >", q.After)
	}
	err = r.query(ctx, c.sql(selectRecord, "p.id", q.Limit), c.args, func(s scan) error {
		found = append(found, s.record())
		return nil
	})
	return found, err
}

const (
	recordOwners = `SELECT id FROM people WHERE kind = $1 AND name = $2 AND name <> ''
UNION ALL SELECT id FROM people WHERE kind = $1 AND id = $3`
	insertRecord = "INSERT INTO people (kind, id, name, owner, tenant, expires, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	updateRecord = "UPDATE people SET name = $1, owner = $2, tenant = $3, expires = $4, version = $5, body = $6 WHERE kind = $7 AND id = $8"
)

// PutRecord implements people.RecordTx.
func (t *Tx) PutRecord(ctx context.Context, r people.Record) error {
	r, err := record.Record(r)
	if err != nil {
		return err
	}
	known, taken := false, false
	err = t.query(ctx, recordOwners, []any{string(r.Kind), r.Name, r.ID}, func(s scan) error {
		ours := string(s.Bytes(0)) == r.ID
		known, taken = known || ours, taken || !ours
		return nil
	})
	switch {
	case err != nil:
		return err
	case taken:
		return record.NameTaken()
	}
	if r.Body == nil {
		r.Body = []byte{}
	}
	expires, version := record.Nanos(r.Expires), int64(r.Version)
	if known {
		return t.write(ctx, nil, updateRecord, r.Name, r.Owner, string(r.Tenant), expires, version, r.Body, string(r.Kind), r.ID)
	}
	if !r.Expires.IsZero() {
		if err := t.makeRoom(ctx); err != nil {
			return err
		}
	}
	return t.write(ctx, nil, insertRecord, string(r.Kind), r.ID, r.Name, r.Owner, string(r.Tenant), expires, version, r.Body)
}

// DeleteRecord implements people.RecordTx.
func (t *Tx) DeleteRecord(ctx context.Context, kind people.RecordKind, id string) error {
	if !record.Storable(string(kind)) || !record.Storable(id) {
		return nil // no record is called that, and PostgreSQL would refuse to look
	}
	return t.write(ctx, nil, "DELETE FROM people WHERE kind = $1 AND id = $2", string(kind), id)
}

const (
	newest    = "SELECT at FROM events ORDER BY seq DESC LIMIT 1"
	forgotten = "SELECT kind, id FROM people WHERE expires <> 0 AND expires <= $1 ORDER BY expires LIMIT $2"
)

// makeRoom forgets, once a transaction, some records that expired a while before
// the log's newest event.
func (t *Tx) makeRoom(ctx context.Context) error {
	if t.madeRoom {
		return nil
	}
	t.madeRoom = true
	var at int64
	err := t.query(ctx, newest, nil, func(s scan) error {
		at = s.Int(0)
		return nil
	})
	until, ok := record.Forgettable(at)
	if err != nil || !ok {
		return err
	}
	var old []people.Record
	err = t.query(ctx, forgotten, []any{until, int64(record.ForgetAtOnce)}, func(s scan) error {
		old = append(old, people.Record{Kind: people.RecordKind(s.Bytes(0)), ID: string(s.Bytes(1))})
		return nil
	})
	for _, r := range old {
		if err == nil {
			err = t.DeleteRecord(ctx, r.Kind, r.ID)
		}
	}
	return err
}
