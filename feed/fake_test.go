package feed_test

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/verify"
)

const bound = 2 * time.Second

var errCut = errors.New("the line was cut")

// store is a log in memory whose reads go wrong on demand.
type store struct {
	keywright.Store // what a follower has no business with

	changed chan struct{}

	mu     sync.Mutex
	keys   map[keywright.KeyID]keywright.Key
	tenant keywright.Tenant
	log    []keywright.Event
	reads  int
	// before is asked as a read begins: an error ends it, and blocking stalls it.
	before func(ctx context.Context) error
	// cutAfter events the read ends, with cutBy; 0 never.
	cutAfter int
	cutBy    error
}

func newStore() *store {
	return &store{
		changed: make(chan struct{}, 1), keys: map[keywright.KeyID]keywright.Key{},
		tenant: keywright.Tenant{ID: "ten_a", Version: 1}, before: func(context.Context) error { return nil },
	}
}

func keyOf(n int) keywright.Key {
	k := keywright.Key{Tenant: "ten_a", Scheme: "acme", Version: 1}
	binary.BigEndian.PutUint64(k.ID[8:], uint64(n+1))
	binary.BigEndian.PutUint64(k.Digest[:], uint64(n+1)*0x9e3779b97f4a7c15)
	return k
}

// commit puts a key, or deletes it, and returns its cursor: the write is acknowledged.
func (s *store) commit(act keywright.Act, k keywright.Key) keywright.Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	if act == keywright.KeyDeleted {
		delete(s.keys, k.ID)
	} else {
		s.keys[k.ID] = k
	}
	s.log = append(s.log, keywright.Event{Cursor: keywright.Cursor(len(s.log) + 1), Act: act, Key: k.ID, Tenant: k.Tenant, At: time.Now()})
	return keywright.Cursor(len(s.log))
}

func (s *store) revoke(n int) keywright.Cursor {
	k := keyOf(n)
	k.Version, k.RevokedAt = 2, time.Now()
	return s.commit(keywright.KeyRevoked, k)
}

func (s *store) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *store) Changed() <-chan struct{} { return s.changed }

// set changes how reads go.
func (s *store) set(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

func (s *store) snapshot(after keywright.Cursor) (events []keywright.Event) {
	if after == 0 {
		head := keywright.Cursor(len(s.log))
		if head == 0 {
			return nil
		}
		ten := s.tenant
		events = append(events, keywright.Event{Cursor: head, Tenant: ten.ID, TenantNow: &ten})
		for _, k := range s.keys {
			events = append(events, keywright.Event{Cursor: head, Key: k.ID, Tenant: k.Tenant, KeyNow: &k})
		}
		return events
	}
	for _, e := range s.log[after:] {
		if k, ok := s.keys[e.Key]; ok {
			e.KeyNow = &k
		}
		events = append(events, e)
	}
	return events
}

func (s *store) Changes(ctx context.Context, after keywright.Cursor) iter.Seq2[keywright.Event, error] {
	return func(yield func(keywright.Event, error) bool) {
		s.mu.Lock()
		s.reads++
		before, cutAfter, cutBy := s.before, s.cutAfter, s.cutBy
		s.mu.Unlock()
		if err := before(ctx); err != nil {
			yield(keywright.Event{}, err)
			return
		}
		s.mu.Lock()
		events := s.snapshot(after)
		s.mu.Unlock()
		for i, e := range events {
			if cutAfter > 0 && i == cutAfter {
				if cutBy != nil {
					yield(keywright.Event{}, cutBy)
				}
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// pass lets the bubble's time pass, and everybody in it do what is due.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the bubble's time is virtual
	synctest.Wait()
}

// node is one follower with its index, on the bubble's clock.
type node struct {
	*feed.Follower
	index *verify.Index
	stop  context.CancelFunc
}

func start(t *testing.T, s keywright.Store, d time.Duration, options ...feed.Option) *node {
	t.Helper()
	n := newNode(s, d, options...)
	ctx, stop := context.WithCancel(t.Context())
	n.stop = stop
	if err := n.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return n
}

func newNode(s keywright.Store, d time.Duration, options ...feed.Option) *node {
	begun := time.Now()
	index := verify.New(verify.Options{Bound: d, Clock: func() int64 { return int64(time.Since(begun)) }})
	return &node{Follower: feed.New(s, index, options...), index: index}
}

func (n *node) reason(key int) keywright.Reason {
	return n.index.Verify(time.Now(), keyOf(key).Digest, &keywright.Need{Scheme: "acme"}).Reason
}

func (n *node) expect(t *testing.T, what string, key int, want keywright.Reason) {
	t.Helper()
	if got := n.reason(key); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}
