package meter

import (
	"context"
	"crypto/rand"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// Options of a meter.
type Options struct {
	Store  Store
	Clock  func() time.Time // of key life; nil is time.Now
	Every  time.Duration    // between two flushes, by the real clock; 0 is ten seconds
	Random io.Reader        // of the ids of batches; nil is crypto/rand
	// Failed is told when a flush by itself fails, and then with nil when one
	// succeeds again; nil is not told.
	Failed func(error)
}

const (
	usualEvery = 10 * time.Second
	// A flush by itself, or before a report, is given up after so long. Its counts stay.
	flushWait = 5 * time.Second
)

// Meter counts. It is safe for concurrent use. A nil *Meter counts nothing, and
// reports that nothing was.
type Meter struct {
	o Options
	// Keys and people's tenants have shards of their own, so that whoever has no
	// key waits for none that has, and the other way round.
	known     [64]shard
	strangers [8]shard

	flushing chan struct{} // held by whoever flushes
	forgot   int64         // the hour in which the old was last forgotten

	mu      sync.Mutex // guards what follows; never held while the store is asked
	pending pending    // drained, and not in a batch yet
	batches []Batch    // to be added as they are, the oldest first

	starting sync.Once
	stopping sync.Once
	stop     context.CancelFunc
	stopped  chan struct{}
}

// New returns a meter that counts at once, and flushes by itself after Start.
func New(o Options) *Meter {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Every <= 0 {
		o.Every = usualEvery
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	m := &Meter{o: o, flushing: make(chan struct{}, 1), pending: newPending()}
	for i := range m.known {
		m.known[i].uses = map[subject]*use{}
	}
	for i := range m.strangers {
		m.strangers[i].uses = map[subject]*use{}
	}
	return m
}

// reasons is beyond every keywright.Reason.
const reasons = 32

// maxSubjects bounds a shard between two flushes: a million keys in all. What
// comes beyond them is counted for its API alone.
const maxSubjects = 1 << 14

// subject is whose decisions are counted together: a key's, those of a tenant's
// people's tokens, or, for the zero one, those about nobody.
type subject struct {
	key    keywright.KeyID
	tenant keywright.TenantID // of tokens; a key has one anyway
}

// shard is a part of what was counted since the last flush.
type shard struct {
	mu   sync.Mutex
	uses map[subject]*use
	_    [40]byte // neighbours' locks lie on other cache lines
}

// use is what was counted of a subject.
type use struct {
	tenant    keywright.TenantID
	last      int64 // nanoseconds from 1970
	from      netip.Addr
	tallies   []tally
	addresses []visit
}

// tally counts the decisions of one API within one hour, by reason.
type tally struct {
	api   string
	hour  int64
	times [reasons]uint32
}

// visit is an address that presented a key.
type visit struct {
	from  netip.Addr
	times int64
	at    int64
}

// Count counts one decision. It allocates nothing for a key, API, hour and
// address that it has counted since the last flush. It implements gate.Counter.
func (m *Meter) Count(now time.Time, api string, d *keywright.Decision, from netip.Addr) {
	if m == nil {
		return
	}
	from = from.Unmap().WithZone("")
	who := subject{key: d.Key}
	tenant := keywright.TenantID("")
	if d.Tenant != nil {
		tenant = d.Tenant.ID
		if d.Key.IsZero() {
			who.tenant = tenant
		}
	}
	s := m.shard(who, d, from)
	s.mu.Lock()
	u := s.uses[who]
	if u == nil {
		u = s.begin(who, tenant)
	}
	u.count(HourOf(now), api, d.Reason)
	if !u.nobody() {
		u.visited(now.UnixNano(), from)
	}
	s.mu.Unlock()
}

func (m *Meter) shard(who subject, d *keywright.Decision, from netip.Addr) *shard {
	if who == (subject{}) {
		b := from.As16()
		return &m.strangers[int(b[15]^b[14]^b[7]^b[5])%len(m.strangers)]
	}
	id := d.Counts() // a token's stands for its subject
	return &m.known[int(id[15])%len(m.known)]
}

// begin makes room for a subject; where there is none left, for nobody.
func (s *shard) begin(who subject, tenant keywright.TenantID) *use {
	if len(s.uses) >= maxSubjects {
		if u := s.uses[subject{}]; u != nil {
			return u
		}
		who, tenant = subject{}, ""
	}
	u := &use{tenant: tenant}
	if !who.key.IsZero() {
		u.addresses = make([]visit, 0, 1)
	}
	s.uses[who] = u
	return u
}

// nobody reports whether no key's presenting is noted: addresses are a key's.
func (u *use) nobody() bool { return u.addresses == nil }

func (u *use) count(hour int64, api string, r keywright.Reason) {
	if r >= reasons {
		r = keywright.Failure
	}
	for i := range u.tallies {
		if t := &u.tallies[i]; t.hour == hour && t.api == api {
			t.times[r]++
			return
		}
	}
	u.tallies = append(u.tallies, tally{api: api, hour: hour})
	u.tallies[len(u.tallies)-1].times[r]++
}

// visited notes who presented a key. An address beyond the latest MaxAddresses
// takes the place of the one that was away for longest.
func (u *use) visited(at int64, from netip.Addr) {
	if at >= u.last {
		u.last, u.from = at, from
	}
	if !from.IsValid() {
		return
	}
	oldest := 0
	for i := range u.addresses {
		v := &u.addresses[i]
		if v.from == from {
			v.times++
			v.at = max(v.at, at)
			return
		}
		if v.at < u.addresses[oldest].at {
			oldest = i
		}
	}
	switch {
	case len(u.addresses) < MaxAddresses:
		u.addresses = append(u.addresses, visit{from, 1, at})
	case at >= u.addresses[oldest].at:
		u.addresses[oldest] = visit{from, 1, at}
	}
}
