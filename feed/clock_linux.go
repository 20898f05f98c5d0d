package feed

import "golang.org/x/sys/unix"

// Boottime reads CLOCK_BOOTTIME in nanoseconds: a clock that nobody can set and
// that runs on while the machine sleeps, so that a view cannot wake up younger
// than it is. It costs a system call; see Clock.
func Boottime() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return monotonic()
	}
	return ts.Nano()
}
