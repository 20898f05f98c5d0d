package main

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// The hot path from the request's headers to the decision and its limits
// allocates nothing, whatever it is shown. The bench reports the same figure.
func TestTheHotPathAllocatesNothing(t *testing.T) {
	w, err := newWorld(1_000)
	if err != nil {
		t.Fatal(err)
	}
	known, err := mint(w.scheme, 2, 1_000)
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := mint(w.scheme, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	need := w.scheme.Need()
	need.Service, need.Permissions = "reports", []string{"files:read"}
	q, out := newRequest(), keywright.Allowances{}
	for _, c := range []struct {
		what, line string
		want       keywright.Reason
	}{
		{"hit", "Bearer " + known[7], keywright.Granted},
		{"unknown", "Bearer " + strangers[0], keywright.Unknown},
		{"bad checksum", "Bearer " + misspelt(known[7]), keywright.Malformed},
		{"another word", "Basic abc", keywright.Foreign},
		{"nothing", "", keywright.Missing},
	} {
		got := keywright.Failure
		allocs := testing.AllocsPerRun(500, func() { got = w.whole(q, c.line, &need, &out) })
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
		if allocs != 0 && !raceDetector {
			t.Errorf("%s: %v allocations", c.what, allocs)
		}
	}
	line := "Bearer " + known[7]
	allocs := testing.AllocsPerRun(500, func() {
		if v := w.gate.Pass(q.present(line), verifiedAPI); v.Answer != nil {
			t.Errorf("the gate answers %d", v.Answer.Status)
		}
	})
	if allocs != 0 && !raceDetector {
		t.Errorf("through the gate: %v allocations", allocs)
	}
	for _, c := range []struct{ what, line string }{{"hit", line}, {"unknown", "Bearer " + strangers[0]}, {"nothing", ""}} {
		want := w.gate.Pass(q.present(c.line), verifiedAPI)
		allocs := testing.AllocsPerRun(500, func() {
			if v := w.metered.Pass(q.present(c.line), verifiedAPI); v.Reason() != want.Reason() {
				t.Errorf("%s: %s, want %s", c.what, v.Reason(), want.Reason())
			}
		})
		if allocs != 0 && !raceDetector {
			t.Errorf("through the gate, with use counted: %s: %v allocations", c.what, allocs)
		}
	}
}

// A record costs what the layout says, and the tables little beside it: counted,
// not timed, so that it holds on every machine.
func TestAKeyCostsLittleMoreThanItsRecord(t *testing.T) {
	if raceDetector {
		return // which keeps shadow memory of its own
	}
	const n = 200_000
	before := resident()
	if before == 0 {
		return // a system that does not say
	}
	x := fill(n)
	if per := (resident() - before) / n; per > 200 {
		t.Errorf("%d bytes a key", per)
	}
	if keys, _ := x.Len(); keys != n {
		t.Fatalf("%d keys", keys)
	}
}

func TestEveryTargetIsReportedOnce(t *testing.T) {
	t.Parallel()
	seen := map[target]bool{}
	for _, one := range targets() {
		if seen[one] {
			t.Errorf("%q twice", one)
		}
		seen[one] = true
	}
}

func TestLooksUpWhatItWasFilledWith(t *testing.T) {
	t.Parallel()
	x := fill(1_000)
	for i := range uint64(1_000) {
		if d := x.Verify(time.Now(), digestOf(i), &keywright.Need{Scheme: "keywright"}); d.Reason == keywright.Unknown {
			t.Fatalf("key %d is unknown", i)
		}
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var of []int
	for i := range 100 {
		of = append(of, 99-i)
	}
	if m, q, last := median(of), quantile(of, 0.99), quantile(of, 1); m != 50 || q != 99 || last != 99 {
		t.Errorf("median %d, p99 %d, last %d", m, q, last)
	}
	if median([]int(nil)) != 0 || quantile([]int(nil), 0.5) != 0 {
		t.Error("of nothing")
	}
}
