package people

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// Failures slow down who made them, and never lock anybody out for good: after some
// free ones each further attempt must wait for twice as long as the one before it
// had to, up to a bound. The counts are of three sorts:
//
//   - an address (an IPv6 address with its /64, which is one customer's to choose from),
//   - an account, known or not, so that the answer tells nothing,
//   - an account from an address that it was signed in from before. Such a pair is not
//     held to the account's count, so that a stranger who guesses at an account slows
//     down strangers and not its person.
//
// An attempt counts as failed from its start, so that many at once are no way round.
const (
	freeByAddress = 20
	freeByAccount = 8
	firstWait     = 2 * time.Second
	longestWait   = 15 * time.Minute
	forgetAfter   = 12 * time.Hour
	knownFor      = 60 * 24 * time.Hour
	maxSubjects   = 1 << 16 // of each sort
	evictAmong    = 16
)

// subject is a hash, so that all are of one size and no address book is in memory.
type subject [16]byte

type tally struct {
	failed int
	last   time.Time
}

// wait is how long after its last failure a tally's next attempt must wait.
func (t *tally) wait(free int) time.Duration {
	over := t.failed - free
	if over < 0 {
		return 0
	}
	if over > 20 {
		return longestWait
	}
	return min(firstWait<<over, longestWait)
}

// tallies is a bounded table. Where it is full, the one of a few that matters least
// gives way: fewest failures, then the oldest.
type tallies map[subject]*tally

func (m tallies) of(s subject, now time.Time, forget time.Duration) *tally {
	t, ok := m[s]
	if ok && now.Sub(t.last) >= forget {
		*t = tally{}
	}
	if !ok {
		if len(m) >= maxSubjects {
			m.evict()
		}
		t = &tally{}
		m[s] = t
	}
	return t
}

func (m tallies) evict() {
	var least subject
	var worst *tally
	n := 0
	for s, t := range m { // in no order: a sample
		if worst == nil || t.failed < worst.failed || (t.failed == worst.failed && t.last.Before(worst.last)) {
			least, worst = s, t
		}
		if n++; n == evictAmong {
			break
		}
	}
	delete(m, least)
}

type throttle struct {
	mu        sync.Mutex
	addresses tallies
	accounts  tallies
	pairs     tallies
	known     tallies // pairs that were signed in; failed is not used
}

func newThrottle() *throttle {
	return &throttle{addresses: tallies{}, accounts: tallies{}, pairs: tallies{}, known: tallies{}}
}

// attempt is one that was let begin.
type attempt struct {
	t             *throttle
	account, pair subject
	hasAccount    bool
	counted       [2]*tally // by address, and by account or pair
}

// begin counts an attempt, or returns how long it has to wait. One that has to wait
// is not counted: trying on does not make it longer. account may be "".
func (t *throttle) begin(now time.Time, from netip.Addr, account string) (attempt, time.Duration) {
	net := neighbourhood(from)
	a := attempt{
		t: t, account: subjectOf("account", account), pair: subjectOf("pair", net+" "+account), hasAccount: account != "",
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	held := t.addresses.of(subjectOf("address", net), now, forgetAfter)
	wait := held.last.Add(held.wait(freeByAddress)).Sub(now)
	var who *tally
	if a.hasAccount {
		if seen, ok := t.known[a.pair]; ok && now.Sub(seen.last) < knownFor {
			who = t.pairs.of(a.pair, now, forgetAfter)
		} else {
			who = t.accounts.of(a.account, now, forgetAfter)
		}
		wait = max(wait, who.last.Add(who.wait(freeByAccount)).Sub(now))
	}
	if wait > 0 {
		return attempt{}, wait
	}
	a.counted = [2]*tally{held, who}
	for _, one := range a.counted {
		if one != nil {
			one.failed, one.last = one.failed+1, now
		}
	}
	return a, 0
}

// again counts one more of what somebody does to themselves, or returns how long
// they have to wait.
func (t *throttle) again(now time.Time, who string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.accounts.of(subjectOf("again", who), now, forgetAfter)
	if wait := one.last.Add(one.wait(freeByAccount)).Sub(now); wait > 0 {
		return wait
	}
	one.failed, one.last = one.failed+1, now
	return 0
}

// succeeded forgets what was counted against the account; the address gets back
// this attempt alone, else an account of one's own would be a way round.
func (a attempt) succeeded(now time.Time) {
	a.refund()
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	if a.hasAccount {
		delete(a.t.accounts, a.account)
		delete(a.t.pairs, a.pair)
		a.t.known.of(a.pair, now, knownFor).last = now
	}
}

// refund takes an attempt back that said nothing about who made it.
func (a attempt) refund() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	for _, one := range a.counted {
		if one != nil && one.failed > 0 {
			one.failed--
		}
	}
}

func subjectOf(sort, name string) subject {
	sum := sha256.Sum256([]byte(sort + "\x00" + name))
	return subject(sum[:16])
}

// neighbourhood is what an address is counted as.
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

// begun bounds how many ceremonies are begun from an address within the life of one.
type begun struct {
	mu   sync.Mutex
	from tallies
}

func (b *begun) take(now time.Time, from netip.Addr) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.from == nil {
		b.from = tallies{}
	}
	t := b.from.of(subjectOf("begun", neighbourhood(from)), now, challengeFor)
	most := maxBegun
	if !from.IsValid() {
		most = maxBegunByNobody
	}
	if t.failed >= most {
		return t.last.Add(challengeFor).Sub(now)
	}
	if t.failed == 0 {
		t.last = now // a window starts
	}
	t.failed++
	return 0
}
