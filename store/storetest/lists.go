package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// The names of listed records: alike but for their letters' case, empty, longer
// than what is compared, and beyond ASCII on both sides of the surrogates.
func names() []string {
	long := strings.Repeat("long ", 20)
	return []string{"", "alpha", "Alpha", "ALPHABET", "beta 1", "beta 10", "Ärger", "ärmel", "Ключ", "鍵", "\U0001F511 key", "퟿x", "", "\U0010FFFF", "%", "a_b", long + "1", long + "2", "key_0"}
}

func hints() []string { return []string{"…", "…x7Kq", "…X7ab", "****90zz", "", "…beta"} }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// listedKey makes the n-th of keys in every state at once.
func listedKey(r *rand.Rand, n int) keywright.Key {
	k := Key(n, pick(r, []keywright.TenantID{"ten_a", "ten_b", "ten_é"}))
	k.Scheme, k.Environment = pick(r, []string{"keywright", "other"}), pick(r, []string{"", "live", "test"})
	k.Name, k.Hint = pick(r, names()), pick(r, hints())
	k.ID[1] = byte(r.IntN(256)) // so that ids differ early
	for _, t := range []*time.Time{&k.Expires, &k.PausedAt, &k.PausedUntil, &k.Retires, &k.RevokedAt} {
		if r.IntN(3) == 0 {
			*t = epoch().Add(time.Duration(r.IntN(9)-4) * time.Hour)
		}
	}
	return k
}

// keyQuery makes any question about them.
func keyQuery(r *rand.Rand, some []keywright.Key) keywright.KeyQuery {
	q := keywright.KeyQuery{Now: epoch().Add(time.Duration(r.IntN(7)-3) * time.Hour)}
	q.Sort, q.Descending = pick(r, []keywright.Sort{keywright.ByID, keywright.ByName, keywright.ByExpiry}), r.IntN(2) == 0
	one := pick(r, some)
	for _, set := range []func(){
		func() { q.Tenant = one.Tenant },
		func() { q.Scheme = one.Scheme },
		func() { q.Environment = "live" },
		func() { q.Unrevoked = true },
		func() { q.Digest = &one.Digest },
		func() { q.After = one.ID },
		func() { q.ExpiresBefore = epoch().Add(time.Duration(r.IntN(5)-2) * time.Hour) },
	} {
		if r.IntN(5) == 0 {
			set()
		}
	}
	if r.IntN(2) == 0 {
		q.States = slices.DeleteFunc(keywright.States(), func(keywright.State) bool { return r.IntN(2) == 0 })
	}
	if r.IntN(2) == 0 {
		id := one.ID.String()
		q.Search = pick(r, []string{"a", "ALPHA", " beta ", "ä", "ключ", "鍵", "\U0001F511", "퟿", "", "\U0010FFFF", "%", "_", "nothing", "x7", "…X7", "90ZZ", "long long",
			strings.Repeat("Long ", 20), "key", "key_", id[:7], strings.ToLower(id), id[:9] + "i", "\x00", "\xff"})
	}
	return q
}

// meantKey says in the simplest way whether a query means a key.
func meantKey(q *keywright.KeyQuery, k *keywright.Key) bool {
	search := strings.ToLower(strings.TrimSpace(q.Search))
	found := search == "" || begins(k.Name, search) || (len(search) > len("key_") && strings.HasPrefix(search, "key_") && begins(k.ID.String(), search))
	if shown := strings.Trim(k.Hint, "…*"); shown != "" && strings.Trim(search, "…") != "" {
		found = found || begins(shown, strings.Trim(search, "…"))
	}
	return found && (q.Tenant == "" || q.Tenant == k.Tenant) && (q.Scheme == "" || q.Scheme == k.Scheme) &&
		(q.Environment == "" || q.Environment == k.Environment) && (!q.Unrevoked || k.RevokedAt.IsZero()) &&
		(q.Digest == nil || *q.Digest == k.Digest) && bytes.Compare(k.ID[:], q.After[:]) > 0 &&
		(len(q.States) == 0 || slices.Contains(q.States, k.StateAt(q.Now))) &&
		(q.ExpiresBefore.IsZero() || (!k.Expires.IsZero() && k.Expires.Before(q.ExpiresBefore)))
}

func begins(text, search string) bool {
	return strings.HasPrefix(compared(text), compared(search))
}

// compared is what of a text is compared.
func compared(s string) string {
	s = strings.ToLower(s)
	return s[:min(len(s), keywright.MaxSortText)]
}

