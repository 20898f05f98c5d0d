// Package verify answers from memory alone whether a request may pass. It never
// does I/O, never allocates on the hot path, and refuses when its view of the
// keys is older than its bound.
package verify

import (
	"time"

	"github.com/keywright/keywright"
)

// Index is the followers' memory of all keys. Readers take no lock.
type Index struct{}

// Options of an index.
type Options struct {
	// Bound is D: a view older than this refuses everything with Failure. Zero
	// is for an embedded store that this process owns alone, fresh by
	// construction once the first read is complete.
	Bound time.Duration
	// Clock reads a monotonic clock that runs on through suspend, in
	// nanoseconds. It is asked only if Bound is set.
	Clock func() int64
}

// New returns an empty index, which refuses everything with Failure until
// Refresh is called for the first time.
func New(o Options) *Index { return &Index{} }

// Apply takes one event of the feed: it puts, replaces or removes the event's
// key and tenant, by version, so that a stale or repeated event changes
// nothing. It may be called while readers read, from one goroutine at a time.
func (x *Index) Apply(e keywright.Event) {}

// Refresh says that a complete read of the feed, which began at asOf on the
// index's clock, has been applied.
func (x *Index) Refresh(asOf int64) {}

// AsOf returns what Refresh was last told.
func (x *Index) AsOf() int64 { return 0 }

// Fresh reports whether the index may answer now.
func (x *Index) Fresh() bool { return false }

// Verify decides from the digest of what was presented.
func (x *Index) Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision {
	return keywright.Decision{}
}

// Len returns the number of keys held, and of tenants.
func (x *Index) Len() (keys, tenants int) { return 0, 0 }

// Newest returns the newest instant that the store was seen to record, so that a
// clock that steps back revives nothing: Verify uses the later of it and now.
func (x *Index) Newest() time.Time { return time.Time{} }
