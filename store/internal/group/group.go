// Package group lets concurrent writers share one durable commit: each in turn
// runs its work inside the open transaction, and the last in line commits for
// all. It never tells a writer "done" before the commit that holds its work.
package group

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// savepoint takes back a part of a transaction.
type savepoint interface {
	// Mark sets the point that Undo goes back to. It is dear, so it is used only
	// while writers fail after they have written.
	Mark(ctx context.Context) error
	Undo(ctx context.Context) error
}

// Transaction is the one writing transaction of a store. Only the writer whose
// turn it is calls it.
type Transaction interface {
	savepoint
	Begin(ctx context.Context) error
	// Writes counts what has been written. A writer that failed before its first
	// write leaves nothing to undo.
	Writes() int
	// Commit makes everything durable. After an error nothing is assumed;
	// ErrAgain wrapped in it means that nothing was committed for sure.
	Commit(ctx context.Context) error
	Rollback()
	// Lost reports that the transaction has ended by itself, so that what
	// earlier writers did in it is gone.
	Lost() bool
}

// ErrAgain says that work was undone through no fault of its own.
var ErrAgain = errors.New("the transaction was undone and may be tried again")

// cautious is how many writers are marked one by one after one of them failed
// with work done, which, without a mark, undid the work of others too.
const cautious = 1000

const (
	maxTogether = 256 // writers in one commit
	maxAttempts = 4
)

// Line is the queue of writers of one transaction. Work runs on the goroutine
// of the writer that brought it, so that its panic is its own.
type Line struct {
	tx Transaction

	mu      sync.Mutex
	busy    bool // somebody has the turn
	waiting []*ticket
	closed  bool

	// Of whoever has the turn:
	open   bool // the transaction is
	batch  *batch
	care   int  // how many writers from now on are marked
	marked bool // this one is
	before int  // what had been written before this one
}

type ticket struct{ turn chan struct{} }

// batch is the fate that writers share.
type batch struct {
	done chan struct{}
	size int
	err  error
}

// New returns a line before a transaction.
func New(tx Transaction) *Line { return &Line{tx: tx} }

// Do runs work in its turn and returns once the commit that holds it is
// durable. It returns work's own error unchanged, once what work had seen is
// durable; then nothing of work is left. Work may run more than once.
func (l *Line) Do(ctx context.Context, work func() error) error {
	var err error
	for range maxAttempts {
		if err = l.enter(ctx, false); err != nil {
			return err
		}
		var fate *batch
		if fate, err = l.run(ctx, work); fate != nil {
			<-fate.done
			if fate.err != nil {
				err = fate.err
			}
		}
		if !errors.Is(err, ErrAgain) {
			return err
		}
	}
	return &keywright.Error{Kind: keywright.Unavailable, Detail: "the store undid the work several times: try again", Cause: err}
}

// Close refuses new writers and returns when those at work are done.
func (l *Line) Close() {
	if l.enter(context.Background(), true) == nil {
		l.leave(context.Background())
	}
}

// enter returns when the turn is the caller's. last lets nobody in any more.
func (l *Line) enter(ctx context.Context, last bool) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return record.Closed()
	}
	l.closed = last
	if !l.busy {
		l.busy = true
		l.mu.Unlock()
		return nil
	}
	t := &ticket{turn: make(chan struct{})}
	l.waiting = append(l.waiting, t)
	l.mu.Unlock()
	select {
	case <-t.turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, t); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		return record.Ended(ctx.Err())
	}
	return nil // the turn came first; run finds that the context has ended
}

// run does the work of whoever has the turn, and gives the turn away. The batch
// that it returns decides whether the result counts.
func (l *Line) run(ctx context.Context, work func() error) (fate *batch, err error) {
	ended := false
	defer func() {
		if !ended { // a panic or runtime.Goexit is on its way
			l.undo(ctx)
			l.leave(ctx)
		}
	}()
	fate, err = l.attempt(ctx, work)
	ended = true
	l.leave(ctx)
	return fate, err
}

func (l *Line) attempt(ctx context.Context, work func() error) (*batch, error) {
	if err := ctx.Err(); err != nil {
		return l.batch, record.Ended(err)
	}
	if err := l.ready(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	err := work()
	if l.tx.Lost() {
		l.spoil()
		return nil, errors.Join(ErrAgain, err)
	}
	if err != nil {
		l.undo(ctx) // which may end the batch; what this one saw is then not durable, but neither is it told
		return l.batch, err
	}
	if l.batch == nil {
		l.batch = &batch{done: make(chan struct{})}
	}
	l.batch.size++
	return l.batch, nil
}

// ready opens the transaction, or marks the place in the open one.
func (l *Line) ready(ctx context.Context) error {
	l.marked = false
	if l.open {
		if l.care > 0 {
			l.care--
			if err := l.tx.Mark(ctx); err != nil {
				l.spoil()
				return errors.Join(ErrAgain, err)
			}
			l.marked = true
		}
		l.before = l.tx.Writes()
		return nil
	}
	if err := l.tx.Begin(ctx); err != nil {
		l.tx.Rollback()
		return err
	}
	l.open = true
	l.before = l.tx.Writes()
	return nil
}

// undo takes back the work of whoever has the turn. Nobody else's counts as
// done yet, so where there is no mark to go back to, the others work again.
func (l *Line) undo(ctx context.Context) {
	switch {
	case !l.open:
	case l.batch == nil:
		l.tx.Rollback()
		l.open = false
	case l.tx.Lost():
		l.spoil()
	case l.tx.Writes() == l.before:
	case !l.marked:
		l.care = cautious
		l.spoil()
	case l.tx.Undo(context.WithoutCancel(ctx)) != nil:
		l.spoil()
	}
}

// spoil tells the batch that its transaction is gone.
func (l *Line) spoil() {
	l.tx.Rollback()
	l.open = false
	l.settle(ErrAgain)
}

func (l *Line) settle(err error) {
	if l.batch != nil {
		l.batch.err = err
		close(l.batch.done)
		l.batch = nil
	}
}

// leave gives the turn to the next in line, or, if nobody follows or enough
// have come together, commits first.
func (l *Line) leave(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.batch != nil && (l.batch.size >= maxTogether || len(l.waiting) == 0) {
		l.mu.Unlock()
		l.finish(ctx)
		l.mu.Lock()
	}
	if len(l.waiting) == 0 {
		l.busy = false
		return
	}
	next := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	close(next.turn)
}

func (l *Line) finish(ctx context.Context) {
	err := l.tx.Commit(context.WithoutCancel(ctx))
	if err != nil {
		l.tx.Rollback()
	}
	l.open = false
	l.settle(err)
}
