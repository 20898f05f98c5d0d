package cli

import (
	"context"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/cli/profile"
)

// self is what a key that speaks for itself is called in place of its id.
const self = "self"

// ownKey is what an API key may do: to itself alone.
type ownKey struct {
	held *client.Held
	at   chosen
}

// asKey makes the hand of an API key that is kept for a customer's site.
func (a *app) asKey(c chosen) (hand, error) {
	secret, err := c.store.Secret(c.set, c.name)
	if err != nil {
		return hand{}, err
	}
	held, err := a.held(&c.Profile, secret.Key)
	o := &ownKey{held: held, at: c}
	return hand{records: o, lives: o, own: o, at: c}, err
}

func (o *ownKey) only(id string) error {
	if id == self {
		return nil
	}
	return &coded{code: ExitForbidden, text: "an API key acts on itself alone, as " + self + ": for other keys log in with keywright login --server " + o.at.Server}
}

// Key shows the key's own record.
func (o *ownKey) Key(ctx context.Context, id string) (api.Key, error) {
	if err := o.only(id); err != nil {
		return api.Key{}, err
	}
	return o.held.Key(ctx)
}

// AmendKey is not for keys.
func (o *ownKey) AmendKey(context.Context, string, uint64, api.AmendKey) (api.Key, error) {
	return api.Key{}, o.only("")
}

// AmendExpiry is not for keys.
func (o *ownKey) AmendExpiry(context.Context, string, uint64, time.Time) (api.Key, error) {
	return api.Key{}, o.only("")
}

// DeleteKey is not for keys.
func (o *ownKey) DeleteKey(context.Context, string) error { return o.only("") }

// RotateKeyOnce replaces the key, and keeps the new one in the place of the old.
func (o *ownKey) RotateKeyOnce(ctx context.Context, _, id string, r api.RotateKey) (api.Key, error) {
	if err := o.only(id); err != nil {
		return api.Key{}, err
	}
	out, err := o.held.Rotate(ctx, r)
	if err != nil || out.Credential == nil {
		return out, err
	}
	// That it cannot be kept must not hide it: it is shown, as every new key is.
	_ = o.at.store.Update(func(tx *profile.Tx) error {
		p := o.at.Profile
		return tx.Put(o.at.name, &p, profile.Secret{Key: profile.Hide(out.Credential.Key)})
	})
	return out, nil
}

// OverlapKey is not for keys.
func (o *ownKey) OverlapKey(context.Context, string, time.Time) (api.Key, error) {
	return api.Key{}, o.only("")
}

// PauseKey is not for keys.
func (o *ownKey) PauseKey(context.Context, string, time.Time) (api.Key, error) {
	return api.Key{}, o.only("")
}

// ResumeKey is not for keys.
func (o *ownKey) ResumeKey(context.Context, string) (api.Key, error) { return api.Key{}, o.only("") }

// RevokeKey ends the key for good.
func (o *ownKey) RevokeKey(ctx context.Context, id, reason string) (api.Key, error) {
	if err := o.only(id); err != nil {
		return api.Key{}, err
	}
	return o.held.Revoke(ctx, reason)
}
