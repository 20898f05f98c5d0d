package keeper

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

// CheckPepper refuses a start with a pepper that did not make the digests in the
// store: every key would be unknown. It looks at the oldest and the newest key:
// a rewrap runs from the oldest on, so if both fit, all between them do.
func (k *Keeper) CheckPepper(ctx context.Context) error {
	return k.store.View(ctx, func(r keywright.Reader) error {
		oldest, err := firstAfter(ctx, r, keywright.KeyID{})
		if err != nil || oldest == nil {
			return err
		}
		newest, err := last(ctx, r, oldest)
		if err != nil {
			return err
		}
		ours := k.pepper.ID()
		switch {
		case oldest.Pepper == ours && newest.Pepper == ours:
			k.fits.Store(true)
			return nil
		case oldest.Pepper != newest.Pepper:
			return &keywright.Error{Kind: keywright.Conflict, Field: "pepper", Detail: fmt.Sprintf("a pepper rotation was cut short: some keys are under the chain %s and some under %s, and the secrets folder holds %s. Run the rotation again with both peppers in the folder, and then start", oldest.Pepper, newest.Pepper, ours)}
		}
		return misfit(oldest.Pepper, ours)
	})
}

func misfit(theirs, ours string) error {
	return &keywright.Error{Kind: keywright.Conflict, Field: "pepper", Detail: fmt.Sprintf("the keys in the store were made with the pepper %s, but the secrets folder holds %s: with it no key would be known. Bring back the secrets folder that belongs to this data, or name it with the configured path; do not make a new one", theirs, ours)}
}

// fitting refuses a new key beside keys of another pepper. A start with an empty
// store fits every pepper, so of two nodes that start on one with different
// secrets folders, the second to make a key is told here.
func (k *Keeper) fitting(ctx context.Context, r keywright.Reader) error {
	if k.fits.Load() {
		return nil
	}
	oldest, err := firstAfter(ctx, r, keywright.KeyID{})
	switch {
	case err != nil || oldest == nil:
		return err
	case oldest.Pepper != k.pepper.ID():
		return misfit(oldest.Pepper, k.pepper.ID())
	}
	k.fits.Store(true)
	return nil
}

func firstAfter(ctx context.Context, r keywright.Reader, after keywright.KeyID) (*keywright.Key, error) {
	keys, err := r.Keys(ctx, keywright.KeyQuery{After: after, Limit: 1})
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return &keys[0], nil
}

// last finds the key with the greatest id by halving what is left above the
// greatest seen: a store is read from the low end only.
func last(ctx context.Context, r keywright.Reader, seen *keywright.Key) (*keywright.Key, error) {
	high := uint64(math.MaxUint64)
	for {
		low := binary.BigEndian.Uint64(seen.ID[:8])
		if low >= high {
			break
		}
		var middle keywright.KeyID
		binary.BigEndian.PutUint64(middle[:8], low+(high-low)/2+1)
		// One below the middle, so that a key at its very beginning is found.
		above, err := firstAfter(ctx, r, before(middle))
		if err != nil {
			return nil, err
		}
		if above != nil {
			seen = above
		} else {
			high = binary.BigEndian.Uint64(middle[:8]) - 1
		}
	}
	// Those that share the first eight bytes are few: read them one by one.
	for {
		next, err := firstAfter(ctx, r, seen.ID)
		if err != nil || next == nil {
			return seen, err
		}
		seen = next
	}
}

// before returns the id just below one whose last eight bytes are zero.
func before(id keywright.KeyID) keywright.KeyID {
	binary.BigEndian.PutUint64(id[:8], binary.BigEndian.Uint64(id[:8])-1)
	for i := 8; i < len(id); i++ {
		id[i] = 0xff
	}
	return id
}

// Repepper turns every digest in the store into the one of next, which is this
// keeper's pepper with one more link, without any key being presented. Run it
// while nothing else serves from the store: a verifier that holds the old chain
// does not know the keys that have been turned, and refuses them. It works in
// batches and may be cut short: run again, it goes on where it stopped; until
// then CheckPepper refuses a start. It returns how many keys it turned.
func (k *Keeper) Repepper(ctx context.Context, by keywright.Actor, next *seal.Pepper) (int, error) {
	if next.Base() != k.pepper.ID() {
		return 0, invalid("pepper", fmt.Sprintf("the new chain %s is not the present one, %s, with one more link", next.ID(), k.pepper.ID()))
	}
	k.fits.Store(false) // from here on this keeper makes no key: its pepper is the old one
	turned := 0
	var after keywright.KeyID
	for {
		var batch int
		var end bool
		var reached keywright.KeyID
		_, err := k.store.Update(ctx, func(tx keywright.Tx) error {
			now, err := k.instant(ctx, tx)
			if err != nil {
				return err
			}
			batch, reached, end, err = k.turn(ctx, tx, now, by, next, after)
			return err
		})
		if err != nil {
			return turned, err
		}
		turned += batch
		if end {
			return turned, nil
		}
		after = reached
	}
}

// turn turns one batch of keys after an id.
func (k *Keeper) turn(ctx context.Context, tx keywright.Tx, now time.Time, by keywright.Actor, next *seal.Pepper, after keywright.KeyID) (turned int, reached keywright.KeyID, end bool, err error) {
	keys, err := tx.Keys(ctx, keywright.KeyQuery{After: after, Limit: page})
	if err != nil {
		return 0, after, false, err
	}
	for _, key := range keys {
		after = key.ID
		switch key.Pepper {
		case next.ID():
			continue // an earlier run got this far
		case k.pepper.ID():
		default:
			return 0, after, false, conflict(fmt.Sprintf("the key %s is under the pepper %s, which is neither the present one nor the next", key.ID, key.Pepper))
		}
		key.Digest, key.Pepper = next.Wrap(key.Digest), next.ID()
		key.Version++
		e := event(now, keywright.KeyRepeppered, by, &key, map[string]string{"pepper": next.ID()})
		if err := put(ctx, tx, key, e); err != nil {
			return 0, after, false, err
		}
		turned++
	}
	return turned, after, len(keys) < page, nil
}
