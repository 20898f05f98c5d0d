package people_test

import (
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// An id of a stranger's that no database takes is one that there is not.
func TestIDsThatNobodyHas(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, id := range []string{"", "\x00", "\xff", "per_\n", strings.Repeat("x", 10_000)} {
		h.refuses(h.EndSession(t.Context(), system, people.PersonID(id), id), keywright.NotFound)
		h.refuses(h.Withdraw(t.Context(), system, "ten_one", id), keywright.NotFound)
		h.refuses(h.RemoveMember(t.Context(), system, "ten_one", people.PersonID(id)), keywright.NotFound)
		_, err := h.AmendMember(t.Context(), system, keywright.TenantID(id), "per_x", people.Trial)
		h.refuses(err, keywright.NotFound)
		h.refuses(h.Disable(t.Context(), system, people.PersonID(id), true), keywright.NotFound)
		h.refuses(h.SetPassword(t.Context(), system, people.PersonID(id), secret(good), ""), keywright.NotFound)
		_, err = h.BeginPasskey(t.Context(), site, people.PersonID(id))
		h.refuses(err, keywright.NotFound)
	}
}
