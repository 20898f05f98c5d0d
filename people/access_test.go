package people_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func TestARequestForAccessFromAskingToTheDecision(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		ctx, by := t.Context(), keywright.Actor{ID: "per_x", Name: "Ada"}
		ask := func(tenant keywright.TenantID, environment string) people.AccessRequest {
			t.Helper()
			out, err := h.RequestAccess(ctx, by, tenant, environment, "We go live.\nSoon.")
			h.must(err)
			h.pass(time.Second)
			return out
		}
		first := ask("ten_one", "production")
		if first.State != people.AccessOpen || first.By != "Ada" || !strings.HasPrefix(first.ID, "acc_") || first.Tenant != "ten_one" {
			t.Errorf("%+v", first)
		}
		_, err := h.RequestAccess(ctx, by, "ten_one", "production", "")
		h.refuses(err, keywright.Conflict)
		ask("ten_two", "production")
		ask("ten_one", "staging")
		all, err := h.AccessRequests(ctx, "", "")
		h.must(err)
		if len(all) != 3 || all[2].ID != first.ID {
			t.Errorf("not all of them, the newest first: %+v", all)
		}
		if mine, err := h.AccessRequests(ctx, "ten_two", people.AccessOpen); err != nil || len(mine) != 1 || mine[0].Tenant != "ten_two" {
			t.Errorf("%+v %v", mine, err)
		}
		_, err = h.ClaimAccess(ctx, first.ID)
		h.must(err)
		_, err = h.ClaimAccess(ctx, first.ID)
		h.refuses(err, keywright.Conflict)
		_, err = h.DecideAccess(ctx, by, first.ID, people.AccessDeclined, "no")
		h.refuses(err, keywright.Conflict)
		h.must(h.ReleaseAccess(ctx, first.ID))
		_, err = h.DecideAccess(ctx, by, first.ID, people.AccessDeclined, "")
		h.refuses(err, keywright.Invalid)
		declined, err := h.DecideAccess(ctx, by, first.ID, people.AccessDeclined, "not yet")
		h.must(err)
		if declined.State != people.AccessDeclined || declined.Answer != "not yet" || declined.DecidedBy != "Ada" || declined.Decided.IsZero() {
			t.Errorf("%+v", declined)
		}
		_, err = h.DecideAccess(ctx, by, first.ID, people.AccessGranted, "")
		h.refuses(err, keywright.Conflict)
		second := ask("ten_one", "production")
		granted, err := h.DecideAccess(ctx, by, second.ID, people.AccessGranted, "")
		h.must(err)
		if open, err := h.AccessRequests(ctx, "ten_one", people.AccessOpen); err != nil || len(open) != 1 || open[0].Environment != "staging" || granted.State != people.AccessGranted {
			t.Errorf("%+v %v", open, err)
		}
		h.pass(91 * 24 * time.Hour)
		if left, err := h.AccessRequests(ctx, "", ""); err != nil || len(left) != 2 {
			t.Errorf("what was decided is kept, or what is open is not: %+v %v", left, err)
		}
		for _, id := range []string{"", "acc_x", second.ID, strings.Repeat("x", 300), "a\x00"} {
			_, err = h.ClaimAccess(ctx, id)
			h.refuses(err, keywright.NotFound)
		}
	})
}

func TestARequestsWordsAreChecked(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, one := range []struct{ environment, reason string }{
		{"", ""}, {"production", strings.Repeat("x", 1001)}, {"production", "\x00"}, {"production", "\xff"}, {"a\nb", ""},
	} {
		_, err := h.RequestAccess(t.Context(), keywright.Actor{}, "ten_one", one.environment, one.reason)
		h.refuses(err, keywright.Invalid)
	}
	_, err := h.RequestAccess(t.Context(), keywright.Actor{}, "", "production", "")
	h.refuses(err, keywright.Invalid)
	_, err = h.RequestAccess(t.Context(), keywright.Actor{}, "ten_one", "production", strings.Repeat("ä", 1000))
	h.must(err)
}

func TestAListOfRequestsHasABound(t *testing.T) {
	t.Parallel()
	h := open(t)
	for i := range people.MaxAccessRequests + 5 {
		h.pass(time.Second)
		_, err := h.RequestAccess(t.Context(), keywright.Actor{}, "ten_one", fmt.Sprintf("e%d", i), "")
		h.must(err)
	}
	all, err := h.AccessRequests(t.Context(), "", people.AccessOpen)
	h.must(err)
	if len(all) != people.MaxAccessRequests || all[0].Environment != fmt.Sprintf("e%d", people.MaxAccessRequests+4) {
		t.Errorf("%d requests, the first of them for %s", len(all), all[0].Environment)
	}
}

func TestWhatNodesSayOfThemselves(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		ctx, now := t.Context(), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		one := people.Heartbeat{Node: "one", Fresh: true, Age: 40 * time.Millisecond, Bound: 2 * time.Second, Cursor: 7, At: now}
		h.must(h.Beat(ctx, now.Add(-time.Minute), people.Heartbeat{Node: "one", Cursor: 3}))
		h.must(h.Beat(ctx, now, one))
		h.must(h.Beat(ctx, now.Add(-time.Hour), people.Heartbeat{Node: "gone", Fresh: true}))
		h.must(h.Beat(ctx, now, people.Heartbeat{Node: "two", At: now}))
		all, err := h.Heartbeats(ctx, now)
		h.must(err)
		if len(all) != 2 || all[0] != one || all[1].Node != "two" || all[1].Fresh {
			t.Errorf("%+v", all)
		}
		h.must(h.Silence(ctx, "two"))
		if all, err := h.Heartbeats(ctx, now); err != nil || len(all) != 1 {
			t.Errorf("%+v %v", all, err)
		}
	})
}
