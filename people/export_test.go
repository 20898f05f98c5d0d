package people

import "time"

// What the tests of this folder see of the inside.
const (
	LongestWait   = longestWait
	FreeByAccount = freeByAccount
	FreeByAddress = freeByAddress
	MaxSubjects   = maxSubjects
	MaxRuns       = maxRuns
	MaxQueue      = maxQueue
	MaxBegun      = maxBegun
)

// Cheap makes a service's hashes cost next to nothing.
func (s *Service) Cheap() { s.hasher.params = params{memory: 64, time: 1, threads: 1} }

// Dear gives a service's hashes the parameters that they have outside of tests.
func (s *Service) Dear() { s.hasher.params = current() }

// Runs is how often argon2 ran.
func (s *Service) Runs() int64 { return s.hasher.runs.Load() }

// HoldRuns takes all of the hasher's turns, until what it returns is called.
func (s *Service) HoldRuns() (release func()) {
	for range maxRuns {
		s.hasher.slots <- struct{}{}
	}
	return func() {
		for range maxRuns {
			<-s.hasher.slots
		}
	}
}

// Queued is how many passwords are being checked or wait for their turn.
func (s *Service) Queued() int64 { return s.hasher.queue.Load() }

// Subjects is how many subjects the throttle remembers.
func (s *Service) Subjects() int { return len(s.throttle.accounts) + len(s.throttle.addresses) }

// ForgetAfter is when the throttle forgets.
func ForgetAfter() time.Duration { return forgetAfter }

// PHC reads and writes a hash again.
func PHC(s string) (string, bool) {
	p, ok := parsePHC(s)
	return p.String(), ok
}

// DigestOf is the name of a token's record.
func DigestOf(token string) string { return digest(token) }
