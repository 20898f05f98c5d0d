package limit

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	alice  = keywright.KeyID{1}
	bob    = keywright.KeyID{2}
	home   = netip.MustParseAddr("192.0.2.1")
	nobody = netip.Addr{}

	minute = keywright.LimitRule{Name: "minute", Count: 60, Window: time.Minute}
	second = keywright.LimitRule{Name: "second", Count: 5, Window: time.Second}
	day    = keywright.LimitRule{Name: "day", Count: 5000, Window: 24 * time.Hour, Fixed: true, Quota: true}
	byAddr = keywright.LimitRule{Name: "address", Per: keywright.PerAddress, Count: 100, Window: time.Minute}
)

func rules(r ...keywright.LimitRule) []keywright.LimitRule { return r }

func take(l *Limiter, at time.Time, r []keywright.LimitRule, who keywright.KeyID, from netip.Addr) (keywright.Reason, keywright.Allowances) {
	var out keywright.Allowances
	return l.Take(at, "acme", r, who, from, &out), out
}

// passes takes n times at one instant and counts what passes.
func passes(l *Limiter, at time.Time, r []keywright.LimitRule, who keywright.KeyID, from netip.Addr, n int) (passed int) {
	for range n {
		if reason, _ := take(l, at, r, who, from); reason == keywright.Granted {
			passed++
		}
	}
	return passed
}

func TestExactlyCountPassInAFreshWindow(t *testing.T) {
	t.Parallel()
	for _, fixed := range []bool{false, true} {
		for _, count := range []int{1, 2, 3, 7, 60, 200, 300, 999, 5000, 99_999} {
			for _, window := range []time.Duration{time.Second, time.Minute, 24 * time.Hour} {
				r := rules(keywright.LimitRule{Count: count, Window: window, Fixed: fixed})
				if got := passes(New(0), noon, r, alice, nobody, count+10); got != count {
					t.Errorf("fixed %t, %d in %s: %d passed at once", fixed, count, window, got)
				}
			}
		}
	}
}

// A published trap: the client that keeps to the limit, less one, is never refused.
func TestASteadyClientAtLimitMinusOneIsNeverDenied(t *testing.T) {
	t.Parallel()
	for _, r := range []keywright.LimitRule{minute, second, {Count: 200, Window: time.Minute}, {Count: 300, Window: time.Minute}, {Count: 2, Window: time.Second}, {Count: 60, Window: time.Minute, Fixed: true}} {
		steady, bursty := New(0), New(0)
		every := r.Window / time.Duration(r.Count-1)
		for i := range 20 * r.Count {
			if reason, _ := take(steady, noon.Add(time.Duration(i)*every), rules(r), alice, nobody); reason != keywright.Granted {
				t.Fatalf("%d in %s: evenly spread, the request %d is %s", r.Count, r.Window, i, reason)
			}
			at := noon.Add(time.Duration(i/(r.Count-1)) * r.Window) // all at once, window after window
			if reason, _ := take(bursty, at, rules(r), alice, nobody); reason != keywright.Granted {
				t.Fatalf("%d in %s: in bursts, the request %d is %s", r.Count, r.Window, i, reason)
			}
		}
	}
}

