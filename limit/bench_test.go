package limit

import (
	"net/netip"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func BenchmarkTake(b *testing.B) {
	rules := []keywright.LimitRule{
		{Name: "minute", Per: keywright.PerKey, Count: 1 << 30, Window: time.Minute},
		{Name: "address", Per: keywright.PerAddress, Count: 1 << 30, Window: time.Minute},
	}
	now := time.Unix(1_800_000_000, 0)
	from := netip.MustParseAddr("192.0.2.7")
	for _, n := range []int{1, 2} {
		b.Run([]string{"", "key", "key and address"}[n], func(b *testing.B) {
			l := New(0)
			var out keywright.Allowances
			b.ReportAllocs()
			for b.Loop() {
				if l.Take(now, "acme", rules[:n], keywright.KeyID{1}, from, &out) != keywright.Granted {
					b.Fatal("refused")
				}
				now = now.Add(time.Microsecond)
			}
		})
	}
}
