package feed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
)

func TestStartReadsThePresentState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		last := s.commit(keywright.KeyIssued, keyOf(2))
		n := start(t, s, bound)
		defer n.stop()
		n.expect(t, "a key that was there", 1, keywright.Granted)
		if n.Applied() != last {
			t.Errorf("applied %d, want %d", n.Applied(), last)
		}
	})
}

func TestStartFailsWithTheStoresError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		s.commit(keywright.KeyIssued, keyOf(2))
		s.cutAfter, s.cutBy = 2, errCut
		n := newNode(s, bound)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := n.Start(ctx); !errors.Is(err, errCut) {
			t.Fatalf("Start: %v, want %v", err, errCut)
		}
		n.expect(t, "after half a read", 1, keywright.Failure)

		s.commit(keywright.KeyDeleted, keyOf(1)) // which the next state does not mention
		s.commit(keywright.KeyDeleted, keyOf(2))
		s.commit(keywright.KeyIssued, keyOf(3))
		s.cutAfter = 0
		if err := n.Start(ctx); err != nil {
			t.Fatal(err)
		}
		n.expect(t, "deleted between two attempts", 1, keywright.Unknown)
		n.expect(t, "deleted between two attempts", 2, keywright.Unknown)
		n.expect(t, "issued between two attempts", 3, keywright.Granted)
	})
}

func TestASignalBringsAChangeAtOnceAndThePollBringsItAnyway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		n := start(t, s, bound)
		defer n.stop()
		synctest.Wait()
		begun := time.Now()
		s.commit(keywright.KeyIssued, keyOf(2))
		s.signal()
		synctest.Wait()
		n.expect(t, "with a signal", 2, keywright.Granted)
		if d := time.Since(begun); d != 0 {
			t.Errorf("it took %s", d)
		}
		s.commit(keywright.KeyIssued, keyOf(3)) // the signal gets lost
		pass(bound / 4)
		n.expect(t, "without a signal, a quarter of the bound later", 3, keywright.Granted)
	})
}

func TestSignalsThatMeanNothingAreHarmless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		n := start(t, s, bound)
		defer n.stop()
		for range 100 {
			s.signal()
			synctest.Wait()
		}
		s.revoke(1)
		s.signal()
		s.signal()
		synctest.Wait()
		n.expect(t, "revoked", 1, keywright.Revoked)
		close(s.changed) // a store that was closed signals for ever
		before := s.count()
		pass(time.Second)
		if reads := s.count() - before; reads > 5 {
			t.Errorf("%d reads in a second after the signal's end", reads)
		}
	})
}

func TestAsOfIsWhenTheReadBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		s.before = func(context.Context) error { <-time.After(700 * time.Millisecond); return nil }
		n := newNode(s, bound)
		pass(time.Second)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := n.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Duration(n.index.AsOf()), time.Second; got != want {
			t.Errorf("as of %s, want %s: the read began then, and took 0.7 s", got, want)
		}
	})
}

// A read that fails, is cut off in the middle, or ends early because it was told
// to, is never called complete: the index refuses when the bound has passed, and
// answers again after the next complete read.
func TestFailsClosedAfterTheBoundAndRecovers(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]func(s *store){
		"errors":  func(s *store) { s.before = func(context.Context) error { return errCut } },
		"cut off": func(s *store) { s.cutAfter, s.cutBy = 1, errCut },
		"silence": func(s *store) {
			s.before = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				s.commit(keywright.KeyIssued, keyOf(1))
				n := start(t, s, bound)
				defer n.stop()
				synctest.Wait()
				s.set(func() { break_(s) })
				s.commit(keywright.KeyIssued, keyOf(2)) // so that a cut read has something to cut
				s.commit(keywright.KeyIssued, keyOf(3))
				pass(bound)
				n.expect(t, "at the bound", 1, keywright.Granted)
				pass(1)
				n.expect(t, "past the bound", 1, keywright.Failure)
				pass(time.Minute)
				n.expect(t, "a minute later", 1, keywright.Failure)
				if n.Stats().Failures == 0 {
					t.Error("no failure was counted")
				}
				s.set(func() { s.cutAfter, s.before = 0, func(context.Context) error { return nil } })
				pass(6 * time.Second)
				n.expect(t, "after the store came back", 1, keywright.Granted)
				n.expect(t, "and what was written meanwhile", 3, keywright.Granted)
			})
		})
	}
}

func TestAReadThatEndsBecauseItWasToldToIsNotComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		s.before = func(ctx context.Context) error { <-ctx.Done(); return nil } // and no error follows
		s.cutAfter = 1
		n := newNode(s, bound)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := n.Start(ctx); err == nil {
			t.Error("Start calls a read complete that its context ended")
		}
		n.expect(t, "after it", 1, keywright.Failure)
	})
}

