package verify

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func reason(x *Index, at time.Time, n uint64) keywright.Reason {
	return x.Verify(at, digest(n), &need).Reason
}

func expect(t *testing.T, what string, got, want keywright.Reason) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestRefusesUntilTheFirstCompleteRead(t *testing.T) {
	t.Parallel()
	x := New(Options{})
	x.Apply(state(key(1), tenant("ten_a")))
	expect(t, "before Refresh", reason(x, noon, 1), keywright.Failure)
	x.Refresh(0)
	expect(t, "after Refresh", reason(x, noon, 1), keywright.Granted)
	x.Reset()
	expect(t, "after Reset", reason(x, noon, 1), keywright.Failure)
	x.Refresh(0)
	expect(t, "after Reset and an empty read", reason(x, noon, 1), keywright.Unknown)
}

func TestRefusesWhenItsViewIsOlderThanTheBound(t *testing.T) {
	t.Parallel()
	var clock int64 = 1_000
	x := New(Options{Bound: 2 * time.Second, Clock: func() int64 { return clock }})
	x.Apply(state(key(1), tenant("ten_a")))
	x.Refresh(clock)
	for _, c := range []struct {
		age  time.Duration
		want keywright.Reason
	}{{0, keywright.Granted}, {2 * time.Second, keywright.Granted}, {2*time.Second + 1, keywright.Failure}, {time.Hour, keywright.Failure}, {-1, keywright.Failure}} {
		clock = 1_000 + int64(c.age)
		expect(t, "age "+c.age.String(), reason(x, noon, 1), c.want)
		if x.Fresh() != (c.want == keywright.Granted) {
			t.Errorf("age %s: Fresh is %t", c.age, x.Fresh())
		}
	}
	x.Refresh(500) // never back
	if x.AsOf() != 1_000 {
		t.Errorf("AsOf went back to %d", x.AsOf())
	}
	if blind := New(Options{Bound: time.Second}); func() bool { blind.Refresh(0); return blind.Fresh() }() {
		t.Error("a bounded index without a clock says it is fresh")
	}
}

// Every instant of a key's life, to the nanosecond, as floor 0 derives it.
func TestInstantsSurviveTheRecordExactly(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*keywright.Key){
		"expires":  func(k *keywright.Key) { k.Expires = noon },
		"retires":  func(k *keywright.Key) { k.Retires = noon },
		"revoked":  func(k *keywright.Key) { k.RevokedAt = noon },
		"paused":   func(k *keywright.Key) { k.PausedAt = noon },
		"resumes":  func(k *keywright.Key) { k.PausedAt, k.PausedUntil = noon.Add(-time.Hour), noon },
		"epoch":    func(k *keywright.Key) { k.Expires = time.Unix(0, 0) },
		"far":      func(k *keywright.Key) { k.Expires = time.Date(2261, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 1":   func(k *keywright.Key) { k.RevokedAt = time.Date(1, 2, 3, 0, 0, 0, 0, time.UTC) },
		"all four": func(k *keywright.Key) { k.Expires, k.Retires, k.RevokedAt, k.PausedAt = noon, noon, noon, noon },
	} {
		k := key(1)
		set(&k)
		ten := tenant("ten_a")
		x := ready(state(k, ten))
		for _, off := range []time.Duration{-time.Hour, -1, 0, 1, time.Hour} {
			at := noon.Add(off)
			want := keywright.Decide(at, &k, ten, need)
			got := x.Verify(at, k.Digest, &need)
			if got.Reason != want.Reason || !got.Dies.Equal(want.Dies) || !got.Retires.Equal(want.Retires) {
				t.Errorf("%s at %s: %v, want %v", name, off, got, want)
			}
		}
	}
}

func TestAnExpiryBeyondTheRangeIsKeptAtItsEdge(t *testing.T) {
	t.Parallel()
	k := key(1)
	k.Expires = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	x := ready(state(k, tenant("ten_a")))
	expect(t, "now", reason(x, noon, 1), keywright.Granted)
	expect(t, "past what can be said", reason(x, time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC), 1), keywright.Failure)
}

