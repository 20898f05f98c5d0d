package keeper_test

import (
	"iter"
	"testing"

	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/store/memory"
)

// everyStore runs a test over the stores that need no server.
func everyStore(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, houseOver(t, memory.New()))
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
