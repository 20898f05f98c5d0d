//go:build !linux

package feed

// Boottime reads the monotonic clock, for want of one that is known to run on
// while the machine sleeps: on such a system the bound holds while it is awake.
func Boottime() int64 { return monotonic() }