func TestWhatIsReported(t *testing.T) {
	t.Parallel()
	l, r := New(0), rules(second)
	for i, want := range []keywright.Allowance{
		{Limit: 5, Remaining: 4, Reset: noon.Add(200 * time.Millisecond)},
		{Limit: 5, Remaining: 3, Reset: noon.Add(400 * time.Millisecond)},
		{Limit: 5, Remaining: 2, Reset: noon.Add(600 * time.Millisecond)},
		{Limit: 5, Remaining: 1, Reset: noon.Add(800 * time.Millisecond)},
		{Limit: 5, Remaining: 0, Reset: noon.Add(time.Second)},
		{Limit: 5, Remaining: 0, Reset: noon.Add(time.Second), RetryIn: 200 * time.Millisecond},
		{Limit: 5, Remaining: 0, Reset: noon.Add(time.Second), RetryIn: 200 * time.Millisecond},
	} {
		if reason, out := take(l, noon, r, alice, nobody); out[0] != want || (reason == keywright.Granted) != (want.RetryIn == 0) {
			t.Errorf("request %d: %s %+v, want %+v", i, reason, out[0], want)
		}
	}
	_, refused := take(l, noon.Add(50*time.Millisecond), r, alice, nobody)
	if at := 50*time.Millisecond + refused[0].RetryIn; at != 200*time.Millisecond {
		t.Errorf("50 ms later the next may pass at %s", at)
	}
	if reason, _ := take(l, noon.Add(200*time.Millisecond-1), r, alice, nobody); reason == keywright.Granted {
		t.Error("it passed a nanosecond before RetryIn had run out")
	}
	if reason, _ := take(l, noon.Add(200*time.Millisecond), r, alice, nobody); reason != keywright.Granted {
		t.Error("it did not pass when RetryIn had run out")
	}
}

// 60 a minute and 5,000 a day that end at midnight UTC: the published limits.
func TestTRS_MiCAMinuteAndDay(t *testing.T) {
	t.Parallel()
	l, r := New(0), rules(minute, day)
	at := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	if got := passes(l, at, r, alice, nobody, 61); got != 60 {
		t.Fatalf("%d passed at once", got)
	}
	reason, out := take(l, at, r, alice, nobody)
	if reason != keywright.Limited || out[1].Remaining != 4940 || !out[1].Reset.Equal(midnight) || out[1].RetryIn != 0 {
		t.Errorf("a full minute: %s, and of the day %+v", reason, out[1])
	}
	passed := 60
	for ; passed < 5000; at = at.Add(time.Second) {
		if reason, _ := take(l, at, r, alice, nobody); reason == keywright.Granted {
			passed++
		}
	}
	reason, out = take(l, at, r, alice, nobody)
	if reason != keywright.QuotaSpent || out[1].Remaining != 0 || out[1].RetryIn != midnight.Sub(at) || out[0].RetryIn != 0 {
		t.Errorf("a spent day: %s %+v", reason, out)
	}
	if reason, _ := take(l, midnight.Add(-1), r, alice, nobody); reason != keywright.QuotaSpent {
		t.Errorf("a nanosecond before midnight: %s", reason)
	}
	if reason, out = take(l, midnight, r, alice, nobody); reason != keywright.Granted || out[1].Remaining != 4999 {
		t.Errorf("at midnight: %s %+v", reason, out[1])
	}
}

func TestTheLongestWaitGivesTheReason(t *testing.T) {
	t.Parallel()
	both := rules(keywright.LimitRule{Count: 1, Window: time.Second}, keywright.LimitRule{Count: 1, Window: time.Hour, Fixed: true, Quota: true})
	for name, r := range map[string][]keywright.LimitRule{"quota last": both, "quota first": rules(both[1], both[0])} {
		l := New(0)
		take(l, noon, r, alice, nobody)
		if reason, out := take(l, noon, r, alice, nobody); reason != keywright.QuotaSpent || out[0].RetryIn == 0 || out[1].RetryIn == 0 {
			t.Errorf("%s: %s %+v", name, reason, out)
		}
	}
}

func TestARefusedRequestIsCountedNowhere(t *testing.T) {
	t.Parallel()
	l, r := New(0), rules(keywright.LimitRule{Count: 2, Window: time.Hour}, byAddr, day)
	for range 50 {
		take(l, noon, r, alice, home)
	}
	if _, out := take(l, noon, r, alice, home); out[1].Remaining != 98 || out[2].Remaining != 4998 {
		t.Errorf("of 51 requests, 49 refused, the other windows have counted: %+v", out)
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	one := rules(keywright.LimitRule{Per: keywright.PerAddress, Count: 1, Window: time.Hour})
	for name, c := range map[string]struct {
		first, then string
		shared      bool
	}{
		"the same IPv4":            {"192.0.2.1", "192.0.2.1", true},
		"another IPv4":             {"192.0.2.1", "192.0.2.2", false},
		"IPv4 in IPv6":             {"192.0.2.1", "::ffff:192.0.2.1", true},
		"the same /64":             {"2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", true},
		"another /64":              {"2001:db8:1:2::4", "2001:db8:1:3::4", false},
		"a zone":                   {"fe80::1%eth0", "fe80::1%eth1", true},
		"IPv4 is no IPv6 of zeros": {"0.0.0.0", "::", false},
	} {
		l := New(0)
		take(l, noon, one, keywright.KeyID{}, netip.MustParseAddr(c.first))
		reason, _ := take(l, noon, one, keywright.KeyID{}, netip.MustParseAddr(c.then))
		if (reason == keywright.Limited) != c.shared {
			t.Errorf("%s: %s", name, reason)
		}
	}
	l, r := New(0), rules(keywright.LimitRule{Count: 1, Window: time.Hour})
	take(l, noon, r, alice, nobody)
	if reason, _ := take(l, noon, r, bob, nobody); reason != keywright.Granted {
		t.Error("one key is counted on another")
	}
	var out keywright.Allowances
	if l.Take(noon, "other", r, alice, nobody, &out) != keywright.Granted {
		t.Error("one scheme is counted on another")
	}
}

func TestWithoutASubjectAWindowIsReportedWhole(t *testing.T) {
	t.Parallel()
	l, r := New(0), rules(minute, byAddr)
	for range 3 {
		reason, out := take(l, noon, r, keywright.KeyID{}, home)
		if reason != keywright.Granted || out[0] != (keywright.Allowance{Limit: 60, Remaining: 60, Reset: noon.Add(time.Minute)}) {
			t.Fatalf("no key: %s %+v", reason, out[0])
		}
	}
	if _, out := take(l, noon, r, alice, nobody); out[0].Remaining != 59 || out[1].Remaining != 100 {
		t.Errorf("no address: %+v", out)
	}
	if _, out := take(l, noon, r, alice, home); out[0].Remaining != 58 || out[1].Remaining != 96 {
		t.Errorf("both: %+v", out)
	}
	for i := range 2 {
		if _, out := take(l, noon, r, keywright.KeyID{}, nobody); out[i].Reset.IsZero() || out[i].Limit != r[i].Count {
			t.Errorf("neither: %+v", out[i])
		}
	}
	if reason, out := take(l, noon, nil, alice, home); reason != keywright.Granted || out != (keywright.Allowances{}) {
		t.Errorf("no rules: %s %+v", reason, out)
	}
}

func TestAClockThatStepsBackLocksNobodyOut(t *testing.T) {
	t.Parallel()
	for _, back := range []time.Duration{1, time.Millisecond, time.Minute, time.Hour, 48 * time.Hour, 10 * 24 * time.Hour} {
		l, r := New(0), rules(minute)
		if got := passes(l, noon, r, alice, nobody, 60); got != 60 {
			t.Fatal(got)
		}
		at := noon.Add(-back)
		reason, out := take(l, at, r, alice, nobody)
		if reason == keywright.Granted || out[0].RetryIn > time.Second || out[0].Reset.Sub(at) > time.Minute {
			t.Errorf("GCRA, back by %s: %s %+v", back, reason, out[0])
		}
		if reason, _ = take(l, at.Add(time.Second), r, alice, nobody); reason != keywright.Granted {
			t.Errorf("GCRA, back by %s and a second on: %s", back, reason)
		}
	}
}

func TestAFixedWindowIsNotGivenOutTwiceWhenTheClockStepsBack(t *testing.T) {
	t.Parallel()
	l, r := New(0), rules(day)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	if got := passes(l, midnight.Add(time.Second), r, alice, nobody, 5001); got != 5000 {
		t.Fatal(got)
	}
	reason, out := take(l, midnight.Add(-time.Second), r, alice, nobody)
	if reason != keywright.QuotaSpent || !out[0].Reset.Equal(midnight.Add(24*time.Hour)) {
		t.Errorf("over midnight and back: %s %+v", reason, out[0])
	}
	if reason, _ := take(l, midnight.AddDate(0, 0, -30), r, alice, nobody); reason != keywright.Granted {
		t.Errorf("a clock that was a month ahead has locked the key out: %s", reason)
	}
}

func TestTimeThatIsMovedForwardMakesWindowsWhole(t *testing.T) {
	t.Parallel()
	l, r := New(0), rules(minute, day)
	passes(l, noon, r, alice, nobody, 100)
	reason, out := take(l, noon.Add(168*time.Hour), r, alice, nobody)
	if reason != keywright.Granted || out[0].Remaining != 59 || out[1].Remaining != 4999 {
		t.Errorf("a week later: %s %+v", reason, out)
	}
}

func TestARuleThatLetsNothingPass(t *testing.T) {
	t.Parallel()
	for _, r := range []keywright.LimitRule{{Count: 0, Window: time.Minute}, {Count: -1, Window: time.Minute}, {Count: 5}} {
		if reason, out := take(New(0), noon, rules(r), alice, nobody); reason != keywright.Limited || out[0].RetryIn <= 0 {
			t.Errorf("%+v: %s %+v", r, reason, out[0])
		}
	}
}

func TestExactlyCountOfManyConcurrentPass(t *testing.T) {
	t.Parallel()
	l := New(0)
	r := rules(keywright.LimitRule{Count: 100, Window: time.Hour}, keywright.LimitRule{Per: keywright.PerAddress, Count: 350, Window: time.Hour})
	var passed [4]atomic.Int64
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for range 200 {
				if reason, _ := take(l, noon, r, keywright.KeyID{byte(worker%4 + 1)}, home); reason == keywright.Granted {
					passed[worker%4].Add(1)
				}
			}
		})
	}
	all.Wait()
	sum := int64(0)
	for i := range passed {
		n := passed[i].Load()
		if sum += n; n > 100 {
			t.Errorf("%d passed of key %d", n, i)
		}
	}
	if sum != 350 {
		t.Errorf("%d passed of the address, want 350", sum)
	}
}

func TestMemoryIsBoundedAndTheLeastSeenGo(t *testing.T) {
	t.Parallel()
	const most = 64 * 32 // 16 keys and 16 addresses a shard
	l, r := New(most), rules(keywright.LimitRule{Count: 1, Window: time.Hour}, keywright.LimitRule{Per: keywright.PerAddress, Count: 1, Window: time.Hour})
	take(l, noon, r, alice, nobody)
	for i := range 100_000 {
		from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		take(l, noon, r[1:], keywright.KeyID{}, from)
		if i%7 != 0 {
			continue
		}
		if reason, _ := take(l, noon, r[1:], keywright.KeyID{}, home); (reason == keywright.Granted) != (i == 0) {
			t.Fatalf("the address that is seen all the time was forgotten after %d others", i)
		}
	}
	for _, p := range []*pool{l.keys, l.addresses} {
		n := 0
		for i := range p.shards {
			n += len(p.shards[i].entries)
		}
		if n > most/2 {
			t.Errorf("%d subjects are remembered, the bound is %d", n, most/2)
		}
	}
	if keys, addresses := l.Len(); keys != 1 || addresses != most/2 {
		t.Errorf("Len says %d keys and %d addresses", keys, addresses)
	}
	if reason, _ := take(l, noon, r, alice, nobody); reason != keywright.Limited {
		t.Error("a flood of addresses has made a key forgotten")
	}
}

func TestTakeAllocatesNothing(t *testing.T) {
	l, r := New(2*shards*8), rules(minute, day, byAddr)
	var out keywright.Allowances
	n := 0
	churn := func() {
		n++
		l.Take(noon, "acme", r, keywright.KeyID{byte(n), byte(n >> 8), byte(n >> 16)}, netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), &out)
	}
	for range 20_000 {
		churn()
	}
	if allocs := testing.AllocsPerRun(1000, churn); allocs != 0 {
		t.Errorf("%v allocations, evictions included", allocs)
	}
}
