package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// crashPlace tells a child process where to write.
const crashPlace = "KEYWRIGHT_TEST_CRASH_PLACE"

// CrashChild turns the process into a writer that is there to be killed, if
// RunCrash started it; else it returns. Call it first in TestMain.
func CrashChild(open func(place string) (keywright.Store, error)) {
	place := os.Getenv(crashPlace)
	if place == "" {
		return
	}
	s, err := open(place)
	if err == nil {
		err = writeUntilKilled(s, os.Stdout)
	}
	fmt.Fprintln(os.Stderr, err, errors.Unwrap(err))
	os.Exit(1)
}

// crashWriters write side by side, so that they share commits.
const crashWriters = 6

// writeUntilKilled prints the number of every act that was acknowledged.
func writeUntilKilled(s keywright.Store, out *os.File) error {
	ctx := context.Background()
	first := rand.Int64N(1 << 50)
	failed := make(chan error)
	var one sync.Mutex
	for w := range crashWriters {
		go func() {
			for i := 0; ; i++ {
				n := first + int64(i*crashWriters+w)
				if err := CrashWrite(ctx, s, int(n)); err != nil {
					failed <- err
					return
				}
				one.Lock()
				_, _ = out.WriteString(strconv.FormatInt(n, 10) + "\n")
				one.Unlock()
			}
		}()
	}
	return <-failed
}

// crashAct is one write of several records, which must be there all or none:
// a retiring key, its successor, two events and a receipt.
func crashAct(ctx context.Context, n int) func(keywright.Tx) error {
	return func(tx keywright.Tx) error {
		old, successor := Key(2*n, "ten_a"), Key(2*n+1, "ten_a")
		successor.Predecessor = old.ID
		successor.Metadata = map[string]string{"filler": strings.Repeat("x", n%3000)}
		if err := errors.Join(put(ctx, old)(tx), put(ctx, successor)(tx)); err != nil {
			return err
		}
		old.Retires, old.Successor, old.Version = epoch(), successor.ID, 2
		return errors.Join(tx.PutKey(ctx, old), tx.Remember(ctx, keywright.Receipt{Key: strconv.Itoa(n), Result: successor.ID, At: epoch()}))
	}
}

// CrashAct is the write whose traces CheckCrash looks for.
func CrashAct(ctx context.Context, n int) func(keywright.Tx) error { return crashAct(ctx, n) }

// crashRecords is a write of two records of people's, which must be there both or
// none.
func crashRecords(ctx context.Context, n int) func(people.RecordTx) error {
	id := fmt.Sprintf("%018d", n)
	return putRecords(ctx, person(id), session(id, time.Time{}))
}

// CrashWrite is CrashAct, and after it a write of people's.
func CrashWrite(ctx context.Context, s keywright.Store, n int) error {
	if _, err := s.Update(ctx, crashAct(ctx, n)); err != nil {
		return err
	}
	return s.(people.Store).UpdateRecords(ctx, crashRecords(ctx, n))
}

// CheckRecords is CheckCrash and CheckWhole for what CrashWrite adds.
func CheckRecords(ctx context.Context, s keywright.Store, acknowledged []int) error {
	return s.(people.Store).ViewRecords(ctx, func(r people.RecordReader) error {
		for _, n := range acknowledged {
			if _, err := r.Named(ctx, people.PersonRecord, person(fmt.Sprintf("%018d", n)).Name); err != nil {
				return fmt.Errorf("the records of act %d were acknowledged and are lost: %w", n, err)
			}
		}
		persons, err1 := r.Records(ctx, people.RecordQuery{Kind: people.PersonRecord, Limit: 1 << 30})
		sessions, err2 := r.Records(ctx, people.RecordQuery{Kind: people.SessionRecord, Limit: 1 << 30})
		for i := range min(len(persons), len(sessions)) {
			if persons[i].ID != sessions[i].ID {
				return fmt.Errorf("the records %s and %s are there without their other halves", persons[i].ID, sessions[i].ID)
			}
		}
		if len(persons) != len(sessions) {
			return fmt.Errorf("there are %d records of the one kind and %d of the other", len(persons), len(sessions))
		}
		return errors.Join(err1, err2)
	})
}