func TestDecidesEverythingThatDecideDecides(t *testing.T) {
	t.Parallel()
	k := key(1)
	k.Permissions = []string{"files:read", "users:*"}
	k.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	ten := tenant("ten_a")
	x := ready(state(k, ten))
	inside := netip.MustParseAddr("192.0.2.9")
	for name, n := range map[string]keywright.Need{
		"granted":        {Scheme: "acme", From: inside, Permissions: []string{"files:read", "users:write"}, Service: "s1"},
		"scheme":         {Scheme: "other", From: inside},
		"tenant":         {Scheme: "acme", Tenant: "ten_b", From: inside},
		"environment":    {Scheme: "acme", Environments: []string{"test"}, From: inside},
		"plan":           {Scheme: "acme", Plans: keywright.PlanRule{AnyOf: []string{"max"}}, From: inside},
		"service":        {Scheme: "acme", Service: "s2", From: inside},
		"permission":     {Scheme: "acme", Permissions: []string{"files:write"}, From: inside},
		"address":        {Scheme: "acme", From: netip.MustParseAddr("198.51.100.1")},
		"address, no":    {Scheme: "acme"},
		"address mapped": {Scheme: "acme", From: netip.MustParseAddr("::ffff:192.0.2.9")},
	} {
		if got, want := x.Verify(noon, k.Digest, &n), keywright.Decide(noon, &k, ten, n); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestArchivingATenantIsOneWrite(t *testing.T) {
	t.Parallel()
	ten := tenant("ten_a")
	x := ready(state(key(1), ten), state(key(2), nil))
	archived := *ten
	archived.Archived, archived.Version = true, 2
	x.Apply(keywright.Event{Cursor: 2, Act: keywright.TenantAmended, Tenant: ten.ID, TenantNow: &archived})
	for n := range uint64(2) {
		expect(t, "archived", reason(x, noon, n+1), keywright.TenantArchived)
	}
	x.Apply(keywright.Event{Cursor: 1, Act: keywright.TenantCreated, Tenant: ten.ID, TenantNow: ten})
	expect(t, "a stale event", reason(x, noon, 1), keywright.TenantArchived)
	x.Apply(keywright.Event{Cursor: 3, Tenant: ten.ID})
	expect(t, "gone", reason(x, noon, 1), keywright.Unknown)
}

func TestATenantThatIsNotKnownYetHidesItsKeys(t *testing.T) {
	t.Parallel()
	x := ready(state(key(1), nil))
	expect(t, "no tenant", reason(x, noon, 1), keywright.Unknown)
	x.Apply(keywright.Event{Cursor: 1, Tenant: "ten_a", TenantNow: tenant("ten_a")})
	expect(t, "tenant came", reason(x, noon, 1), keywright.Granted)
}

func TestWhatWasAppliedIsNotTheCallersAnyMore(t *testing.T) {
	t.Parallel()
	k, ten := key(1), tenant("ten_a")
	k.Permissions = []string{"a"}
	x := ready(state(k, ten))
	k.Permissions[0], ten.Services[0], ten.Archived = "*", "s9", true
	if d := x.Verify(noon, k.Digest, &need); !d.Granted() || d.Permissions[0] != "a" || d.Tenant.Services[0] != "s1" {
		t.Errorf("the index shares its memory with the caller: %+v", d)
	}
}

func TestTSW24_ARevokedKeyIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	k := key(1)
	x := ready(state(k, tenant("ten_a")))
	expect(t, "before", reason(x, noon, 1), keywright.Granted)
	revoked := k
	revoked.RevokedAt, revoked.Version = noon, 2
	x.Apply(keywright.Event{Cursor: 2, Act: keywright.KeyRevoked, Key: k.ID, KeyNow: &revoked})
	expect(t, "after", reason(x, noon, 1), keywright.Revoked)
	x.Apply(keywright.Event{Cursor: 1, Act: keywright.KeyIssued, Key: k.ID, KeyNow: &k})
	x.Apply(keywright.Event{Cursor: 3, Act: keywright.KeyAmended, Key: k.ID, KeyNow: &k})
	expect(t, "after stale events, even under a new cursor", reason(x, noon, 1), keywright.Revoked)
}

func TestADeletedKeyStaysDeleted(t *testing.T) {
	t.Parallel()
	k := key(1)
	gone := func(c keywright.Cursor, a keywright.Act) keywright.Event {
		return keywright.Event{Cursor: c, Act: a, Key: k.ID}
	}
	stale := func(c keywright.Cursor) keywright.Event {
		old := k
		old.Version = 99
		return keywright.Event{Cursor: c, Act: keywright.KeyAmended, Key: k.ID, KeyNow: &old}
	}
	x := ready(state(k, tenant("ten_a")))
	x.Apply(gone(5, keywright.KeyDeleted))
	x.Apply(stale(4))
	x.Apply(stale(5))
	expect(t, "an event from before the deletion", reason(x, noon, 1), keywright.Unknown)

	ahead := ready(state(k, tenant("ten_a")))
	ahead.Apply(gone(3, keywright.KeyAmended)) // read after the deletion, which is event 7
	ahead.Apply(stale(4))                      // read from a stale replica
	expect(t, "a removal learnt ahead of its own event", reason(ahead, noon, 1), keywright.Unknown)
	ahead.Apply(gone(7, keywright.KeyDeleted))
	if n := len(ahead.held.Load().gone); n != 0 {
		t.Errorf("%d tombstones are kept after the deletion's own event", n)
	}
	if keys, _ := ahead.Len(); keys != 0 {
		t.Errorf("%d keys are held", keys)
	}
}

func TestARepepperedKeyAnswersToItsNewDigestOnly(t *testing.T) {
	t.Parallel()
	k := key(1)
	x := ready(state(k, tenant("ten_a")), state(key(2), nil))
	k.Digest, k.Version = digest(100), 2
	x.Apply(keywright.Event{Cursor: 2, Act: keywright.KeyRepeppered, Key: k.ID, KeyNow: &k})
	expect(t, "the old digest", reason(x, noon, 1), keywright.Unknown)
	expect(t, "the new digest", reason(x, noon, 100), keywright.Granted)
	other := key(2)
	other.Digest, other.Version = digest(100), 2
	x.Apply(keywright.Event{Cursor: 3, Act: keywright.KeyRepeppered, Key: other.ID, KeyNow: &other})
	if d := x.Verify(noon, digest(100), &need); d.Key != other.ID {
		t.Errorf("a digest that passed on still names %s", d.Key)
	}
	if keys, _ := x.Len(); keys != 1 {
		t.Errorf("%d keys are held, want 1", keys)
	}
}

func TestAZeroDigestIsNobodys(t *testing.T) {
	t.Parallel()
	k := key(1)
	k.Digest = keywright.Digest{}
	x := ready(state(k, tenant("ten_a")))
	if d := x.Verify(noon, keywright.Digest{}, &need); d.Reason != keywright.Unknown {
		t.Errorf("a zero digest is %s", d.Reason)
	}
}

func TestEveryBitOfADigestCounts(t *testing.T) {
	t.Parallel()
	x := ready(state(key(1), tenant("ten_a")))
	for bit := range 256 {
		d := digest(1)
		d[bit/8] ^= 1 << (bit % 8)
		if got := x.Verify(noon, d, &need); got.Reason != keywright.Unknown {
			t.Errorf("a digest that differs in bit %d is %s", bit, got.Reason)
		}
	}
}

func TestAClockThatStepsBackRevivesNothing(t *testing.T) {
	t.Parallel()
	k := key(1)
	k.Expires = noon
	x := ready(state(k, tenant("ten_a")))
	expect(t, "before its expiry", reason(x, noon.Add(-time.Hour), 1), keywright.Granted)
	x.Apply(keywright.Event{Cursor: 2, Act: keywright.TenantAmended, At: noon.Add(time.Minute), Tenant: "ten_a", TenantNow: tenant("ten_a")})
	expect(t, "the clock stepped back", reason(x, noon.Add(-time.Hour), 1), keywright.Expired)
	x.Apply(keywright.Event{Cursor: 3, At: noon.Add(-time.Hour)})
	if got := x.Newest(); !got.Equal(noon.Add(time.Minute)) {
		t.Errorf("the newest instant is %s", got)
	}
	x.Reset()
	if got := x.Newest(); !got.Equal(noon.Add(time.Minute)) {
		t.Errorf("Reset moved the newest instant to %s", got)
	}
}

func TestWhatNobodyUsesIsLetGo(t *testing.T) {
	t.Parallel()
	x := ready(state(key(1), tenant("ten_a")))
	k := key(1)
	for n := range uint64(5_000) {
		k.Version++
		k.Permissions = []string{"p:" + k.ID.String(), keyID(n).String()}
		k.Environment = keyID(n).String()
		k.Addresses = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 0}), 24)}
		x.Apply(keywright.Event{Cursor: keywright.Cursor(n + 2), Act: keywright.KeyAmended, Key: k.ID, KeyNow: &k})
	}
	m := x.held.Load()
	if p, e, a, r := len(m.permissions.places), len(m.environments.places), len(m.addresses.places), m.records.next; p > 2 || e > 2 || a > 2 || r > 3 {
		t.Errorf("after 5,000 amendments of one key: %d permission sets, %d environments, %d address lists, %d records", p, e, a, r)
	}
	if n := m.permissions.values.length; n > 4 {
		t.Errorf("%d places for permission sets", n)
	}
}

