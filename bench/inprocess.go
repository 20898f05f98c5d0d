package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// timed is what one operation costs in CPU time, as the median of several rounds.
type timed struct {
	ns     float64
	allocs float64
}

// rounds is how often, and for how long each time, something is measured.
func (s settings) rounds() (int, time.Duration) {
	if s.short {
		return 3, 60 * time.Millisecond
	}
	return 7, 250 * time.Millisecond
}

// spent is the CPU time used so far, which other programs on the machine do not
// lengthen; where the system does not tell it, the time that has passed.
func spent() time.Duration {
	if used, err := cpu(); err == nil {
		return used
	}
	return time.Duration(time.Now().UnixNano())
}

// measure runs op, which is handed a running number, in rounds.
func (s settings) measure(op func(i int)) timed {
	n, length := s.rounds()
	for i := range 2000 { // warm
		op(i)
	}
	var found []timed
	i := 0
	for range n {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun, used, done := time.Now(), spent(), 0
		for time.Since(begun) < length {
			for range 500 {
				op(i)
				i++
			}
			done += 500
		}
		took := spent() - used
		runtime.ReadMemStats(&after)
		found = append(found, timed{float64(took) / float64(done), float64(after.Mallocs-before.Mallocs) / float64(done)})
	}
	slices.SortFunc(found, func(a, b timed) int {
		if a.ns < b.ns {
			return -1
		}
		return 1
	})
	return found[len(found)/2]
}

// whole is one verification by its parts, as the gate does it: the clock, what
// is presented, its digest, the index with all its rules, the limiter.
func (w *world) whole(q *request, line string, need *keywright.Need, out *keywright.Allowances) keywright.Reason {
	now := time.Now()
	p := w.scheme.Present(q.present(line))
	if p.Reason != keywright.Granted {
		return p.Reason
	}
	d := w.index.Verify(now, w.secrets.Pepper.Digest(p.Credential), need)
	if !d.Granted() {
		return d.Reason
	}
	return w.limiter.Take(now, w.scheme.Name(), w.scheme.Limits(), d.Key, q.view.Address, out)
}

// path measures whole verification of what lines present, and fails if one of
// them is answered otherwise than expected.
func (s settings) path(w *world, lines []string, want keywright.Reason) (timed, error) {
	need := w.scheme.Need()
	need.Service, need.Permissions = "reports", []string{"files:read"}
	q, wrong := newRequest(), keywright.Granted
	var out keywright.Allowances
	for _, line := range lines { // so that the limiter knows every key, as it would
		w.whole(q, line, &need, &out)
	}
	t := s.measure(func(i int) {
		if r := w.whole(q, lines[i%len(lines)], &need, &out); r != want {
			wrong = r
		}
	})
	if wrong != want && wrong != keywright.Granted {
		return t, fmt.Errorf("a request was %s, want %s", wrong, want)
	}
	return t, nil
}

func verification(_ context.Context, s settings, r *report) error {
	r.section("in-process verification: clock, parse, digest, index, rules, limiter (ns, allocations)")
	many := 1_000_000
	if s.short {
		many = 200_000
	}
	small, err := s.paths(r, 1_000)
	if err != nil {
		return err
	}
	large, err := s.paths(r, many)
	if err != nil {
		return err
	}
	r.meets(verify1K, small.hit.ns <= 400, "%.0f ns", small.hit.ns)
	if s.short {
		r.skips(verify1M, "%.0f ns at %s", large.hit.ns, count(many))
	} else {
		r.meets(verify1M, large.hit.ns <= 1000, "%.0f ns", large.hit.ns)
	}
	allocs := max(small.hit.allocs, small.unknown.allocs, small.malformed.allocs, large.hit.allocs, large.unknown.allocs)
	r.meets(verifyAllocs, allocs < 0.01, "%.2f", allocs)
	r.meets(badByGood, small.malformed.ns <= 0.25*small.hit.ns, "%.2f×", small.malformed.ns/small.hit.ns)
	r.skips(growth, "%.1f× from 1 k to %s", large.hit.ns/small.hit.ns, count(many))
	return nil
}

// costs are the three ways that a verification ends.
type costs struct{ hit, unknown, malformed timed }

