package management

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/internal/selfservice"
)

// routes binds every operation to its handler.
func (s *selfServer) routes() {
	register(&s.desk, api.OpListOwnKeys, s.listKeys)
	register(&s.desk, api.OpExportOwnKeys, s.exportKeys)
	register(&s.desk, api.OpCreateOwnKey, s.createKey)
	register(&s.desk, api.OpCreateTestKey, s.createTestKey)
	register(&s.desk, api.OpGetOwnKey, s.getKey)
	register(&s.desk, api.OpAmendOwnKey, s.amendKey)
	register(&s.desk, api.OpDeleteOwnKey, s.deleteKey)
	register(&s.desk, api.OpRotateOwnKey, s.rotateKey)
	register(&s.desk, api.OpOverlapOwnKey, s.overlapKey)
	register(&s.desk, api.OpPauseOwnKey, s.pauseKey)
	register(&s.desk, api.OpResumeOwnKey, s.resumeKey)
	register(&s.desk, api.OpRevokeOwnKey, s.revokeKey)
	register(&s.desk, api.OpRevealOwnKey, s.revealKey)
	s.peopleRoutes()
	s.accessRoutes()
	s.usageRoutes()
	register(&s.desk, api.OpRegister, s.register)
	register(&s.desk, api.OpGetHeldKey, held(s, s.getHeld))
	register(&s.desk, api.OpRotateHeldKey, held(s, s.rotateHeld))
	register(&s.desk, api.OpRevokeHeldKey, held(s, s.revokeHeld))
	register(&s.desk, api.OpDiscovery, s.discover)
	describeOpen(s.huma.OpenAPI())
}

func describeOpen(doc *huma.OpenAPI) {
	open := describeSelf(doc, api.FindSelf(api.OpSelfOpenAPI))
	open.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{jsonType: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}}
	doc.AddOperation(&open)
}

// Chosen is what every operation takes that is about one of the caller's tenants;
// recognise has read it before.
type Chosen struct {
	Tenant string `query:"tenant" maxLength:"128" doc:"Which of your tenants is meant: its id or ref. The first unless given."`
}

// OwnKeyIn is what every operation about one key takes.
type OwnKeyIn struct {
	Chosen
	KeyIn
}

type chosenIn struct{ Chosen }

