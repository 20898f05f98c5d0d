package limit

import (
	"time"

	"github.com/keywright/keywright"
)

// state is one window of one subject, in one word: for GCRA the instant at
// which the window is whole again, in nanoseconds; for a fixed window its
// number, modulo 2³², above the count. Zero is a whole window in both.
type state uint64

// look says what one more request would do to a window: whether it passes, the
// state that counting it leaves, and what to report of the window either way.
func look(now int64, r *keywright.LimitRule, s state) (pass bool, counted state, before, after keywright.Allowance) {
	if r.Count < 1 || r.Window < 1 {
		shut := keywright.Allowance{Reset: instant(now).Add(r.Window), RetryIn: max(r.Window, 1)}
		return false, s, shut, shut
	}
	if r.Fixed {
		return lookFixed(now, r, s)
	}
	return lookGCRA(now, r, s)
}

// every is how far apart a GCRA window's requests are once it is spent.
func every(r *keywright.LimitRule) int64 { return max(int64(r.Window)/int64(r.Count), 1) }

// mend brings a window back that a clock that has since stepped back left: an
// instant further off than a spent window's can be becomes that of one spent
// now. It is kept whether or not the request passes, or else the window would
// stay spent until the clock is where it was.
func mend(now int64, r *keywright.LimitRule, s state) state {
	if r.Fixed || r.Count < 1 {
		return s
	}
	return state(min(int64(s), now+every(r)*int64(r.Count)))
}

func lookGCRA(now int64, r *keywright.LimitRule, s state) (bool, state, keywright.Allowance, keywright.Allowance) {
	every := every(r)
	whole := max(int64(s), now)
	report := func(whole int64) keywright.Allowance {
		used := (whole - now + every - 1) / every
		return keywright.Allowance{Limit: r.Count, Remaining: max(r.Count-int(used), 0), Reset: instant(whole)}
	}
	before := report(whole)
	if wait := whole - now - every*int64(r.Count-1); wait > 0 {
		before.RetryIn = time.Duration(wait)
		return false, s, before, before
	}
	return true, state(whole + every), before, report(whole + every)
}

func lookFixed(now int64, r *keywright.LimitRule, s state) (bool, state, keywright.Allowance, keywright.Allowance) {
	length := int64(r.Window)
	number := floorDiv(now, length)
	count := uint32(0)
	switch kept := uint32(s >> 32); kept {
	case uint32(number):
		count = uint32(s)
	case uint32(number + 1):
		// The clock stepped back over the boundary: the later window goes on,
		// so that its count is not given out twice.
		if uint32(s) > 0 {
			number, count = number+1, uint32(s)
		}
	}
	end := (number + 1) * length
	report := func(count uint32) keywright.Allowance {
		return keywright.Allowance{Limit: r.Count, Remaining: max(r.Count-int(count), 0), Reset: instant(end)}
	}
	before := report(count)
	if int(count) >= r.Count {
		before.RetryIn = time.Duration(end - now)
		return false, s, before, before
	}
	return true, state(uint64(uint32(number))<<32 | uint64(count+1)), before, report(count + 1)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func instant(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }
