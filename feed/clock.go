package feed

import (
	"sync/atomic"
	"time"
)

// started anchors the process's monotonic clock.
var started = time.Now() //nolint:gochecknoglobals // never written: an instant without a meaning of its own

func monotonic() int64 { return int64(time.Since(started)) }

const (
	syncEvery = 100 * time.Millisecond // how old a reading of Boottime may be
	stepSeen  = time.Millisecond       // a sleep or a step of the wall clock
	askedFast = time.Millisecond       // a reading that took longer was interrupted, and is not built upon
)

// reading is Boottime beside the two clocks that cost no system call.
type reading struct{ boot, mono, wall int64 }

// Clock returns a reader of Boottime that makes the system call only ten times
// a second, and goes by the process's monotonic clock in between. A sleep of the
// machine moves the wall clock by just as much as Boottime and leaves the
// monotonic clock alone, so when the two drift apart it asks again at once. The
// readings never go back.
func Clock() func() int64 {
	return clock(Boottime, func() (mono, wall int64) {
		t := time.Now()
		return int64(t.Sub(started)), t.UnixNano()
	})
}

func clock(boottime func() int64, cheap func() (mono, wall int64)) func() int64 {
	var last atomic.Pointer[reading]
	return func() int64 {
		mono, wall := cheap()
		if r := last.Load(); r != nil {
			passed := mono - r.mono
			slept := wall - r.wall - passed
			if passed >= 0 && passed < int64(syncEvery) && slept < int64(stepSeen) && slept > -int64(stepSeen) {
				return r.boot + passed
			}
		}
		boot := boottime()
		now, wall := cheap() // after it, so that no reading in between is ahead of the next one
		if now-mono < int64(askedFast) {
			last.Store(&reading{boot: boot, mono: now, wall: wall})
		}
		return boot
	}
}
