package verify

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
)

// world is a store as plain as can be: every state that each key and tenant
// ever had, and the log. A read of the log happens at some instant of that
// history, not before the event that it reads.
type world struct {
	log     []keywright.Event // without records; log[i] has cursor i+1
	keys    map[keywright.KeyID][]at[*keywright.Key]
	tenants map[keywright.TenantID][]at[*keywright.Tenant]
	order   []keywright.KeyID
	digests uint64
}

type at[T any] struct {
	from keywright.Cursor
	is   T
}

func seen[T any](history []at[T], when keywright.Cursor) (is T) {
	for _, h := range history {
		if h.from <= when {
			is = h.is
		}
	}
	return is
}

func (w *world) head() keywright.Cursor { return keywright.Cursor(len(w.log)) }

func (w *world) commit(e keywright.Event) keywright.Cursor {
	e.Cursor = w.head() + 1
	w.log = append(w.log, e)
	return e.Cursor
}

func (w *world) setKey(act keywright.Act, k keywright.Key) {
	c := w.commit(keywright.Event{Act: act, Key: k.ID, Tenant: k.Tenant})
	w.keys[k.ID] = append(w.keys[k.ID], at[*keywright.Key]{c, &k})
}

func (w *world) setTenant(act keywright.Act, t keywright.Tenant) {
	c := w.commit(keywright.Event{Act: act, Tenant: t.ID})
	w.tenants[t.ID] = append(w.tenants[t.ID], at[*keywright.Tenant]{c, &t})
}

// read is what Changes yields for one event in a snapshot.
func (w *world) read(c, snapshot keywright.Cursor) keywright.Event {
	e := w.log[c-1]
	e.KeyNow = seen(w.keys[e.Key], snapshot)
	e.TenantNow = seen(w.tenants[e.Tenant], snapshot)
	return e
}

func (w *world) step(t *rapid.T) {
	if len(w.tenants) == 0 || rapid.IntRange(0, 9).Draw(t, "what") == 0 {
		w.stepTenant(t)
		return
	}
	if len(w.order) == 0 || rapid.IntRange(0, 2).Draw(t, "new") == 0 {
		w.digests++
		k := key(w.digests)
		k.Tenant = w.anyTenant(t)
		w.dress(t, &k)
		w.order = append(w.order, k.ID)
		w.setKey(keywright.KeyIssued, k)
		return
	}
	id := rapid.SampledFrom(w.order).Draw(t, "key")
	now := seen(w.keys[id], w.head())
	if now == nil {
		return
	}
	k := *now
	k.Version++
	switch rapid.SampledFrom([]string{"amend", "revoke", "delete", "repepper"}).Draw(t, "act") {
	case "amend":
		w.dress(t, &k)
		w.setKey(keywright.KeyAmended, k)
	case "revoke":
		k.RevokedAt = noon
		w.setKey(keywright.KeyRevoked, k)
	case "repepper":
		w.digests++
		k.Digest = digest(w.digests)
		w.setKey(keywright.KeyRepeppered, k)
	case "delete":
		c := w.commit(keywright.Event{Act: keywright.KeyDeleted, Key: id, Tenant: k.Tenant})
		w.keys[id] = append(w.keys[id], at[*keywright.Key]{c, nil})
	}
}

func (w *world) stepTenant(t *rapid.T) {
	id := keywright.TenantID(rapid.SampledFrom([]string{"ten_a", "ten_b", "ten_c"}).Draw(t, "tenant"))
	next, act := *tenant(id), keywright.TenantCreated
	if old := seen(w.tenants[id], w.head()); old != nil {
		next, act = *old, keywright.TenantAmended
		next.Version++
	}
	next.Archived = rapid.Bool().Draw(t, "archived")
	w.setTenant(act, next)
}

func (w *world) anyTenant(t *rapid.T) keywright.TenantID {
	ids := []keywright.TenantID{}
	for _, id := range []keywright.TenantID{"ten_a", "ten_b", "ten_c"} {
		if len(w.tenants[id]) > 0 {
			ids = append(ids, id)
		}
	}
	return rapid.SampledFrom(ids).Draw(t, "of")
}

func (w *world) dress(t *rapid.T, k *keywright.Key) {
	instant := rapid.SampledFrom([]time.Time{{}, noon.Add(-1), noon, noon.Add(1)})
	k.Expires, k.Retires = instant.Draw(t, "expires"), instant.Draw(t, "retires")
	k.PausedAt, k.PausedUntil = instant.Draw(t, "paused"), instant.Draw(t, "until")
	k.Environment = rapid.SampledFrom([]string{"", "live", "test"}).Draw(t, "environment")
	k.Scheme = rapid.SampledFrom([]string{"acme", "other"}).Draw(t, "scheme")
	k.Permissions = rapid.SampledFrom([][]string{nil, {"*"}, {"a", "b"}, {"ab"}, {"b"}}).Draw(t, "permissions")
	k.Addresses = rapid.SampledFrom([][]netip.Prefix{nil, {netip.MustParsePrefix("192.0.2.0/24")}}).Draw(t, "addresses")
}

