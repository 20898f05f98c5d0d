package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/internal/record"
)

var _ meter.Store = (*Store)(nil)

// uses is what is kept of use. It is in no transaction with the rest, so it needs
// no snapshots.
type uses struct {
	mu      sync.RWMutex
	counts  map[meter.Scope]map[hourly]int64
	keys    map[keywright.KeyID]meter.KeyUse // its addresses the latest first
	batches map[[16]byte]int64
	closed  bool
}

// hourly is what a count says, less whose it is and how often.
type hourly struct {
	hour        int64
	api, reason string
}

func noUses() *uses {
	return &uses{counts: map[meter.Scope]map[hourly]int64{}, keys: map[keywright.KeyID]meter.KeyUse{}, batches: map[[16]byte]int64{}}
}

// ready returns why nothing can be read or written, or nil.
func (u *uses) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return record.Ended(err)
	}
	if u.closed {
		return record.Closed()
	}
	return nil
}

func (u *uses) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed, u.counts, u.keys, u.batches = true, nil, nil, nil
}

// AddUse implements meter.Store.
func (s *Store) AddUse(ctx context.Context, b meter.Batch) error {
	if err := record.Batch(&b); err != nil {
		return err
	}
	u := s.uses
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.ready(ctx); err != nil {
		return err
	}
	if _, again := u.batches[b.ID]; again {
		return nil
	}
	u.batches[b.ID] = record.Nanos(b.At)
	for i := range b.Counts {
		c := &b.Counts[i]
		if u.counts[c.Scope] == nil {
			u.counts[c.Scope] = map[hourly]int64{}
		}
		u.counts[c.Scope][hourly{c.Hour, c.API, c.Reason}] += c.Times
	}
	for i := range b.Keys {
		u.add(b.Keys[i])
	}
	return nil
}

func (u *uses) add(k meter.KeyUse) {
	old, known := u.keys[k.Key]
	all := slices.Clone(old.Addresses)
	for _, a := range k.Addresses {
		a.At = record.Instant(record.Nanos(a.At))
		at := slices.IndexFunc(all, func(have meter.Address) bool { return have.From == a.From })
		if at < 0 {
			all = append(all, a)
			continue
		}
		all[at].Times += a.Times
		if a.At.After(all[at].At) {
			all[at].At = a.At
		}
	}
	slices.SortFunc(all, func(a, b meter.Address) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(record.AddressText(a.From), record.AddressText(b.From)))
	})
	if known && k.At.Before(old.At) {
		k.At, k.From = old.At, old.From
	}
	k.At = record.Instant(record.Nanos(k.At))
	k.Addresses = all[:min(len(all), meter.MaxAddresses)]
	u.keys[k.Key] = k
}

// Use implements meter.Store.
func (s *Store) Use(ctx context.Context, q meter.Query) ([]meter.Sum, error) {
	u := s.uses
	u.mu.RLock()
	defer u.mu.RUnlock()
	if err := u.ready(ctx); err != nil {
		return nil, err
	}
	type sum struct {
		hour   int64
		reason string
	}
	step, sums := max(q.Step, 1), map[sum]int64{}
	for at, times := range u.counts[q.Scope] {
		if at.hour >= q.From && at.hour < q.Until && (q.API == "" || q.API == at.api) {
			sums[sum{at.hour - at.hour%step, at.reason}] += times
		}
	}
	var found []meter.Sum
	for at, times := range sums {
		found = append(found, meter.Sum{Hour: at.hour, Reason: at.reason, Times: times})
	}
	return found, nil
}

// LastUse implements meter.Store.
func (s *Store) LastUse(ctx context.Context, keys []keywright.KeyID) (found []meter.KeyUse, err error) {
	u := s.uses
	u.mu.RLock()
	defer u.mu.RUnlock()
	if err := u.ready(ctx); err != nil {
		return nil, err
	}
	for i, id := range keys {
		if k, ok := u.keys[id]; ok && !slices.Contains(keys[:i], id) {
			k.Addresses = nil
			found = append(found, k)
		}
	}
	return found, nil
}

// Addresses implements meter.Store.
func (s *Store) Addresses(ctx context.Context, key keywright.KeyID) ([]meter.Address, error) {
	u := s.uses
	u.mu.RLock()
	defer u.mu.RUnlock()
	if err := u.ready(ctx); err != nil {
		return nil, err
	}
	return slices.Clone(u.keys[key].Addresses), nil
}

// ForgetUse implements meter.Store.
func (s *Store) ForgetUse(ctx context.Context, before time.Time) (more bool, err error) {
	u := s.uses
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.ready(ctx); err != nil {
		return false, err
	}
	hour, newest := meter.HourOf(before), int64(0)
	for scope, counts := range u.counts {
		for at := range counts {
			if at.hour < hour {
				delete(counts, at)
			}
		}
		if len(counts) == 0 {
			delete(u.counts, scope)
		}
	}
	for id, k := range u.keys {
		k.Addresses = slices.DeleteFunc(slices.Clone(k.Addresses), func(a meter.Address) bool { return a.At.Before(before) })
		if u.keys[id] = k; k.At.Before(before) {
			delete(u.keys, id)
		}
	}
	for _, at := range u.batches {
		newest = max(newest, at)
	}
	for id, at := range u.batches {
		if at < record.OldBatches(newest) {
			delete(u.batches, id)
		}
	}
	return false, nil
}
