package postgres

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/internal/group"
	"github.com/keywright/keywright/store/internal/record"
	"github.com/keywright/keywright/store/internal/sqltext"
)

// uses is what makes a Store a meter.Store.
type uses = sqltext.Uses

// Store is a PostgreSQL database. It is safe for concurrent use.
type Store struct {
	uses

	pool    *pgxpool.Pool
	writer  *writer
	line    *group.Line
	changed chan struct{}

	stop      context.CancelFunc
	listening sync.WaitGroup
	closing   sync.Once
	closed    atomic.Bool
}

var (
	_ keywright.Store = (*Store)(nil)
	_ people.Store    = (*Store)(nil)
	_ meter.Store     = (*Store)(nil)
)

// View implements keywright.Store.
func (s *Store) View(ctx context.Context, fn func(keywright.Reader) error) error {
	return s.read(ctx, func(r *sqltext.Reader) error { return fn(r) })
}

// ViewRecords implements people.Store.
func (s *Store) ViewRecords(ctx context.Context, fn func(people.RecordReader) error) error {
	return s.read(ctx, func(r *sqltext.Reader) error { return fn(r) })
}

// read runs fn on a connection with a snapshot of its own.
func (s *Store) read(ctx context.Context, fn func(*sqltext.Reader) error) error {
	held, c, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer held.Release() // which closes a connection whose transaction did not end
	err = fn(sqltext.NewReader(c))
	if !c.IsClosed() && ctx.Err() == nil {
		_ = c.run(ctx, "ROLLBACK")
	}
	return err
}

// begin opens a snapshot. A connection that died while it was idle costs one
// more attempt, on a new one.
func (s *Store) begin(ctx context.Context) (*pgxpool.Conn, *conn, error) {
	var err error
	for range 2 {
		if s.closed.Load() {
			return nil, nil, record.Closed()
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, record.Ended(err)
		}
		var held *pgxpool.Conn
		if held, err = s.pool.Acquire(ctx); err != nil {
			return nil, nil, failure(ctx, err)
		}
		c := &conn{Conn: held.Conn()}
		if err = c.run(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err == nil {
			return held, c, nil
		}
		held.Release()
		if !dead(err) {
			break
		}
		s.pool.Reset()
	}
	return nil, nil, err
}

// Update implements keywright.Store. Concurrent updates of one process share a
// commit; those of several take turns.
func (s *Store) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	return s.update(ctx, func(tx *sqltext.Tx) error { return fn(tx) })
}

// UpdateRecords implements people.Store, in line with Update.
func (s *Store) UpdateRecords(ctx context.Context, fn func(people.RecordTx) error) error {
	_, err := s.update(ctx, func(tx *sqltext.Tx) error { return fn(tx) })
	return err
}

func (s *Store) update(ctx context.Context, fn func(*sqltext.Tx) error) (keywright.Cursor, error) {
	var before, last keywright.Cursor
	err := s.line.Do(ctx, func() error {
		before = s.writer.last
		tx := sqltext.NewTx(s.writer.conn, before)
		if err := fn(tx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return record.Ended(err)
		}
		if s.writer.aborted() {
			return &keywright.Error{Kind: keywright.Unavailable, Detail: "a statement failed, so nothing is written: try again"}
		}
		last = tx.Last()
		s.writer.last = last
		return nil
	})
	if err != nil {
		return 0, err
	}
	if last > before {
		s.signal()
	}
	return last, nil
}

func (s *Store) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Changes implements keywright.Store.
func (s *Store) Changes(ctx context.Context, after keywright.Cursor) iter.Seq2[keywright.Event, error] {
	return sqltext.Changes(ctx, s.read, after)
}

// Changed implements keywright.Store. Commits of other processes are signalled
// too; while the server is away none is, so poll.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Size returns how many bytes the database takes.
func (s *Store) Size(ctx context.Context) (bytes int64, err error) {
	if err := s.pool.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&bytes); err != nil {
		return 0, failure(ctx, err)
	}
	return bytes, nil
}

// Close implements keywright.Store. It waits for writers that are at work.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.line.Close()
		s.closed.Store(true)
		s.stop()
		s.listening.Wait()
		s.pool.Close()
	})
	return nil
}
