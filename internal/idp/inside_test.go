package idp

import (
	"testing"
	"time"
)

func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newGrants(func() time.Time { return now })
	f := &family{}
	first := g.add(&grant{family: f, kind: aCode, until: now.Add(time.Second)})
	last := ""
	for i := range 3 * maxGrants {
		last = g.add(&grant{family: f, kind: aCode, until: now.Add(time.Duration(i+2) * time.Second)})
	}
	if len(g.all) > maxGrants {
		t.Errorf("%d are kept", len(g.all))
	}
	anything := func(*grant) bool { return true }
	if _, ok := g.take(first, anything); ok {
		t.Error("what ends soonest was not dropped first")
	}
	if _, ok := g.take(last, anything); !ok {
		t.Error("the newest was dropped")
	}
	now = now.Add(1000 * time.Hour)
	g.add(&grant{family: f, kind: aCode, until: now.Add(time.Second)})
	if len(g.all) != 1 {
		t.Errorf("%d are kept of which one is good", len(g.all))
	}
}
