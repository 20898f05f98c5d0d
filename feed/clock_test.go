package feed_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/feed"
)

func TestTheCheapClockKeepsUpWithBoottime(t *testing.T) {
	t.Parallel()
	clock := feed.Clock()
	last := clock()
	for begun := time.Now(); time.Since(begun) < 250*time.Millisecond; { // over two of its syncs
		before := feed.Boottime()
		now := clock()
		after := feed.Boottime()
		if now < last {
			t.Fatalf("it went back by %d ns", last-now)
		}
		if slack := int64(2 * time.Millisecond); now < before-slack || now > after+slack {
			t.Fatalf("it says %d, and Boottime says %d to %d", now, before, after)
		}
		last = now
	}
}

func BenchmarkClock(b *testing.B) {
	clock := feed.Clock()
	for b.Loop() {
		clock()
	}
}