// CheckCrash reports what is wrong with a store after a crash: an act that was
// acknowledged and is not there whole.
func CheckCrash(ctx context.Context, s keywright.Store, acknowledged []int) error {
	return s.View(ctx, func(r keywright.Reader) error {
		for _, n := range acknowledged {
			old, err1 := r.Key(ctx, KeyID(2*n))
			successor, err2 := r.Key(ctx, KeyID(2*n+1))
			receipt, err3 := r.Receipt(ctx, strconv.Itoa(n))
			if err := errors.Join(err1, err2, err3); err != nil {
				return fmt.Errorf("act %d was acknowledged and is lost: %w", n, err)
			}
			if old.Version != 2 || old.Successor != successor.ID || successor.Predecessor != old.ID || receipt.Result != successor.ID || len(successor.Metadata["filler"]) != n%3000 {
				return fmt.Errorf("act %d came back changed", n)
			}
		}
		return nil
	})
}

// CheckWhole reports an act that is there in part, whether it had been
// acknowledged or not, or a gap in the log.
func CheckWhole(ctx context.Context, s keywright.Store) error {
	return s.View(ctx, func(r keywright.Reader) error { return wholeActs(ctx, r) })
}

func wholeActs(ctx context.Context, r keywright.Reader) error {
	count := 0
	for after := (keywright.KeyID{}); ; {
		page, err := r.Keys(ctx, keywright.KeyQuery{After: after, Limit: 1000})
		if err != nil {
			return err
		}
		for i, k := range page {
			after = k.ID
			if even := (count+i)%2 == 0; even != (k.Successor != keywright.KeyID{}) {
				return fmt.Errorf("the key %s is there without its other half", k.ID)
			}
		}
		count += len(page)
		if len(page) == 0 {
			break
		}
	}
	last, err := r.Events(ctx, keywright.EventQuery{Limit: 1})
	if err != nil {
		return err
	}
	if len(last) == 0 {
		last = make([]keywright.Event, 1)
	}
	if count%2 != 0 || last[0].Cursor != keywright.Cursor(count) {
		return fmt.Errorf("there are %d keys, and the log ends at %d", count, last[0].Cursor)
	}
	return nil
}

// RunCrash kills a writing process, kill -9, this many times at random moments,
// and each time looks for every act that the process had said was done. check
// may look at the store's files, or be nil. TestMain must call CrashChild.
func RunCrash(t *testing.T, kills int, place string, open func(t *testing.T, place string) keywright.Store, check func(t *testing.T, place string)) {
	t.Helper()
	var all []int
	busy := 0
	for n := range kills {
		acknowledged := killOne(t, place)
		if len(acknowledged) > 0 {
			busy++
		}
		all = append(all, acknowledged...)
		if check != nil {
			check(t, place)
		}
		s := open(t, place)
		if err := errors.Join(CheckCrash(t.Context(), s, acknowledged), CheckRecords(t.Context(), s, acknowledged)); err != nil {
			t.Fatal(err)
		}
		if n%10 == 0 {
			if err := CheckWhole(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, place)
	if err := errors.Join(CheckCrash(t.Context(), s, all), CheckWhole(t.Context(), s), CheckRecords(t.Context(), s, all)); err != nil {
		t.Fatal(err)
	}
	t.Logf("killed %d times, %d of them after acknowledged writes; all %d acknowledged acts are there", kills, busy, len(all))
	if busy < kills/4 {
		t.Errorf("only %d of %d processes had time to write: the test shows too little", busy, kills)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// killOne starts a writer, kills it, and returns what it had acknowledged. It
// is killed after a number of acts, or after a time, so that opening, recovery
// and folding of the log are hit too.
func killOne(t *testing.T, place string) (acknowledged []int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), crashPlace+"="+place)
	var faults strings.Builder
	child.Stderr = &faults
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = child.Process.Kill() }
	acts := rand.IntN(50)
	if rand.IntN(3) == 0 {
		acts = 1 << 30
		timer := time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, kill)
		defer timer.Stop()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the writer said %q", lines.Text())
		}
		if acknowledged = append(acknowledged, n); len(acknowledged) > acts {
			kill()
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the writer ended by itself: %v: %s", err, faults.String())
	}
	return acknowledged
}
