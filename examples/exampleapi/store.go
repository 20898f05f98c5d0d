package exampleapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const layout = `
CREATE TABLE IF NOT EXISTS record (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant      TEXT NOT NULL,
	environment TEXT NOT NULL,
	kind        TEXT NOT NULL,
	id          TEXT NOT NULL,
	owner       TEXT NOT NULL,
	body        TEXT NOT NULL,
	UNIQUE (tenant, environment, kind, id)
) STRICT;
CREATE INDEX IF NOT EXISTS record_owner ON record (owner, environment, kind);
`

// Scope is where records are. Nothing crosses from one scope to another.
type Scope struct {
	Tenant      string
	Environment string
	Owner       string // whose bound a record counts against, in a scope that several share; "" is Tenant
}

func (s Scope) owner() string {
	if s.Owner != "" {
		return s.Owner
	}
	return s.Tenant
}

// RecordKind is a sort of record.
type RecordKind string

// DefaultBound is how many records of a kind one owner may have where
// API.Bounds says nothing.
const DefaultBound = 1000

// Store keeps an example's records in one SQLite file, or in memory. It has one
// connection, used by one request at a time: an example is small.
type Store struct {
	mu     sync.Mutex
	conn   *sqlite.Conn
	bounds map[RecordKind]int
}

// OpenStore opens DIR/NAME.db, or a store in memory when dir is "". bounds say
// how many records of a kind one owner may have.
func OpenStore(dir, name string, bounds map[RecordKind]int) (*Store, error) {
	file := ":memory:"
	if dir != "" {
		file = filepath.Join(dir, name+".db")
		if err := private(dir, file); err != nil {
			return nil, err
		}
	}
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	if err != nil {
		return nil, fmt.Errorf("exampleapi: open the records of %s: %w", name, err)
	}
	if err := sqlitex.ExecuteScript(conn, layout, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("exampleapi: lay out the records of %s: %w", name, err), conn.Close())
	}
	return &Store{conn: conn, bounds: bounds}, nil
}

// private makes the file for its owner alone: some examples keep keys in it.
func private(dir, file string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// Close closes the records. Whoever comes later is refused.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// Do runs fn in a transaction: all of it, or none if fn returns an error.
func (s *Store) Do(ctx context.Context, fn func(Tx) error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return errors.New("exampleapi: the example is closed")
	}
	s.conn.SetInterrupt(ctx.Done())
	end, err := sqlitex.ImmediateTransaction(s.conn)
	if err != nil {
		return err
	}
	defer func() {
		s.conn.SetInterrupt(nil) // a rollback must not be interrupted
		end(&err)
	}()
	return fn(Tx{conn: s.conn, bounds: s.bounds})
}

// Tx is one transaction.
type Tx struct {
	conn   *sqlite.Conn
	bounds map[RecordKind]int
}

// Get reads a record; it reports whether there is one.
func (t Tx) Get(s Scope, k RecordKind, id string, into any) (bool, error) {
	found := false
	err := t.run(`SELECT body FROM record WHERE tenant=? AND environment=? AND kind=? AND id=?`,
		func(st *sqlite.Stmt) error {
			found = true
			return json.Unmarshal([]byte(st.ColumnText(0)), into)
		}, s.Tenant, s.Environment, string(k), id)
	return found, err
}

// Add inserts a record; it reports false if the id is taken. A Full fault says
// that the owner has as many as one may have.
func (t Tx) Add(s Scope, k RecordKind, id string, v any) (bool, error) {
	n, err := t.owned(s, k)
	if err != nil {
		return false, err
	}
	bound, ok := t.bounds[k]
	if !ok {
		bound = DefaultBound
	}
	if n >= bound {
		return false, Fault{Kind: Full, Text: "This example keeps " + strconv.Itoa(bound) + " records of this sort for each tenant: delete some first."}
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	err = t.run(`INSERT INTO record (tenant, environment, kind, id, owner, body) VALUES (?,?,?,?,?,?)
		ON CONFLICT DO NOTHING`, nil, s.Tenant, s.Environment, string(k), id, s.owner(), string(raw))
	return t.conn.Changes() > 0, err
}

// Set replaces the body of a record; it reports whether there is one.
func (t Tx) Set(s Scope, k RecordKind, id string, v any) (bool, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	err = t.run(`UPDATE record SET body=? WHERE tenant=? AND environment=? AND kind=? AND id=?`,
		nil, string(raw), s.Tenant, s.Environment, string(k), id)
	return t.conn.Changes() > 0, err
}

// Delete removes a record; it reports whether there was one.
func (t Tx) Delete(s Scope, k RecordKind, id string) (bool, error) {
	err := t.run(`DELETE FROM record WHERE tenant=? AND environment=? AND kind=? AND id=?`,
		nil, s.Tenant, s.Environment, string(k), id)
	return t.conn.Changes() > 0, err
}

// Count returns how many records of a kind a scope has.
func (t Tx) Count(s Scope, k RecordKind) (int, error) {
	n := 0
	err := t.run(`SELECT count(*) FROM record WHERE tenant=? AND environment=? AND kind=?`,
		func(st *sqlite.Stmt) error { n = st.ColumnInt(0); return nil }, s.Tenant, s.Environment, string(k))
	return n, err
}

func (t Tx) owned(s Scope, k RecordKind) (int, error) {
	n := 0
	err := t.run(`SELECT count(*) FROM record WHERE owner=? AND environment=? AND kind=?`,
		func(st *sqlite.Stmt) error { n = st.ColumnInt(0); return nil }, s.owner(), s.Environment, string(k))
	return n, err
}

// List returns records in the order in which they were added.
func List[T any](t Tx, s Scope, k RecordKind, limit, offset int) ([]T, error) {
	return collect[T](t, `SELECT body FROM record WHERE tenant=? AND environment=? AND kind=? ORDER BY seq LIMIT ? OFFSET ?`,
		s.Tenant, s.Environment, string(k), limit, offset)
}

// Range returns the records whose ids are from low, inclusive, to high,
// exclusive, in the order of their ids.
func Range[T any](t Tx, s Scope, k RecordKind, low, high string, limit int) ([]T, error) {
	return collect[T](t, `SELECT body FROM record WHERE tenant=? AND environment=? AND kind=? AND id>=? AND id<? ORDER BY id LIMIT ?`,
		s.Tenant, s.Environment, string(k), low, high, limit)
}

func collect[T any](t Tx, query string, args ...any) ([]T, error) {
	all := []T{}
	err := t.run(query, func(st *sqlite.Stmt) error {
		var one T
		if err := json.Unmarshal([]byte(st.ColumnText(0)), &one); err != nil {
			return err
		}
		all = append(all, one)
		return nil
	}, args...)
	return all, err
}

func (t Tx) run(query string, row func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

// Once reports whether this is the first time that a scope asks for a name: for
// records that each tenant finds there at first.
func (t Tx) Once(s Scope, name string) (bool, error) {
	return t.Add(s, "once", name, struct{}{})
}
