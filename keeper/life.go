package keeper

import (
	"context"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// Match is an optional precondition: the version that the caller saw; 0 is none.
type Match = uint64

func (l *loaded) matches(m Match) error { return matches(l.key.Version, m) }

func matches(version uint64, m Match) error {
	if m == 0 || m == version {
		return nil
	}
	return &keywright.Error{Kind: keywright.Precondition, Field: "If-Match", Detail: "it has been changed meanwhile: read it again, and repeat the change if it still applies"}
}

// change is write for one key: rule makes the new record from the old one and
// says what the event tells; a nil event means that there is nothing to do.
func (k *Keeper) change(ctx context.Context, by keywright.Actor, id keywright.KeyID, rule func(keywright.Tx, time.Time, loaded) (keywright.Key, *keywright.Event, error)) (keywright.Key, error) {
	var out keywright.Key
	err := k.write(ctx, func(tx keywright.Tx, now time.Time) error {
		l, err := k.load(ctx, tx, id)
		if err != nil {
			return err
		}
		key, told, err := rule(tx, now, l)
		if err != nil {
			return err
		}
		out = key
		if told == nil {
			return nil
		}
		forget(&key, now)
		out = key
		e := event(now, told.Act, by, &key, told.Detail)
		e.Reason = told.Reason
		return put(ctx, tx, key, e)
	})
	if err != nil {
		return keywright.Key{}, err
	}
	return out, nil
}

// Amend changes name, expiry, permissions, addresses and metadata; what the
// amendment leaves out stays as it is. Errors: NotFound, Precondition if the
// version differs, Invalid (field), Conflict (final, may not be brought back, cap).
func (k *Keeper) Amend(ctx context.Context, by keywright.Actor, id keywright.KeyID, m Match, a keywright.Amendment) (keywright.Key, error) {
	if a.Expires != nil {
		to := a.Expires.UTC()
		a.Expires = &to
	}
	return k.change(ctx, by, id, func(tx keywright.Tx, now time.Time, l loaded) (keywright.Key, *keywright.Event, error) {
		if err := l.matches(m); err != nil {
			return keywright.Key{}, nil, err
		}
		if a == (keywright.Amendment{}) {
			return l.key, nil, nil
		}
		p := l.scheme.Policy()
		count, err := active(ctx, tx, p, l.key.Tenant, now, l.key.ID)
		if err != nil {
			return keywright.Key{}, nil, err
		}
		key, err := p.Amend(now, &l.tenant, count, l.key, a)
		return key, &keywright.Event{Act: keywright.KeyAmended, Detail: amended(&l.key, &key, a)}, err
	})
}

// amended tells what an amendment touched. Only instants are told with their
// values: a name or metadata may hold anything.
func amended(was, is *keywright.Key, a keywright.Amendment) map[string]string {
	detail := map[string]string{}
	var touched []string
	for _, part := range []struct {
		name string
		set  bool
	}{{"name", a.Name != nil}, {"expires_at", a.Expires != nil}, {"permissions", a.Permissions != nil}, {"addresses", a.Addresses != nil}, {"metadata", a.Metadata != nil}} {
		if part.set {
			touched = append(touched, part.name)
		}
	}
	detail["changed"] = strings.Join(touched, " ")
	if a.Expires != nil {
		detail["expires_at_before"], detail["expires_at"] = spell(was.Expires), spell(is.Expires)
	}
	return detail
}

// Pause suspends a key, until an instant or, if that is zero, until it is
// resumed. Errors: NotFound, Invalid (until), Conflict (EXPIRED or final).
func (k *Keeper) Pause(ctx context.Context, by keywright.Actor, id keywright.KeyID, until time.Time) (keywright.Key, error) {
	until = until.UTC()
	return k.change(ctx, by, id, func(_ keywright.Tx, now time.Time, l loaded) (keywright.Key, *keywright.Event, error) {
		key, err := l.scheme.Policy().Pause(now, l.key, until)
		detail := map[string]string{"until": "resumed"}
		if !until.IsZero() {
			detail["until"] = spell(until)
		}
		return key, &keywright.Event{Act: keywright.KeyPaused, Detail: detail}, err
	})
}

// Resume ends a pause. Errors: NotFound, Conflict (not PAUSED).
func (k *Keeper) Resume(ctx context.Context, by keywright.Actor, id keywright.KeyID) (keywright.Key, error) {
	return k.change(ctx, by, id, func(_ keywright.Tx, now time.Time, l loaded) (keywright.Key, *keywright.Event, error) {
		key, err := l.scheme.Policy().Resume(now, l.key)
		return key, &keywright.Event{Act: keywright.KeyResumed}, err
	})
}

// Revoke ends a key for good. Repeating it is harmless and tells no event.
// Errors: NotFound, Invalid (reason).
func (k *Keeper) Revoke(ctx context.Context, by keywright.Actor, id keywright.KeyID, why keywright.Revocation) (keywright.Key, error) {
	return k.change(ctx, by, id, func(_ keywright.Tx, now time.Time, l loaded) (keywright.Key, *keywright.Event, error) {
		key, changed, err := l.scheme.Policy().Revoke(now, l.key, why)
		if err != nil || !changed {
			return key, nil, err
		}
		return key, &keywright.Event{Act: keywright.KeyRevoked, Reason: string(key.Revocation)}, nil
	})
}

// Delete removes a key; what happened to it stays in the audit trail. It works
// in every state, and also when the key's scheme is not configured any more.
// Errors: NotFound.
func (k *Keeper) Delete(ctx context.Context, by keywright.Actor, id keywright.KeyID) error {
	return k.write(ctx, func(tx keywright.Tx, now time.Time) error {
		key, err := tx.Key(ctx, id)
		if err != nil {
			return err
		}
		detail := birth(&key)
		detail["state"] = string(key.StateAt(now))
		if err := tx.DeleteKey(ctx, id); err != nil {
			return err
		}
		return tx.Append(ctx, event(now, keywright.KeyDeleted, by, &key, detail))
	})
}

// Reveal opens the sealed secret of a key whose scheme shows it again. It is
// told in the audit trail before it is answered; whoever calls it has asked for
// the person's proof. Errors: NotFound, Conflict (not recoverable, or the key is
// EXPIRED or final), Internal (sealed under another key).
func (k *Keeper) Reveal(ctx context.Context, by keywright.Actor, id keywright.KeyID) (keywright.Credential, error) {
	var out keywright.Credential
	err := k.write(ctx, func(tx keywright.Tx, now time.Time) error {
		l, err := k.load(ctx, tx, id)
		if err != nil {
			return err
		}
		if !l.scheme.Recoverable() || len(l.key.Sealed) == 0 || k.sealer == nil {
			return conflict("the secret of this key was shown once and is not kept: rotate or replace the key instead")
		}
		if s := l.key.StateAt(now); s.Final() || s == keywright.StateExpired {
			return conflict("a key that is " + string(s) + " is not shown again")
		}
		secret, err := k.sealer.Open(l.key.ID, l.key.Tenant, l.key.Sealed)
		if err != nil {
			return &keywright.Error{Kind: keywright.Internal, Detail: "the sealed secret does not open: is the secrets folder the one that it was sealed under?", Cause: err}
		}
		out = keywright.NewCredential(l.key.Public, secret)
		return tx.Append(ctx, event(now, keywright.KeyRevealed, by, &l.key, nil))
	})
	if err != nil {
		return keywright.Credential{}, err
	}
	return out, nil
}
