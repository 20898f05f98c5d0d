package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// target is one promise about cost.
type target string

// The targets, in the order in which they are printed.
const (
	verify1K      target = "in-process verification, 1 k keys: ≤ 400 ns"
	verify1M      target = "in-process verification, 1 M keys at random: ≤ 1,000 ns"
	verifyAllocs  target = "in-process verification: 0 allocations"
	hotBySHA      target = "hot verification: ≤ 3× SHA-256 of the same key"
	badByGood     target = "bad checksum: ≤ 0.25× a valid key"
	indexByMap    target = "index: ≤ 0.8× a Go map of pointers, 1 M keys"
	growth        target = "cost from 1 k to 10 M keys: ≤ 5×"
	bytesPerKey   target = "resident memory at 10 M keys: ≤ 160 bytes a key"
	collection    target = "a GC cycle with 10 M keys: ≤ 5 ms"
	startup1M     target = "start-up, 1 M keys: ≤ 1 s"
	startup10M    target = "start-up, 10 M keys: ≤ 8 s"
	httpHot       target = "HTTP verify, a hot key: ≤ 1.15× a constant answer"
	httpRandom    target = "HTTP verify, random keys: ≤ 1.15× a constant answer"
	httpUnknown   target = "HTTP verify, unknown keys: ≤ 1.15× a constant answer"
	proxyAdds     target = "gateway: verification adds ≤ 5 %"
	proxyByNginx  target = "gateway: ≤ 0.85× nginx auth_request + verifier + proxy"
	forwardAuth   target = "nginx + forward-auth: ≤ 3.5× nginx alone"
	createSQLite  target = "key creation, SQLite, one after the other: ≥ 0.8× the fdatasync floor"
	createGrouped target = "key creation, SQLite, many at once: ≥ 20,000/s"
	createPG      target = "key creation, PostgreSQL: ≥ 3,000/s"
	spread8       target = "revocation visible on 8 nodes: p99 ≤ 10 ms"
	spread32      target = "revocation visible on 32 nodes: p99 ≤ 10 ms"
	listsSQLite   target = "any page of a list, 1 M keys, SQLite: ≤ 200 ms"
	listsMemory   target = "any page of a list, 1 M keys, memory: ≤ 200 ms"
	listsPG       target = "any page of a list, 1 M keys, PostgreSQL: ≤ 200 ms"
)

func targets() []target {
	return []target{
		verify1K, verify1M, verifyAllocs, hotBySHA, badByGood, indexByMap, growth, bytesPerKey, collection,
		startup1M, startup10M, httpHot, httpRandom, httpUnknown, proxyAdds, proxyByNginx, forwardAuth,
		createSQLite, createGrouped, createPG, spread8, spread32, listsSQLite, listsMemory, listsPG,
	}
}

// outcome is what became of a target.
type outcome struct{ verdict, found string }

// report prints as it goes, and keeps what became of the targets.
type report struct {
	w        io.Writer
	outcomes map[target]outcome
}

func newReport(w io.Writer) *report { return &report{w: w, outcomes: map[target]outcome{}} }

func (r *report) head(s settings) {
	r.line("keywright bench · %s · %s/%s · %d cores%s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), map[bool]string{true: " · short: a look, not a verdict"}[s.short])
	r.line("Compare ratios within this run; absolute figures drift with the machine.")
}

func (r *report) line(format string, args ...any) { _, _ = fmt.Fprintf(r.w, format+"\n", args...) }

func (r *report) section(title string) { r.line("\n%s", title) }

// row prints one figure.
func (r *report) row(what, figure string, notes ...any) {
	r.line("  %-58s %14s  %s", what, figure, fmt.Sprint(notes...))
}

// meets records whether a target is met.
func (r *report) meets(t target, met bool, format string, args ...any) {
	verdict := "NOT MET"
	if met {
		verdict = "met"
	}
	r.outcomes[t] = outcome{verdict, fmt.Sprintf(format, args...)}
}

// skips records why a target was not measured, with what was seen instead.
func (r *report) skips(t target, format string, args ...any) {
	r.outcomes[t] = outcome{"not measured here", fmt.Sprintf(format, args...)}
}

func (r *report) verdicts(took time.Duration) {
	r.section("targets")
	w := tabwriter.NewWriter(r.w, 0, 0, 2, ' ', 0)
	for _, t := range targets() {
		o, ok := r.outcomes[t]
		if !ok {
			o = outcome{verdict: "not measured here"}
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", t, o.verdict, o.found)
	}
	_ = w.Flush()
	r.line("\ntook %s", took.Round(time.Second))
}
