package feed

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/verify"
)

const (
	embeddedInterval = time.Second // where the view is fresh by construction
	shortestInterval = 10 * time.Millisecond
	firstBackoff     = 20 * time.Millisecond
	shortestStall    = 5 * time.Second
	stallChecked     = 1024 // events between two looks at the stall's timer
)

// Option changes a follower.
type Option func(*Follower)

// Every sets how often the follower polls when no signal comes. Without it, it
// is a quarter of the index's bound, or one second where there is none.
func Every(interval time.Duration) Option {
	return func(f *Follower) { f.interval = max(interval, time.Millisecond) }
}

// OnError has fn told of every read that failed, from the follower's goroutine.
func OnError(fn func(error)) Option { return func(f *Follower) { f.onError = fn } }

// Follower keeps one index up with one store.
type Follower struct {
	store    keywright.Store
	index    *verify.Index
	interval time.Duration
	onError  func(error)

	applied  atomic.Int64
	reads    atomic.Uint64
	failures atomic.Uint64
	kick     chan struct{} // a waiter wants a read now
	stopped  chan struct{} // closed when the background ends
	partial  bool          // a read of the present state was cut off; the reader's own

	mu      sync.Mutex
	waiters waiters
}

// New returns a follower.
func New(store keywright.Store, index *verify.Index, options ...Option) *Follower {
	f := &Follower{
		store: store, index: index, interval: embeddedInterval, onError: func(error) {},
		kick: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	if b := index.Bound(); b > 0 {
		f.interval = max(b/4, shortestInterval)
	}
	for _, o := range options {
		o(f)
	}
	return f
}

// Start reads the present state into the index, then follows in the background
// until ctx ends. It returns when the first read is complete, or fails with the
// store's error; it may then be called again. After it has succeeded it must not
// be called again.
func (f *Follower) Start(ctx context.Context) error {
	if err := f.read(ctx); err != nil {
		return fmt.Errorf("reading the present state of the keys: %w", err)
	}
	go f.follow(ctx)
	return nil
}

// Applied returns the newest cursor that the index has applied.
func (f *Follower) Applied() keywright.Cursor { return keywright.Cursor(f.applied.Load()) }

// Stats are what a follower knows of itself, for metrics.
type Stats struct {
	Applied  keywright.Cursor
	Lag      time.Duration // how old the index's view is; 0 without a clock
	Reads    uint64        // complete ones
	Failures uint64        // reads that failed or were cut off
	Waiting  int           // writes that wait to be applied
}

// Stats returns them as they are now.
func (f *Follower) Stats() Stats {
	f.mu.Lock()
	waiting := f.waiters.Len()
	f.mu.Unlock()
	asOf := f.index.AsOf()
	return Stats{
		Applied: f.Applied(), Lag: time.Duration(f.index.Now() - asOf),
		Reads: f.reads.Load(), Failures: f.failures.Load(), Waiting: waiting,
	}
}

// follow reads at every signal, at every kick, and at least every interval. A
// failed read is tried again after a pause that grows up to the interval, so
// that the bound is not missed by our own patience.
func (f *Follower) follow(ctx context.Context) {
	defer f.stop()
	pause := f.interval
	timer := time.NewTimer(pause)
	defer timer.Stop()
	changed := f.store.Changed()
	for failing := false; ; {
		wake, kick := changed, f.kick
		if failing {
			wake, kick = nil, nil // signals must not turn the pause into a storm
		}
		select {
		case <-ctx.Done():
			return
		case _, open := <-wake:
			if !open {
				changed = nil // a closed store signals no more; polling will say why
			}
		case <-kick:
			if f.Stats().Waiting == 0 {
				continue // a read that was under way has served who kicked
			}
		case <-timer.C:
		}
		f.drain(changed)
		err := f.read(ctx)
		switch {
		case err == nil:
			failing, pause = false, f.interval
		case !failing:
			failing, pause = true, min(firstBackoff, f.interval)
		default:
			pause = min(2*pause, f.interval)
		}
		timer.Reset(pause)
	}
}

// drain takes what has come in already: the read that follows covers it.
func (f *Follower) drain(changed <-chan struct{}) {
	select {
	case <-changed:
	default:
	}
	select {
	case <-f.kick:
	default:
	}
}

// read applies all that is new. Only when the store has said, by ending without
// an error, that this was everything, is the index told so, as of the instant
// at which the read began.
func (f *Follower) read(ctx context.Context) error {
	asOf := f.index.Now()
	err := f.apply(ctx)
	if err == nil {
		err = context.Cause(ctx) // a read that was cut off may look like an end
	}
	if err != nil {
		f.failures.Add(1)
		if ctx.Err() == nil {
			f.onError(err)
		}
		return err
	}
	f.index.Refresh(asOf)
	f.reads.Add(1)
	return nil
}

// apply carries events from the store to the index. History may be applied piece
// by piece, because it goes on where it was cut off; the present state may not,
// because what is deleted before the next attempt is not in that one.
func (f *Follower) apply(ctx context.Context) error {
	after := f.Applied()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := max(2*f.index.Bound(), shortestStall)
	stall := time.AfterFunc(limit, func() {
		cancel(fmt.Errorf("the store sent nothing for %s", limit))
	})
	defer stall.Stop()
	if f.partial {
		f.index.Reset()
	}
	f.partial = after == 0
	last, n := after, 0
	for e, err := range f.store.Changes(ctx, after) {
		if err != nil {
			return err
		}
		f.index.Apply(e)
		last = max(last, e.Cursor)
		if n++; n%stallChecked == 1 {
			stall.Reset(limit)
		}
		if after > 0 && n%stallChecked == 0 {
			f.advance(last)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	f.partial = false
	f.advance(last)
	return nil
}
