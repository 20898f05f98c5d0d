package sqltext

import (
	"context"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
)

// Uses keeps use in a database, by its engine's snapshots and transactions. A store
// embeds it, and so implements meter.Store.
type Uses struct {
	read   func(context.Context, func(*Reader) error) error
	update func(context.Context, func(*Tx) error) (keywright.Cursor, error)
}

var _ meter.Store = Uses{}

// NewUses returns what a store embeds.
func NewUses(read func(context.Context, func(*Reader) error) error, update func(context.Context, func(*Tx) error) (keywright.Cursor, error)) Uses {
	return Uses{read, update}
}

// AddUse implements meter.Store, in line with Update.
func (u Uses) AddUse(ctx context.Context, b meter.Batch) error {
	_, err := u.update(ctx, func(tx *Tx) error { return tx.AddUse(ctx, &b) })
	return err
}

// Use implements meter.Store.
func (u Uses) Use(ctx context.Context, q meter.Query) (found []meter.Sum, err error) {
	err = u.read(ctx, func(r *Reader) (err error) {
		found, err = r.Use(ctx, q)
		return err
	})
	return found, err
}

// LastUse implements meter.Store.
func (u Uses) LastUse(ctx context.Context, keys []keywright.KeyID) (found []meter.KeyUse, err error) {
	err = u.read(ctx, func(r *Reader) (err error) {
		found, err = r.LastUse(ctx, keys)
		return err
	})
	return found, err
}

// Addresses implements meter.Store.
func (u Uses) Addresses(ctx context.Context, key keywright.KeyID) (found []meter.Address, err error) {
	err = u.read(ctx, func(r *Reader) (err error) {
		found, err = r.Addresses(ctx, key)
		return err
	})
	return found, err
}

// ForgetUse implements meter.Store, in line with Update.
func (u Uses) ForgetUse(ctx context.Context, before time.Time) (more bool, err error) {
	_, err = u.update(ctx, func(tx *Tx) (err error) {
		more, err = tx.ForgetUse(ctx, before)
		return err
	})
	return more, err
}
