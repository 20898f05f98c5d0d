package verify

import (
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
)

// Options of an index.
type Options struct {
	// Bound is D: a view older than this refuses everything with Failure. Zero
	// is for an embedded store that this process owns alone, fresh by
	// construction once the first read is complete.
	Bound time.Duration
	// Clock reads a monotonic clock that runs on through suspend, in
	// nanoseconds. It is asked only if Bound is set; a bounded index without a
	// clock cannot know its age, and refuses.
	Clock func() int64
}

// Index is the followers' memory of all keys. Readers take no lock.
type Index struct {
	bound int64
	clock func() int64

	ready  atomic.Bool
	asOf   atomic.Int64
	newest atomic.Int64 // nanoseconds since the epoch
	held   atomic.Pointer[memory]
}

// New returns an empty index, which refuses everything with Failure until
// Refresh is called for the first time.
func New(o Options) *Index {
	x := &Index{bound: int64(o.Bound), clock: o.Clock}
	x.newest.Store(never)
	x.held.Store(newMemory())
	return x
}

// Reset forgets every key and tenant, and refuses until the next Refresh. A
// follower calls it before it reads the present state anew: what was deleted
// meanwhile is not in that state, so what is held must go first. The newest
// instant is kept. It counts as an Apply: one goroutine at a time.
func (x *Index) Reset() {
	x.ready.Store(false)
	x.held.Store(newMemory())
}

// Refresh says that a complete read of the feed, which began at asOf on the
// index's clock, has been applied. It never goes back.
func (x *Index) Refresh(asOf int64) {
	if !x.ready.Load() || asOf > x.asOf.Load() {
		x.asOf.Store(asOf)
	}
	x.ready.Store(true)
}

// AsOf returns what Refresh was last told.
func (x *Index) AsOf() int64 { return x.asOf.Load() }

// Now reads the index's clock, on which AsOf stands; 0 without a clock.
func (x *Index) Now() int64 {
	if x.clock == nil {
		return 0
	}
	return x.clock()
}

// Bound returns D, or 0 where the view is fresh by construction.
func (x *Index) Bound() time.Duration { return time.Duration(x.bound) }

// Fresh reports whether the index may answer now.
func (x *Index) Fresh() bool {
	if !x.ready.Load() {
		return false
	}
	if x.bound <= 0 {
		return true
	}
	if x.clock == nil {
		return false
	}
	asOf := x.asOf.Load() // before the clock, so that the age cannot be negative
	age := x.clock() - asOf
	return age >= 0 && age <= x.bound
}

// Newest returns the newest instant that the store was seen to record, so that a
// clock that steps back revives nothing: Verify uses the later of it and now.
func (x *Index) Newest() time.Time { return unpackTime(uint64(x.newest.Load())) }

// see moves the newest instant forward.
func (x *Index) see(at time.Time) {
	if at.IsZero() {
		return
	}
	if n := nanos(at); n > x.newest.Load() && n < latest {
		x.newest.Store(n)
	}
}

// Len returns the number of keys held, and of tenants.
func (x *Index) Len() (keys, tenants int) {
	m := x.held.Load()
	return int(m.keys.Load()), int(m.known.Load())
}

// Verify decides from the digest of what was presented.
func (x *Index) Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision {
	m := x.held.Load() // before asking whether it is fresh: Reset swaps it while it is not
	if !x.Fresh() {
		return keywright.Decision{}
	}
	at := nanos(now)
	if at >= latest {
		return keywright.Decision{} // past what a record can say
	}
	if newest := x.newest.Load(); newest > at {
		now = unpackTime(uint64(newest))
	}
	var k keywright.Key
	t, found := m.find(&d, &k)
	if !found {
		return keywright.Decide(now, nil, nil, *n)
	}
	return keywright.Decide(now, &k, t, *n)
}
