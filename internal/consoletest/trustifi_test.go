package consoletest_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

// The one who is invited has no pair yet, and takes up the invitation first.
func TestTrustifisConsole(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	args := w.args("trustifi", "ada", "base", w.has.Trustifi.Base, "hand", w.hand(), "invitation", w.invitation("trustifi"))
	w.steps(t, "testdata/trustifi.mjs", args, []string{
		"TFI-08 each user has a pair of their own: none until they generate it, never more than one",
		"TFI-09 the pair authenticates, as themselves",
		"TFI-10 the global search finds the API page, by / and by Ctrl-K",
		"TFI-11 Account Settings opens by hover, focus, click and tap over the profile at the top right",
		"TFI-12 Account Settings has an API tab",
		"TFI-13 a toggle in the middle makes both values in one act, and ends both after asking",
		"TFI-14 the pair authenticates as headers",
		"TFI-15 the key in x-trustifi-key",
		"TFI-16 the secret in x-trustifi-secret",
		"TFI-17 one button copies both",
		"TFI-18 Regenerate stands next to the secret",
		"TFI-19 regenerating keeps the key",
		"TFI-20 the old secret fails",
		"TFI-21 the user is told so beforehand",
		"TFI-22 there is an extensive documentation",
		"TFI-23 the API page links to it at the bottom",
	}, webtest.Timeout(8*time.Minute))
}

// Signing in, switching on, regenerating, revealing, switching off, without a script.
func TestTrustifisConsoleWithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	webtest.Run(t, "testdata/trustifiplain.mjs", w.args("trustifi", "ada", "base", w.has.Trustifi.Base, "hand", w.hand()), webtest.Timeout(4*time.Minute))
}

// invitation is the link of a system's newcomer.
func (w *world) invitation(system string) string {
	w.t.Helper()
	for _, p := range w.has.People {
		if p.System == system && p.Invitation != "" {
			return p.Invitation
		}
	}
	w.t.Fatalf("nobody of %q is invited", system)
	return ""
}
