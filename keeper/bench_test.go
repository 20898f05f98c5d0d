package keeper_test

import (
	"path/filepath"
	"testing"

	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/store/sqlite"
)

func BenchmarkIssue(b *testing.B) {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "keys.db"), sqlite.Options{})
	try(b, err)
	defer func() { _ = store.Close() }()
	h := houseOver(b, store)
	h.options.Sole = true
	h.Keeper = keeper.New(h.options)
	ten := h.full()
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: string(ten.ID), Scheme: "keywright", Draft: draftFor("keywright")}); err != nil {
				b.Error(err)
			}
		}
	})
}
