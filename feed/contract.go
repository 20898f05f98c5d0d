// Package feed carries committed changes from a store to its followers. It never
// invents an event, and it never says "complete" of a read that was not.
package feed

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/verify"
)

// Follower keeps one index up with one store.
type Follower struct{}

// New returns a follower. interval is how often it polls when no signal comes;
// 0 is a quarter of the index's bound, or one second.
func New(store keywright.Store, index *verify.Index) *Follower { return &Follower{} }

// Start reads the present state into the index, then follows in the background
// until ctx ends. It returns when the first read is complete, or fails.
func (f *Follower) Start(ctx context.Context) error { return nil }

// Wait returns when the index has applied the cursor, or with the context's error.
func (f *Follower) Wait(ctx context.Context, c keywright.Cursor) error { return nil }

// Applied returns the newest cursor that the index has applied.
func (f *Follower) Applied() keywright.Cursor { return 0 }
