package memory_test

import (
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	fresh := func(*testing.T) keywright.Store { return memory.New() }
	storetest.Run(t, fresh, fresh)
}

func TestPeople(t *testing.T) {
	t.Parallel()
	fresh := func(*testing.T) people.Store { return memory.New() }
	storetest.RunPeople(t, fresh, fresh)
}

func TestLists(t *testing.T) {
	t.Parallel()
	storetest.RunLists(t, func(*testing.T) keywright.Store { return memory.New() })
}
