package keeper_test

import (
	"iter"
	"path/filepath"
	"testing"

	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
)

// everyStore runs a test over each store there is.
func everyStore(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, houseOver(t, memory.New()))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "keys.db"), sqlite.Options{})
		try(t, err)
		t.Cleanup(func() { try(t, store.Close()) })
		test(t, houseOver(t, store))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		store, err := postgres.Open(t.Context(), storetest.Postgres(t))
		try(t, err)
		t.Cleanup(func() { try(t, store.Close()) })
		test(t, houseOver(t, store))
	})
}

func rowsOf(rows ...keeper.ImportRow) iter.Seq2[keeper.ImportRow, error] {
	return func(yield func(keeper.ImportRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
