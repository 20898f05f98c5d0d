package selfservice

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// The model: within no hour does a subject, or do all, get more than their share;
// and who is refused gets in after the wait that they were told.
func TestThrottleAgainstItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		throttle := newThrottle(3, 7)
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		let := map[string][]time.Time{}
		var all []time.Time
		within := func(times []time.Time) (n int) {
			for _, at := range times {
				if now.Before(at.Add(time.Hour)) {
					n++
				}
			}
			return n
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minutes")) * time.Minute)
			who := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "who")
			err := throttle.take(now, who, "wait")
			room := within(let[who]) < 3 && within(all) < 7
			if (err == nil) != room {
				t.Fatalf("%s at %s: %v, and there is room: %t", who, now, err, room)
			}
			if err == nil {
				let[who], all = append(let[who], now), append(all, now)
				continue
			}
			var w people.Wait
			if !errors.Is(err, people.Throttled) || !errors.As(err, &w) || w.RetryAfter() <= 0 || w.RetryAfter() > time.Hour {
				t.Fatalf("%v", err)
			}
			now = now.Add(w.RetryAfter())
			if within(let[who]) >= 3 && within(all) >= 7 {
				continue // both were full: the other may be still
			}
		}
		if len(throttle.log) > 7 || len(throttle.counts) > 7 {
			t.Fatalf("it remembers %d", len(throttle.log))
		}
	})
}

func TestThrottleForgetsAndAClockThatStepsBackGivesNothingBack(t *testing.T) {
	t.Parallel()
	throttle := newThrottle(2, 1000)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 1000 {
		if err := throttle.take(now, fmt.Sprint(i), "wait"); err != nil {
			t.Fatal(err)
		}
	}
	if err := throttle.take(now.Add(-2*time.Hour), "new", "wait"); err == nil {
		t.Error("the clock stepped back, and there was room")
	}
	back := newThrottle(1, 1000)
	_ = back.take(now, "a", "wait")
	_ = back.take(now.Add(-50*time.Minute), "b", "wait")
	var w people.Wait
	if err := back.take(now.Add(30*time.Minute), "b", "wait"); !errors.As(err, &w) || w.RetryAfter() != 30*time.Minute {
		t.Errorf("%v: %s", err, w.RetryAfter())
	}
	if err := throttle.take(now.Add(time.Hour), "0", "wait"); err != nil || len(throttle.log) != 1 || len(throttle.counts) != 1 {
		t.Errorf("%v: %d are remembered", err, len(throttle.log))
	}
}

func TestAReloadForgetsNoCount(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	before := New(Options{Site: Site{Registration: &Registration{PerHour: 2}}})
	for range 2 {
		if err := before.registered.take(now, "a", "wait"); err != nil {
			t.Fatal(err)
		}
	}
	after := New(Options{Site: Site{Registration: &Registration{PerHour: 3}}, Before: before})
	if err := after.registered.take(now, "a", "wait"); err != nil {
		t.Errorf("the new bound does not hold: %v", err)
	}
	if err := after.registered.take(now, "a", "wait"); err == nil {
		t.Error("the count began anew")
	}
}

func TestNeighbourhood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8::1", "2001:db8:0:0:ffff::1", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		if got := neighbourhood(netip.MustParseAddr(c.a)) == neighbourhood(netip.MustParseAddr(c.b)); got != c.same {
			t.Errorf("%s and %s count as one: %t", c.a, c.b, got)
		}
	}
	if neighbourhood(netip.Addr{}) == "" {
		t.Error("nobody's address counts nowhere")
	}
}

// FuzzEmail: what is let through is one bare address, of bounded length, that may
// stand in a record; what is refused is never repeated.
func FuzzEmail(f *testing.F) {
	for _, one := range []string{"ada@example.com", "Ada <ada@example.com>", "a@b", "", "a@b.c, d@e.f", "a@[::1]", "\"a b\"@example.com", "a@example.com\r\nBcc: x@y.z", "ä@exämple.com", strings.Repeat("a", 300)} {
		f.Add(one)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := checkEmail(text)
		if err != nil {
			if got != "" || !errors.Is(err, keywright.Invalid) || (len(text) > 8 && !strings.Contains("name@example.org", text) && strings.Contains(err.Error(), text)) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if strings.TrimSpace(text) != got || len(got) > 254 || strings.Count(got, "@") != 1 || strings.ContainsAny(got, " \t\r\n\x00<>\",;:()") || keywright.CheckText("email", got) != nil {
			t.Errorf("%q was taken as %q", text, got)
		}
		if keywright.CheckMetadata(map[string]string{registeredEmail: got}) != nil {
			t.Errorf("%q cannot be kept", got)
		}
	})
}
