package sqlite_test

import (
	"testing"

	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	storetest.RunMeter(t, func(t *testing.T) []meter.Store { return []meter.Store{open(t, place(t)).(*sqlite.Store)} },
		func(*testing.T) []meter.Store { return []meter.Store{memory.New()} })
}