func (s settings) paths(r *report, n int) (c costs, err error) {
	w, err := newWorld(n)
	if err != nil {
		return c, err
	}
	known, err := mint(w.scheme, 2, n)
	if err != nil {
		return c, err
	}
	strangers, err := mint(w.scheme, 3, 10_000)
	if err != nil {
		return c, err
	}
	lines := bearer(known)
	for _, one := range []struct {
		what  string
		lines []string
		want  keywright.Reason
		into  *timed
	}{
		{"hit, keys at random", lines, keywright.Granted, &c.hit},
		{"well-formed, unknown", bearer(strangers), keywright.Unknown, &c.unknown},
		{"bad checksum", bearer([]string{misspelt(known[0])}), keywright.Malformed, &c.malformed},
	} {
		if *one.into, err = s.path(w, one.lines, one.want); err != nil {
			return c, err
		}
		r.row(fmt.Sprintf("%s keys: %s", count(n), one.what), fmt.Sprintf("%.0f ns", one.into.ns), fmt.Sprintf("%.2f allocations", one.into.allocs))
	}
	if err := s.wholeGate(r, w, lines); err != nil {
		return c, err
	}
	if n == 1_000 {
		return c, s.hot(r, w, known[0])
	}
	return c, s.againstMap(r, w, n)
}

// wholeGate is the same through gate.Pass, which adds routing and the verdict.
func (s settings) wholeGate(r *report, w *world, lines []string) error {
	q, refused := newRequest(), 0
	t := s.measure(func(i int) {
		if v := w.gate.Pass(q.present(lines[i%len(lines)]), verifiedAPI); v.Answer != nil {
			refused++
		}
	})
	if refused > 0 {
		return fmt.Errorf("the gate refused %d valid requests", refused)
	}
	r.row(fmt.Sprintf("%s keys: the same through gate.Pass", count(len(lines))), fmt.Sprintf("%.0f ns", t.ns), fmt.Sprintf("%.2f allocations", t.allocs))
	if len(lines) > 1_000 {
		return nil // nobody flushes here: a key costs an allocation between two flushes
	}
	m := s.measure(func(i int) {
		if v := w.metered.Pass(q.present(lines[i%len(lines)]), verifiedAPI); v.Answer != nil {
			refused++
		}
	})
	if refused > 0 {
		return fmt.Errorf("the gate refused %d valid requests", refused)
	}
	r.row(fmt.Sprintf("%s keys: through gate.Pass, with use counted", count(len(lines))), fmt.Sprintf("%.0f ns", m.ns), fmt.Sprintf("%.2f allocations, %.2f× without", m.allocs, m.ns/t.ns))
	return nil
}

func (s settings) hot(r *report, w *world, credential string) error {
	one, err := s.path(w, bearer([]string{credential}), keywright.Granted)
	if err != nil {
		return err
	}
	text := []byte(credential)
	var sum [32]byte
	sha := s.measure(func(int) { sum = sha256.Sum256(text) })
	_ = sum
	r.row("one hot key", fmt.Sprintf("%.0f ns", one.ns), fmt.Sprintf("%.2f× SHA-256 of the key (%.0f ns)", one.ns/sha.ns, sha.ns))
	r.meets(hotBySHA, one.ns <= 3*sha.ns, "%.2f×", one.ns/sha.ns)
	return nil
}

// againstMap compares the index alone with what one would write first.
func (s settings) againstMap(r *report, w *world, n int) error {
	known, err := mint(w.scheme, 2, n)
	if err != nil {
		return err
	}
	digests := make([]keywright.Digest, n)
	plain := make(map[keywright.Digest]*keywright.Key, n)
	for i, c := range known {
		digests[i] = w.secrets.Pepper.Digest(keywright.NewCredential("", c))
		k := w.key(i, digests[i])
		plain[digests[i]] = &k
	}
	need, now := w.scheme.Need(), time.Now()
	index := s.measure(func(i int) { w.index.Verify(now, digests[i%n], &need) })
	gomap := s.measure(func(i int) { keywright.Decide(now, plain[digests[i%n]], &w.tenant, need) })
	r.row(fmt.Sprintf("%s keys: the index alone", count(n)), fmt.Sprintf("%.0f ns", index.ns), fmt.Sprintf("%.2f× a Go map of pointers without a lock (%.0f ns)", index.ns/gomap.ns, gomap.ns))
	r.meets(indexByMap, index.ns <= 0.8*gomap.ns, "%.2f×%s", index.ns/gomap.ns, map[bool]string{true: " at " + count(n)}[n < 1_000_000])
	return nil
}

// count spells a number of keys.
func count(n int) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return fmt.Sprintf("%d M", n/1_000_000)
	case n >= 1_000 && n%1_000 == 0:
		return fmt.Sprintf("%d k", n/1_000)
	}
	return fmt.Sprint(n)
}
