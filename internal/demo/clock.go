package demo

import (
	"sync/atomic"
	"time"
)

// maxShift bounds how far the clock can be moved in all.
const maxShift = 10 * 365 * 24 * time.Hour

// Clock is the real clock, moved forward. It serves the life of keys, the limits'
// windows and the assertions; freshness, TLS and timeouts keep to the real one.
type Clock struct{ shift atomic.Int64 }

// Now returns the demo's instant.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.shift.Load())) }

// Advance moves the clock forward, and reports whether it could.
func (c *Clock) Advance(by time.Duration) bool {
	for {
		was := c.shift.Load()
		if by <= 0 || by > maxShift-time.Duration(was) {
			return false
		}
		if c.shift.CompareAndSwap(was, was+int64(by)) {
			return true
		}
	}
}

// AtLeast moves the clock to an instant that has been reached before: what an
// earlier run saw happen must not lie in the future.
func (c *Clock) AtLeast(t time.Time) {
	if ahead := t.Sub(c.Now()); ahead > 0 {
		c.Advance(ahead)
	}
}
