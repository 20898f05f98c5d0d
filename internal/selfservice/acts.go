package selfservice

import (
	"context"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/people"
)

// AmendKey changes name, expiry, permissions, addresses and metadata; nulls are the
// members of the request that are null. Errors: NotFound, Forbidden, Invalid,
// Precondition, Conflict.
func (s *Service) AmendKey(ctx context.Context, c Caller, id string, ifVersion uint64, a api.AmendKey, nulls map[string]bool) (api.Key, error) {
	change, err := wire.Amendment(&a, nulls)
	if err != nil {
		return api.Key{}, err
	}
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	if change.Metadata != nil {
		if err := ownMetadata(*change.Metadata); err != nil {
			return api.Key{}, err
		}
		if owner, is := k.Metadata[testOwner]; is {
			kept := map[string]string{testOwner: owner}
			for name, value := range *change.Metadata {
				kept[name] = value
			}
			change.Metadata = &kept
		}
	}
	return s.after(ctx)(s.o.Keeper.Amend(ctx, c.Actor, k.ID, ifVersion, change))
}

// after spells what an act left behind.
func (s *Service) after(ctx context.Context) func(keywright.Key, error) (api.Key, error) {
	return func(k keywright.Key, err error) (api.Key, error) {
		if err != nil {
			return api.Key{}, spoken(err)
		}
		return s.shown(ctx, &k), nil
	}
}

// RotateKey replaces one. Errors: NotFound, Forbidden, Invalid (overlap), Conflict
// (the scheme does not rotate, not ACTIVE), people.Throttled.
func (s *Service) RotateKey(ctx context.Context, c Caller, id string, r api.RotateKey, idempotencyKey string) (api.Key, error) {
	q, err := wire.Rotation(&r, idempotencyKey)
	if err != nil {
		return api.Key{}, err
	}
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	if err := s.made.take(s.now(), string(c.Person.ID), "too many keys within an hour: wait before you make another"); err != nil {
		return api.Key{}, err
	}
	out, err := s.o.Keeper.Rotate(ctx, c.Actor, k.ID, q)
	if err != nil {
		return api.Key{}, spoken(err)
	}
	return s.issued(ctx, &out), nil
}

// OverlapKey moves the end of a retiring key's overlap; the zero time ends it now.
// Errors: NotFound, Forbidden, Invalid (ends_at), Conflict.
func (s *Service) OverlapKey(ctx context.Context, c Caller, id string, until time.Time) (api.Key, error) {
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	return s.after(ctx)(s.o.Keeper.Overlap(ctx, c.Actor, k.ID, until))
}

// PauseKey suspends one, until an instant or, for the zero time, until resumed.
// Errors: NotFound, Forbidden, Invalid, Conflict.
func (s *Service) PauseKey(ctx context.Context, c Caller, id string, until time.Time) (api.Key, error) {
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	return s.after(ctx)(s.o.Keeper.Pause(ctx, c.Actor, k.ID, until))
}

// ResumeKey ends a pause. Errors: NotFound, Forbidden, Conflict.
func (s *Service) ResumeKey(ctx context.Context, c Caller, id string) (api.Key, error) {
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	return s.after(ctx)(s.o.Keeper.Resume(ctx, c.Actor, k.ID))
}

// RevokeKey ends one for good; "" is no reason in particular. Errors: NotFound,
// Forbidden, Invalid (reason).
func (s *Service) RevokeKey(ctx context.Context, c Caller, id, reason string) (api.Key, error) {
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	return s.after(ctx)(s.o.Keeper.Revoke(ctx, c.Actor, k.ID, keywright.Revocation(reason)))
}

// DeleteKey removes one. Errors: NotFound, Forbidden.
func (s *Service) DeleteKey(ctx context.Context, c Caller, id string) error {
	k, err := s.owned(ctx, &c, id)
	if err != nil {
		return err
	}
	if err := s.o.Keeper.Delete(ctx, c.Actor, k.ID); err != nil {
		return spoken(err)
	}
	return nil
}

// RevealKey shows a sealed secret again: in a session, after a fresh proof. Errors:
// NotFound, Forbidden, people.ProofNeeded, Conflict (not kept).
func (s *Service) RevealKey(ctx context.Context, c Caller, id string) (api.Credential, error) {
	k, err := s.key(ctx, &c, id)
	if err != nil {
		return api.Credential{}, err
	}
	if err := c.need(people.GrantedKeys); err != nil {
		return api.Credential{}, err
	}
	if c.Token || c.Session.ID == "" {
		return api.Credential{}, &keywright.Error{Kind: people.ProofNeeded, Detail: "a secret is shown again only to a person who has just proved who they are: sign in on the site's pages"}
	}
	if err := s.o.People.FreshProof(c.Session); err != nil {
		return api.Credential{}, err
	}
	out, err := s.o.Keeper.Reveal(ctx, c.Actor, k.ID)
	if err != nil {
		return api.Credential{}, spoken(err)
	}
	return wire.Credential(out), nil
}
