package selfservice

import (
	"net/netip"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

const throttleWindow = time.Hour

// throttle counts what happened within the last hour, for each subject and in all.
// What it remembers is bounded by what it lets happen in all.
type throttle struct {
	each, all int

	mu     sync.Mutex
	log    []stamp // in the order of time, the oldest first
	counts map[string]int
}

type stamp struct {
	at      time.Time
	subject string
}

func newThrottle(each, all int) *throttle {
	return &throttle{each: each, all: all, counts: map[string]int{}}
}

// bound changes how many there may be.
func (t *throttle) bound(each, all int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.each, t.all = each, all
}

// take counts one, or returns a Throttled error that says when there is room again.
func (t *throttle) take(now time.Time, subject, words string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	switch {
	case t.counts[subject] >= t.each:
		return throttled(t.wait(now, subject), words)
	case len(t.log) >= t.all:
		return throttled(t.wait(now, ""), words)
	}
	if n := len(t.log); n > 0 && now.Before(t.log[n-1].at) {
		now = t.log[n-1].at // a clock that steps back gives nothing back
	}
	t.log = append(t.log, stamp{now, subject})
	t.counts[subject]++
	return nil
}

// forget drops what is older than the window.
func (t *throttle) forget(now time.Time) {
	old := 0
	for old < len(t.log) && !now.Before(t.log[old].at.Add(throttleWindow)) {
		one := t.log[old].subject
		if t.counts[one]--; t.counts[one] <= 0 {
			delete(t.counts, one)
		}
		old++
	}
	if old > 0 {
		t.log = append([]stamp(nil), t.log[old:]...)
	}
}

// wait is how long until the oldest of a subject's, or of all for "", is forgotten.
func (t *throttle) wait(now time.Time, subject string) time.Duration {
	for i := range t.log {
		if subject == "" || t.log[i].subject == subject {
			return t.log[i].at.Add(throttleWindow).Sub(now)
		}
	}
	return throttleWindow
}

func throttled(wait time.Duration, words string) error {
	return &keywright.Error{Kind: people.Throttled, Detail: words, Cause: people.Wait(wait)}
}

// neighbourhood is what an address is counted as: an IPv4 address alone, an IPv6
// address with its /64, which is one customer's to choose addresses from.
func neighbourhood(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return "nobody knows" // all whose address cannot be told share one count
	}
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "nobody knows"
	}
	return p.String()
}
