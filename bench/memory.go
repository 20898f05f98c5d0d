package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/verify"
)

// resident returns the process's memory in bytes, after all that can be given
// back was given back; 0 where the system does not say.
func resident() int {
	debug.FreeOSMemory()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kb * 1024
		}
	}
	return 0
}

func memory(_ context.Context, s settings, r *report) error {
	r.section("memory of the index, and what the garbage collector has to do with it")
	sizes := []int{1_000_000}
	if s.short {
		sizes = []int{200_000}
	}
	if s.large {
		sizes = append(sizes, 10_000_000)
	}
	for _, n := range sizes {
		before := resident()
		x, longest := fillTimed(n)
		bytes := float64(resident()-before) / float64(n)
		gc := collect()
		hit := s.spread(x, n)
		r.row(count(n)+" keys", fmt.Sprintf("%.0f B/key", bytes), fmt.Sprintf("GC cycle %s · look-up alone %.0f ns · longest single Apply %s", gc.Round(10*time.Microsecond), hit.ns, longest.Round(10*time.Microsecond)))
		if n == 10_000_000 {
			r.meets(bytesPerKey, bytes > 0 && bytes <= 160, "%.0f bytes", bytes)
			r.meets(collection, gc <= 5*time.Millisecond, "%s", gc.Round(10*time.Microsecond))
		} else {
			r.skips(bytesPerKey, "%.0f bytes at %s; -large measures it", bytes, count(n))
			r.skips(collection, "%s at %s; -large measures it", gc.Round(10*time.Microsecond), count(n))
		}
		runtime.KeepAlive(x)
	}
	if !s.large {
		return nil
	}
	small, ten := s.spread(fill(1_000), 1_000), s.spread(fill(10_000_000), 10_000_000)
	r.row("look-up alone, 1 k → 10 M keys", fmt.Sprintf("%.1f×", ten.ns/small.ns))
	// What goes before and after the look-up does not grow with the keys.
	fixed := s.fixed()
	r.meets(growth, (fixed+ten.ns)/(fixed+small.ns) <= 5, "%.1f× of a whole verification", (fixed+ten.ns)/(fixed+small.ns))
	return nil
}

// collect returns the median of a few full cycles.
func collect() time.Duration {
	var took []time.Duration
	for range 5 {
		begun := time.Now()
		runtime.GC()
		took = append(took, time.Since(begun))
	}
	return median(took)
}

// fill makes an index of n keys whose digests can be made again from a number.
func fill(n int) *verify.Index {
	x, _ := fillTimed(n)
	return x
}

// fillTimed also tells how long the longest write took: what growing a table costs
// whoever waits for it. A busy machine adds to it what it takes away.
func fillTimed(n int) (x *verify.Index, longest time.Duration) {
	x = verify.New(verify.Options{})
	t := keywright.Tenant{ID: tenantID, Version: 1}
	k := keywright.Key{Tenant: tenantID, Scheme: "keywright", Environment: "live", Permissions: []string{"files:read"}, Version: 1}
	for i := range n {
		k.Digest = digestOf(uint64(i))
		binary.BigEndian.PutUint64(k.ID[:], uint64(i)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(k.ID[8:], uint64(i)+1)
		begun := time.Now()
		x.Apply(keywright.Event{Key: k.ID, KeyNow: &k, TenantNow: &t})
		longest = max(longest, time.Since(begun))
	}
	x.Refresh(0)
	return x, longest
}

// digestOf spreads a number over 32 bytes as a digest would be spread.
func digestOf(n uint64) (d keywright.Digest) {
	for i := range 4 {
		n += 0x9e3779b97f4a7c15
		z := (n ^ n>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.BigEndian.PutUint64(d[8*i:], z^z>>31)
	}
	return d
}

// spread measures look-ups all over an index, the digest's making included.
func (s settings) spread(x *verify.Index, n int) timed {
	need, now := keywright.Need{Scheme: "keywright"}, time.Now()
	at := uint64(0)
	return s.measure(func(int) {
		at = at*6364136223846793005 + 1442695040888963407
		x.Verify(now, digestOf((at>>11)%uint64(n)), &need)
	})
}

// fixed is what a whole verification costs beside its look-up.
func (s settings) fixed() float64 {
	w, err := newWorld(1_000)
	if err != nil {
		return 0
	}
	known, err := mint(w.scheme, 2, 1_000)
	if err != nil {
		return 0
	}
	whole, err := s.path(w, bearer(known), keywright.Granted)
	if err != nil {
		return 0
	}
	return max(whole.ns-s.spread(w.index, 1_000).ns, 0)
}
