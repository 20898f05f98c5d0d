package memory

import (
	"context"
	"iter"
	"sync"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/internal/record"
)

// Store keeps everything in memory. It is safe for concurrent use.
type Store struct {
	writing chan struct{} // holds one token: whoever has it may write
	changed chan struct{}
	uses    *uses

	mu     sync.RWMutex // guards what follows, for moments only
	now    state
	closed bool
}

var (
	_ keywright.Store = (*Store)(nil)
	_ people.Store    = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	s := &Store{writing: make(chan struct{}, 1), changed: make(chan struct{}, 1), uses: noUses(), now: empty()}
	s.writing <- struct{}{}
	return s
}

func (s *Store) snapshot(ctx context.Context) (state, error) {
	if err := ctx.Err(); err != nil {
		return state{}, record.Ended(err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return state{}, record.Closed()
	}
	return s.now, nil
}

// View implements keywright.Store.
func (s *Store) View(ctx context.Context, fn func(keywright.Reader) error) error {
	snapshot, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	return fn(&reader{&snapshot})
}

// ViewRecords implements people.Store.
func (s *Store) ViewRecords(ctx context.Context, fn func(people.RecordReader) error) error {
	snapshot, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	return fn(&reader{&snapshot})
}

// Update implements keywright.Store. It runs fn once.
func (s *Store) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	return s.update(ctx, func(t *tx) error { return fn(t) })
}

// UpdateRecords implements people.Store. It runs fn once.
func (s *Store) UpdateRecords(ctx context.Context, fn func(people.RecordTx) error) error {
	_, err := s.update(ctx, func(t *tx) error { return fn(t) })
	return err
}

func (s *Store) update(ctx context.Context, fn func(*tx) error) (keywright.Cursor, error) {
	select {
	case <-s.writing:
		defer func() { s.writing <- struct{}{} }()
	case <-ctx.Done():
		return 0, record.Ended(ctx.Err())
	}
	draft, err := s.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	before := len(draft.events)
	if err := fn(&tx{reader: reader{&draft}}); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, record.Ended(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, record.Closed()
	}
	s.now = draft
	if len(draft.events) > before {
		s.signal()
	}
	return draft.cursor(), nil
}

func (s *Store) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Changes implements keywright.Store.
func (s *Store) Changes(ctx context.Context, after keywright.Cursor) iter.Seq2[keywright.Event, error] {
	return func(yield func(keywright.Event, error) bool) {
		snapshot, err := s.snapshot(ctx)
		if err != nil {
			yield(keywright.Event{}, err)
			return
		}
		all := snapshot.since(after)
		if after == 0 {
			all = snapshot.present()
		}
		for e := range all {
			if err := ctx.Err(); err != nil {
				yield(keywright.Event{}, record.Ended(err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Changed implements keywright.Store.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Close implements keywright.Store. What the store held is gone.
func (s *Store) Close() error {
	s.uses.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.now = true, empty()
	return nil
}
