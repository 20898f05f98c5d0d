package management

import (
	"context"
	"net/http"
	"slices"

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
	return s.newKey(&out), nil
}

// newKey answers 201 with the credential, or 200 without it on a replay.
func (s *server) newKey(i *keeper.Issued) *reply[api.Key] {
	status := http.StatusCreated
	if i.Replayed {
		status = http.StatusOK
	}
	return &reply[api.Key]{Status: status, ETag: etag(i.Key.Version), Body: wire.Issued(i, s.Clock())}
}

type listKeysIn struct {
	Tenant string   `query:"tenant" maxLength:"128" doc:"Only this tenant's: its id or ref."`
	Scheme string   `query:"scheme" maxLength:"64" doc:"Only keys of this scheme."`
	State  []string `query:"state" enum:"ACTIVE,PENDING_ROTATION,PAUSED,RETIRED,EXPIRED,REVOKED" doc:"Only keys in one of these states now, separated by commas."`
	Paging
}

func (s *server) listKeys(ctx context.Context, _ *call, in *listKeysIn) (*listing[api.KeyPage], error) {
	after, err := keyPlace(in.Cursor)
	if err != nil {
		return nil, err
	}
	q := keywright.KeyQuery{Scheme: in.Scheme, After: after, Limit: chunk}
	q.Unrevoked = len(in.State) > 0 && !slices.Contains(in.State, string(keywright.StateRevoked))
	if in.Tenant != "" {
		t, err := s.namedTenant(ctx, in.Tenant)
		if err != nil {
			return nil, err
		}
		q.Tenant = t.ID
	}
	page, err := s.scanKeys(ctx, q, in.State, in.size())
	if err != nil {
		return nil, err
	}
	return &listing[api.KeyPage]{Body: page}, nil
}

const (
	chunk   = 200   // rows read at a time
	maxScan = 10000 // rows that one page may read to find keys in a state
)

// scanKeys fills a page with the keys that are in one of the states now. States
// are derived, so it reads on until the page is full or it has read enough.
func (s *server) scanKeys(ctx context.Context, q keywright.KeyQuery, states []string, size int) (api.KeyPage, error) {
	var page api.KeyPage
	err := s.Store.View(ctx, func(r keywright.Reader) error {
		page = api.KeyPage{Items: []api.KeyBody{}}
		now, query := s.Clock(), q
		for scanned := 0; scanned < maxScan; {
			keys, err := r.Keys(ctx, query)
			if err != nil {
				return err
			}
			for i := range keys {
				if len(page.Items) == size {
					return nil // one more is there: the cursor stands
				}
				page.NextCursor = place("key", keys[i].ID.String())
				if len(states) == 0 || slices.Contains(states, string(keys[i].StateAt(now))) {
					page.Items = append(page.Items, wire.Key(&keys[i], now))
				}
			}
			if len(keys) < query.Limit {
				page.NextCursor = ""
				return nil
			}
			scanned += len(keys)
			query.After = keys[len(keys)-1].ID
		}
		return nil
	})
	return page, err
}

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
	return s.record(s.key(ctx, id))
}

// record answers 200 with a key's record.
func (s *server) record(k keywright.Key, err error) (*reply[api.Key], error) {
	if err != nil {
		return nil, keyless(err)
	}
	return &reply[api.Key]{Status: http.StatusOK, ETag: etag(k.Version), Body: api.Key{KeyBody: wire.Key(&k, s.Clock())}}, nil
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
	return s.record(s.Keeper.Amend(ctx, s.actor(ctx, c), id, version, a))
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
