package selfservice

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// Holder is a key that speaks for itself.
type Holder struct {
	Key     keywright.Key
	Manages keywright.KeyID // the key that a management token manages; zero for others
	Actor   keywright.Actor
}

// target is the key that a holder may rotate and revoke.
func (h *Holder) target() keywright.KeyID {
	if h.Manages.IsZero() {
		return h.Key.ID
	}
	return h.Manages
}

// speaking lists the schemes whose keys speak for themselves here: those that
// members manage, and those of the registration.
func (s *Service) speaking() []*scheme.Scheme {
	names := slices.Clone(s.managed)
	if r := s.o.Site.Registration; r != nil {
		for _, name := range []string{r.Scheme, r.Management} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	var all []*scheme.Scheme
	for _, name := range names {
		if of := s.o.Schemes[name]; of != nil {
			all = append(all, of)
		}
	}
	return all
}

// Held returns the key that a request presents, in any of the site's schemes, if it
// is in force. What its route to the API would ask beside that, such as a plan, is
// not asked: whoever holds a key may always end it. The second result is the
// refusal, as the scheme says it.
func (s *Service) Held(r *http.Request) (Holder, *scheme.Answer) {
	view := s.o.View(r)
	of, p := s.presented(&view)
	if of == nil {
		return Holder{}, &scheme.Answer{Reason: keywright.NoSuchRoute, Status: http.StatusNotFound}
	}
	if p.Reason != keywright.Granted {
		return Holder{}, of.Answer(p)
	}
	need := keywright.Need{Scheme: of.Name(), From: view.Address}
	d := s.o.Index.Verify(s.now(), s.o.Pepper.Digest(p.Credential), &need)
	if !d.Granted() {
		return Holder{}, of.Answer(scheme.Presented{Reason: d.Reason})
	}
	h, err := s.holder(r.Context(), of, d.Key)
	if err != nil {
		return Holder{}, s.Refusal(of.Name(), err)
	}
	h.Actor.RequestID = requestID(r.Context())
	if view.Address.IsValid() {
		h.Actor.Address = view.Address.Unmap().String()
	}
	return h, nil
}

// presented finds the one credential that stands in a request, whichever of the
// schemes it is of. Two at once are refused: which was meant, nobody can tell.
func (s *Service) presented(v *scheme.View) (*scheme.Scheme, scheme.Presented) {
	var of *scheme.Scheme
	var best scheme.Presented
	for _, one := range s.speaking() {
		p := one.Present(v)
		switch {
		case p.Reason == keywright.Granted && of != nil && best.Reason == keywright.Granted:
			return of, scheme.Presented{Reason: keywright.BadRequest}
		case of == nil || nearer(p.Reason) > nearer(best.Reason):
			of, best = one, p
		}
	}
	return of, best
}

// nearer orders what schemes say of a request by how much it was meant for them.
func nearer(r keywright.Reason) int {
	switch r {
	case keywright.Granted:
		return 3
	case keywright.Missing:
		return 0
	case keywright.Foreign:
		return 1
	default:
		return 2
	}
}

// holder reads the record of a key that was found, and what it manages.
func (s *Service) holder(ctx context.Context, of *scheme.Scheme, id keywright.KeyID) (Holder, error) {
	unknown := &keywright.Error{Kind: people.ErrSignIn, Detail: "no key of this API is presented"}
	var h Holder
	err := s.o.Store.View(ctx, func(r keywright.Reader) error {
		k, err := r.Key(ctx, id)
		if err != nil {
			return err
		}
		t, err := r.Tenant(ctx, string(k.Tenant))
		if err != nil {
			return err
		}
		if k.Scheme != of.Name() || !s.serves(&t) || t.ID == keywright.OperatorTenant {
			return unknown
		}
		h = Holder{Key: k, Actor: keywright.Actor{ID: k.ID.String(), Name: k.Name}}
		if s.isManagement(k.Scheme) {
			h.Manages, err = s.managedBy(ctx, r, &k)
		}
		return err
	})
	if errors.Is(err, keywright.NotFound) {
		return Holder{}, unknown // deleted since the decision
	}
	return h, err
}

func (s *Service) isManagement(name string) bool {
	r := s.o.Site.Registration
	return r != nil && r.Management != "" && name == r.Management
}

// maxSuccessors bounds how far the links of a key's rotations are followed. Each
// rotation by the token shortens them to one.
const maxSuccessors = 10_000

// managedBy follows a management token to the key in force that it manages: the one
// that was made with it, or that one's last successor. Another tenant's key is
// nobody's here, whatever the record says.
func (s *Service) managedBy(ctx context.Context, r keywright.Reader, token *keywright.Key) (keywright.KeyID, error) {
	gone := conflict("the key that this token manages is gone: register again")
	id, err := keywright.ParseKeyID(token.Metadata[tokenFor])
	if err != nil {
		return id, gone
	}
	for range maxSuccessors {
		k, err := r.Key(ctx, id)
		if errors.Is(err, keywright.NotFound) {
			return id, gone
		}
		if err != nil {
			return id, err
		}
		if k.Tenant != token.Tenant || k.Scheme != s.o.Site.Registration.Scheme {
			return id, gone
		}
		if k.Successor.IsZero() {
			return k.ID, nil
		}
		id = k.Successor
	}
	return id, gone
}

// HolderByID is the holder of a key that was verified elsewhere, such as by the
// gateway before a provider's own endpoint. by is whoever says so. Errors: NotFound.
func (s *Service) HolderByID(ctx context.Context, by keywright.Actor, id string) (Holder, error) {
	parsed, err := keywright.ParseKeyID(id)
	if err != nil {
		return Holder{}, noSuchKey()
	}
	k, err := s.record(ctx, parsed)
	if errors.Is(err, keywright.NotFound) {
		return Holder{}, noSuchKey()
	}
	if err != nil {
		return Holder{}, err
	}
	at := slices.IndexFunc(s.speaking(), func(of *scheme.Scheme) bool { return of.Name() == k.Scheme })
	if state := k.StateAt(s.now()); at < 0 || (state != keywright.Active && state != keywright.PendingRotation) {
		return Holder{}, noSuchKey()
	}
	h, err := s.holder(ctx, s.speaking()[at], parsed)
	if errors.Is(err, people.ErrSignIn) {
		return Holder{}, noSuchKey()
	}
	h.Actor = by
	return h, err
}

// HeldKey shows the key that a holder speaks for.
func (s *Service) HeldKey(ctx context.Context, h Holder) (api.Key, error) {
	if h.Manages.IsZero() {
		return s.shown(ctx, &h.Key), nil
	}
	k, err := s.record(ctx, h.Manages)
	if err != nil {
		return api.Key{}, spoken(err)
	}
	return s.shown(ctx, &k), nil
}

// RotateHeld replaces the key itself, or the one that a management token manages. A
// key that has a management token leaves rotating to that, and no key extends the
// scheme's own overlap by itself. With an idempotency key, a repeated request makes
// no second successor. Errors: Forbidden, Invalid, Conflict where the scheme does
// not rotate; people.Throttled.
func (s *Service) RotateHeld(ctx context.Context, h Holder, r api.RotateKey, idempotencyKey string) (api.Key, error) {
	q, err := wire.Rotation(&r, idempotencyKey)
	if err != nil {
		return api.Key{}, err
	}
	if h.Manages.IsZero() {
		if reg := s.o.Site.Registration; reg != nil && reg.Management != "" && h.Key.Scheme == reg.Scheme {
			return api.Key{}, forbidden("the management token rotates this key: the key itself does not")
		}
		own := s.o.Schemes[h.Key.Scheme].Policy().Rotation
		if own.Allowed && !own.Self {
			return api.Key{}, forbidden("keys of this API do not replace themselves: a person who is signed in does")
		}
		if own.Allowed && q.Overlap != nil && *q.Overlap > own.Overlap {
			return api.Key{}, invalid("overlap", "a key that rotates itself keeps the old one for at most "+spell(own.Overlap)+": a person who is signed in can ask for more")
		}
	}
	if err := s.made.take(s.now(), string(h.Key.Tenant), "too many rotations within an hour: wait before the next"); err != nil {
		return api.Key{}, err
	}
	out, err := s.rotate(ctx, &h, q)
	if err != nil {
		return api.Key{}, spoken(err)
	}
	s.shorten(ctx, &h, out.Key.ID)
	return s.issued(ctx, &out), nil
}

func spell(d time.Duration) string {
	if d == 0 {
		return "no time at all"
	}
	return d.String()
}

// rotate replaces the holder's target. A token's target is the key in force, so a
// repeated request would mean the successor that the first one made: whether the
// request was made before is asked of the predecessor, which is past rotating.
func (s *Service) rotate(ctx context.Context, h *Holder, q keeper.RotateRequest) (keeper.Issued, error) {
	if !h.Manages.IsZero() && q.IdempotencyKey != "" {
		k, err := s.record(ctx, h.Manages)
		if err != nil {
			return keeper.Issued{}, err
		}
		if !k.Predecessor.IsZero() {
			out, err := s.o.Keeper.Rotate(ctx, h.Actor, k.Predecessor, q)
			if !errors.Is(err, keywright.Conflict) && !errors.Is(err, keywright.NotFound) {
				return out, err
			}
		}
	}
	return s.o.Keeper.Rotate(ctx, h.Actor, h.target(), q)
}

// shorten points a management token at the newest key, so that its links stay
// short. If it cannot be written, the links lead there all the same.
func (s *Service) shorten(ctx context.Context, h *Holder, to keywright.KeyID) {
	if h.Manages.IsZero() || h.Key.Metadata[tokenFor] == to.String() {
		return
	}
	m := map[string]string{}
	for name, value := range h.Key.Metadata {
		m[name] = value
	}
	m[tokenFor] = to.String()
	_, _ = s.o.Keeper.Amend(ctx, h.Actor, h.Key.ID, 0, keywright.Amendment{Metadata: &m})
}

// RevokeHeld ends the key itself, or the one that a management token manages, and
// with either the token. Errors: Invalid (reason).
func (s *Service) RevokeHeld(ctx context.Context, h Holder, reason string) (api.Key, error) {
	why := keywright.Revocation(reason)
	tokens, err := s.tokensOf(ctx, &h)
	if err != nil {
		return api.Key{}, err
	}
	k, err := s.o.Keeper.Revoke(ctx, h.Actor, h.target(), why)
	if err != nil {
		return api.Key{}, spoken(err)
	}
	// A key before it whose overlap still runs would live on with nobody to end it.
	if !h.Manages.IsZero() && !k.Predecessor.IsZero() {
		tokens = append(tokens, k.Predecessor)
	}
	for _, id := range tokens {
		if _, err := s.o.Keeper.Revoke(ctx, h.Actor, id, why); err != nil && !errors.Is(err, keywright.NotFound) {
			return api.Key{}, err
		}
	}
	return s.shown(ctx, &k), nil
}

// tokensOf lists the management tokens that manage the holder's target.
func (s *Service) tokensOf(ctx context.Context, h *Holder) ([]keywright.KeyID, error) {
	reg := s.o.Site.Registration
	if !h.Manages.IsZero() {
		return []keywright.KeyID{h.Key.ID}, nil
	}
	if reg == nil || reg.Management == "" || h.Key.Scheme != reg.Scheme {
		return nil, nil
	}
	var ids []keywright.KeyID
	err := s.o.Store.View(ctx, func(r keywright.Reader) error {
		ids = ids[:0]
		var tokens []keywright.Key
		err := each(ctx, r, keywright.KeyQuery{Tenant: h.Key.Tenant, Scheme: reg.Management, Unrevoked: true}, func(k *keywright.Key) { tokens = append(tokens, *k) })
		if err != nil {
			return err
		}
		for i := range tokens {
			if id, err := s.managedBy(ctx, r, &tokens[i]); err == nil && id == h.Key.ID {
				ids = append(ids, tokens[i].ID)
			}
		}
		return nil
	})
	return ids, err
}

// Refusal says an error in the style of a scheme, for callers that present keys.
func (s *Service) Refusal(schemeName string, err error) *scheme.Answer {
	of := s.o.Schemes[schemeName]
	var e *keywright.Error
	switch {
	case of == nil:
		return &scheme.Answer{Reason: keywright.NoSuchRoute, Status: http.StatusNotFound}
	case !errors.As(err, &e):
		e = &keywright.Error{Kind: keywright.Internal}
	}
	switch e.Kind {
	case keywright.NotFound, people.ErrSignIn:
		return of.Answer(scheme.Presented{Reason: keywright.Unknown})
	case keywright.Conflict:
		return of.Render(http.StatusConflict, "CONFLICT", e.Detail)
	case keywright.Invalid:
		return of.Render(http.StatusUnprocessableEntity, "INVALID", e.Field+": "+e.Detail)
	case keywright.Forbidden:
		return of.Render(http.StatusForbidden, "FORBIDDEN", e.Detail)
	case people.Throttled:
		return of.Answer(scheme.Presented{Reason: keywright.Limited})
	default:
		return of.Answer(scheme.Presented{Reason: keywright.Failure})
	}
}
