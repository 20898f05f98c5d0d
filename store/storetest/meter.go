package storetest

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
)

// OpenMeter makes an empty store and closes it when the test ends. What it returns
// are handles of the one store: several, where several processes may have it open.
type OpenMeter func(t *testing.T) []meter.Store

// RunMeter holds a store to the whole contract of meter.Store. reference is held to
// behave alike.
func RunMeter(t *testing.T, open, reference OpenMeter) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, meter.Store)
	}{
		{"counts add up, by scope, API, hour and reason", useAddsUp},
		{"a batch that is added twice counts once", useAddedOnce},
		{"TRS-17 of a key the later use stays", laterUse},
		{"TRS-17 of a key the latest twenty addresses stay, IPv6 too", latestAddresses},
		{"as much as a batch may hold", muchUse},
		{"the old is forgotten, and nothing else", useForgotten},
		{"what cannot be kept is refused whole", refusesUse},
		{"what is returned is the caller's", noUseAliasing},
		{"a context that ended", useContexts},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); c.test(t, open(t)[0]) })
	}
	t.Run("whoever adds at once adds up", func(t *testing.T) { t.Parallel(); useTogether(t, open(t)) })
	t.Run("a closed store", func(t *testing.T) { t.Parallel(); useClosed(t, open(t)[0]) })
	t.Run("behaves as the reference does", func(t *testing.T) { t.Parallel(); useModel(t, open, reference) })
}

// UseBatch is a batch with an id of its own.
func UseBatch(n uint64, counts []meter.Count, keys ...meter.KeyUse) meter.Batch {
	b := meter.Batch{At: epoch().Add(time.Duration(n) * time.Second), Counts: counts, Keys: keys}
	binary.BigEndian.PutUint64(b.ID[8:], n)
	return b
}

func addUse(t *testing.T, s meter.Store, all ...meter.Batch) {
	t.Helper()
	for _, b := range all {
		if err := s.AddUse(t.Context(), b); err != nil {
			t.Fatalf("add: %v", err)
		}
	}
}

// used reads sums in an order, for comparing.
func used(t *testing.T, s meter.Store, q meter.Query) []meter.Sum {
	t.Helper()
	found, err := s.Use(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b meter.Sum) int {
		return cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Reason, b.Reason))
	})
	return found
}

func lastUse(t *testing.T, s meter.Store, keys ...keywright.KeyID) []meter.KeyUse {
	t.Helper()
	found, err := s.LastUse(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b meter.KeyUse) int { return cmp.Compare(a.Key.String(), b.Key.String()) })
	return found
}

