package keeper_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

func TestIdempotentIssue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	r := keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance", IdempotencyKey: "idem-1", Draft: keywright.Draft{Name: "a", Metadata: map[string]string{"x": "1", "y": "2"}, TTL: ptr(20 * time.Hour)}}
	first, err := h.Issue(h.ctx, admin, r)
	try(t, err)
	h.advance(time.Hour)
	again, err := h.Issue(h.ctx, admin, r)
	try(t, err)
	byID := r
	byID.Tenant = string(ten.ID)
	third, err := h.Issue(h.ctx, admin, byID)
	try(t, err)
	for _, replay := range []keeper.Issued{again, third} {
		if !replay.Replayed || replay.Key.ID != first.Key.ID || !replay.Credential.IsZero() {
			t.Errorf("a replay answers %+v", replay)
		}
	}
	if first.Replayed || first.Credential.IsZero() || len(h.keys(keywright.KeyQuery{})) != 1 {
		t.Error("one request made two keys, or the first answer holds none")
	}
	other := r
	other.Draft.Name = "b"
	_, err = h.Issue(h.ctx, admin, other)
	refused(t, err, keywright.Invalid, "Idempotency-Key")
	for name, same := range map[string]func() (keeper.Issued, error){
		"another actor": func() (keeper.Issued, error) { return h.Issue(h.ctx, keywright.Actor{ID: "key_other"}, r) },
		"another key":   func() (keeper.Issued, error) { r := r; r.IdempotencyKey = "idem-2"; return h.Issue(h.ctx, admin, r) },
		"no key":        func() (keeper.Issued, error) { r := r; r.IdempotencyKey = ""; return h.Issue(h.ctx, admin, r) },
		"another operation": func() (keeper.Issued, error) {
			return h.Rotate(h.ctx, admin, first.Key.ID, keeper.RotateRequest{IdempotencyKey: "idem-1"})
		},
	} {
		out, err := same()
		if err != nil || out.Replayed || out.Credential.IsZero() {
			t.Errorf("%s: taken for the same request: %+v, %v", name, out, err)
		}
	}
}

func TestIdempotencyKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := keeper.IssueRequest{Tenant: h.full().Ref, Scheme: "trusset-instance", IdempotencyKey: "idem"}
	first, err := h.Issue(h.ctx, admin, r)
	try(t, err)
	h.advance(24*time.Hour - 1)
	if again, err := h.Issue(h.ctx, admin, r); err != nil || !again.Replayed {
		t.Errorf("forgotten within the day: %v", err)
	}
	h.advance(1)
	again, err := h.Issue(h.ctx, admin, r)
	if err != nil || again.Replayed || again.Key.ID == first.Key.ID {
		t.Errorf("remembered for more than a day: %v", err)
	}
	third, err := h.Issue(h.ctx, admin, r)
	if err != nil || third.Key.ID != again.Key.ID {
		t.Errorf("the newer use is not the one that is remembered: %v", err)
	}
	try(t, h.Delete(h.ctx, admin, again.Key.ID))
	_, err = h.Issue(h.ctx, admin, r)
	refused(t, err, keywright.Conflict, "Idempotency-Key")
}

func TestRotateRetriedAfterALostReply(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.issue(h.full(), "trusset-instance")
	r := keeper.RotateRequest{IdempotencyKey: "rotate-1", Overlap: ptr(time.Hour)}
	out, err := h.Rotate(h.ctx, admin, first.Key.ID, r)
	try(t, err)
	again, err := h.Rotate(h.ctx, admin, first.Key.ID, r)
	try(t, err)
	if !again.Replayed || again.Key.ID != out.Key.ID || !again.Credential.IsZero() || again.Predecessor == nil || again.Predecessor.ID != first.Key.ID {
		t.Errorf("a replay answers %+v", again)
	}
	if n := len(h.keys(keywright.KeyQuery{})); n != 2 {
		t.Errorf("there are %d keys, and should be one and its successor", n)
	}
	r.Finish = true
	_, err = h.Rotate(h.ctx, admin, first.Key.ID, r)
	refused(t, err, keywright.Invalid, "Idempotency-Key")
	// The way on: the successor whose secret was lost is replaced.
	if _, err := h.Rotate(h.ctx, admin, out.Key.ID, keeper.RotateRequest{Finish: true, IdempotencyKey: "rotate-1"}); err != nil {
		t.Errorf("the same words for another key are another request: %v", err)
	}
}

func TestRefusedRequestLeavesNoReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.tenant(keeper.TenantDraft{Plan: "free"})
	r := keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trust-swiftly", IdempotencyKey: "idem", Draft: keywright.Draft{Name: "a"}}
	_, err := h.Issue(h.ctx, admin, r)
	refused(t, err, keywright.Forbidden, "plan")
	_, err = h.AmendTenant(h.ctx, admin, ten.Ref, 0, keeper.TenantAmendment{Plan: ptr("growth")})
	try(t, err)
	if out, err := h.Issue(h.ctx, admin, r); err != nil || out.Replayed {
		t.Errorf("a request that was refused cannot be repeated: %v", err)
	}
}

// race runs fn so many times at once and returns how many succeeded.
func race(t *testing.T, times int, fn func(i int) error) int {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range times {
		wg.Go(func() {
			<-begin
			err := fn(i)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, keywright.Conflict) {
				t.Errorf("a loser is told %v", err)
			}
		})
	}
	close(begin)
	wg.Wait()
	return int(won.Load())
}

