package sqlite

import (
	"context"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/internal/sqltext"
)

var _ meter.Store = (*Store)(nil)

// AddUse implements meter.Store, in line with Update.
func (s *Store) AddUse(ctx context.Context, b meter.Batch) error {
	_, err := s.update(ctx, func(tx *sqltext.Tx) error { return tx.AddUse(ctx, &b) })
	return err
}

// Use implements meter.Store.
func (s *Store) Use(ctx context.Context, q meter.Query) (found []meter.Sum, err error) {
	err = s.read(ctx, func(r *sqltext.Reader) (err error) {
		found, err = r.Use(ctx, q)
		return err
	})
	return found, err
}

// LastUse implements meter.Store.
func (s *Store) LastUse(ctx context.Context, keys []keywright.KeyID) (found []meter.KeyUse, err error) {
	err = s.read(ctx, func(r *sqltext.Reader) (err error) {
		found, err = r.LastUse(ctx, keys)
		return err
	})
	return found, err
}

// Addresses implements meter.Store.
func (s *Store) Addresses(ctx context.Context, key keywright.KeyID) (found []meter.Address, err error) {
	err = s.read(ctx, func(r *sqltext.Reader) (err error) {
		found, err = r.Addresses(ctx, key)
		return err
	})
	return found, err
}

// ForgetUse implements meter.Store, in line with Update.
func (s *Store) ForgetUse(ctx context.Context, before time.Time) (more bool, err error) {
	_, err = s.update(ctx, func(tx *sqltext.Tx) (err error) {
		more, err = tx.ForgetUse(ctx, before)
		return err
	})
	return more, err
}
