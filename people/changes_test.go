package people_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// One person's changes do not keep everybody's hashing busy.
func TestPasswordChangesAreSlowed(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		p := h.person("ada@example.com", people.Admin, good)
		var err error
		for n := 0; err == nil && n < 100; n++ {
			err = h.SetPassword(t.Context(), as(p), p.ID, secret(other), "")
		}
		h.refuses(err, people.Throttled)
		h.pass(20 * time.Minute)
		h.must(h.SetPassword(t.Context(), keywright.Actor{ID: "system"}, p.ID, secret(good), ""))
	})
}
