package sqlite

import (
	"context"
	"errors"
	"iter"
	"os"
	"sync"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/internal/group"
	"github.com/keywright/keywright/store/internal/record"
	"github.com/keywright/keywright/store/internal/sqltext"
)

// uses is what makes a Store a meter.Store.
type uses = sqltext.Uses

// Store is a database file. It is safe for concurrent use.
type Store struct {
	uses

	path    string
	options Options
	held    *os.File // locked while the store is open
	changed chan struct{}

	writer *writer
	line   *group.Line

	slots chan struct{} // one for each snapshot that is open
	idle  chan *conn

	closing sync.Once
	mu      sync.RWMutex // held for reading by whoever reads
	closed  bool
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
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return record.Ended(ctx.Err())
	}
	defer func() { <-s.slots }()
	c, err := s.take()
	if err != nil {
		return err
	}
	defer s.give(c)
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	c.SetInterrupt(ctx.Done())
	return fn(sqltext.NewReader(c))
}

func (s *Store) take() (*conn, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, record.Closed()
	}
	select {
	case c := <-s.idle:
		return c, nil
	default:
		return s.connect()
	}
}

// give ends the snapshot and keeps the connection, unless the store is closed.
func (s *Store) give(c *conn) {
	c.SetInterrupt(nil)
	var err error
	if !c.AutocommitEnabled() {
		err = c.run("ROLLBACK")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err != nil || s.closed {
		_ = c.Close()
		return
	}
	s.idle <- c
}

// Update implements keywright.Store. Concurrent updates share a commit.
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
		last = tx.Last()
		s.writer.last = last
		return nil
	})
	if err != nil {
		return 0, err
	}
	if last > before {
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
	return last, nil
}

// Changes implements keywright.Store.
func (s *Store) Changes(ctx context.Context, after keywright.Cursor) iter.Seq2[keywright.Event, error] {
	return sqltext.Changes(ctx, s.read, after)
}

// Changed implements keywright.Store.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Size returns how many bytes the database takes on the disk, its log included.
func (s *Store) Size() (int64, error) {
	var sum int64
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, cannotOpen(s.path, err)
		}
		if err == nil {
			sum += info.Size()
		}
	}
	return sum, nil
}

// Close implements keywright.Store. It waits for writers that are at work, folds
// the log into the database, and lets go of the file.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		if s.line != nil {
			s.line.Close()
		}
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		for range s.options.Readers { // until the last snapshot has ended
			s.slots <- struct{}{}
		}
		for len(s.idle) > 0 {
			err = errors.Join(err, (<-s.idle).Close())
		}
		if s.writer != nil {
			err = errors.Join(err, s.writer.Close())
		}
		err = errors.Join(err, s.held.Close())
		for range s.options.Readers {
			<-s.slots
		}
	})
	if err != nil {
		err = failure(err)
	}
	return err
}
