package group

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
)

// ledger is a transaction over a list of numbers.
type ledger struct {
	durable, draft []int
	mark           int
	writes         int
	commits        int
	lose           int // the transaction is lost at this many writes
	lost           bool
	mu             sync.Mutex // guards durable
	failCommit     error
	commitTakes    time.Duration
}

func (l *ledger) Begin(context.Context) error {
	l.draft, l.lost = append([]int(nil), l.durable...), false
	return nil
}
func (l *ledger) Writes() int                { return l.writes }
func (l *ledger) Mark(context.Context) error { l.mark = len(l.draft); return nil }
func (l *ledger) Undo(context.Context) error { l.draft = l.draft[:l.mark]; return nil }
func (l *ledger) Rollback()                  { l.draft = nil }
func (l *ledger) Lost() bool                 { return l.lost }
func (l *ledger) Commit(context.Context) error {
	time.Sleep(l.commitTakes) //nolint:forbidigo // virtual: inside a synctest bubble
	if err := l.failCommit; err != nil {
		l.failCommit = nil
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.durable = l.draft
	l.commits++
	return nil
}

func (l *ledger) write(n int) {
	l.draft = append(l.draft, n)
	l.writes++
	if l.writes == l.lose {
		l.lost = true
	}
}

func (l *ledger) holds(n int) bool {
	l.mu.Lock() // a writer looks while others may commit
	defer l.mu.Unlock()
	for _, d := range l.durable {
		if d == n {
			return true
		}
	}
	return false
}

var errOurs = errors.New("ours")

// together runs writers at once, while a commit holds the others up.
func together(t *testing.T, l *ledger, writers int, work func(n int) error) (results []error) {
	t.Helper()
	results = make([]error, writers)
	synctest.Test(t, func(t *testing.T) {
		l.commitTakes = time.Second
		line := New(l)
		var all sync.WaitGroup
		for n := range writers {
			all.Go(func() {
				results[n] = line.Do(t.Context(), func() error { return work(n) })
				if results[n] == nil && !l.holds(n) {
					t.Errorf("writer %d was told of a commit that does not hold its work", n)
				}
			})
		}
		all.Wait()
		line.Close()
		if err := line.Do(t.Context(), func() error { return nil }); !errors.Is(err, keywright.Unavailable) {
			t.Errorf("a closed line answers %v", err)
		}
	})
	return results
}

func TestWritersShareACommit(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	for n, err := range together(t, l, 100, func(n int) error { l.write(n); return nil }) {
		if err != nil {
			t.Errorf("writer %d: %v", n, err)
		}
	}
	if len(l.durable) != 100 || l.commits > 3 {
		t.Errorf("%d of 100 are there, after %d commits", len(l.durable), l.commits)
	}
}

func TestAWriterThatFailsTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	for _, wrote := range []bool{true, false} {
		l := &ledger{}
		runs := 0
		results := together(t, l, 90, func(n int) error {
			runs++
			if n%3 == 0 && !wrote {
				return errOurs
			}
			l.write(n)
			if n%3 == 0 {
				return errOurs
			}
			return nil
		})
		for n, err := range results {
			if (n%3 == 0) != (err == errOurs) || (n%3 != 0 && err != nil) || l.holds(n) == (n%3 == 0) {
				t.Errorf("writer %d: %v", n, err)
			}
		}
		if !wrote && runs != 90 {
			t.Errorf("%d runs for 90 writers of whom none had to be undone", runs)
		}
		if runs > 300 {
			t.Errorf("%d runs for 90 writers", runs)
		}
	}
}

func TestALostTransactionIsTriedAgain(t *testing.T) {
	t.Parallel()
	l := &ledger{lose: 40}
	for n, err := range together(t, l, 60, func(n int) error { l.write(n); return nil }) {
		if err != nil {
			t.Errorf("writer %d: %v", n, err)
		}
	}
	if len(l.durable) != 60 {
		t.Errorf("%d of 60 are there", len(l.durable))
	}
}

func TestACommitThatFailsIsToldToAllItHolds(t *testing.T) {
	t.Parallel()
	l := &ledger{failCommit: errOurs}
	failed := 0
	for n, err := range together(t, l, 50, func(n int) error { l.write(n); return nil }) {
		if err != nil {
			failed++
			if !errors.Is(err, errOurs) || l.holds(n) {
				t.Errorf("writer %d: %v", n, err)
			}
		}
	}
	if failed == 0 {
		t.Error("nobody was told")
	}
	l = &ledger{failCommit: ErrAgain}
	for n, err := range together(t, l, 50, func(n int) error { l.write(n); return nil }) {
		if err != nil {
			t.Errorf("a commit that may be tried again was not, for %d: %v", n, err)
		}
	}
}

func TestWhoeverWaitsMayGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{commitTakes: time.Minute}
		line := New(l)
		var all sync.WaitGroup
		all.Go(func() { _ = line.Do(t.Context(), func() error { l.write(1); return nil }) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := line.Do(ctx, func() error { l.write(2); return nil })
		if !errors.Is(err, keywright.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		all.Wait()
		if l.holds(2) || !l.holds(1) {
			t.Errorf("there is %v", l.durable)
		}
	})
}