// The promise: a key whose revocation was acknowledged at T is granted by no
// decision that starts after T + D, whenever the line is cut.
func TestTSW24_TheRevocationBoundHoldsUnderAPartition(t *testing.T) {
	t.Parallel()
	for _, cut := range []time.Duration{0, 1, 130 * time.Millisecond, bound / 4, bound/4 + 1, 777 * time.Millisecond, bound} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				s.commit(keywright.KeyIssued, keyOf(1))
				s.commit(keywright.KeyIssued, keyOf(2))
				n := start(t, s, bound)
				healed := make(chan struct{})
				defer close(healed)
				defer n.stop()
				pass(cut)
				s.set(func() {
					s.before = func(context.Context) error { <-healed; return errCut } // it hears nothing, not even that it should stop
				})
				s.revoke(1)
				acknowledged := time.Now()
				late := 0
				for time.Since(acknowledged) < 3*bound {
					r := n.reason(1)
					if time.Since(acknowledged) > bound && r == keywright.Granted {
						late++
					}
					pass(10 * time.Millisecond)
				}
				if late > 0 {
					t.Errorf("%d decisions granted a revoked key after the bound", late)
				}
				n.expect(t, "every other key too", 2, keywright.Failure)
			})
		})
	}
}

func TestRetriesDoNotBecomeAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(1))
		var told int
		n := start(t, s, bound, feed.OnError(func(error) { told++ }))
		defer n.stop()
		synctest.Wait()
		s.set(func() { s.before = func(context.Context) error { return errCut } })
		before := s.count()
		for range 1000 { // ten seconds of signals
			s.signal()
			pass(10 * time.Millisecond)
		}
		synctest.Wait()
		if reads := s.count() - before; reads < 15 || reads > 40 {
			t.Errorf("%d reads in ten seconds of failure", reads)
		} else if told != reads {
			t.Errorf("%d failures were told of, %d happened", told, reads)
		}
	})
}

func TestHistoryGoesOnWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(0))
		n := start(t, s, bound)
		defer n.stop()
		s.set(func() { s.cutAfter, s.cutBy = 2500, errCut })
		var last keywright.Cursor
		for i := 1; i <= 6000; i++ {
			last = s.commit(keywright.KeyIssued, keyOf(i))
		}
		s.signal()
		pass(10 * time.Second) // every read is cut off after 2,500 events
		synctest.Wait()
		if n.Applied() != last || n.reason(6000) != keywright.Granted {
			t.Errorf("applied %d of %d", n.Applied(), last)
		}
	})
}

func TestWaitReturnsWhenTheWriteIsVisible(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(0))
		n := start(t, s, bound)
		defer n.stop()
		const writers = 500
		done := make(chan int, writers)
		begun := time.Now()
		for i := 1; i <= writers; i++ {
			go func() { // no signal: Wait must see to it itself
				if err := n.Wait(t.Context(), s.commit(keywright.KeyIssued, keyOf(i))); err != nil {
					t.Error(err)
				}
				n.expect(t, "after Wait", i, keywright.Granted)
				done <- i
			}()
		}
		for range writers {
			<-done
		}
		if d := time.Since(begun); d != 0 {
			t.Errorf("waiting took %s of polling", d)
		}
		if w := n.Stats().Waiting; w != 0 {
			t.Errorf("%d still wait", w)
		}
	})
}

// A write's signal and its waiter's kick make one read, not two.
func TestAWriteCostsOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(0))
		n := start(t, s, bound)
		defer n.stop()
		before := s.count()
		for i := 1; i <= 100; i++ {
			c := s.commit(keywright.KeyIssued, keyOf(i))
			s.signal()
			if err := n.Wait(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if reads := s.count() - before; reads != 100 {
			t.Errorf("%d reads for 100 writes", reads)
		}
	})
}

func TestWaitEndsWithItsContextOrTheFollower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit(keywright.KeyIssued, keyOf(0))
		n := start(t, s, bound)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := n.Wait(ctx, 99); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait that ran out: %v", err)
		}
		if w := n.Stats().Waiting; w != 0 {
			t.Errorf("%d still wait", w)
		}
		result := make(chan error)
		go func() { result <- n.Wait(t.Context(), 99) }()
		synctest.Wait()
		n.stop()
		if err := <-result; !errors.Is(err, keywright.Unavailable) {
			t.Errorf("a wait that the end cut off: %v", err)
		}
		if err := n.Wait(t.Context(), 1); err != nil {
			t.Errorf("a cursor that was applied before the end: %v", err)
		}
	})
}

func TestAnEmbeddedStoreIsFreshByConstruction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		n := start(t, s, 0)
		defer n.stop()
		n.expect(t, "an empty store", 1, keywright.Unknown)
		if err := n.Wait(t.Context(), s.commit(keywright.KeyIssued, keyOf(1))); err != nil {
			t.Fatal(err)
		}
		n.expect(t, "its first key", 1, keywright.Granted)
		s.set(func() { s.before = func(context.Context) error { return errCut } })
		pass(time.Hour)
		n.expect(t, "an hour without a read", 1, keywright.Granted)
	})
}

func TestEverySetsThePollingInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		n := start(t, s, bound, feed.Every(100*time.Millisecond))
		defer n.stop()
		before := s.count()
		pass(time.Second)
		if reads := s.count() - before; reads != 10 {
			t.Errorf("%d reads in a second, want 10", reads)
		}
		if lag := n.Stats().Lag; lag < 0 || lag > 100*time.Millisecond {
			t.Errorf("lag %s", lag)
		}
	})
}
