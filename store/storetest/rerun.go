package storetest

import (
	"context"
	"errors"

	"github.com/keywright/keywright"
)

// Rerunning is a store that runs every update's function twice: once in a
// transaction that it rolls back, and once for good. The contract allows it, so
// whoever has effects outside the transaction is found out.
func Rerunning(s keywright.Store) keywright.Store { return rerunning{s} }

type rerunning struct{ keywright.Store }

var errRehearsed = errors.New("rehearsed")

func (r rerunning) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	_, err := r.Store.Update(ctx, func(tx keywright.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return 0, err
	}
	return r.Store.Update(ctx, fn)
}
