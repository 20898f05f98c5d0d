package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/group"
	"github.com/keywright/keywright/store/internal/record"
	"github.com/keywright/keywright/store/internal/sqltext"
	"zombiezen.com/go/sqlite"
)

// Options of a store.
type Options struct {
	// Readers bounds how many snapshots may be open at once; 0 is 16.
	Readers int
	// BusyTimeout is how long to wait for another program that reads the file,
	// such as a backup, to let go of it; 0 is 10 seconds.
	BusyTimeout time.Duration
	// LogPages is after how many pages the log is folded into the database;
	// 0 is 4,000 (16 MB). More is faster, and starts slower after a crash.
	LogPages int
}

const (
	defaultReaders = 16
	defaultBusy    = 10 * time.Second
	defaultPages   = 4000
	// applicationID marks the file as ours: "KeyW".
	applicationID = 0x4b657957
	// Before 3.53 a WAL that is reset at the wrong moment could corrupt the file.
	leastMajor, leastMinor = 3, 53
)

// dialect is how SQLite spells the schema. A table without a rowid is one tree.
func dialect() sqltext.Dialect {
	return sqltext.Dialect{Int: "INTEGER", Text: "TEXT", Bytes: "BLOB", Table: "STRICT, WITHOUT ROWID", Log: "STRICT"}
}

// Open opens the store in a file, or makes it, readable by its owner alone. It
// returns a Conflict error if another process, or this one, has it open, a
// Precondition error if a newer Keywright wrote it, and an Unavailable error if
// it cannot be opened.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = defaultBusy
	}
	if o.LogPages <= 0 {
		o.LogPages = defaultPages
	}
	if err := ctx.Err(); err != nil {
		return nil, record.Ended(err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	held, err := take(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, options: o, held: held, changed: make(chan struct{}, 1), idle: make(chan *conn, o.Readers), slots: make(chan struct{}, o.Readers)}
	s.uses = sqltext.NewUses(s.read, s.update)
	if err := s.start(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func cannotOpen(path string, err error) error {
	return &keywright.Error{Kind: keywright.Unavailable, Detail: "cannot open the database " + path + ": look at the folder and its permissions", Cause: err}
}

// take makes the file if need be and locks it. The lock is on a file beside it,
// because closing a database file drops the locks that SQLite itself has on it.
func take(path string) (held *os.File, err error) {
	held, err = os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	if err := lock(held); err != nil {
		_ = held.Close()
		return nil, &keywright.Error{Kind: keywright.Conflict, Detail: "the database " + path + " is open in another process: stop that one first; a database file has one owner at a time", Cause: err}
	}
	if err := create(path); err != nil {
		_ = held.Close()
		return nil, cannotOpen(path, err)
	}
	return held, nil
}

func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Chmod(0o600); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func (s *Store) start(ctx context.Context) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	s.writer = &writer{conn: c}
	s.line = group.New(s.writer)
	if err := c.run("PRAGMA cache_size = -65536"); err != nil { // more than a reader's
		return err
	}
	if err := check(ctx, c, s.path); err != nil {
		return err
	}
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := sqltext.Migrate(ctx, c, dialect()); err != nil {
		_ = c.run("ROLLBACK")
		return err
	}
	if err := c.run(fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	return c.run("COMMIT")
}

// connect opens one connection, set up so that a commit is on the disk when it
// returns, whatever the file or the library would do by itself.
func (s *Store) connect() (*conn, error) {
	raw, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return nil, failure(err)
	}
	raw.SetBusyTimeout(s.options.BusyTimeout)
	c := &conn{Conn: raw}
	for _, pragma := range []string{"synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON",
		"temp_store = MEMORY", "cache_size = -8192", "journal_size_limit = 67108864", fmt.Sprintf("wal_autocheckpoint = %d", s.options.LogPages)} {
		if err := c.run("PRAGMA " + pragma); err != nil {
			_ = raw.Close()
			return nil, err
		}
	}
	return c, nil
}

// check makes sure of what durability stands on, before anything is written.
func check(ctx context.Context, c *conn, path string) error {
	answers := map[string]string{}
	for _, question := range []string{"SELECT sqlite_version()", "PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA application_id"} {
		err := c.Query(ctx, question, nil, func(r sqltext.Row) error {
			answers[question] = string(r.Bytes(0))
			return nil
		})
		if err != nil {
			return err
		}
	}
	version := answers["SELECT sqlite_version()"]
	id := answers["PRAGMA application_id"]
	switch {
	case !recent(version):
		return &keywright.Error{Kind: keywright.Internal, Detail: "built with SQLite " + version + ", which can corrupt a database: build with 3.53 or later"}
	case answers["PRAGMA journal_mode"] != "wal" || answers["PRAGMA synchronous"] != "2":
		return &keywright.Error{Kind: keywright.Unavailable, Detail: "the database " + path + " cannot be opened durably (write-ahead log, full synchronization): keep it on a local disk"}
	case id != "0" && id != strconv.Itoa(applicationID):
		return &keywright.Error{Kind: keywright.Precondition, Detail: "the file " + path + " is another program's database: choose another path"}
	}
	return nil
}

func recent(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > leastMajor || (major == leastMajor && minor >= leastMinor))
}
