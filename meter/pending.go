package meter

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// What a pending holds at most while nothing can be flushed: beyond it keys and
// tenants are left out, and APIs are counted on.
const (
	maxPendingKeys   = 1 << 17
	maxPendingCounts = 1 << 20
)

// How much one batch holds: one transaction, so that other writers get their turn.
const (
	batchCounts = 4000
	batchKeys   = 1000
)

// pending is what was drained from the shards, rolled up.
type pending struct {
	counts map[counted]int64
	keys   map[keywright.KeyID]*use // without tallies
}

// counted is what a Count says, less how often.
type counted struct {
	scope  Scope
	api    string
	hour   int64
	reason keywright.Reason
}

func newPending() pending {
	return pending{counts: map[counted]int64{}, keys: map[keywright.KeyID]*use{}}
}

func (p *pending) empty() bool { return len(p.counts) == 0 && len(p.keys) == 0 }

// drain takes everything that a shard has counted.
func (p *pending) drain(s *shard) {
	s.mu.Lock()
	if len(s.uses) == 0 {
		s.mu.Unlock()
		return
	}
	taken := s.uses
	s.uses = map[subject]*use{} // and nothing slower under the lock
	s.mu.Unlock()
	for who, u := range taken {
		p.add(who, u)
	}
}

func (p *pending) add(who subject, u *use) {
	for i := range u.tallies {
		t := &u.tallies[i]
		for r, times := range t.times {
			if times == 0 {
				continue
			}
			at := counted{api: t.api, hour: t.hour, reason: keywright.Reason(r)}
			p.counts[at] += int64(times)
			if u.tenant != "" {
				p.more(at, OfTenant(u.tenant), int64(times))
			}
			if !who.key.IsZero() {
				p.more(at, OfKey(who.key), int64(times))
			}
		}
	}
	if !who.key.IsZero() && u.last != 0 {
		p.visits(who.key, u)
	}
}

func (p *pending) more(at counted, scope Scope, times int64) {
	at.scope = scope
	if _, there := p.counts[at]; there || len(p.counts) < maxPendingCounts {
		p.counts[at] += times
	}
}

func (p *pending) visits(id keywright.KeyID, u *use) {
	all, there := p.keys[id]
	if !there {
		if len(p.keys) < maxPendingKeys {
			u.tallies = nil
			p.keys[id] = u
		}
		return
	}
	if u.last >= all.last {
		all.last, all.from = u.last, u.from
	}
	for _, v := range u.addresses {
		at := slices.IndexFunc(all.addresses, func(old visit) bool { return old.from == v.from })
		if at < 0 {
			all.addresses = append(all.addresses, v)
			continue
		}
		all.addresses[at].times += v.times
		all.addresses[at].at = max(all.addresses[at].at, v.at)
	}
	slices.SortFunc(all.addresses, func(a, b visit) int { return cmp.Compare(b.at, a.at) })
	all.addresses = all.addresses[:min(len(all.addresses), MaxAddresses)]
}

// cut turns everything into batches, in an order that does not depend on a map's,
// so that nodes that share a database lock its rows alike.
func (p *pending) cut(random io.Reader, now time.Time) ([]Batch, error) {
	counts := make([]Count, 0, len(p.counts))
	for at, times := range p.counts {
		counts = append(counts, Count{Scope: at.scope, API: at.api, Hour: at.hour, Reason: at.reason.String(), Times: times})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.API, b.API), cmp.Compare(a.Reason, b.Reason))
	})
	keys := make([]KeyUse, 0, len(p.keys))
	for id, u := range p.keys {
		keys = append(keys, u.spell(id))
	}
	slices.SortFunc(keys, func(a, b KeyUse) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	var all []Batch
	for len(counts) > 0 || len(keys) > 0 {
		b := Batch{At: now}
		if _, err := io.ReadFull(random, b.ID[:]); err != nil {
			return nil, err
		}
		b.Counts, counts = split(counts, batchCounts)
		b.Keys, keys = split(keys, batchKeys)
		all = append(all, b)
	}
	return all, nil
}

func split[T any](all []T, at int) (head, tail []T) {
	at = min(at, len(all))
	return all[:at:at], all[at:]
}

func (u *use) spell(id keywright.KeyID) KeyUse {
	k := KeyUse{Key: id, At: time.Unix(0, u.last).UTC(), From: u.from, Addresses: make([]Address, len(u.addresses))}
	for i, v := range u.addresses {
		k.Addresses[i] = Address{From: v.from, Times: v.times, At: time.Unix(0, v.at).UTC()}
	}
	return k
}
