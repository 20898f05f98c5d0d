package consoletest_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

func TestTrussetsConsole(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	ada := w.args("trusset", "ada", "base", w.has.Trusset.Base, "hand", w.hand())
	w.steps(t, "testdata/trusset.mjs", ada, []string{
		"TRS-11 keys are managed on a page API Key Management",
		"TRS-13 a rotation's overlap is chosen, 7 days unless another is; it is moved and ended",
		"TRS-14 the old key is shown as the one that is being replaced",
		"TRS-15 the old key stays valid for 7 days and no longer",
		"TRS-16 both keys work meanwhile",
		"TRS-17 at most 10 active keys, which the page counts",
		"TRS-18 services are switched on and off, by who may",
		"TRS-19 a service that is off answers 403 SERVICE_NOT_ENABLED",
		"TRS-04 a key can be paused for a time, and revoked",
	}, webtest.Timeout(6*time.Minute))
}

func TestTrussetsRegistration(t *testing.T) {
	t.Parallel()
	w := startDemo(t)
	w.steps(t, "testdata/mica.mjs", map[string]any{"site": w.site("trusset"), "base": w.has.Trusset.Base, "hand": w.hand(), "look": !testing.Short()}, []string{
		"TRS-29 anybody registers on a public page, /mica-register",
		"TRS-30 it yields two credentials",
		"TRS-31 the API key goes in X-API-Key for data",
		"TRS-32 the management token goes in Authorization: Bearer for rotating and revoking",
		"TRS-33 neither can be retrieved again",
		"TRS-34 the user is told to store both",
	}, webtest.Timeout(4*time.Minute))
}
