package verify

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func TestTSP20_TenantIsAsTheFeedHasItNow(t *testing.T) {
	t.Parallel()
	var clock int64
	x := New(Options{Bound: 2 * time.Second, Clock: func() int64 { return clock }})
	put := func(version uint64, archived bool) {
		x.Apply(keywright.Event{Cursor: keywright.Cursor(version), Tenant: "ten_a", TenantNow: &keywright.Tenant{ID: "ten_a", Ref: "a", Archived: archived, Version: version}})
	}
	put(1, false)
	if x.Tenant("ten_a") != nil {
		t.Error("an index that was never refreshed answers")
	}
	x.Refresh(0)
	if got := x.Tenant("ten_a"); got == nil || got.Archived || got.Ref != "a" {
		t.Errorf("%+v", got)
	}
	if x.Tenant("ten_b") != nil || x.Tenant("") != nil {
		t.Error("a tenant that is not there")
	}
	put(2, true)
	if got := x.Tenant("ten_a"); got == nil || !got.Archived {
		t.Errorf("archived: %+v", got)
	}
	clock = int64(2*time.Second) + 1
	if x.Tenant("ten_a") != nil || x.Fresh() {
		t.Error("a view that is too old answers")
	}
	x.Refresh(clock)
	x.Apply(keywright.Event{Cursor: 3, Tenant: "ten_a"})
	if x.Tenant("ten_a") != nil {
		t.Error("a tenant that was removed")
	}
	put(4, false)
	x.Reset()
	x.Refresh(clock)
	if x.Tenant("ten_a") != nil {
		t.Error("a tenant from before the reset")
	}
}

// People's events are in the same log, with neither a key nor a tenant.
func TestApplyPassesOverPeoplesEvents(t *testing.T) {
	t.Parallel()
	x := New(Options{})
	x.Refresh(0)
	x.Apply(keywright.Event{Cursor: 1, Tenant: "ten_a", TenantNow: &keywright.Tenant{ID: "ten_a", Version: 1}})
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	x.Apply(keywright.Event{Cursor: 7, At: at, Act: "person.signed_in"})
	if keys, tenants := x.Len(); keys != 0 || tenants != 1 || x.Tenant("ten_a") == nil {
		t.Errorf("%d keys, %d tenants", keys, tenants)
	}
	if x.held.Load().high != 7 || !x.Newest().Equal(at) {
		t.Errorf("it did not advance: %d, %s", x.held.Load().high, x.Newest())
	}
}
