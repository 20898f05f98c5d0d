package postgres_test

import (
	"testing"

	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/storetest"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	storetest.RunMeter(t, func(t *testing.T) (all []meter.Store) {
		at := place(t)
		for range 3 {
			all = append(all, open(t, at).(*postgres.Store))
		}
		return all
	}, func(*testing.T) []meter.Store { return []meter.Store{memory.New()} })
}