func TestDeletedKeysLeaveNoGrowth(t *testing.T) {
	t.Parallel()
	x := ready(state(key(0), tenant("ten_a")))
	for n := uint64(1); n < 60_000; n++ {
		k := key(n)
		c := keywright.Cursor(2 * n)
		x.Apply(keywright.Event{Cursor: c, Act: keywright.KeyIssued, Key: k.ID, KeyNow: &k})
		x.Apply(keywright.Event{Cursor: c + 1, Act: keywright.KeyDeleted, Key: k.ID})
	}
	m := x.held.Load()
	for i := range m.digests {
		if n, ids := len(m.digests[i].table.Load().slots), len(m.ids[i].table.Load().slots); n > firstSlots || ids > firstSlots {
			t.Fatalf("shard %d has grown to %d and %d slots for one key", i, n, ids)
		}
	}
	if m.records.next > 3 || len(m.gone) != 0 {
		t.Errorf("%d records, %d tombstones for one key", m.records.next, len(m.gone))
	}
	expect(t, "the one that stayed", reason(x, noon, 0), keywright.Granted)
}

func TestVerifyAllocatesNothing(t *testing.T) {
	k := key(1)
	k.Expires, k.Addresses = noon.Add(time.Hour), []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	var clock int64
	x := New(Options{Bound: time.Second, Clock: func() int64 { return clock }})
	x.Apply(state(k, tenant("ten_a")))
	x.Refresh(0)
	n := keywright.Need{Scheme: "acme", Service: "s1", Permissions: []string{"files:read"}, Environments: []string{"live"}, From: netip.MustParseAddr("192.0.2.1")}
	for name, d := range map[string]keywright.Digest{"hit": digest(1), "unknown": digest(2)} {
		if allocs := testing.AllocsPerRun(1000, func() { x.Verify(noon, d, &n) }); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
