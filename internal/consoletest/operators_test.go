package consoletest_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

// An operator goes through every page of the console by clicks; what they do is tried
// on the demo's API.
func TestOperatorsConsole(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	operator := w.args("", "operator", "base", w.has.DomainTrust.Base, "hand", w.hand(), "customer", w.args("domaintrust", "grace"))
	w.steps(t, "testdata/operators.mjs", operator, []string{
		"overview shows traffic, what ends soon, rotations, requests and verifiers",
		"tenant is created, found and changed",
		"members are invited, and an invitation is withdrawn",
		"create makes a key for a tenant, shown once",
		"pause refuses the key until it is resumed",
		"rotate makes a successor, and the overlap is moved and ended",
		"amend changes a key's name",
		"revoke asks for the name, and ends the key",
		"explain says which check refused, and never shows the credential",
		"archive refuses all of a tenant's keys until it is restored",
		"keys are filtered, sorted and exported",
		"delete removes a key's record",
		"requests are granted, and declined with a reason",
		"schemes are viewed, tried and checked",
		"apis lists hosts, routes and links",
		"audit filters by act, tenant and key, and is exported",
		"providers are checked",
		"search finds tenants and keys by Ctrl-K",
	}, webtest.Timeout(9*time.Minute))
}
