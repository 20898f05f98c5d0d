package consoletest_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

func TestTrustSwiftlysConsole(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	free := w.args("trustswiftly", "grace")
	ada := w.args("trustswiftly", "ada", "base", w.has.TrustSwiftly.Base, "hand", w.hand(), "free", free)
	w.steps(t, "testdata/trustswiftly.mjs", ada, []string{
		"TSW-03 reached from the Developer page",
		"TSW-04 Create Token asks for a name, which is mandatory",
		"TSW-05 the name is listed",
		"TSW-06 a visible warning to keep keys secure",
		"TSW-07 keys carry many privileges: not in public places, client-side code or repositories",
		"TSW-09 the key opens the account's data",
		"TSW-11 a free plan makes no key, and the page says why",
		"TSW-12 keys are generated and managed from the dashboard",
		"TSW-13 after logging in",
		"TSW-14 Settings has a tab API",
		"TSW-15 Generate New Key asks for a name, which is mandatory",
		"TSW-16 generating makes a new secret key",
		"TSW-18 shown once",
		"TSW-19 told to copy it into a password manager",
		"TSW-20 a lost key is revoked and replaced, never recovered",
		"TSW-21 a key has full access to the account's data",
		"TSW-22 never shared",
		"TSW-23 export TRUST_SWIFTLY_API_KEY is ready to copy",
		"TSW-24 revocation works at once",
	}, webtest.Timeout(5*time.Minute))
}
