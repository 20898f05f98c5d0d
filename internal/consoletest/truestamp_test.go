package consoletest_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

func TestTruestampsConsole(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	grace := w.person("truestamp", "grace")
	args := w.args("truestamp", "ada", "base", w.has.Truestamp.Base, "hand", w.hand(), "other", map[string]string{"email": grace.Email, "password": grace.Password})
	w.steps(t, "testdata/truestamp.mjs", args, []string{
		"TSP-20 keys are the user's own",
		"TSP-21 a key without an expiry lives on",
		"TSP-22 the same header as for a login's token",
		"TSP-23 the expiry is chosen, and holds",
		"TSP-24 a key is revoked in case of abuse or security breach",
		"TSP-26 the dashboard issues one, with a line and a call that work as they stand",
	}, webtest.Timeout(6*time.Minute))
}

// Signing in, creating with an expiry, revoking, without a script.
func TestTruestampsConsoleWithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	webtest.Run(t, "testdata/truestampplain.mjs", w.args("truestamp", "ada", "base", w.has.Truestamp.Base, "hand", w.hand()), webtest.Timeout(4*time.Minute))
}
