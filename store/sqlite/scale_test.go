//go:build !race

package sqlite_test

import (
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/storetest"
)

// How often the crash tests crash. The race detector makes a child process
// slow to start and finds nothing new in the hundredth.
const kills, cuts = 120, 45

// Lists of tens of thousands take the race detector minutes, for one goroutine.
func TestLists(t *testing.T) {
	t.Parallel()
	storetest.RunLists(t, func(t *testing.T) keywright.Store { return open(t, place(t)) })
}