var needs = []keywright.Need{
	need, {Scheme: "other"}, {Scheme: "acme", Tenant: "ten_b"}, {Scheme: "acme", Environments: []string{"live"}},
	{Scheme: "acme", Permissions: []string{"a"}}, {Scheme: "acme", From: netip.MustParseAddr("192.0.2.1")},
}

// check compares the index with Decide over the world, for every digest ever made.
func (w *world) check(t *rapid.T, x *Index) {
	held := map[keywright.Digest]*keywright.Key{}
	keys := 0
	for _, history := range w.keys {
		if k := seen(history, w.head()); k != nil {
			held[k.Digest] = k
			keys++
		}
	}
	for n := uint64(1); n <= w.digests; n++ {
		k := held[digest(n)]
		var ten *keywright.Tenant
		if k != nil {
			ten = seen(w.tenants[k.Tenant], w.head())
		}
		for i := range needs {
			want, got := keywright.Decide(noon, k, ten, needs[i]), x.Verify(noon, digest(n), &needs[i])
			if got.Reason != want.Reason || got.Key != want.Key || got.Environment != want.Environment ||
				len(got.Permissions)+len(want.Permissions) > 0 && !reflect.DeepEqual(got.Permissions, want.Permissions) ||
				!got.Dies.Equal(want.Dies) || !got.Retires.Equal(want.Retires) || !reflect.DeepEqual(got.Tenant, want.Tenant) {
				t.Fatalf("digest %d, need %d: %+v, want %+v", n, i, got, want)
			}
		}
	}
	gotKeys, gotTenants := x.Len()
	if gotKeys != keys || gotTenants != len(w.tenants) {
		t.Fatalf("%d keys and %d tenants are held, want %d and %d", gotKeys, gotTenants, keys, len(w.tenants))
	}
}

// Events come in order, each read at any instant since (a later one from a
// replica that lags included), and any that came before may come again.
func TestTheIndexIsAPlainMapWhateverTheFeedRepeats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{keys: map[keywright.KeyID][]at[*keywright.Key]{}, tenants: map[keywright.TenantID][]at[*keywright.Tenant]{}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step(t)
		}
		x := New(Options{})
		start := keywright.Cursor(rapid.IntRange(0, int(w.head())).Draw(t, "snapshot"))
		w.applyState(x, start)
		x.Refresh(0)
		var dead []keywright.KeyID
		for c := start + 1; c <= w.head(); c++ {
			e := w.read(c, keywright.Cursor(rapid.IntRange(int(c), int(w.head())).Draw(t, "read at")))
			x.Apply(e)
			if !e.Key.IsZero() && e.KeyNow == nil {
				dead = append(dead, e.Key)
			}
			if rapid.Bool().Draw(t, "repeat") {
				again := keywright.Cursor(rapid.IntRange(1, int(c)).Draw(t, "which"))
				x.Apply(w.read(again, keywright.Cursor(rapid.IntRange(int(again), int(w.head())).Draw(t, "as of"))))
			}
			for _, id := range dead {
				if _, _, held := x.held.Load().findID(idOf(id)); held {
					t.Fatalf("%s was seen to be deleted, and is back after event %d", id, c)
				}
			}
		}
		w.check(t, x)
	})
}

// applyState is what Changes yields from the zero cursor.
func (w *world) applyState(x *Index, snapshot keywright.Cursor) {
	for id, history := range w.tenants {
		if now := seen(history, snapshot); now != nil {
			x.Apply(keywright.Event{Cursor: snapshot, Tenant: id, TenantNow: now})
		}
	}
	for id, history := range w.keys {
		if now := seen(history, snapshot); now != nil {
			x.Apply(keywright.Event{Cursor: snapshot, Key: id, Tenant: now.Tenant, KeyNow: now})
		}
	}
}

func TestManyKeysInEveryShard(t *testing.T) {
	t.Parallel()
	const n = 50_000
	x := filled(n)
	for i := range uint64(n) {
		if i%3 == 0 {
			x.Apply(keywright.Event{Cursor: keywright.Cursor(i + 2), Act: keywright.KeyDeleted, Key: keyID(i)})
		}
	}
	for i := range uint64(n) {
		want := keywright.Granted
		if i%3 == 0 {
			want = keywright.Unknown
		}
		if d := x.Verify(noon, digest(i), &need); d.Reason != want || (d.Granted() && d.Key != keyID(i)) {
			t.Fatalf("key %d: %s %s", i, d.Reason, d.Key)
		}
	}
}
