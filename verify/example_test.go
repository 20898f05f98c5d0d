package verify_test

import (
	"fmt"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/verify"
)

// A program that embeds verification fills an index from events and asks it.
func ExampleIndex() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tenant := keywright.Tenant{ID: "ten_example", Ref: "example", Version: 1}
	key := keywright.Key{
		ID: keywright.KeyID{15: 1}, Tenant: tenant.ID, Scheme: "acme", Permissions: []string{"files:*"},
		Digest: keywright.Digest{1, 2, 3}, Expires: now.Add(time.Hour), Version: 1,
	}

	index := verify.New(verify.Options{})
	index.Apply(keywright.Event{Key: key.ID, KeyNow: &key, TenantNow: &tenant})
	index.Refresh(0) // the read is complete: from here on it answers

	need := keywright.Need{Scheme: "acme", Permissions: []string{"files:read"}}
	for _, at := range []time.Time{now, now.Add(time.Hour)} {
		d := index.Verify(at, keywright.Digest{1, 2, 3}, &need)
		fmt.Println(d.Reason, d.Key == key.ID)
	}
	d := index.Verify(now, keywright.Digest{9}, &need)
	fmt.Println(d.Reason)
	// Output:
	// granted true
	// expired true
	// unknown
}
