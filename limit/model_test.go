package limit

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
)

// reference counts as a textbook would: a bucket of tokens that drips, or a
// number for each window since the epoch.
type reference struct {
	tokens map[string]int64 // in nanoseconds of dripping
	last   map[string]int64
	counts map[string]map[int64]int
}

func (m *reference) room(r *keywright.LimitRule, who string, now int64) bool {
	if r.Fixed {
		return m.counts[who][now/int64(r.Window)] < r.Count
	}
	every := int64(r.Window) / int64(r.Count)
	whole := every * int64(r.Count)
	if _, ok := m.last[who]; !ok {
		m.tokens[who] = whole
	} else {
		m.tokens[who] = min(whole, m.tokens[who]+now-m.last[who])
	}
	m.last[who] = now
	return m.tokens[who] >= every
}

func (m *reference) count(r *keywright.LimitRule, who string, now int64) {
	if !r.Fixed {
		m.tokens[who] -= int64(r.Window) / int64(r.Count)
		return
	}
	if m.counts[who] == nil {
		m.counts[who] = map[int64]int{}
	}
	m.counts[who][now/int64(r.Window)]++
}

func (m *reference) remaining(r *keywright.LimitRule, who string, now int64) int {
	if r.Fixed {
		return r.Count - m.counts[who][now/int64(r.Window)]
	}
	return int(m.tokens[who] / (int64(r.Window) / int64(r.Count)))
}

func TestTheLimiterCountsAsATextbookWould(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r []keywright.LimitRule
		for range rapid.IntRange(1, keywright.MaxLimits).Draw(t, "rules") {
			r = append(r, keywright.LimitRule{
				Per:    keywright.Subject(rapid.IntRange(0, 1).Draw(t, "per")),
				Count:  rapid.IntRange(1, 9).Draw(t, "count"),
				Window: rapid.SampledFrom([]time.Duration{7, time.Second, 10 * time.Second, time.Minute}).Draw(t, "window"),
				Fixed:  rapid.Bool().Draw(t, "fixed"), Quota: rapid.Bool().Draw(t, "quota"),
			})
			last := &r[len(r)-1]
			last.Window = max(last.Window, time.Duration(last.Count))
		}
		l, m := New(0), &reference{tokens: map[string]int64{}, last: map[string]int64{}, counts: map[string]map[int64]int{}}
		now := noon
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 0, 0, 1, 3, time.Millisecond, time.Second, 13 * time.Second}).Draw(t, "later"))
			who := keywright.KeyID{byte(rapid.IntRange(1, 2).Draw(t, "key"))}
			from := netip.AddrFrom4([4]byte{192, 0, 2, byte(rapid.IntRange(1, 2).Draw(t, "address"))})
			compare(t, l, m, r, now, who, from)
		}
	})
}

func compare(t *rapid.T, l *Limiter, m *reference, r []keywright.LimitRule, now time.Time, who keywright.KeyID, from netip.Addr) {
	names, all := make([]string, len(r)), true
	for i := range r {
		names[i] = string(rune('0'+i)) + who.String()
		if r[i].Per == keywright.PerAddress {
			names[i] = string(rune('0'+i)) + from.String()
		}
		all = m.room(&r[i], names[i], now.UnixNano()) && all
	}
	var out keywright.Allowances
	reason := l.Take(now, "acme", r, who, from, &out)
	if (reason == keywright.Granted) != all {
		t.Fatalf("%s, and the reference says %t", reason, all)
	}
	spent := false
	for i := range r {
		full := !all && m.remaining(&r[i], names[i], now.UnixNano()) == 0
		if all {
			m.count(&r[i], names[i], now.UnixNano())
		}
		want := m.remaining(&r[i], names[i], now.UnixNano())
		if out[i].Limit != r[i].Count || out[i].Remaining != want || out[i].Reset.Before(now) {
			t.Fatalf("window %d: %+v, want %d remaining", i, out[i], want)
		}
		if (out[i].RetryIn > 0) != full || out[i].RetryIn > r[i].Window {
			t.Fatalf("window %d: retry in %s, full %t", i, out[i].RetryIn, full)
		}
		spent = spent || full && (reason == keywright.QuotaSpent) == r[i].Quota
	}
	if !all && !spent {
		t.Fatalf("%s is the reason of no window that is full", reason)
	}
}
