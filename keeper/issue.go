package keeper

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// Issued is a new key, and the only sight of its credential.
type Issued struct {
	Key         keywright.Key
	Credential  keywright.Credential // zero on a replay
	Predecessor *keywright.Key       // after a rotation
	Replayed    bool                 // an idempotency key was used again: nothing was done
}

// IssueRequest asks for a key. A management token of trusset-mica names the key
// that it manages in Draft.Metadata["key_id"]; the keeper binds it no further.
type IssueRequest struct {
	Tenant         string // id or ref
	Scheme         string
	Draft          keywright.Draft
	IdempotencyKey string // at most 255 visible characters; remembered for a day
}

// Issue makes a key. Errors: NotFound (tenant), Invalid (field), Forbidden
// (environment, plan), Conflict (cap, archived).
func (k *Keeper) Issue(ctx context.Context, by keywright.Actor, r IssueRequest) (Issued, error) {
	s, err := k.schemeOf(r.Scheme)
	if err != nil {
		return Issued{}, err
	}
	if err := checkIdempotencyKey(r.IdempotencyKey); err != nil {
		return Issued{}, err
	}
	draft := r.Draft
	draft.Permissions, draft.Addresses = slices.Clone(draft.Permissions), slices.Clone(draft.Addresses)
	draft.Metadata, draft.Expires = maps.Clone(draft.Metadata), draft.Expires.UTC()
	var out Issued
	err = k.mint(ctx, func(tx keywright.Tx, now time.Time) error {
		out = Issued{}
		t, err := tenantOf(ctx, tx, r.Tenant)
		if err != nil {
			return err
		}
		once := newOnce(by, "issue", "", r.IdempotencyKey, struct {
			Tenant keywright.TenantID
			Scheme string
			Draft  keywright.Draft
		}{t.ID, r.Scheme, draft})
		if done, err := once.replay(ctx, tx, now, &out); done || err != nil {
			return err
		}
		if err := k.issue(ctx, tx, now, by, s, &t, draft, &out); err != nil {
			return err
		}
		return once.remember(ctx, tx, out.Key.ID, now)
	})
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

func (k *Keeper) issue(ctx context.Context, tx keywright.Tx, now time.Time, by keywright.Actor, s *scheme.Scheme, t *keywright.Tenant, d keywright.Draft, out *Issued) error {
	p := s.Policy()
	count, err := active(ctx, tx, p, t.ID, now, keywright.KeyID{})
	if err != nil {
		return err
	}
	key, err := p.Issue(now, t, count, d)
	if err != nil {
		return err
	}
	if err := k.fitting(ctx, tx); err != nil {
		return err
	}
	c, err := k.draw(now, s, t, &key, "")
	if err != nil {
		return err
	}
	if err := insert(ctx, tx, key, event(now, keywright.KeyIssued, by, &key, birth(&key))); err != nil {
		return err
	}
	out.Key, out.Credential = key, c
	return nil
}

// draw makes a key's credential and what the record keeps of it: id, digest,
// public half, hint and, where the scheme shows it again, the sealed secret.
func (k *Keeper) draw(now time.Time, s *scheme.Scheme, t *keywright.Tenant, key *keywright.Key, public string) (keywright.Credential, error) {
	c, err := s.Mint(k.random, scheme.Minting{Ref: t.Ref, Environment: key.Environment, Public: public, At: now})
	if err != nil {
		return keywright.Credential{}, err
	}
	return c, k.identify(now, s, key, c)
}

// identify fills in what the record keeps of a credential.
func (k *Keeper) identify(now time.Time, s *scheme.Scheme, key *keywright.Key, c keywright.Credential) error {
	e, err := k.entropy()
	if err != nil {
		return err
	}
	if key.ID = keywright.NewKeyID(now, e); k.drawn.again(key.ID) {
		return errRepeated
	}
	key.Digest, key.Pepper = k.pepper.Digest(c), k.pepper.ID()
	key.Public, key.Hint = c.Public(), s.Hint(c)
	if !s.Recoverable() {
		return nil
	}
	if k.sealer == nil {
		return &keywright.Error{Kind: keywright.Internal, Detail: "the scheme " + s.Name() + " shows its secrets again, and there is no key to seal them with"}
	}
	_, secret := c.Reveal()
	key.Sealed, err = k.sealer.Seal(key.ID, key.Tenant, secret)
	return err
}

// insert puts a new key. A digest that is there already was drawn a second time.
func insert(ctx context.Context, tx keywright.Tx, key keywright.Key, e keywright.Event) error {
	err := put(ctx, tx, key, e)
	if errors.Is(err, keywright.Conflict) {
		return errRepeated
	}
	return err
}

// birth is the detail of the event that tells of a new key.
func birth(key *keywright.Key) map[string]string {
	d := map[string]string{"scheme": key.Scheme, "hint": key.Hint, "expires_at": spell(key.Expires)}
	if key.Environment != "" {
		d["environment"] = key.Environment
	}
	if !key.Predecessor.IsZero() {
		d["predecessor"] = key.Predecessor.String()
	}
	return d
}
