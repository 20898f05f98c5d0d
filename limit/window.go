package limit

import (
	"time"

	"github.com/keywright/keywright"
)

// state is one window of one subject, in one word: for GCRA the instant at
// which the window is whole again, in nanoseconds; for a fixed window its
// number, modulo 2³², above the count. Zero is a whole window in both.
type state uint64

// look says what one more request would do to a window: the state that counting
// it leaves, or how long it must wait. A rule that lets nothing pass makes
// everybody wait for a whole window.
func look(now int64, r *keywright.LimitRule, s state) (counted state, wait int64) {
	switch {
	case r.Count < 1 || r.Window < 1:
		return s, int64(max(r.Window, 1))
	case r.Fixed:
		number, count := fixed(now, r, s)
		if int64(count) >= int64(r.Count) {
			return s, (number+1)*int64(r.Window) - now
		}
		return state(uint64(uint32(number))<<32 | uint64(count+1)), 0
	}
	every, whole := every(r), max(int64(s), now)
	if wait = whole - now - every*int64(r.Count-1); wait > 0 {
		return s, wait
	}
	return state(whole + every), 0
}

// report says how a window stands, which has been mended.
func report(now int64, r *keywright.LimitRule, s state, out *keywright.Allowance) {
	out.Limit = r.Count
	switch {
	case r.Count < 1 || r.Window < 1:
		out.Reset = instant(now + int64(max(r.Window, 1)))
	case r.Fixed:
		number, count := fixed(now, r, s)
		out.Remaining = max(r.Count-int(count), 0)
		out.Reset = instant((number + 1) * int64(r.Window))
	default:
		every, whole := every(r), max(int64(s), now)
		used := (whole - now + every - 1) / every
		out.Remaining = max(r.Count-int(used), 0)
		out.Reset = instant(whole)
		if used == 0 {
			// Nothing is to be given back. The end of the present stretch of the
			// window's length is the same for everybody, so refusals that count
			// nothing look alike from one second to the next.
			out.Reset = instant((floorDiv(now, int64(r.Window)) + 1) * int64(r.Window))
		}
	}
}

// every is how far apart a GCRA window's requests are once it is spent.
func every(r *keywright.LimitRule) int64 { return max(int64(r.Window)/int64(r.Count), 1) }

// mend brings a GCRA window back that a clock that has since stepped back left:
// an instant further off than a spent window's can be becomes that of one spent
// now. It is kept whether or not the request passes, or else the window would
// stay spent until the clock is where it was.
func mend(now int64, r *keywright.LimitRule, s state) state {
	if r.Fixed || r.Count < 1 || int64(s) <= now {
		return s
	}
	return state(min(int64(s), now+every(r)*int64(r.Count)))
}

// fixed returns the number of a fixed window, and how many it has counted.
func fixed(now int64, r *keywright.LimitRule, s state) (number int64, count uint32) {
	number = floorDiv(now, int64(r.Window))
	switch uint32(s >> 32) {
	case uint32(number):
		return number, uint32(s)
	case uint32(number + 1):
		// The clock stepped back over the boundary: the later window goes on,
		// so that its count is not given out twice.
		if uint32(s) > 0 {
			return number + 1, uint32(s)
		}
	}
	return number, 0
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func instant(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }
