package meter_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/memory"
)

var _ gate.Counter = (*meter.Meter)(nil)

func TestEachDecisionIsCountedOnceWhereItBelongs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := of(3, keywright.Granted)
	other.Tenant = &keywright.Tenant{ID: "ten_b"}
	token := nobody(keywright.Granted)
	token.Tenant, token.Principal = &keywright.Tenant{ID: "ten_a"}, &keywright.Principal{Counts: id(200)}
	for _, one := range []struct {
		api string
		d   *keywright.Decision
	}{
		{"a", of(1, keywright.Granted)}, {"a", of(1, keywright.Granted)}, {"b", of(1, keywright.Expired)}, {"a", of(2, keywright.Limited)},
		{"a", other}, {"a", token}, {"a", nobody(keywright.Missing)}, {"a", nobody(keywright.Unknown)},
	} {
		b.Count(b.now, one.api, one.d, at("192.0.2.1"))
	}
	for name, c := range map[string]struct {
		ask              meter.Ask
		granted, refused int64
	}{
		"everything":       {meter.Ask{}, 4, 4},
		"an API":           {meter.Ask{API: "b"}, 0, 1},
		"a tenant":         {meter.Ask{Tenant: "ten_a"}, 3, 2},
		"another":          {meter.Ask{Tenant: "ten_b"}, 1, 0},
		"a key":            {meter.Ask{Key: id(1)}, 2, 1},
		"a key at an API":  {meter.Ask{Key: id(1), API: "a"}, 2, 0},
		"a key and tenant": {meter.Ask{Key: id(2), Tenant: "ten_a"}, 0, 1},
		"nobody's":         {meter.Ask{Key: id(9)}, 0, 0},
	} {
		r := b.report(t, c.ask)
		last := r.Points[len(r.Points)-1]
		if r.Granted != c.granted || r.Refused != c.refused || last.Granted != c.granted || last.Refused != c.refused || len(r.Points) != 24 {
			t.Errorf("%s: %d granted, %d refused in %d points, the last %+v; want %d and %d", name, r.Granted, r.Refused, len(r.Points), last, c.granted, c.refused)
		}
	}
	r := b.report(t, meter.Ask{})
	if want := "[{0 expired 1} {0 limited 1} {0 missing 1} {0 unknown 1}]"; fmt.Sprint(r.Refusals) != want {
		t.Errorf("refusals: %v, want %s", r.Refusals, want)
	}
}

// TRS-17: who still uses the old one is said by its last use, count and addresses.
func TestTRS17_TheLastUseAndTheAddressesOfAKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, one := range []struct {
		from   string
		reason keywright.Reason
	}{
		{"192.0.2.1", keywright.Granted}, {"2001:db8::7", keywright.Granted}, {"2001:0db8:0:0::7", keywright.Granted},
		{"::ffff:192.0.2.1", keywright.Granted}, {"fe80::1%eth0", keywright.Granted}, {"2001:db8::8", keywright.Retired},
	} {
		b.Count(noon.Add(time.Duration(i)*time.Second), "a", of(1, one.reason), at(one.from))
	}
	b.Count(noon.Add(time.Hour), "a", nobody(keywright.Unknown), at("203.0.113.9")) // no key, so no address
	r := b.report(t, meter.Ask{Key: id(1)})
	if !r.Last.At.Equal(noon.Add(5*time.Second)) || meter.Spell(r.Last.From) != "2001:db8::8" {
		t.Errorf("last: %v from %v", r.Last.At, r.Last.From)
	}
	var got []string
	for _, a := range r.Last.Addresses {
		got = append(got, fmt.Sprintf("%s %d +%v", a.From, a.Times, a.At.Sub(noon)))
	}
	if want := []string{"2001:db8::8 1 +5s", "fe80::1 1 +4s", "192.0.2.1 2 +3s", "2001:db8::7 2 +2s"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestOnlyTheLatestTwentyAddressesAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 * meter.MaxAddresses {
		if i == meter.MaxAddresses/2 || i == 2*meter.MaxAddresses {
			if err := b.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		b.Count(noon.Add(time.Duration(i)*time.Second), "a", of(1, keywright.Granted), at(fmt.Sprintf("2001:db8::%x", i)))
	}
	all := b.report(t, meter.Ask{Key: id(1)}).Last.Addresses
	if len(all) != meter.MaxAddresses || all[0].From != at("2001:db8::3b") || all[19].From != at("2001:db8::28") {
		t.Errorf("%d: %v", len(all), all)
	}
}

// A flush that fails keeps what was counted, and nothing is counted twice: neither
// where nothing was added nor where only the answer was lost.
func TestAFlushThatFailsIsMadeUpForOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	away := &keywright.Error{Kind: keywright.Unavailable, Detail: "away"}
	for i, c := range []struct{ before, after error }{{away, nil}, {nil, away}, {away, nil}, {nil, nil}} {
		b.store.fail(c.before, c.after)
		b.Count(noon.Add(time.Duration(i)*time.Hour), "a", of(1, keywright.Granted), at("192.0.2.1"))
		if err := b.Flush(t.Context()); (err != nil) != (c.before != nil || c.after != nil) {
			t.Errorf("%d: %v", i, err)
		}
		all, err := b.LastUsed(t.Context(), []keywright.KeyID{id(1), id(2)})
		if err != nil || len(all) != 1 || !all[id(1)].Equal(noon.Add(time.Duration(i)*time.Hour)) {
			t.Errorf("%d: the last use is %v, %v", i, all, err)
		}
	}
	b.now = noon.Add(4 * time.Hour)
	r := b.report(t, meter.Ask{Key: id(1)})
	if r.Granted != 4 || len(r.Last.Addresses) != 1 || r.Last.Addresses[0].Times != 4 {
		t.Errorf("%d granted, %v; want each of 4 once", r.Granted, r.Last.Addresses)
	}
}

func TestABatchThatTheStoreRefusesStandsInNoWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Count(noon, "a\x00", nobody(keywright.Missing), at("192.0.2.1"))
	if err := b.Flush(t.Context()); !errors.Is(err, keywright.Invalid) {
		t.Errorf("%v", err)
	}
	b.Count(noon, "a", nobody(keywright.Missing), at("192.0.2.1"))
	if err := b.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if r := b.report(t, meter.Ask{}); r.Refused != 1 {
		t.Errorf("%d", r.Refused)
	}
}

func TestNobodyCanFillTheMemory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.fail(&keywright.Error{Kind: keywright.Unavailable}, nil)
	before := b.Held()
	for i := range 5000 {
		b.Count(noon, "a", nobody(keywright.Unknown), at(fmt.Sprintf("2001:db8::%x", i)))
		if i%500 == 0 {
			_ = b.Flush(t.Context())
		}
	}
	if held := b.Held() - before; held > 64 {
		t.Errorf("strangers made %d entries", held)
	}
}

func TestBeyondWhatFitsAPIsAreCountedOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const keys = meter.MaxSubjects + 100
	d := of(0, keywright.Granted)
	for i := range keys { // all of one shard
		d.Key = keywright.KeyID{1, byte(i >> 16), byte(i >> 8), byte(i)}
		b.Count(noon, "a", d, at("192.0.2.1"))
	}
	if r := b.report(t, meter.Ask{API: "a"}); r.Granted != keys {
		t.Errorf("%d granted, want %d", r.Granted, keys)
	}
}

func TestItFlushesByItselfAndWhenItIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []error
		store := &flaky{Store: memory.New()}
		m := meter.New(meter.Options{Store: store, Failed: func(err error) { told = append(told, err) }})
		m.Start()
		began := time.Now()
		count := func() int64 {
			sums, err := store.Use(t.Context(), meter.Query{From: meter.HourOf(began), Until: meter.HourOf(began) + 2, Step: 24})
			if err != nil || len(sums) == 0 {
				return 0
			}
			return sums[0].Times
		}
		m.Count(time.Now(), "a", of(1, keywright.Granted), at("192.0.2.1"))
		time.Sleep(9 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		if count() != 0 {
			t.Error("it was flushed early")
		}
		time.Sleep(2 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		if count() != 1 {
			t.Error("it was not flushed within ten seconds")
		}
		store.fail(&keywright.Error{Kind: keywright.Unavailable, Detail: "away"}, nil)
		m.Count(time.Now(), "a", of(1, keywright.Granted), at("192.0.2.1"))
		time.Sleep(35 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		store.fail(nil, nil)
		time.Sleep(10 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		if count() != 2 || len(told) != 2 || told[0] == nil || told[1] != nil {
			t.Errorf("%d counted; told %v, want a failure once and its end once", count(), told)
		}
		m.Count(time.Now(), "a", of(1, keywright.Granted), at("192.0.2.1"))
		if err := m.Close(t.Context()); err != nil || count() != 3 {
			t.Errorf("closed with %d counted: %v", count(), err)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestHoursOlderThan400DaysAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.Count(noon.Add(-meter.Kept-time.Hour), "a", of(1, keywright.Granted), at("192.0.2.1"))
		b.Count(noon.Add(-meter.Kept+time.Hour), "a", of(2, keywright.Granted), at("192.0.2.1"))
		b.Start()
		time.Sleep(11 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		all, err := b.LastUsed(t.Context(), []keywright.KeyID{id(1), id(2)})
		if err != nil || len(all) != 1 || all[id(2)].IsZero() {
			t.Errorf("%v, %v", all, err)
		}
		from := meter.HourOf(noon.Add(-meter.Kept)) - 5
		sums, err := b.store.Use(t.Context(), meter.Query{From: from, Until: from + 10, Step: 1})
		if err != nil || len(sums) != 1 {
			t.Errorf("%v, %v", sums, err)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestReportsHaveEveryStepAndABound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Count(noon.Add(-26*time.Hour), "a", of(1, keywright.Granted), at("192.0.2.1"))
	day := func(n int) time.Time { return time.Date(2030, 1, n, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		ask          meter.Ask
		points       int
		since, until time.Time
		wrong        string
	}{
		"usual":               {ask: meter.Ask{}, points: 24, since: day(1).Add(13 * time.Hour), until: day(2).Add(13 * time.Hour)},
		"days":                {ask: meter.Ask{Step: meter.Day}, points: 24, since: time.Date(2029, 12, 10, 0, 0, 0, 0, time.UTC), until: day(3)},
		"whole steps":         {ask: meter.Ask{Since: day(1).Add(30 * time.Minute), Until: day(1).Add(90 * time.Minute)}, points: 2, since: day(1), until: day(1).Add(2 * time.Hour)},
		"up to an hour":       {ask: meter.Ask{Since: day(1), Until: day(1).Add(time.Hour)}, points: 1, since: day(1), until: day(1).Add(time.Hour)},
		"the most":            {ask: meter.Ask{Since: noon.Add(-399 * time.Hour)}, points: 400, since: noon.Truncate(time.Hour).Add(-399 * time.Hour), until: day(2).Add(13 * time.Hour)},
		"one too many":        {ask: meter.Ask{Since: noon.Add(-400 * time.Hour)}, wrong: "since"},
		"too many days":       {ask: meter.Ask{Since: noon.Add(-400 * 24 * time.Hour), Step: meter.Day}, wrong: "since"},
		"far away":            {ask: meter.Ask{Since: time.Unix(-1<<33, 0), Until: time.Unix(1<<37, 0)}, wrong: "since"},
		"no time":             {ask: meter.Ask{Since: noon, Until: noon}, wrong: "since"},
		"another step":        {ask: meter.Ask{Step: "week"}, wrong: "step"},
		"steps before 1970":   {ask: meter.Ask{Since: time.Unix(-7000, 0), Until: time.Unix(0, 0)}, points: 2, since: time.Unix(-7200, 0).UTC(), until: time.Unix(0, 0).UTC()},
		"only the end is set": {ask: meter.Ask{Until: day(1)}, points: 24, since: time.Date(2029, 12, 31, 0, 0, 0, 0, time.UTC), until: day(1)},
	} {
		r, err := b.Report(t.Context(), c.ask)
		var e *keywright.Error
		switch {
		case c.wrong != "":
			if !errors.As(err, &e) || e.Kind != keywright.Invalid || e.Field != c.wrong || !strings.Contains(e.Detail, " ") {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || len(r.Points) != c.points || !r.Since.Equal(c.since) || !r.Until.Equal(c.until):
			t.Errorf("%s: %d points from %v to %v, %v; want %d from %v to %v", name, len(r.Points), r.Since, r.Until, err, c.points, c.since, c.until)
		}
	}
	// At the very instant of an hour the hour that begins is in the report.
	b.now = day(2)
	b.Count(b.now, "a", of(2, keywright.Granted), at("192.0.2.1"))
	if r := b.report(t, meter.Ask{Key: id(2)}); r.Granted != 1 {
		t.Error("the hour that has just begun is not in the report")
	}
}

func TestANilMeterCountsNothing(t *testing.T) {
	t.Parallel()
	var m *meter.Meter
	m.Count(noon, "a", of(1, keywright.Granted), at("192.0.2.1"))
	r, err := m.Report(t.Context(), meter.Ask{})
	all, lastErr := m.LastUsed(t.Context(), []keywright.KeyID{id(1)})
	if err = errors.Join(err, lastErr, m.Flush(t.Context()), m.Close(t.Context())); err != nil || len(r.Points) != 24 || len(all) != 0 {
		t.Errorf("%v, %v, %v", r, all, err)
	}
}

func TestCountingAtOnceLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const counters, each = 8, 2000
	var group sync.WaitGroup
	done := make(chan struct{})
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		for {
			select {
			case <-done:
				return
			default:
				_ = b.Flush(t.Context())
				_, _ = b.LastUsed(t.Context(), []keywright.KeyID{id(1), id(2)})
			}
		}
	}()
	for i := range counters {
		group.Go(func() {
			for n := range each {
				b.Count(noon.Add(time.Duration(n)), "a", of(byte(1+(i+n)%3), keywright.Granted), at("2001:db8::1"))
				b.Count(noon, "a", nobody(keywright.Missing), at("192.0.2.1"))
			}
		})
	}
	group.Wait()
	close(done)
	<-flushed
	r := b.report(t, meter.Ask{})
	if r.Granted != counters*each || r.Refused != counters*each {
		t.Errorf("%d granted, %d refused; want %d of each", r.Granted, r.Refused, counters*each)
	}
	var times int64
	for n := byte(1); n <= 3; n++ {
		times += b.report(t, meter.Ask{Key: id(n)}).Last.Addresses[0].Times
	}
	if times != counters*each {
		t.Errorf("%d from the address", times)
	}
}

// Every reason has a place of its own in a tally.
func TestEveryReasonFits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all := keywright.Refusals()
	for _, r := range all {
		b.Count(noon, "a", of(1, r), at("192.0.2.1"))
	}
	if r := b.report(t, meter.Ask{Key: id(1)}); len(r.Refusals) != len(all) {
		t.Errorf("%d reasons of %d", len(r.Refusals), len(all))
	}
}

func TestTheHotPathAllocatesNothing(t *testing.T) {
	b := newBench(t)
	hit, miss, from, other := of(1, keywright.Granted), nobody(keywright.Unknown), at("2001:db8::1"), at("192.0.2.1")
	count := func() {
		b.Count(noon, "a", hit, from)
		b.Count(noon, "b", hit, other)
		b.Count(noon, "a", miss, other)
	}
	count()
	if allocs := testing.AllocsPerRun(1000, count); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkCount(b *testing.B) {
	m, d, from := newBench(b), of(1, keywright.Granted), at("2001:db8::1")
	b.ReportAllocs()
	for b.Loop() {
		m.Count(noon, "a", d, from)
	}
}

func BenchmarkCountAtOnce(b *testing.B) {
	m := newBench(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		d, from := of(byte(time.Now().UnixNano()), keywright.Granted), at("2001:db8::1")
		for pb.Next() {
			m.Count(noon, "a", d, from)
		}
	})
}
