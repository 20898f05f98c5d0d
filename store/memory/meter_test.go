package memory_test

import (
	"testing"

	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/storetest"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	fresh := func(*testing.T) []meter.Store { return []meter.Store{memory.New()} }
	storetest.RunMeter(t, fresh, fresh)
}
