package gate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

func TestExplainSaysEachCheckInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path   string
		change func(*world, *scheme.View)
		last   string
		passed bool
	}{
		{"/items/7", nil, "manners", true},
		{"/health", nil, "manners", true},
		{"/items/7", func(_ *world, v *scheme.View) { delete(v.Header, "X-Api-Key") }, "presence", false},
		{"/items/7", func(_ *world, v *scheme.View) { v.Header["X-Api-Key"][0] += "x" }, "format", false},
		{"/items/7", func(w *world, _ *scheme.View) { clear(w.index.keys) }, "lookup", false},
		{"/items/7", func(w *world, _ *scheme.View) { w.key.Expires = noon }, "state", false},
		{"/items/7", func(w *world, _ *scheme.View) { w.index.tenant.Archived = true }, "tenant", false},
		{"/items/7", func(w *world, _ *scheme.View) { w.index.stale = true }, "freshness", false},
		{"/trading/api/orders", nil, "service", false},
		{"/nowhere", nil, "route", false},
		{"/a//b", nil, "path", false},
	} {
		w := newWorld(t)
		v := w.view("GET", c.path)
		if c.change != nil {
			c.change(w, v)
		}
		verdict, checks := w.gate.Explain(v, "")
		if len(checks) == 0 {
			t.Fatalf("%s: no checks", c.path)
		}
		if last := checks[len(checks)-1]; last.Check != c.last || last.Passed != c.passed || last.Detail == "" {
			t.Errorf("%s ends with %+v, want %s %v", c.path, last, c.last, c.passed)
		}
		for _, check := range checks[:len(checks)-1] {
			if !check.Passed {
				t.Errorf("%s: %s did not pass, and was not the last", c.path, check.Check)
			}
		}
		pass := w.gate.Pass(v, "")
		if pass.Reason() != verdict.Reason() {
			t.Errorf("%s: explained as %v, decided as %v", c.path, verdict.Reason(), pass.Reason())
		}
		told, err := json.Marshal(checks)
		if err != nil || strings.Contains(string(told), strings.Repeat("0a", 8)) {
			t.Errorf("%s: the explanation repeats the credential: %s %v", c.path, told, err)
		}
		if got := w.limits.taken[0]; got.from.IsValid() || !got.key.IsZero() {
			t.Errorf("%s: the explanation was counted", c.path)
		}
	}
}

// A reason that no step knows would be explained as if nothing had refused.
func TestEveryReasonOfTheGateHasAStep(t *testing.T) {
	t.Parallel()
	body := map[keywright.Reason]bool{keywright.TooLarge: true, keywright.NotAnObject: true, keywright.UpstreamFailed: true}
	for _, r := range keywright.Refusals() {
		known := body[r] // only a front finds these
		for _, s := range steps() {
			for _, have := range s.refuses {
				known = known || have == r
			}
		}
		if !known {
			t.Errorf("no step refuses for %v", r)
		}
	}
}
