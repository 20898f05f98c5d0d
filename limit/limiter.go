package limit

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

const defaultSubjects = 1_000_000

// Limiter holds the windows of keys and addresses. It is safe for concurrent use.
type Limiter struct {
	names     maphash.Seed
	keys      *pool
	addresses *pool
}

// New returns a limiter that remembers at most so many subjects (0: 1,000,000),
// half of them keys and half addresses; past that the least recently seen go
// first, as far as a clock's hand can tell.
func New(maxSubjects int) *Limiter {
	if maxSubjects <= 0 {
		maxSubjects = defaultSubjects
	}
	return &Limiter{names: maphash.MakeSeed(), keys: newPool(maxSubjects / 2), addresses: newPool(maxSubjects / 2)}
}

// Len returns how many keys and addresses are remembered.
func (l *Limiter) Len() (keys, addresses int) { return l.keys.len(), l.addresses.len() }

// Take counts one request in every window of rules, or, if one is full, in none.
// It returns Granted, Limited or QuotaSpent and fills out. A zero key counts the
// address's windows only, and an invalid address the key's only; windows that
// are not counted are reported as they stand, or whole where there is no subject.
// Where several windows are full, the one that takes longest gives the reason.
func (l *Limiter) Take(now time.Time, scheme string, rules []keywright.LimitRule, key keywright.KeyID, from netip.Addr, out *keywright.Allowances) keywright.Reason {
	*out = keywright.Allowances{}
	rules = rules[:min(len(rules), keywright.MaxLimits)]
	if len(rules) == 0 {
		return keywright.Granted
	}
	var t taking
	name := maphash.String(l.names, scheme)
	perKey, perAddress := asked(rules)
	if perKey && !key.IsZero() {
		t.key.find(l.keys, subject{name, binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:])})
	}
	if perAddress && from.IsValid() {
		t.address.find(l.addresses, subjectOf(name, from))
	}
	t.lock()
	defer t.unlock()
	return t.count(now.UnixNano(), rules, out)
}

func asked(rules []keywright.LimitRule) (perKey, perAddress bool) {
	for i := range rules {
		if rules[i].Per == keywright.PerAddress {
			perAddress = true
		} else {
			perKey = true
		}
	}
	return perKey, perAddress
}

// subjectOf counts IPv6 by /64, and IPv4 in either spelling as one.
func subjectOf(scheme uint64, from netip.Addr) subject {
	from = from.Unmap()
	b := from.As16()
	s := subject{scheme: scheme, high: binary.BigEndian.Uint64(b[:8])}
	if from.Is4() {
		s.low = binary.BigEndian.Uint64(b[8:])
	}
	return s
}

// party is one of the two subjects of a request.
type party struct {
	shard *shard
	hash  uint64
	who   subject
	entry *entry
}

func (p *party) find(from *pool, who subject) {
	p.who, p.hash = who, from.hash(who)
	p.shard = &from.shards[p.hash%shards]
}

// taking is one request on its way through its windows. Locks are always taken
// key first, and the pools are apart, so no two requests can wait for each other.
type taking struct{ key, address party }

func (t *taking) lock() {
	for _, p := range [...]*party{&t.key, &t.address} {
		if p.shard != nil {
			p.shard.Lock()
			p.entry = p.shard.get(p.hash, p.who)
		}
	}
}

func (t *taking) unlock() {
	for _, p := range [...]*party{&t.address, &t.key} {
		if p.shard != nil {
			p.shard.Unlock()
		}
	}
}

func (t *taking) entryOf(r *keywright.LimitRule) *entry {
	if r.Per == keywright.PerAddress {
		return t.address.entry
	}
	return t.key.entry
}

// count looks at every window first, and changes none unless all let it pass.
func (t *taking) count(now int64, rules []keywright.LimitRule, out *keywright.Allowances) keywright.Reason {
	reason, longest := keywright.Granted, int64(0)
	var stand, counted [keywright.MaxLimits]state
	for i := range rules {
		r := &rules[i]
		e := t.entryOf(r)
		if e == nil {
			continue
		}
		e.windows[i] = mend(now, r, e.windows[i])
		stand[i] = e.windows[i]
		var wait int64
		counted[i], wait = look(now, r, stand[i])
		out[i].RetryIn = time.Duration(wait)
		if wait > longest {
			longest, reason = wait, refusal(r)
		}
	}
	if reason == keywright.Granted {
		stand = counted
		for i := range rules {
			if e := t.entryOf(&rules[i]); e != nil {
				e.windows[i] = counted[i]
			}
		}
	}
	for i := range rules {
		report(now, &rules[i], stand[i], &out[i])
	}
	return reason
}

func refusal(r *keywright.LimitRule) keywright.Reason {
	if r.Quota {
		return keywright.QuotaSpent
	}
	return keywright.Limited
}
