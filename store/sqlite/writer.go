package sqlite

import (
	"context"
	"sync/atomic"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/group"
	"github.com/keywright/keywright/store/internal/sqltext"
	"zombiezen.com/go/sqlite"
)

// writer is the one connection that writes. A context never interrupts it:
// SQLite would undo the whole transaction, and with it other writers' work.
type writer struct {
	*conn
	last   keywright.Cursor // of the log, uncommitted work of this group included
	marked bool
	broken atomic.Pointer[error] // a commit failed on the disk
}

var _ group.Transaction = (*writer)(nil)

// Begin implements group.Transaction.
func (w *writer) Begin(ctx context.Context) error {
	if cause := w.broken.Load(); cause != nil {
		return &keywright.Error{Kind: keywright.Unavailable, Cause: *cause,
			Detail: "the disk failed a write, so nothing more is written: look at the disk, then restart; what was acknowledged is recovered from the log"}
	}
	err := w.run("BEGIN IMMEDIATE")
	if err == nil {
		w.marked = false
		w.last, err = sqltext.Last(ctx, w.conn)
	}
	return err
}

// Writes implements group.Transaction.
func (w *writer) Writes() int { return w.writes }

// Mark implements group.Transaction.
func (w *writer) Mark(context.Context) error {
	if w.marked {
		if err := w.run("RELEASE writer"); err != nil {
			return err
		}
	}
	w.marked = true
	return w.run("SAVEPOINT writer")
}

// Undo implements group.Transaction.
func (w *writer) Undo(context.Context) error { return w.run("ROLLBACK TO writer") }

// Commit implements group.Transaction.
func (w *writer) Commit(context.Context) error {
	err := w.run("COMMIT")
	if err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultIOErr {
		// After a failed sync the system may drop pages and call the next sync a
		// success. Only recovery from the log can tell what is on the disk.
		w.broken.Store(&err)
	}
	return err
}

// Rollback implements group.Transaction.
func (w *writer) Rollback() {
	if !w.AutocommitEnabled() {
		_ = w.run("ROLLBACK")
	}
}

// Lost implements group.Transaction: some failures make SQLite roll back.
func (w *writer) Lost() bool { return w.AutocommitEnabled() }
