package gate

import (
	"net/netip"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// ledger remembers what it was told.
type ledger struct {
	all []told1
}

type told1 struct {
	at     time.Time
	api    string
	reason keywright.Reason
	key    keywright.KeyID
	tenant bool
	from   netip.Addr
}

func (l *ledger) Count(now time.Time, api string, d *keywright.Decision, from netip.Addr) {
	l.all = append(l.all, told1{now, api, d.Reason, d.Key, d.Tenant != nil, from})
}

// Each decision of Pass is told once, as it was decided after the limits; nothing
// that asks without deciding is.
func TestEachDecisionIsToldToTheMeterOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world, *scheme.View)
		reason keywright.Reason
		key    bool
	}{
		"granted":        {nil, keywright.Granted, true},
		"expired":        {func(w *world, _ *scheme.View) { w.key.Expires = noon }, keywright.Expired, true},
		"limited":        {func(w *world, _ *scheme.View) { w.limits.full = keywright.Limited }, keywright.Limited, true},
		"no credential":  {func(_ *world, v *scheme.View) { delete(v.Header, "X-Api-Key") }, keywright.Missing, false},
		"unknown":        {func(w *world, _ *scheme.View) { clear(w.index.keys) }, keywright.Unknown, false},
		"no such route":  {func(_ *world, v *scheme.View) { v.Path = "/nowhere" }, keywright.NoSuchRoute, false},
		"an open route":  {func(_ *world, v *scheme.View) { v.Path = "/health" }, keywright.Granted, false},
		"a stale answer": {func(w *world, _ *scheme.View) { w.index.stale = true }, keywright.Failure, false},
	} {
		w, l := newWorld(t), &ledger{}
		w.gate.meter = l
		v := w.view("GET", "/items/7")
		if c.change != nil {
			c.change(w, v)
		}
		verdict := w.gate.Pass(v, "")
		w.gate.Explain(v, "")
		w.gate.Preflight(v, "GET", "")
		w.gate.Still(v, &verdict)
		w.gate.Fault("trusset", keywright.BadRequest)
		if len(l.all) != 1 {
			t.Errorf("%s: told %d times", name, len(l.all))
			continue
		}
		got := l.all[0]
		if got.reason != c.reason || got.reason != verdict.Reason() || got.api != "trusset" || !got.at.Equal(noon) || got.from != v.Address || got.key.IsZero() == c.key || got.tenant != c.key {
			t.Errorf("%s: told %+v, want %s", name, got, c.reason)
		}
	}
	w, l := newWorld(t), &ledger{}
	w.gate.meter = l
	v := w.view("GET", "/items/7")
	v.Host = "elsewhere.localhost"
	if w.gate.Pass(v, ""); len(l.all) != 0 {
		t.Error("a request to nobody was counted")
	}
}
