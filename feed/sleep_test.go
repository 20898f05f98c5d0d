package feed

import (
	"testing"
	"time"
)

// machine is a computer whose clocks a test moves.
type machine struct {
	boot, mono, wall time.Duration
	asked            int
	slow             time.Duration // how long a system call takes
}

func (m *machine) run(d time.Duration)   { m.boot, m.mono, m.wall = m.boot+d, m.mono+d, m.wall+d }
func (m *machine) sleep(d time.Duration) { m.boot, m.wall = m.boot+d, m.wall+d }

func (m *machine) clock() func() time.Duration {
	read := clock(func() int64 {
		m.asked++
		boot := m.boot
		m.run(m.slow)
		return int64(boot)
	}, func() (int64, int64) { return int64(m.mono), int64(m.wall) })
	return func() time.Duration { return time.Duration(read()) }
}

func TestASleepOfTheMachineIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	m := &machine{wall: 1000 * time.Hour}
	read := m.clock()
	read()
	m.run(time.Millisecond)
	for _, slept := range []time.Duration{2 * time.Millisecond, 2 * time.Second, time.Hour} {
		m.sleep(slept)
		if got := read(); got != m.boot {
			t.Errorf("after a sleep of %s the clock is %s behind", slept, m.boot-got)
		}
	}
}

func TestAStepOfTheWallClockChangesNothing(t *testing.T) {
	t.Parallel()
	m := &machine{wall: 1000 * time.Hour}
	read := m.clock()
	for _, step := range []time.Duration{time.Hour, -time.Hour, -2 * time.Millisecond} {
		read()
		m.run(10 * time.Millisecond)
		m.wall += step
		if got := read(); got != m.boot {
			t.Errorf("after a step of %s it says %s, want %s", step, got, m.boot)
		}
	}
}

// A sleep that is hidden by a step of the wall clock of the very same length is
// still seen a tenth of a second later.
func TestBoottimeIsAskedTenTimesASecond(t *testing.T) {
	t.Parallel()
	m := &machine{wall: 1000 * time.Hour}
	read := m.clock()
	for range 1000 {
		read()
		m.run(time.Millisecond)
	}
	if m.asked < 9 || m.asked > 11 {
		t.Errorf("asked %d times in a second", m.asked)
	}
	m.sleep(time.Minute)
	m.wall -= time.Minute
	m.run(syncEvery)
	if got := read(); got != m.boot {
		t.Errorf("%s behind", m.boot-got)
	}
}

func TestAReadingThatWasInterruptedIsNotBuiltUpon(t *testing.T) {
	t.Parallel()
	m := &machine{wall: 1000 * time.Hour, slow: 50 * time.Millisecond}
	read := m.clock()
	read()
	m.slow = 0
	m.run(time.Millisecond)
	if got := read(); got != m.boot {
		t.Errorf("%s behind", m.boot-got)
	}
}
