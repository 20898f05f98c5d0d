package console_test

import (
	"os"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
	"github.com/keywright/keywright/people"
)

// The walk looks at every page in three widths, light and dark; that takes minutes,
// so that short runs only walk.
func TestANewcomerWalksFromTheInvitationToAKey(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, wish{plain: true})
			token := p.invite(p.tenant("acme0001", "growth"), "grace@example.com", people.Admin)
			webtest.Run(t, "testdata/walk.mjs", map[string]any{
				"site": p.URL, "token": token, "password": password, "script": script, "look": !testing.Short() || os.Getenv("KEYWRIGHT_TEST_SHOTS") != "",
			}, webtest.Timeout(5*time.Minute))
		})
	}
}