func TestTRS17_TwentyCreatesAtNineOfTen(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		ten := h.full()
		for range 9 {
			h.issue(ten, "trusset-instance")
		}
		won := race(t, 20, func(int) error {
			_, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance"})
			return err
		})
		if won != 1 || len(h.keys(keywright.KeyQuery{})) != 10 {
			t.Errorf("%d of 20 succeeded, and there are %d keys", won, len(h.keys(keywright.KeyQuery{})))
		}
	})
}

func TestTwoRotationsMakeOneSuccessor(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		k := h.issue(h.full(), "trusset-instance").Key
		won := race(t, 8, func(int) error {
			_, err := h.Rotate(h.ctx, admin, k.ID, keeper.RotateRequest{})
			return err
		})
		if won != 1 || len(h.keys(keywright.KeyQuery{})) != 2 {
			t.Errorf("%d rotations succeeded, and there are %d keys", won, len(h.keys(keywright.KeyQuery{})))
		}
	})
}

func TestOneIdempotencyKeyManyAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		ten := h.full()
		var fresh atomic.Int64
		race(t, 8, func(int) error {
			out, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance", IdempotencyKey: "same"})
			if err == nil && !out.Replayed {
				fresh.Add(1)
			}
			return err
		})
		if fresh.Load() != 1 || len(h.keys(keywright.KeyQuery{})) != 1 {
			t.Errorf("%d answers hold a credential, and there are %d keys", fresh.Load(), len(h.keys(keywright.KeyQuery{})))
		}
	})
}

func TestTRS17_CapOverTheWholeLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	var ids []keywright.KeyID
	for range 10 {
		ids = append(ids, h.issue(ten, "trusset-instance").Key.ID)
	}
	full := func(when string) {
		t.Helper()
		_, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance"})
		if !errors.Is(err, keywright.Conflict) {
			t.Errorf("%s: an eleventh key was issued", when)
		}
	}
	full("ten active")
	_, err := h.Pause(h.ctx, admin, ids[0], time.Time{})
	try(t, err)
	full("one paused")
	out, err := h.Rotate(h.ctx, admin, ids[1], keeper.RotateRequest{})
	if err != nil {
		t.Fatalf("a rotation at the cap is refused: %v", err)
	}
	full("one rotated")
	_, err = h.Rotate(h.ctx, admin, out.Key.ID, keeper.RotateRequest{})
	refused(t, err, keywright.Conflict, "")
	_, err = h.Revoke(h.ctx, admin, ids[2], "")
	try(t, err)
	h.issue(ten, "trusset-instance")
	full("one revoked and replaced")
	_, err = h.Revoke(h.ctx, admin, out.Key.ID, "")
	try(t, err)
	full("a successor revoked, while the key before it still works")
	try(t, h.Delete(h.ctx, admin, out.Key.ID))
	full("a successor deleted, while the key before it still works")
	_, err = h.Revoke(h.ctx, admin, ids[1], "")
	try(t, err)
	h.issue(ten, "trusset-instance")
	full("the key before it revoked too, and replaced")
	other := h.full()
	h.issue(other, "trusset-instance") // another tenant's keys count for nothing
	h.issue(ten, "trusset-mica")       // nor do another scheme's
}

// again is a store that runs every update twice, as a store may.
type again struct{ keywright.Store }

var errAgain = errors.New("run again")

func (a again) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	_, err := a.Store.Update(ctx, func(tx keywright.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return 0, err
	}
	return a.Store.Update(ctx, fn)
}

func TestTransactionsThatRunTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.options.Store = again{h.store}
	h.Keeper = keeper.New(h.options)
	ten := h.full()
	first := h.issue(ten, "trustifi")
	out, err := h.Rotate(h.ctx, admin, first.Key.ID, keeper.RotateRequest{IdempotencyKey: "a"})
	try(t, err)
	if h.key(out.Key.ID).Digest != h.secrets.Pepper.Digest(out.Credential) || h.key(first.Key.ID).Successor != out.Key.ID {
		t.Error("what was answered is of another run than what was stored")
	}
	if got, err := h.Reveal(h.ctx, admin, out.Key.ID); err != nil || text(got) != text(out.Credential) {
		t.Errorf("the sealed secret is of another run: %v", err)
	}
	if n := len(h.keys(keywright.KeyQuery{})); n != 2 {
		t.Errorf("there are %d keys", n)
	}
	var results []keeper.ImportResult
	rows := rowsOf(keeper.ImportRow{Line: 2, Tenant: ten.Ref, Scheme: "trust-swiftly", Key: "1|" + strings.Repeat("a", 40)})
	try(t, h.Import(h.ctx, admin, rows, func(r keeper.ImportResult) { results = append(results, r) }))
	if len(results) != 1 || results[0].Err != nil || results[0].Skipped {
		t.Errorf("imported in a transaction that ran twice: %+v", results)
	}
}

// stuck repeats the same bytes for a while.
type stuck struct {
	mu    sync.Mutex
	times int
	real  io.Reader
}

func (s *stuck) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.times == 0 {
		return s.real.Read(p)
	}
	s.times--
	for i := range p {
		p[i] = 7
	}
	return len(p), nil
}

func TestRandomnessThatRepeatsItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	h.options.Random = &stuck{times: 1 << 30}
	h.Keeper = keeper.New(h.options)
	first := h.issue(ten, "truestamp")
	_, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "truestamp"})
	if !errors.Is(err, keywright.Internal) {
		t.Errorf("the same credential was issued twice: %v", err)
	}
	if got := h.key(first.Key.ID); got.Version != 1 || len(h.keys(keywright.KeyQuery{})) != 1 {
		t.Error("a repeated id replaced a key that was there")
	}
	h.options.Random = strings.NewReader("")
	_, err = keeper.New(h.options).Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "truestamp"})
	if err == nil {
		t.Error("issued without randomness")
	}
}
