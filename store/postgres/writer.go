package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/group"
	"github.com/keywright/keywright/store/internal/sqltext"
)

// orderLock is the advisory lock that orders writers, of all processes. It is
// taken before anything is read, and let go of by the end of the transaction,
// after the commit is visible: cursors are drawn in commit order, and what a
// writer has read cannot change until it is done. So the plain READ COMMITTED
// is as good as serializable here, and nothing ever fails to serialize.
const orderLock = 0x6b657977

// channel carries the word that there are changes.
const channel = "keywright_changes"

// writer is the writing transaction of this process.
type writer struct {
	pool *pgxpool.Pool
	held *pgxpool.Conn
	*conn
	last, begun keywright.Cursor // the log's end: now, and at the beginning
}

var _ group.Transaction = (*writer)(nil)

// Begin implements group.Transaction.
func (w *writer) Begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	held, err := w.pool.Acquire(ctx)
	if err != nil {
		return failure(ctx, err)
	}
	w.held, w.conn = held, &conn{Conn: held.Conn(), shared: true}
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	b.Queue("SELECT pg_advisory_xact_lock($1)", int64(orderLock))
	b.Queue(sqltext.LastCursor).QueryRow(func(r pgx.Row) error { return r.Scan((*int64)(&w.last)) })
	if err := w.SendBatch(ctx, &b).Close(); err != nil {
		err = failure(ctx, err)
		if dead(err) { // the server was away; what else is in the pool is as old
			w.pool.Reset()
			err = errors.Join(group.ErrAgain, err)
		}
		return err
	}
	w.begun = w.last
	return nil
}

// Writes implements group.Transaction.
func (w *writer) Writes() int { return w.writes }

// Mark implements group.Transaction.
func (w *writer) Mark(ctx context.Context) error { return w.run(ctx, "SAVEPOINT writer") }

// Undo implements group.Transaction.
func (w *writer) Undo(ctx context.Context) error { return w.run(ctx, "ROLLBACK TO SAVEPOINT writer") }

// Commit implements group.Transaction.
func (w *writer) Commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var b pgx.Batch
	if w.last > w.begun {
		b.Queue("SELECT pg_notify($1, '')", channel)
	}
	b.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("%w: the server answered %s", errNotCommitted, tag)
		}
		return nil
	})
	err := w.SendBatch(ctx, &b).Close()
	switch {
	case err == nil:
		w.release()
		return nil
	case again(err) || errors.Is(err, errNotCommitted):
		return errors.Join(group.ErrAgain, err)
	}
	return &keywright.Error{Kind: keywright.Unavailable, Cause: err,
		Detail: "the PostgreSQL server did not confirm the write, so whether it happened is not known: look, or try again with the same idempotency key"}
}

var errNotCommitted = errors.New("the transaction was not committed")

// Rollback implements group.Transaction.
func (w *writer) Rollback() {
	if w.held == nil {
		return
	}
	if !w.IsClosed() && w.PgConn().TxStatus() != 'I' {
		if w.run(context.Background(), "ROLLBACK") != nil {
			_ = w.Conn.Close(context.Background())
		}
	}
	w.release()
}

func (w *writer) release() {
	w.held.Release()
	w.held = nil
}

// Lost implements group.Transaction.
func (w *writer) Lost() bool {
	return w.held == nil || w.IsClosed() || w.PgConn().TxStatus() == 'I'
}

// aborted reports that a statement failed, after which the server commits nothing.
func (w *writer) aborted() bool { return w.PgConn().TxStatus() == 'E' }
