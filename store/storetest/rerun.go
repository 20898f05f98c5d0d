package storetest

import (
	"context"
	"errors"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// Rerunning is a store that runs every update's function twice: once in a
// transaction that it rolls back, and once for good. The contract allows it, so
// whoever has effects outside the transaction is found out. It is a people.Store
// as well if s is one.
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

// ViewRecords implements people.Store.
func (r rerunning) ViewRecords(ctx context.Context, fn func(people.RecordReader) error) error {
	s, err := r.people()
	if err != nil {
		return err
	}
	return s.ViewRecords(ctx, fn)
}

// UpdateRecords implements people.Store.
func (r rerunning) UpdateRecords(ctx context.Context, fn func(people.RecordTx) error) error {
	s, err := r.people()
	if err != nil {
		return err
	}
	err = s.UpdateRecords(ctx, func(tx people.RecordTx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return err
	}
	return s.UpdateRecords(ctx, fn)
}

func (r rerunning) people() (people.Store, error) {
	if s, ok := r.Store.(people.Store); ok {
		return s, nil
	}
	return nil, &keywright.Error{Kind: keywright.Internal, Detail: "this store keeps no records of people's"}
}
