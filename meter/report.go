package meter

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/keywright/keywright"
)

// MaxPoints is how many steps a report has at most.
const MaxPoints = 400

// usualPoints is how many steps a report has unless it is said where it begins.
const usualPoints = 24

// Step is how long one point of a report is.
type Step string

// The steps.
const (
	Hour Step = "hour"
	Day  Step = "day"
)

func (s Step) hours() int64 {
	if s == Day {
		return 24
	}
	return 1
}

// Ask says what a report is about.
type Ask struct {
	Key          keywright.KeyID    // the zero one: not of one key
	Tenant       keywright.TenantID // "": not of one tenant; nothing beside Key
	API          string             // "": of all
	Since, Until time.Time          // zero: so that 24 steps end now
	Step         Step               // "" is Hour
}

// Report is how much something was used.
type Report struct {
	Since, Until     time.Time
	Step             Step
	Granted, Refused int64
	Refusals         []Sum // by reason, the most frequent first; their Hour says nothing
	Points           []Point
	Last             KeyUse // of a key; the zero one was never presented
}

// Point is one step of a report.
type Point struct {
	At               time.Time
	Granted, Refused int64
}

// Report flushes, so that what was counted here is in it, and reads the store. It
// returns an Invalid error naming since, until or step.
func (m *Meter) Report(ctx context.Context, a Ask) (Report, error) {
	now := time.Now()
	if m != nil {
		now = m.o.Clock()
	}
	r, q, err := a.frame(now)
	if err != nil || m == nil {
		return r, err
	}
	_ = m.Flush(ctx) // a store that is away fails the reading, too
	sums, err := m.o.Store.Use(ctx, q)
	if err != nil {
		return r, err
	}
	r.fill(sums, q)
	if a.Key.IsZero() {
		return r, nil
	}
	last, err := m.o.Store.LastUse(ctx, []keywright.KeyID{a.Key})
	if err != nil || len(last) == 0 {
		return r, err
	}
	r.Last = last[0]
	r.Last.Addresses, err = m.o.Store.Addresses(ctx, a.Key)
	return r, err
}

// frame works out the steps.
func (a Ask) frame(now time.Time) (Report, Query, error) {
	r, q := Report{Step: cmp.Or(a.Step, Hour)}, Query{Scope: Everybody, API: a.API}
	switch {
	case r.Step != Hour && r.Step != Day:
		return r, q, invalid("step", "is hour or day")
	case !a.Key.IsZero():
		q.Scope = OfKey(a.Key)
	case a.Tenant != "":
		q.Scope = OfTenant(a.Tenant)
	}
	q.Step = r.Step.hours()
	if a.Until.IsZero() {
		a.Until = now.Add(1) // now is within
	}
	last := floor(HourOf(a.Until.Add(-1)), q.Step)
	first := last - usualPoints + 1
	if !a.Since.IsZero() {
		if !a.Since.Before(a.Until) {
			return r, q, invalid("since", "must be before until")
		}
		first = floor(HourOf(a.Since), q.Step)
	}
	points := last - first + 1
	if points > MaxPoints {
		detail := "at most " + strconv.Itoa(MaxPoints) + " points, and this would be " + strconv.FormatInt(points, 10) + ": ask for a later since or an earlier until"
		if r.Step == Hour {
			detail += ", or for step=day"
		}
		return r, q, invalid("since", detail)
	}
	q.From, q.Until = first*q.Step, (last+1)*q.Step
	r.Since, r.Until = HourStart(q.From), HourStart(q.Until)
	r.Points = make([]Point, points)
	for i := range r.Points {
		r.Points[i].At = HourStart(q.From + int64(i)*q.Step)
	}
	return r, q, nil
}

func (r *Report) fill(sums []Sum, q Query) {
	byReason := map[string]int64{}
	for _, s := range sums {
		at := (s.Hour - q.From) / q.Step
		if s.Hour < q.From || at >= int64(len(r.Points)) {
			continue
		}
		if s.Reason == keywright.Granted.String() {
			r.Granted += s.Times
			r.Points[at].Granted += s.Times
			continue
		}
		r.Refused += s.Times
		r.Points[at].Refused += s.Times
		byReason[s.Reason] += s.Times
	}
	for reason, times := range byReason {
		r.Refusals = append(r.Refusals, Sum{Reason: reason, Times: times})
	}
	slices.SortFunc(r.Refusals, func(a, b Sum) int { return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Reason, b.Reason)) })
}

// LastUsed returns when keys were last presented, with what was counted here and is
// not in the store yet. Keys that never were are left out.
func (m *Meter) LastUsed(ctx context.Context, keys []keywright.KeyID) (map[keywright.KeyID]time.Time, error) {
	if m == nil || len(keys) == 0 {
		return nil, nil
	}
	all := map[keywright.KeyID]time.Time{}
	m.recent(keys, all) // first: what leaves the memory meanwhile is in the store
	found, err := m.o.Store.LastUse(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i := range found {
		later(all, found[i].Key, found[i].At)
	}
	return all, nil
}

func later(all map[keywright.KeyID]time.Time, id keywright.KeyID, at time.Time) {
	if at.After(all[id]) {
		all[id] = at
	}
}

// recent adds what was counted and is not in the store.
func (m *Meter) recent(keys []keywright.KeyID, all map[keywright.KeyID]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range keys {
		who := subject{key: id}
		s := m.shard(who, &keywright.Decision{Key: id}, netip.Addr{})
		s.mu.Lock()
		u := s.uses[who]
		if u != nil {
			later(all, id, time.Unix(0, u.last).UTC())
		}
		s.mu.Unlock()
		if u := m.pending.keys[id]; u != nil {
			later(all, id, time.Unix(0, u.last).UTC())
		}
		for i := range m.batches {
			have := m.batches[i].Keys
			at, there := slices.BinarySearchFunc(have, id, func(k KeyUse, id keywright.KeyID) int { return bytes.Compare(k.Key[:], id[:]) })
			if there {
				later(all, id, have[at].At)
			}
		}
	}
}

// Spell writes an address; one that is not known is "".
func Spell(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}