func addresses(t *testing.T, s meter.Store, key keywright.KeyID) []meter.Address {
	t.Helper()
	found, err := s.Addresses(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func times(scope meter.Scope, api string, hour int64, reason string, n int64) meter.Count {
	return meter.Count{Scope: scope, API: api, Hour: hour, Reason: reason, Times: n}
}

func sum(hour int64, reason string, n int64) meter.Sum {
	return meter.Sum{Hour: hour, Reason: reason, Times: n}
}

func visitor(a netip.Addr, n int64, at time.Time) meter.Address {
	return meter.Address{From: a, Times: n, At: at}
}

const aDay = 480_000 // an hour that begins a day of UTC

func useAddsUp(t *testing.T, s meter.Store) {
	one, ten := meter.OfKey(KeyID(1)), meter.OfTenant("ten_a")
	addUse(t, s, UseBatch(1, []meter.Count{
		times(one, "a", aDay, "granted", 3), times(one, "a", aDay, "expired", 1), times(one, "a", aDay+1, "granted", 4), times(one, "b", aDay, "granted", 5),
		times(one, "a", aDay+24, "granted", 6), times(ten, "a", aDay, "granted", 7), times(meter.Everybody, "a", aDay, "missing", 8),
	}), UseBatch(2, []meter.Count{times(one, "a", aDay, "granted", 1<<40)}))
	for _, c := range []struct {
		q    meter.Query
		want []meter.Sum
	}{
		{meter.Query{Scope: one, From: aDay, Until: aDay + 2, Step: 1}, []meter.Sum{sum(aDay, "expired", 1), sum(aDay, "granted", 8+1<<40), sum(aDay+1, "granted", 4)}},
		{meter.Query{Scope: one, API: "b", From: aDay, Until: aDay + 2, Step: 1}, []meter.Sum{sum(aDay, "granted", 5)}},
		{meter.Query{Scope: one, From: aDay, Until: aDay + 48, Step: 24}, []meter.Sum{sum(aDay, "expired", 1), sum(aDay, "granted", 12+1<<40), sum(aDay+24, "granted", 6)}},
		{meter.Query{Scope: one, From: aDay + 1, Until: aDay + 1, Step: 1}, nil},
		{meter.Query{Scope: ten, From: 0, Until: aDay * 2, Step: 1}, []meter.Sum{sum(aDay, "granted", 7)}},
		{meter.Query{Scope: meter.Everybody, From: 0, Until: aDay * 2, Step: 1}, []meter.Sum{sum(aDay, "missing", 8)}},
		{meter.Query{Scope: meter.OfTenant("ten_"), From: 0, Until: aDay * 2, Step: 1}, nil},
		{meter.Query{Scope: meter.OfTenant("ten_a\x00"), From: 0, Until: aDay * 2, Step: 1}, nil},
	} {
		if got := used(t, s, c.q); !reflect.DeepEqual(got, c.want) && len(got)+len(c.want) > 0 {
			t.Errorf("%+v: %v, want %v", c.q, got, c.want)
		}
	}
}

func useAddedOnce(t *testing.T, s meter.Store) {
	b := UseBatch(1, []meter.Count{times(meter.Everybody, "a", aDay, "granted", 3)}, meter.KeyUse{Key: KeyID(1), At: epoch(), Addresses: []meter.Address{from("192.0.2.1", 2, 0)}})
	addUse(t, s, b, b)
	again := b
	again.Counts = []meter.Count{times(meter.Everybody, "a", aDay, "granted", 100)}
	addUse(t, s, again)
	if got := used(t, s, meter.Query{From: aDay, Until: aDay + 1, Step: 1}); len(got) != 1 || got[0].Times != 3 {
		t.Errorf("%v, want 3 once", got)
	}
	if got := addresses(t, s, KeyID(1)); len(got) != 1 || got[0].Times != 2 {
		t.Errorf("%v, want 2 once", got)
	}
}

// from is an address some seconds after the epoch.
func from(text string, times int64, seconds int) meter.Address {
	return meter.Address{From: netip.MustParseAddr(text), Times: times, At: epoch().Add(time.Duration(seconds) * time.Second)}
}

func presented(n, seconds int, text string, all ...meter.Address) meter.KeyUse {
	k := meter.KeyUse{Key: KeyID(n), At: epoch().Add(time.Duration(seconds) * time.Second), Addresses: all}
	if text != "" {
		k.From = netip.MustParseAddr(text)
	}
	return k
}

func laterUse(t *testing.T, s meter.Store) {
	addUse(t, s,
		UseBatch(1, nil, presented(1, 10, "2001:db8::1"), presented(2, 10, "192.0.2.2"), presented(3, 10, "")),
		UseBatch(2, nil, presented(1, 9, "192.0.2.9"), presented(2, 11, "2001:db8::2")))
	want := []meter.KeyUse{presented(1, 10, "2001:db8::1"), presented(2, 11, "2001:db8::2"), presented(3, 10, "")}
	got := lastUse(t, s, KeyID(3), KeyID(1), KeyID(2), KeyID(4))
	for i := range got {
		if len(got[i].Addresses) > 0 {
			t.Errorf("%v: addresses that nobody asked for", got[i])
		}
		got[i].Addresses = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := lastUse(t, s); len(got) != 0 {
		t.Errorf("of no key: %v", got)
	}
	if got := lastUse(t, s, KeyID(1)); len(got) != 1 {
		t.Errorf("of one key: %v", got)
	}
}

func latestAddresses(t *testing.T, s meter.Store) {
	var first, second []meter.Address
	for i := range meter.MaxAddresses {
		first = append(first, from(fmt.Sprintf("2001:db8::%x", i+1), 1, i))
	}
	// The oldest comes again, and is new again; two others come for the first time.
	second = append(second, from("2001:db8::1", 5, 100), from("192.0.2.1", 1, 101), from("2001:db8:0:1::1", 1, 50))
	addUse(t, s, UseBatch(1, nil, presented(1, 19, "2001:db8::14", first...)), UseBatch(2, nil, presented(1, 101, "192.0.2.1", second...)),
		UseBatch(3, nil, presented(2, 1, "192.0.2.1", from("192.0.2.1", 1, 1))))
	got := addresses(t, s, KeyID(1))
	want := []meter.Address{from("192.0.2.1", 1, 101), from("2001:db8::1", 6, 100), from("2001:db8:0:1::1", 1, 50)}
	for i := meter.MaxAddresses - 1; len(want) < meter.MaxAddresses; i-- {
		want = append(want, first[i])
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := addresses(t, s, KeyID(2)); len(got) != 1 {
		t.Errorf("another key's: %v", got)
	}
	if got := addresses(t, s, KeyID(9)); len(got) != 0 {
		t.Errorf("nobody's: %v", got)
	}
}

func muchUse(t *testing.T, s meter.Store) {
	const keys, counts = 1000, 4000
	b := UseBatch(1, nil)
	var ids []keywright.KeyID
	for i := range counts {
		b.Counts = append(b.Counts, meter.Count{Scope: meter.OfKey(KeyID(i % keys)), API: fmt.Sprint("api", i/keys), Hour: aDay, Reason: "granted", Times: 1})
	}
	for i := range keys {
		b.Keys, ids = append(b.Keys, presented(i+1, i, "192.0.2.1", from("192.0.2.1", 1, i))), append(ids, KeyID(i+1))
	}
	addUse(t, s, b)
	if got := lastUse(t, s, ids...); len(got) != keys {
		t.Errorf("%d keys were used, want %d", len(got), keys)
	}
	if got := used(t, s, meter.Query{Scope: meter.OfKey(KeyID(7)), From: aDay, Until: aDay + 1, Step: 1}); len(got) != 1 || got[0].Times != counts/keys {
		t.Errorf("%v", got)
	}
}

func useForgotten(t *testing.T, s meter.Store) {
	horizon := epoch().Truncate(time.Hour)
	hour := meter.HourOf(horizon)
	b := UseBatch(1, []meter.Count{times(meter.Everybody, "a", hour-1, "granted", 1), times(meter.Everybody, "a", hour, "granted", 2)},
		meter.KeyUse{Key: KeyID(1), At: horizon.Add(-1), Addresses: []meter.Address{visitor(netip.MustParseAddr("192.0.2.1"), 1, horizon.Add(-1))}},
		meter.KeyUse{Key: KeyID(2), At: horizon, Addresses: []meter.Address{visitor(netip.MustParseAddr("192.0.2.1"), 1, horizon.Add(-1)), visitor(netip.MustParseAddr("192.0.2.2"), 1, horizon)}})
	addUse(t, s, b)
	for more := true; more; {
		var err error
		if more, err = s.ForgetUse(t.Context(), horizon); err != nil {
			t.Fatal(err)
		}
	}
	if got := used(t, s, meter.Query{From: hour - 9, Until: hour + 9, Step: 1}); len(got) != 1 || got[0].Times != 2 {
		t.Errorf("counts: %v", got)
	}
	if got := lastUse(t, s, KeyID(1), KeyID(2)); len(got) != 1 || got[0].Key != KeyID(2) {
		t.Errorf("uses: %v", got)
	}
	if one, two := addresses(t, s, KeyID(1)), addresses(t, s, KeyID(2)); len(one) != 0 || len(two) != 1 || two[0].At != horizon {
		t.Errorf("addresses: %v, %v", one, two)
	}
	addUse(t, s, b) // its id is remembered yet
	if got := used(t, s, meter.Query{From: hour - 9, Until: hour + 9, Step: 1}); len(got) != 1 || got[0].Times != 2 {
		t.Errorf("after the batch came again: %v", got)
	}
}

func refusesUse(t *testing.T, s meter.Store) {
	good := meter.Count{Scope: meter.Everybody, API: "a", Hour: aDay, Reason: "granted", Times: 1}
	var many []meter.Address
	for i := range meter.MaxAddresses + 1 {
		many = append(many, from(fmt.Sprintf("192.0.2.%d", i), 1, 0))
	}
	for name, b := range map[string]meter.Batch{
		"a NUL":              UseBatch(1, []meter.Count{good, times("x\x00", "a", aDay, "granted", 1)}),
		"not UTF-8":          UseBatch(2, []meter.Count{good, times("", "a\xff", aDay, "granted", 1)}),
		"less than never":    UseBatch(3, []meter.Count{good, times("", "b", aDay, "granted", -1)}),
		"no key":             UseBatch(4, []meter.Count{good}, meter.KeyUse{At: epoch()}),
		"too many addresses": UseBatch(5, []meter.Count{good}, presented(1, 0, "", many...)),
		"no address":         UseBatch(6, []meter.Count{good}, presented(1, 0, "", meter.Address{At: epoch()})),
		"out of time":        UseBatch(7, []meter.Count{good}, meter.KeyUse{Key: KeyID(1), At: time.Unix(1<<40, 0)}),
	} {
		err := s.AddUse(t.Context(), b)
		if err == nil {
			t.Errorf("%s was taken", name)
			continue
		}
		is(t, err, keywright.Invalid)
	}
	if got := used(t, s, meter.Query{From: aDay, Until: aDay + 1, Step: 1}); len(got) != 0 {
		t.Errorf("parts of what was refused are there: %v", got)
	}
}

func noUseAliasing(t *testing.T, s meter.Store) {
	given := []meter.Address{from("192.0.2.1", 1, 0)}
	addUse(t, s, UseBatch(1, nil, presented(1, 0, "192.0.2.1", given...)))
	given[0].Times = 99
	got := addresses(t, s, KeyID(1))
	got[0].Times = 98
	if now := addresses(t, s, KeyID(1)); now[0].Times != 1 {
		t.Errorf("%v was changed from outside", now)
	}
}

func useContexts(t *testing.T, s meter.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err1 := s.Use(ctx, meter.Query{})
	_, err2 := s.LastUse(ctx, []keywright.KeyID{KeyID(1)})
	_, err3 := s.Addresses(ctx, KeyID(1))
	_, err4 := s.ForgetUse(ctx, epoch())
	for i, err := range []error{s.AddUse(ctx, UseBatch(1, nil)), err1, err2, err3, err4} {
		if err == nil {
			t.Errorf("%d went on", i)
		}
	}
}

func useClosed(t *testing.T, s meter.Store) {
	if err := s.(interface{ Close() error }).Close(); err != nil {
		t.Fatal(err)
	}
	_, err1 := s.Use(t.Context(), meter.Query{})
	_, err2 := s.LastUse(t.Context(), []keywright.KeyID{KeyID(1)})
	_, err3 := s.Addresses(t.Context(), KeyID(1))
	_, err4 := s.ForgetUse(t.Context(), epoch())
	for _, err := range []error{s.AddUse(t.Context(), UseBatch(1, nil)), err1, err2, err3, err4} {
		is(t, err, keywright.Unavailable)
	}
}

func useTogether(t *testing.T, all []meter.Store) {
	const adders, each = 6, 10
	var group sync.WaitGroup
	for i := range adders {
		group.Go(func() {
			for n := range each {
				b := UseBatch(uint64(i*each+n), []meter.Count{times(meter.Everybody, "a", aDay, "granted", 1), times(meter.Everybody, "a", aDay, "missing", 2)},
					presented(1, i*each+n, "192.0.2.1", from("192.0.2.1", 1, i*each+n)))
				if err := all[i%len(all)].AddUse(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, s := range all {
		got, last, at := used(t, s, meter.Query{From: aDay, Until: aDay + 1, Step: 1}), lastUse(t, s, KeyID(1)), addresses(t, s, KeyID(1))
		if len(got) != 2 || got[0].Times != adders*each || got[1].Times != 2*adders*each {
			t.Errorf("counts: %v", got)
		}
		if want := presented(1, adders*each-1, ""); len(last) != 1 || !last[0].At.Equal(want.At) {
			t.Errorf("last: %v", last)
		}
		if len(at) != 1 || at[0].Times != adders*each {
			t.Errorf("addresses: %v", at)
		}
	}
}
