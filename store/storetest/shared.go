package storetest

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// RunShared holds a store that several processes may open at once to what the
// contract says of them all; place and open are as for RunDurable.
func RunShared(t *testing.T, place func(t *testing.T) string, open func(t *testing.T, place string) keywright.Store) {
	t.Helper()
	several := func(t *testing.T) (one keywright.Store, others []keywright.Store) {
		at := place(t)
		for range 4 {
			others = append(others, open(t, at))
		}
		return open(t, at), others
	}
	t.Run("no event is skipped beside writers of several processes", func(t *testing.T) {
		t.Parallel()
		one, others := several(t)
		followWriters(t, one, others...)
	})
	t.Run("count, then insert at 9 of 10, from several processes", func(t *testing.T) {
		t.Parallel()
		one, others := several(t)
		capAcross(t, one, others...)
	})
	t.Run("one name, 20 records, from several processes", func(t *testing.T) {
		t.Parallel()
		_, others := several(t)
		var all []people.Store
		for _, s := range others {
			all = append(all, records(t, s))
		}
		nameAcross(t, all...)
	})
	t.Run("commits of others are signalled", func(t *testing.T) {
		t.Parallel()
		one, others := several(t)
		changed := one.Changed()
		for n := range 5 {
			update(t, others[n%len(others)], put(t.Context(), Key(n, "ten_a")))
			if len(changes(t, one, 0)) != n+1 {
				t.Fatal("a commit that was acknowledged cannot be seen")
			}
			select { // signals may be more than commits, but after the last commit there is one
			case <-changed:
			case <-time.After(10 * time.Second):
				t.Fatal("a commit was not signalled")
			}
		}
	})
}
