package consoletest_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

func TestDomainTrustsConsole(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	grace := w.args("domaintrust", "grace", "base", w.has.DomainTrust.Base, "hand", w.hand())
	w.steps(t, "testdata/domaintrust.mjs", grace, []string{
		"DMT-03 the dashboard creates keys",
		"DMT-04 the dashboard shows keys",
		"DMT-05 the dashboard deletes keys",
		"DMT-06 the dashboard rotates keys",
		"DMT-07 there are Testing and Production",
		"DMT-11 as many keys as needed",
		"DMT-12 Production is greyed out with the reason, asked for, and open once it is granted",
		"DMT-18 the page API Keys has a button Create Key",
		"DMT-19 creating asks for a brief description",
		"DMT-20 creating asks for the environment",
		"DMT-21 creating asks for a date and a time, and says the person's time zone",
		"DMT-22 shown once, with a note to copy it",
		"DMT-23 the expiry can be changed",
		"DMT-24 a key can be deleted",
		"DMT-25 a key has full access: no scopes are asked for",
		"DMT-26 the page says to treat keys like passwords",
		"DMT-27 the page says not in public or client-side code",
		"DMT-28 the page says to use a secrets manager or environment variables",
		"DMT-29 the page says to rotate regularly",
		"DMT-30 the page says to revoke at once on suspicion",
	}, webtest.Timeout(6*time.Minute))
}

// Signing in, creating, rotating and revoking, all without a script.
func TestDomainTrustsConsoleWithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	webtest.Run(t, "testdata/plain.mjs", w.args("domaintrust", "ada", "base", w.has.DomainTrust.Base, "hand", w.hand()))
}
