package feed

import (
	"container/heap"
	"context"

	"github.com/keywright/keywright"
)

// waiter is a write that waits for the index.
type waiter struct {
	cursor keywright.Cursor
	place  int // in the heap; -1 when out of it
	done   chan struct{}
}

// waiters are a heap, the smallest cursor first, so that a read wakes those that
// it concerns and nobody else.
type waiters []*waiter

// Len implements sort.Interface.
func (w waiters) Len() int { return len(w) }

// Less implements sort.Interface.
func (w waiters) Less(i, j int) bool { return w[i].cursor < w[j].cursor }

// Swap implements sort.Interface.
func (w waiters) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].place, w[j].place = i, j
}

// Push implements heap.Interface.
func (w *waiters) Push(x any) {
	one := x.(*waiter)
	one.place = len(*w)
	*w = append(*w, one)
}

// Pop implements heap.Interface.
func (w *waiters) Pop() any {
	last := len(*w) - 1
	one := (*w)[last]
	(*w)[last], *w = nil, (*w)[:last]
	one.place = -1
	return one
}

// Wait returns when the index has applied the cursor, or with the context's
// error, or with an Unavailable error once the follower has stopped.
func (f *Follower) Wait(ctx context.Context, c keywright.Cursor) error {
	if f.Applied() >= c {
		return nil
	}
	w := &waiter{cursor: c, done: make(chan struct{})}
	f.mu.Lock()
	if f.Applied() >= c { // advance may have come between
		f.mu.Unlock()
		return nil
	}
	heap.Push(&f.waiters, w)
	f.mu.Unlock()
	select {
	case f.kick <- struct{}{}: // do not rely on the store's signal alone
	default:
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		f.leave(w)
		return context.Cause(ctx)
	case <-f.stopped:
		f.leave(w)
		if f.Applied() >= c {
			return nil
		}
		return &keywright.Error{Kind: keywright.Unavailable, Detail: "the write is done, but this node no longer follows the store: it is shutting down"}
	}
}

func (f *Follower) leave(w *waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.place >= 0 {
		heap.Remove(&f.waiters, w.place)
	}
}

// advance says that all up to a cursor is applied, and wakes who waited for it.
func (f *Follower) advance(to keywright.Cursor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applied.Store(int64(to))
	for len(f.waiters) > 0 && f.waiters[0].cursor <= to {
		close(heap.Pop(&f.waiters).(*waiter).done)
	}
}

func (f *Follower) stop() { close(f.stopped) }