func (s *selfServer) listKeys(ctx context.Context, c *call, _ *chosenIn) (*listing[api.KeyPage], error) {
	keys, err := s.Self.Keys(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	return &listing[api.KeyPage]{Body: api.KeyPage{Items: keys}}, nil
}

type createOwnKeyIn struct {
	Chosen
	IdempotencyKey string `header:"Idempotency-Key" doc:"Repeating a request with the same one makes no second key."`
	Body           api.CreateOwnKey
}

func (s *selfServer) createKey(ctx context.Context, c *call, in *createOwnKeyIn) (*reply[api.Key], error) {
	k, err := s.Self.CreateKey(ctx, c.caller, in.Body, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return made(k), nil
}

func (s *selfServer) createTestKey(ctx context.Context, c *call, _ *chosenIn) (*reply[api.Key], error) {
	k, err := s.Self.CreateTestKey(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	return made(k), nil
}

// shown answers 200 with a key's record.
func shown(k api.Key, err error) (*reply[api.Key], error) {
	if err != nil {
		return nil, err
	}
	return &reply[api.Key]{Status: http.StatusOK, ETag: etag(k.Version), Body: k}, nil
}

func (s *selfServer) getKey(ctx context.Context, c *call, in *OwnKeyIn) (*reply[api.Key], error) {
	return shown(s.Self.Key(ctx, c.caller, in.ID))
}

type amendOwnKeyIn struct {
	OwnKeyIn
	IfMatch string `header:"If-Match" doc:"The ETag of the record that you saw; anything else since answers 412."`
	Body    api.AmendKey
}

func (s *selfServer) amendKey(ctx context.Context, c *call, in *amendOwnKeyIn) (*reply[api.Key], error) {
	var version uint64
	if in.IfMatch != "" {
		k, err := s.Self.Key(ctx, c.caller, in.ID)
		if err != nil {
			return nil, err
		}
		if version, err = match(in.IfMatch, k.Version); err != nil {
			return nil, err
		}
	}
	return shown(s.Self.AmendKey(ctx, c.caller, in.ID, version, in.Body, c.nulls))
}

func (s *selfServer) deleteKey(ctx context.Context, c *call, in *OwnKeyIn) (*nothing, error) {
	return nil, s.Self.DeleteKey(ctx, c.caller, in.ID)
}

type rotateOwnKeyIn struct {
	OwnKeyIn
	IdempotencyKey string `header:"Idempotency-Key" doc:"Repeating a request with the same one makes no second successor."`
	Body           *api.RotateKey
}

func (s *selfServer) rotateKey(ctx context.Context, c *call, in *rotateOwnKeyIn) (*reply[api.Key], error) {
	k, err := s.Self.RotateKey(ctx, c.caller, in.ID, given(in.Body), in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return made(k), nil
}

// given is a body that may be left out.
func given[T any](body *T) T {
	if body == nil {
		var none T
		return none
	}
	return *body
}

type overlapOwnKeyIn struct {
	OwnKeyIn
	Body *api.OverlapKey
}

func (s *selfServer) overlapKey(ctx context.Context, c *call, in *overlapOwnKeyIn) (*reply[api.Key], error) {
	until, err := wire.Ends(in.Body)
	if err != nil {
		return nil, err
	}
	return shown(s.Self.OverlapKey(ctx, c.caller, in.ID, until))
}

type pauseOwnKeyIn struct {
	OwnKeyIn
	Body *api.PauseKey
}

func (s *selfServer) pauseKey(ctx context.Context, c *call, in *pauseOwnKeyIn) (*reply[api.Key], error) {
	until, err := wire.Until(in.Body)
	if err != nil {
		return nil, err
	}
	return shown(s.Self.PauseKey(ctx, c.caller, in.ID, until))
}

func (s *selfServer) resumeKey(ctx context.Context, c *call, in *OwnKeyIn) (*reply[api.Key], error) {
	return shown(s.Self.ResumeKey(ctx, c.caller, in.ID))
}

type revokeOwnKeyIn struct {
	OwnKeyIn
	Body *api.RevokeKey
}

func (s *selfServer) revokeKey(ctx context.Context, c *call, in *revokeOwnKeyIn) (*reply[api.Key], error) {
	return shown(s.Self.RevokeKey(ctx, c.caller, in.ID, given(in.Body).Reason))
}

func (s *selfServer) revealKey(ctx context.Context, c *call, in *OwnKeyIn) (*listing[api.Credential], error) {
	out, err := s.Self.RevealKey(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &listing[api.Credential]{Body: out}, nil
}

type registerIn struct{ Body api.Register }

func (s *selfServer) register(ctx context.Context, c *call, in *registerIn) (*created[api.Registered], error) {
	out, err := s.Self.Register(ctx, selfservice.Registrant{
		Email: in.Body.Email, Address: c.view.Address, Actor: keywright.Actor{RequestID: c.requestID},
	})
	if err != nil {
		return nil, err
	}
	return &created[api.Registered]{Status: http.StatusCreated, Body: out}, nil
}

// held answers a key's own operation: its refusals are the scheme's.
func held[I, O any](s *selfServer, handle func(context.Context, *call, *I) (*O, error)) func(context.Context, *call, *I) (*O, error) {
	return func(ctx context.Context, c *call, in *I) (*O, error) {
		out, err := handle(ctx, c, in)
		if err != nil {
			return nil, s.heldFault(c, err)
		}
		return out, nil
	}
}

func (s *selfServer) getHeld(ctx context.Context, c *call, _ *struct{}) (*reply[api.Key], error) {
	return shown(s.Self.HeldKey(ctx, c.holder))
}

type rotateHeldIn struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"Repeating a request with the same one makes no second successor."`
	Body           *api.RotateKey
}

func (s *selfServer) rotateHeld(ctx context.Context, c *call, in *rotateHeldIn) (*reply[api.Key], error) {
	k, err := s.Self.RotateHeld(ctx, c.holder, given(in.Body), in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return made(k), nil
}

type revokeHeldIn struct{ Body *api.RevokeKey }

func (s *selfServer) revokeHeld(ctx context.Context, c *call, in *revokeHeldIn) (*reply[api.Key], error) {
	return shown(s.Self.RevokeHeld(ctx, c.holder, given(in.Body).Reason))
}

func (s *selfServer) discover(_ context.Context, c *call, _ *struct{}) (*listing[api.Discovery], error) {
	if s.Discovery == nil {
		return nil, noSuch("discovery here")
	}
	out := s.Discovery(c.request)
	if out.Providers == nil {
		out.Providers = []api.DiscoveredIssuer{}
	}
	for i := range out.Providers {
		if out.Providers[i].Scopes == nil {
			out.Providers[i].Scopes = []string{}
		}
	}
	return &listing[api.Discovery]{Body: out}, nil
}
