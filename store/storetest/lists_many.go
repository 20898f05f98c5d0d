package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// many is more keys than a bounded read looks at.
const many = 26_000

// RunLists holds a store to what listings say of very many keys, which a bounded
// read does not look at all of: every page is in order, and all pages together hold
// what is meant, without a gap or a repeat.
func RunLists(t *testing.T, open Open) {
	t.Helper()
	s, all := open(t), []keywright.Key(nil)
	for n := range many {
		k := Key(n, keywright.TenantID([]string{"ten_a", "ten_b"}[n/5000%2]))
		k.Name, k.Hint = fmt.Sprintf("name %05d", n*7919%many), fmt.Sprintf("…%04x", n*31%0xffff)
		if n%3 == 0 {
			k.Expires = epoch().Add(time.Duration(n-many/2) * time.Minute)
		}
		switch {
		case n >= many-10:
			k.PausedAt = epoch()
		case n > many-6500 && n%1000 != 0:
			k.RevokedAt = epoch()
		case n%9000 == 1:
			k.Retires = epoch().Add(time.Hour)
		}
		all = append(all, k)
	}
	for batch := range slices.Chunk(all, 2000) {
		update(t, s, func(tx keywright.Tx) error {
			for _, k := range batch {
				if err := tx.PutKey(t.Context(), k); err != nil {
					return err
				}
			}
			return nil
		})
	}
	soon := epoch().Add(time.Minute)
	for _, q := range []keywright.KeyQuery{
		{}, {Search: "name 1"}, {Search: "name 0000"}, {Search: "1"}, {Search: strings.ToLower(KeyID(9).String()[:20])}, {Tenant: "ten_a"}, {Tenant: "ten_b", Search: "name"},
		{States: []keywright.State{keywright.StateRevoked}}, {States: []keywright.State{keywright.StateRevoked, keywright.StatePaused}}, {States: []keywright.State{keywright.StatePaused}},
		{States: []keywright.State{keywright.StateExpired}}, {States: []keywright.State{keywright.PendingRotation, keywright.StateExpired}},
		{States: []keywright.State{keywright.Active}}, {ExpiresBefore: epoch().Add(-8 * time.Hour)}, {ExpiresBefore: epoch()}, {Environment: "none"},
		{States: []keywright.State{keywright.StateRevoked}, Environment: "none", Search: "n"},
	} {
		for _, l := range []keywright.Listing{{}, {Descending: true}, {Sort: keywright.ByName, Descending: true}, {Sort: keywright.ByExpiry}} {
			q := q
			q.Now, q.Listing, q.Limit = soon, l, 5000
			want := meantKeys(&q, all)
			view(t, s, func(r keywright.Reader) (err error) {
				at := func(k *keywright.Key) string { return k.ID.String() }
				got := readOn(t, &q.Listing, len(want), q.Limit, func() (page []keywright.Key) {
					if err == nil {
						page, err = r.Keys(t.Context(), q)
					}
					return page
				})
				if !slices.EqualFunc(got, want, func(k keywright.Key, id string) bool { return at(&k) == id }) {
					t.Errorf("%+v: %d keys, want %d, or not in order", q, len(got), len(want))
				}
				return err
			})
		}
	}
}