// meantKeys are the ids of the keys that a query means, in its order.
func meantKeys(q *keywright.KeyQuery, all []keywright.Key) []string {
	order := func(a, b keywright.Key) int {
		c := 0
		switch {
		case q.Sort == keywright.ByName:
			c = cmp.Compare(compared(a.Name), compared(b.Name))
		case q.Sort != keywright.ByExpiry || a.Expires.Equal(b.Expires):
		case a.Expires.IsZero():
			c = 1
		case b.Expires.IsZero():
			c = -1
		default:
			c = a.Expires.Compare(b.Expires)
		}
		return cmp.Or(c, bytes.Compare(a.ID[:], b.ID[:]))
	}
	var found []keywright.Key
	for _, k := range all {
		if meantKey(q, &k) {
			found = append(found, k)
		}
	}
	slices.SortFunc(found, order)
	var meant []string
	for _, k := range found {
		meant = append(meant, k.ID.String())
	}
	if q.Descending {
		slices.Reverse(meant)
	}
	return meant
}

func keyLists(t *testing.T, s keywright.Store) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []keywright.Key
	update(t, s, func(tx keywright.Tx) error {
		r, all = rand.New(rand.NewPCG(1, 2)), nil
		for n := range 150 {
			k := listedKey(r, n)
			all = append(all, k)
			if err := tx.PutKey(t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	for round := range 3 {
		for range 250 {
			compareKeyList(t, s, keyQuery(r, all), all, 1+r.IntN(60))
		}
		update(t, s, func(tx keywright.Tx) error { // what is put again is listed as it is now
			r := rand.New(rand.NewPCG(uint64(round), 3))
			for i := range all[:40] {
				id, d := all[i].ID, all[i].Digest
				all[i] = listedKey(r, i)
				all[i].ID, all[i].Digest = id, d
				if err := tx.PutKey(t.Context(), all[i]); err != nil {
					return err
				}
			}
			return nil
		})
		last := all[len(all)-1]
		all = all[:len(all)-1]
		update(t, s, func(tx keywright.Tx) error { return tx.DeleteKey(t.Context(), last.ID) })
	}
}

// compareKeyList asks one question at once, and page by page.
func compareKeyList(t *testing.T, s keywright.Store, q keywright.KeyQuery, all []keywright.Key, limit int) {
	t.Helper()
	want := meantKeys(&q, all)
	view(t, s, func(r keywright.Reader) error {
		q.Limit = len(all) + 1
		at := func(k *keywright.Key) string { return k.ID.String() }
		got, err := r.Keys(t.Context(), q)
		same(t, &q, got, at, want)
		q.Limit = limit
		paged := readOn(t, &q.Listing, len(want), limit, func() (page []keywright.Key) {
			if err == nil {
				page, err = r.Keys(t.Context(), q)
			}
			return page
		})
		same(t, &q, paged, at, want)
		return err
	})
}

// readOn reads page after page.
func readOn[T any](t *testing.T, l *keywright.Listing, most, limit int, read func() []T) (all []T) {
	t.Helper()
	var rest keywright.Place
	l.Rest = &rest
	for pages := 0; ; pages++ {
		page := read()
		if len(page) > limit || pages > most+50 {
			t.Fatalf("page %d has %d records, of at most %d", pages, len(page), limit)
		}
		if all = append(all, page...); rest == (keywright.Place{}) {
			return all
		}
		l.From = rest
	}
}

func same[T any](t *testing.T, q any, got []T, id func(*T) string, want []string) {
	t.Helper()
	var ids []string
	for i := range got {
		ids = append(ids, id(&got[i]))
	}
	if !slices.Equal(ids, want) {
		t.Errorf("%+v:\ngot  %v\nwant %v", q, ids, want)
	}
}

func tenantLists(t *testing.T, s keywright.Store) {
	r := rand.New(rand.NewPCG(4, 5))
	var all []keywright.Tenant
	update(t, s, func(tx keywright.Tx) error {
		r, all = rand.New(rand.NewPCG(4, 5)), nil
		for n := range 120 {
			one := tenant(keywright.NewTenantID(epoch(), [10]byte{byte(r.IntN(256)), byte(n)}), pick(r, []string{"", fmt.Sprint("acme", n), fmt.Sprint("Beta", n)}))
			if n == 0 {
				one.ID = keywright.OperatorTenant
			}
			one.Name, one.Plan, one.Archived = pick(r, names()), pick(r, []string{"", "free", "Free"}), r.IntN(3) == 0
			one.Environments = slices.DeleteFunc([]string{"live", "Live", "li", "test"}, func(string) bool { return r.IntN(2) == 0 })
			all = append(all, one)
			if err := tx.PutTenant(t.Context(), one); err != nil {
				return err
			}
		}
		return nil
	})
	for range 600 {
		q := tenantQuery(r, all)
		limit, want := 1+r.IntN(50), meantTenants(&q, all)
		view(t, s, func(read keywright.Reader) error {
			q.Limit = len(all) + 1
			at := func(one *keywright.Tenant) string { return string(one.ID) }
			got, err := read.Tenants(t.Context(), q)
			same(t, &q, got, at, want)
			q.Limit = limit
			paged := readOn(t, &q.Listing, len(want), limit, func() (page []keywright.Tenant) {
				if err == nil {
					page, err = read.Tenants(t.Context(), q)
				}
				return page
			})
			same(t, &q, paged, at, want)
			return err
		})
	}
}

func tenantQuery(r *rand.Rand, some []keywright.Tenant) (q keywright.TenantQuery) {
	q.Sort, q.Descending = pick(r, []keywright.Sort{keywright.ByID, keywright.ByName, keywright.ByRef}), r.IntN(2) == 0
	one := pick(r, some)
	for _, set := range []func(){
		func() { q.Plan = pick(r, []string{"free", "Free", "FREE"}) },
		func() { q.Environment = pick(r, []string{"live", "li", "ive", "%"}) },
		func() { q.Archived = ptr(r.IntN(2) == 0) },
		func() { q.After = one.ID },
		func() {
			q.Search = pick(r, []string{"a", "ACME1", "beta", "Ä", "long long", "ten", "ten_", string(one.ID), strings.ToLower(string(one.ID[:9])), "ten_operators", "ten_op", "%", "\x00"})
		},
	} {
		if r.IntN(3) == 0 {
			set()
		}
	}
	return q
}

func meantTenants(q *keywright.TenantQuery, all []keywright.Tenant) (meant []string) {
	order := func(a, b keywright.Tenant) int {
		c := 0
		switch q.Sort {
		case keywright.ByName:
			c = cmp.Compare(compared(a.Name), compared(b.Name))
		case keywright.ByRef:
			c = cmp.Compare(compared(a.Ref), compared(b.Ref))
		}
		return cmp.Or(c, cmp.Compare(a.ID, b.ID))
	}
	search := strings.ToLower(strings.TrimSpace(q.Search))
	for _, one := range slices.SortedFunc(slices.Values(all), order) {
		found := search == "" || begins(one.Name, search) || begins(one.Ref, search) || (len(search) > len("ten_") && begins(string(one.ID), search))
		if found && (q.Plan == "" || q.Plan == one.Plan) && (q.Environment == "" || slices.Contains(one.Environments, q.Environment)) &&
			(q.Archived == nil || *q.Archived == one.Archived) && one.ID > q.After {
			meant = append(meant, string(one.ID))
		}
	}
	if q.Descending {
		slices.Reverse(meant)
	}
	return meant
}

// badListings are refused by name.
func badListings(t *testing.T, s keywright.Store) {
	id := KeyID(1).String()
	view(t, s, func(r keywright.Reader) error {
		for _, l := range []keywright.Listing{
			{Sort: keywright.ByRef}, {Sort: "colour"}, {From: keywright.Place{ID: "x"}}, {From: keywright.Place{ID: id, Value: "x"}}, {From: keywright.Place{Value: "x"}},
			{Sort: keywright.ByExpiry, From: keywright.Place{ID: id, Value: "zzzzzzzzzzzzzzzz"}}, {Sort: keywright.ByName, From: keywright.Place{ID: id, Value: "\x00"}},
		} {
			_, err := r.Keys(t.Context(), keywright.KeyQuery{Listing: l})
			is(t, err, keywright.Invalid)
		}
		for _, l := range []keywright.Listing{{Sort: keywright.ByExpiry}, {From: keywright.Place{Value: "x"}}, {From: keywright.Place{ID: "x", Value: "x"}}, {From: keywright.Place{ID: "\xff"}}} {
			_, err := r.Tenants(t.Context(), keywright.TenantQuery{Listing: l})
			is(t, err, keywright.Invalid)
		}
		return nil
	})
}
