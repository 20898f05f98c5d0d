package management

import (
	"context"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/keeper"
)

type createKeyIn struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"Repeating a request with the same one makes no second key."`
	Body           api.CreateKey
}

func (s *server) createKey(ctx context.Context, c *call, in *createKeyIn) (*reply[api.Key], error) {
	draft, err := wire.Draft(&in.Body)
	if err != nil {
		return nil, err
	}
	if _, known := s.Schemes[in.Body.Scheme]; !known {
		return nil, invalidField("scheme", "there is no scheme of this name here")
	}
	t, err := s.namedTenant(ctx, in.Body.Tenant)
	if err != nil {
		return nil, err
	}
	if err := mayGive(c, t.ID, draft.Permissions); err != nil {
		return nil, err
	}
	out, err := s.Keeper.Issue(ctx, s.actor(ctx, c), keeper.IssueRequest{
		Tenant: string(t.ID), Scheme: in.Body.Scheme, Draft: draft, IdempotencyKey: in.IdempotencyKey,
	})
	if err != nil {
		return nil, err
	}
	return s.newKey(ctx, &out), nil
}

// newKey answers 201 with the credential, or 200 without it on a replay.
func (s *server) newKey(ctx context.Context, i *keeper.Issued) *reply[api.Key] {
	status := http.StatusCreated
	if i.Replayed {
		status = http.StatusOK
	}
	body := wire.Issued(i, s.Clock())
	wire.UsedKey(ctx, s.Meter, &body)
	return &reply[api.Key]{Status: status, ETag: etag(i.Key.Version), Body: body}
}

// KeyFilterIn is what selects keys in a list and in an export; huma reads exported
// types only.
type KeyFilterIn struct {
	Scheme        string    `query:"scheme" maxLength:"64" doc:"Only keys of this scheme."`
	State         []string  `query:"state" enum:"ACTIVE,PENDING_ROTATION,PAUSED,RETIRED,EXPIRED,REVOKED" doc:"Only keys in one of these states now, separated by commas."`
	Environment   string    `query:"environment" maxLength:"64" doc:"Only keys of this environment."`
	Search        string    `query:"search" maxLength:"64" doc:"Only keys whose name, whose id (from its key_ on) or whose hint's visible characters begin with this, whatever the letters' case."`
	ExpiresBefore time.Time `query:"expires_before" doc:"Only keys with an expiry before this instant."`
	Sort          string    `query:"sort" enum:"created,name,expires" default:"created" doc:"What the list is ordered by. Keys without a name come first, keys that never expire last."`
	Order         string    `query:"order" enum:"asc,desc" default:"asc" doc:"Which end comes first."`
}

// AnyKeysIn is KeyFilterIn where keys are everybody's.
type AnyKeysIn struct {
	Tenant string `query:"tenant" maxLength:"128" doc:"Only this tenant's: its id or ref."`
	KeyFilterIn
}

type listKeysIn struct {
	AnyKeysIn
	Paging
}

func (s *server) listKeys(ctx context.Context, _ *call, in *listKeysIn) (*listing[api.KeyPage], error) {
	q, err := s.keyQuery(ctx, &in.AnyKeysIn)
	if err != nil {
		return nil, err
	}
	order := ordered{"key", in.Sort, in.Order}
	if q.From, err = order.read(in.Cursor); err != nil {
		return nil, err
	}
	page, next, err := filled(in.size(), &q.Listing, func(size int) ([]api.KeyBody, keywright.Place, error) { return s.keys(ctx, q, size) })
	if err != nil {
		return nil, err
	}
	return &listing[api.KeyPage]{Body: api.KeyPage{Items: page, NextCursor: order.cursor(next)}}, nil
}

// keyQuery reads what selects keys.
func (s *server) keyQuery(ctx context.Context, in *AnyKeysIn) (keywright.KeyQuery, error) {
	q := in.query(s.Clock())
	if in.Tenant != "" {
		t, err := s.namedTenant(ctx, in.Tenant)
		if err != nil {
			return q, err
		}
		q.Tenant = t.ID
	}
	return q, nil
}

func (in *KeyFilterIn) query(now time.Time) keywright.KeyQuery {
	q := keywright.KeyQuery{Scheme: in.Scheme, Environment: in.Environment, Search: in.Search, ExpiresBefore: in.ExpiresBefore.UTC(), Now: now}
	q.Sort, q.Descending = sortOf(in.Sort), in.Order == descending
	for _, state := range in.State {
		q.States = append(q.States, keywright.State(state))
	}
	return q
}

// keys reads one page of keys, and where the next one begins.
func (s *server) keys(ctx context.Context, q keywright.KeyQuery, size int) (page []api.KeyBody, next keywright.Place, err error) {
	q.Limit, q.Rest = size, &next
	err = s.Store.View(ctx, func(r keywright.Reader) error {
		keys, err := r.Keys(ctx, q)
		page = make([]api.KeyBody, 0, len(keys))
		for i := range keys {
			page = append(page, wire.Key(&keys[i], q.Now))
		}
		return err
	})
	wire.UsedPage(ctx, s.Meter, page)
	return page, next, err
}

// chunk is how many rows are read at a time where all are wanted.
const chunk = 200

// KeyIn is what every operation about one key takes; huma reads exported types only.
type KeyIn struct {
	ID string `path:"id" maxLength:"64" doc:"The key's id." example:"key_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

// id reads the id of the path; what is no id names no key.
func (in *KeyIn) id() (keywright.KeyID, error) {
	id, err := keywright.ParseKeyID(in.ID)
	if err != nil {
		return id, keyless(keywright.NotFound)
	}
	return id, nil
}

func (s *server) getKey(ctx context.Context, _ *call, in *KeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return s.record(ctx)(s.key(ctx, id))
}

// record answers 200 with a key's record.
func (s *server) record(ctx context.Context) func(keywright.Key, error) (*reply[api.Key], error) {
	return func(k keywright.Key, err error) (*reply[api.Key], error) {
		if err != nil {
			return nil, keyless(err)
		}
		body := api.Key{KeyBody: wire.Key(&k, s.Clock())}
		wire.UsedKey(ctx, s.Meter, &body)
		return &reply[api.Key]{Status: http.StatusOK, ETag: etag(k.Version), Body: body}, nil
	}
}

type amendKeyIn struct {
	KeyIn
	IfMatch string `header:"If-Match" doc:"The ETag of the record that you saw; anything else since answers 412."`
	Body    api.AmendKey
}

func (s *server) amendKey(ctx context.Context, c *call, in *amendKeyIn) (*reply[api.Key], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	a, err := wire.Amendment(&in.Body, c.nulls)
	if err != nil {
		return nil, err
	}
	k, err := s.mayTouch(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if a.Permissions != nil {
		if err := mayGive(c, k.Tenant, *a.Permissions); err != nil {
			return nil, err
		}
	}
	version, err := match(in.IfMatch, k.Version)
	if err != nil {
		return nil, err
	}
	return s.record(ctx)(s.Keeper.Amend(ctx, s.actor(ctx, c), id, version, a))
}

func (s *server) deleteKey(ctx context.Context, c *call, in *KeyIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if id == c.verdict.Decision.Key {
		return nil, conflict("this is the key that you are calling with: revoke it instead, which keeps the record of why")
	}
	return nil, keyless(s.Keeper.Delete(ctx, s.actor(ctx, c), id))
}
