package keeper

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// RotateRequest asks for a successor.
type RotateRequest struct {
	Overlap        *time.Duration // nil is the scheme's
	Finish         bool           // end a predecessor's overlap that still runs
	IdempotencyKey string
}

// Rotate replaces a key: the key retires at the end of the overlap, and its
// successor, which is returned with its credential, is in force at once. Errors:
// NotFound, Invalid (overlap), Forbidden (environment, plan), Conflict (not
// ACTIVE, archived, its predecessor still PENDING_ROTATION). Of two rotations of
// one key at the same time, one makes the successor and the other is a Conflict.
func (k *Keeper) Rotate(ctx context.Context, by keywright.Actor, id keywright.KeyID, r RotateRequest) (Issued, error) {
	if err := checkIdempotencyKey(r.IdempotencyKey); err != nil {
		return Issued{}, err
	}
	once := newOnce(by, "rotate", id.String(), r.IdempotencyKey, struct {
		Overlap *time.Duration
		Finish  bool
	}{r.Overlap, r.Finish})
	var out Issued
	err := k.mint(ctx, func(tx keywright.Tx, now time.Time) error {
		out = Issued{}
		l, err := k.load(ctx, tx, id)
		if err != nil {
			return err
		}
		if done, err := once.replay(ctx, tx, now, &out); done || err != nil {
			out.Predecessor = &l.key
			return err
		}
		if err := k.rotate(ctx, tx, now, by, l, r, &out); err != nil {
			return err
		}
		return once.remember(ctx, tx, out.Key.ID, now)
	})
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

func (k *Keeper) rotate(ctx context.Context, tx keywright.Tx, now time.Time, by keywright.Actor, l loaded, r RotateRequest, out *Issued) error {
	before, err := predecessor(ctx, tx, &l.key)
	if err != nil {
		return err
	}
	p := l.scheme.Policy()
	retiring, successor, finished, err := p.Rotate(now, &l.tenant, l.key, before, r.Overlap, r.Finish)
	if err != nil {
		return err
	}
	if err := k.fitting(ctx, tx); err != nil {
		return err
	}
	public := ""
	if p.Rotation.KeepsKey {
		public = l.key.Public
	}
	c, err := k.draw(now, l.scheme, &l.tenant, &successor, public)
	if err != nil {
		return err
	}
	retiring.Successor = successor.ID
	if finished != nil {
		forget(finished, now)
		if err := put(ctx, tx, *finished, event(now, keywright.KeyFinished, by, finished, map[string]string{"retires_at": spell(finished.Retires)})); err != nil {
			return err
		}
	}
	forget(&retiring, now)
	detail := map[string]string{"successor": successor.ID.String(), "retires_at": spell(retiring.Retires)}
	if err := put(ctx, tx, retiring, event(now, keywright.KeyRotated, by, &retiring, detail)); err != nil {
		return err
	}
	if err := insert(ctx, tx, successor, event(now, keywright.KeyIssued, by, &successor, birth(&successor))); err != nil {
		return err
	}
	out.Key, out.Credential, out.Predecessor = successor, c, &retiring
	return nil
}

// Overlap moves the end of a retiring key's overlap; the zero instant ends it now.
// Errors: NotFound, Invalid (ends_at), Conflict (not PENDING_ROTATION, its successor
// has ended).
func (k *Keeper) Overlap(ctx context.Context, by keywright.Actor, id keywright.KeyID, until time.Time) (keywright.Key, error) {
	until = until.UTC()
	return k.change(ctx, by, id, func(tx keywright.Tx, now time.Time, l loaded) (keywright.Key, *keywright.Event, error) {
		after, err := successor(ctx, tx, &l.key)
		if err != nil {
			return keywright.Key{}, nil, err
		}
		key, err := l.scheme.Policy().Overlap(now, l.key, after, until)
		if err != nil {
			return keywright.Key{}, nil, err
		}
		told := &keywright.Event{Act: keywright.KeyFinished, Detail: map[string]string{"retires_at": spell(key.Retires)}}
		if !until.IsZero() {
			told.Act = keywright.KeyAmended
			told.Detail["changed"], told.Detail["retires_at_before"] = "retires_at", spell(l.key.Retires)
		}
		return key, told, nil
	})
}

// successor returns the key that replaced this one, or nil if there is none any more.
func successor(ctx context.Context, r keywright.Reader, key *keywright.Key) (*keywright.Key, error) {
	if key.Successor.IsZero() {
		return nil, nil
	}
	after, err := r.Key(ctx, key.Successor)
	if errors.Is(err, keywright.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &after, nil
}

// forget drops the sealed secret of a key that no request can use again.
func forget(key *keywright.Key, now time.Time) {
	if key.StateAt(now).Final() {
		key.Sealed = nil
	}
}

// predecessor returns the key before this one, or nil if there is none any more.
func predecessor(ctx context.Context, r keywright.Reader, key *keywright.Key) (*keywright.Key, error) {
	if key.Predecessor.IsZero() {
		return nil, nil
	}
	before, err := r.Key(ctx, key.Predecessor)
	if errors.Is(err, keywright.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &before, nil
}

// loaded is a key with what its rules depend on.
type loaded struct {
	key    keywright.Key
	tenant keywright.Tenant
	scheme *scheme.Scheme
}

// load reads a key, its tenant and its scheme.
func (k *Keeper) load(ctx context.Context, r keywright.Reader, id keywright.KeyID) (l loaded, err error) {
	if l.key, err = r.Key(ctx, id); err != nil {
		return l, err
	}
	if l.tenant, err = tenantOf(ctx, r, string(l.key.Tenant)); err != nil {
		return l, err
	}
	if l.scheme = k.schemes[l.key.Scheme]; l.scheme == nil {
		return l, conflict("the scheme " + l.key.Scheme + " of this key is not configured any more: configure it again, or delete the key")
	}
	return l, nil
}
