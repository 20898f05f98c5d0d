package management

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
)

type rotateKeyIn struct {
	KeyIn
	IdempotencyKey string `header:"Idempotency-Key" doc:"Repeating a request with the same one makes no second successor."`
	Body           *api.RotateKey
}

func (s *server) rotateKey(ctx context.Context, c *call, in *rotateKeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	r, err := wire.Rotation(in.Body, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if _, err := s.mayTouch(ctx, c, id); err != nil {
		return nil, err
	}
	out, err := s.Keeper.Rotate(ctx, s.actor(ctx, c), id, r)
	if err != nil {
		return nil, keyless(err)
	}
	return s.newKey(ctx, &out), nil
}

type overlapKeyIn struct {
	KeyIn
	Body *api.OverlapKey
}

func (s *server) overlapKey(ctx context.Context, c *call, in *overlapKeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	until, err := wire.Ends(in.Body)
	if err != nil {
		return nil, err
	}
	if _, err := s.mayTouch(ctx, c, id); err != nil {
		return nil, err
	}
	return s.record(ctx)(s.Keeper.Overlap(ctx, s.actor(ctx, c), id, until))
}

type pauseKeyIn struct {
	KeyIn
	Body *api.PauseKey
}

func (s *server) pauseKey(ctx context.Context, c *call, in *pauseKeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	until, err := wire.Until(in.Body)
	if err != nil {
		return nil, err
	}
	return s.record(ctx)(s.Keeper.Pause(ctx, s.actor(ctx, c), id, until))
}

func (s *server) resumeKey(ctx context.Context, c *call, in *KeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return s.record(ctx)(s.Keeper.Resume(ctx, s.actor(ctx, c), id))
}

type revokeKeyIn struct {
	KeyIn
	Body *api.RevokeKey
}

// revokeKey lets any operator who may write keys revoke any key, their own
// included: a key that has leaked must be killable by whoever sees it.
func (s *server) revokeKey(ctx context.Context, c *call, in *revokeKeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	var why keywright.Revocation
	if in.Body != nil {
		why = keywright.Revocation(in.Body.Reason)
	}
	return s.record(ctx)(s.Keeper.Revoke(ctx, s.actor(ctx, c), id, why))
}
