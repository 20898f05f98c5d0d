package verify

import (
	"fmt"
	"testing"

	"github.com/keywright/keywright"
)

func filled(n uint64) *Index {
	x := New(Options{})
	t := tenant("ten_a")
	for i := range n {
		x.Apply(state(key(i), t))
	}
	x.Refresh(0)
	return x
}

func BenchmarkVerify(b *testing.B) {
	for _, n := range []uint64{1_000, 1_000_000} {
		x := filled(n)
		b.Run(fmt.Sprintf("hit/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			digests := make([]keywright.Digest, 1<<16)
			for i := range digests {
				digests[i] = digest(uint64(i*7919) % n)
			}
			i := 0
			for b.Loop() {
				d := x.Verify(noon, digests[i&(1<<16-1)], &need)
				if !d.Granted() {
					b.Fatal(d.Reason)
				}
				i++
			}
		})
		b.Run(fmt.Sprintf("unknown/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			d := digest(1 << 60)
			for b.Loop() {
				if v := x.Verify(noon, d, &need); v.Reason != keywright.Unknown {
					b.Fatal(v.Reason)
				}
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	x := New(Options{})
	t := tenant("ten_a")
	k := key(0)
	e := state(k, t)
	i := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		k.ID, k.Digest = keyID(i), digest(i)
		e.Key, e.KeyNow = k.ID, &k
		x.Apply(e)
		i++
	}
}
