package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

func TestClockThatStepsBackRevivesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	k := h.issue(ten, "trusset-instance").Key
	h.advance(time.Hour)
	revoked, err := h.Revoke(h.ctx, admin, k.ID, "")
	try(t, err)
	h.advance(-2 * time.Hour)
	later := h.issue(ten, "trusset-instance").Key
	if later.Created.Before(revoked.RevokedAt) {
		t.Error("within one process the clock went back")
	}
	// Another process, whose clock lags, over the same store.
	h.Keeper = keeper.New(h.options)
	other := h.issue(ten, "trusset-instance").Key
	if other.Created.Before(revoked.RevokedAt) {
		t.Error("the newest instant in the store does not count")
	}
	ats := h.events(keywright.EventQuery{})
	for i := 1; i < len(ats); i++ {
		if ats[i].At.Before(ats[i-1].At) {
			t.Errorf("event %d is before the one before it", i)
		}
	}
}

// A keeper that is alone reads the store's newest instant once, and no less.
func TestClockOfASoleKeeper(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	h.advance(time.Hour)
	h.issue(ten, "truestamp")
	h.advance(-2 * time.Hour)
	h.options.Sole = true
	h.Keeper = keeper.New(h.options)
	for range 2 {
		if k := h.issue(ten, "truestamp").Key; !k.Created.Equal(start.Add(time.Hour)) {
			t.Errorf("it was made at %s", k.Created)
		}
	}
	h.advance(3 * time.Hour)
	if k := h.issue(ten, "truestamp").Key; !k.Created.Equal(start.Add(2 * time.Hour)) {
		t.Errorf("it was made at %s", k.Created)
	}
}

// What a refused write saw counts too, although the store knows nothing of it.
func TestClockOfOneProcessNeverGoesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	h.advance(time.Hour)
	_, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: "nobody", Scheme: "truestamp"})
	refused(t, err, keywright.NotFound, "tenant")
	h.advance(-time.Hour)
	if k := h.issue(ten, "truestamp").Key; !k.Created.Equal(start.Add(time.Hour)) {
		t.Errorf("it was made at %s", k.Created)
	}
}

func TestAnswersOnlyWhenTheIndexHasIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	var waited []keywright.Cursor
	h.options.Wait = func(_ context.Context, c keywright.Cursor) error { waited = append(waited, c); return nil }
	h.Keeper = keeper.New(h.options)
	k := h.issue(ten, "trusset-instance").Key
	for range 2 {
		_, err := h.Revoke(h.ctx, admin, k.ID, "")
		try(t, err)
	}
	e := h.events(keywright.EventQuery{})
	newest := e[len(e)-1].Cursor
	if len(waited) != 3 || waited[0] >= waited[1] || waited[1] != newest {
		t.Errorf("it waited for %v; the newest is %d", waited, newest)
	}
	if len(waited) == 3 && waited[2] != newest {
		t.Error("a repeated revocation was answered before the first was applied here")
	}
	h.options.Wait = func(context.Context, keywright.Cursor) error { return fmt.Errorf("cut off") }
	out, err := keeper.New(h.options).Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance"})
	if !errors.Is(err, keywright.Unavailable) || !out.Credential.IsZero() {
		t.Errorf("answered although this node has not applied it: %v", err)
	}
}
