package storetest

import (
	"testing"

	"github.com/keywright/keywright"
)

// Open makes an empty store, and closes and removes it when the test ends.
type Open func(t *testing.T) keywright.Store

// Run holds a store to the whole contract of keywright.Store, once more with
// every update run twice, and at last to what a reference answers, which is the
// memory store: the simplest of them.
func Run(t *testing.T, open, reference Open) {
	t.Helper()
	suite(t, open)
	t.Run("with every update run twice", func(t *testing.T) {
		suite(t, func(t *testing.T) keywright.Store { return Rerunning(open(t)) })
	})
	t.Run("behaves as the model does", func(t *testing.T) { t.Parallel(); model(t, open, reference) })
}

func suite(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, keywright.Store)
	}{
		{"a key comes back as it was put", keyRoundTrip},
		{"a tenant comes back as it was put", tenantRoundTrip},
		{"a digest belongs to one key", digestConflict},
		{"a ref belongs to one tenant", refConflict},
		{"what cannot be kept is refused by name", refusesUnstorable},
		{"what is returned is the caller's", noAliasing},
		{"large metadata", largeRecords},
		{"keys are selected and paged", keyQueries},
		{"tenants are paged", tenantQueries},
		{"keys are listed as they are asked for", keyLists},
		{"tenants are listed as they are asked for", tenantLists},
		{"a listing that cannot be is refused", badListings},
		{"events are filtered and paged", eventQueries},
		{"receipts are kept for a day", receipts},
		{"a failed update leaves nothing", rollback},
		{"an update sees its own writes", ownWrites},
		{"a panic leaves nothing and stops nobody", panics},
		{"a view is one snapshot", snapshots},
		{"changes from zero are the present state", presentState},
		{"changes after a cursor", changesAfter},
		{"a reader of changes may write and may stop", changesReentrant},
		{"commits are signalled", signals},
		{"no event is skipped beside concurrent writers", noEventSkipped},
		{"count, then insert at 9 of 10: exactly one of 20", exactCap},
		{"concurrent updates that fail fail alone", failAlone},
		{"a context that ended", contexts},
		{"a closed store", closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}
