package selfservice

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

const (
	chunk     = 500  // keys read at a time
	maxListed = 1000 // keys that a list holds: the newest
)

// Keys lists the tenant's keys of the site's schemes, the newest first, at most a
// thousand. Errors: Forbidden.
func (s *Service) Keys(ctx context.Context, c Caller) ([]api.KeyBody, error) {
	if err := c.need(people.ReadKeys); err != nil {
		return nil, err
	}
	var newest []keywright.Key
	err := s.o.Store.View(ctx, func(r keywright.Reader) error {
		newest = newest[:0]
		return each(ctx, r, keywright.KeyQuery{Tenant: c.Tenant.ID}, func(k *keywright.Key) {
			if !slices.Contains(s.managed, k.Scheme) {
				return
			}
			if len(newest) == 2*maxListed {
				newest = append(newest[:0], newest[maxListed:]...)
			}
			newest = append(newest, *k)
		})
	})
	if err != nil {
		return nil, err
	}
	newest = newest[max(0, len(newest)-maxListed):]
	out, now := make([]api.KeyBody, 0, len(newest)), s.now()
	for i := range slices.Backward(newest) {
		out = append(out, body(&newest[i], now))
	}
	wire.UsedPage(ctx, s.o.Meter, out)
	return out, nil
}

// KeyPage lists those of the tenant's keys that a query selects, of the site's
// schemes, in the query's order: a page, and where the next one begins, zero at the
// end. Errors: Forbidden, Invalid.
func (s *Service) KeyPage(ctx context.Context, c Caller, q keywright.KeyQuery, size int) (page []api.KeyBody, next keywright.Place, err error) {
	if err := c.need(people.ReadKeys); err != nil {
		return nil, next, err
	}
	q.Tenant, q.Limit, q.Rest, q.Now = c.Tenant.ID, size, &next, s.now()
	err = s.o.Store.View(ctx, func(r keywright.Reader) error {
		keys, err := r.Keys(ctx, q)
		page = make([]api.KeyBody, 0, len(keys))
		for i := range keys {
			if slices.Contains(s.managed, keys[i].Scheme) {
				page = append(page, body(&keys[i], q.Now))
			}
		}
		return err
	})
	wire.UsedPage(ctx, s.o.Meter, page)
	return page, next, err
}

// each calls do for every key that a query selects, oldest first.
func each(ctx context.Context, r keywright.Reader, q keywright.KeyQuery, do func(*keywright.Key)) error {
	q.Limit = chunk
	for {
		keys, err := r.Keys(ctx, q)
		if err != nil {
			return err
		}
		for i := range keys {
			do(&keys[i])
		}
		if len(keys) < q.Limit {
			return nil
		}
		q.After = keys[len(keys)-1].ID
	}
}

// Key shows one of the tenant's keys. Errors: NotFound, Forbidden.
func (s *Service) Key(ctx context.Context, c Caller, id string) (api.Key, error) {
	k, err := s.key(ctx, &c, id)
	if err != nil {
		return api.Key{}, err
	}
	return s.shown(ctx, &k), nil
}

// key reads one of the tenant's keys. What is no key of theirs, or not of a scheme
// that is managed here, does not exist.
func (s *Service) key(ctx context.Context, c *Caller, id string) (keywright.Key, error) {
	if err := c.need(people.ReadKeys); err != nil {
		return keywright.Key{}, err
	}
	parsed, err := keywright.ParseKeyID(id)
	if err != nil {
		return keywright.Key{}, noSuchKey()
	}
	k, err := s.record(ctx, parsed)
	switch {
	case errors.Is(err, keywright.NotFound):
		return keywright.Key{}, noSuchKey()
	case err != nil:
		return keywright.Key{}, err
	case k.Tenant != c.Tenant.ID || !slices.Contains(s.managed, k.Scheme):
		return keywright.Key{}, noSuchKey()
	}
	return k, nil
}

func (s *Service) record(ctx context.Context, id keywright.KeyID) (k keywright.Key, err error) {
	err = s.o.Store.View(ctx, func(r keywright.Reader) (err error) {
		k, err = r.Key(ctx, id)
		return err
	})
	return k, err
}

// owned reads a key that the caller may write.
func (s *Service) owned(ctx context.Context, c *Caller, id string) (keywright.Key, error) {
	k, err := s.key(ctx, c, id)
	if err != nil {
		return k, err
	}
	return k, c.need(s.rightTo(s.o.Schemes[k.Scheme], k.Environment))
}

// rightTo is what writing keys of an environment asks for.
func (s *Service) rightTo(of *scheme.Scheme, environment string) people.Right {
	for _, e := range of.Policy().Environments {
		if e.Name == environment && e.Granted {
			return people.GrantedKeys
		}
	}
	return people.WriteKeys
}

// CreateKey makes one. Errors: Forbidden (role, plan, environment), Invalid,
// Conflict (cap), people.Throttled.
func (s *Service) CreateKey(ctx context.Context, c Caller, k api.CreateOwnKey, idempotencyKey string) (api.Key, error) {
	of, err := s.schemeFor(k.Scheme)
	if err != nil {
		return api.Key{}, err
	}
	if err := c.need(s.rightTo(of, k.Environment)); err != nil {
		return api.Key{}, err
	}
	if err := ownMetadata(k.Metadata); err != nil {
		return api.Key{}, err
	}
	draft, err := wire.Draft(&api.CreateKey{
		Name: k.Name, Environment: k.Environment, ExpiresAt: k.ExpiresAt, TTL: k.TTL,
		Permissions: k.Permissions, Addresses: k.Addresses, Metadata: k.Metadata,
	})
	if err != nil {
		return api.Key{}, err
	}
	return s.issue(ctx, &c, of, draft, idempotencyKey)
}

func (s *Service) schemeFor(name string) (*scheme.Scheme, error) {
	if name == "" && len(s.managed) > 0 {
		name = s.managed[0]
	}
	if !slices.Contains(s.managed, name) {
		return nil, invalid("scheme", "no keys of this kind are made here")
	}
	return s.o.Schemes[name], nil
}

func (s *Service) issue(ctx context.Context, c *Caller, of *scheme.Scheme, d keywright.Draft, idempotencyKey string) (api.Key, error) {
	if err := s.made.take(s.now(), string(c.Person.ID), "too many keys within an hour: wait before you make another"); err != nil {
		return api.Key{}, err
	}
	out, err := s.o.Keeper.Issue(ctx, c.Actor, keeper.IssueRequest{Tenant: string(c.Tenant.ID), Scheme: of.Name(), Draft: d, IdempotencyKey: idempotencyKey})
	if err != nil {
		return api.Key{}, spoken(err)
	}
	return s.issued(ctx, &out), nil
}

// spoken says to a member what the rules say to an operator, who can change more.
func spoken(err error) error {
	var e *keywright.Error
	if !errors.As(err, &e) {
		return err
	}
	said := *e
	switch {
	case e.Kind == keywright.Forbidden && e.Field == "plan":
		said.Detail = "API access is not part of your plan: change to one that includes it first"
	case e.Kind == keywright.Forbidden && e.Field == "environment":
		said.Detail = "you have not been given access to this environment yet: ask for it first"
	case e.Kind == keywright.NotFound && e.Field == "tenant":
		return forbidden("you are a member of nothing here: ask for an invitation")
	case e.Kind == keywright.NotFound:
		return noSuchKey() // deleted meanwhile
	}
	return &said
}

const (
	testLife  = time.Hour
	testKeys  = 5
	testName  = "Docs test key"
	testOwner = "docs_test_key" // in the metadata: the person whom a test key was made for
	tokenFor  = "key_id"        // in the metadata of a management token: the key that it manages
)

// ownMetadata keeps members from writing what we go by ourselves.
func ownMetadata(m map[string]string) error {
	for _, name := range []string{testOwner, tokenFor} {
		if _, there := m[name]; there {
			return invalid("metadata", "the name "+name+" is kept for the provider: choose another")
		}
	}
	return nil
}

// CreateTestKey makes a key that lives for an hour, for trying the docs out. A
// person has at most five; another ends the oldest. Errors: Conflict where the site
// makes none, or the scheme cannot; people.Throttled.
func (s *Service) CreateTestKey(ctx context.Context, c Caller) (api.Key, error) {
	of, d, err := s.testDraft(&c)
	if err != nil {
		return api.Key{}, err
	}
	if err := c.need(s.rightTo(of, d.Environment)); err != nil {
		return api.Key{}, err
	}
	if err := s.tested.take(s.now(), string(c.Person.ID), "too many test keys within an hour: go on with the one that you have"); err != nil {
		return api.Key{}, err
	}
	if err := s.endOldTestKeys(ctx, &c, of.Name()); err != nil {
		return api.Key{}, err
	}
	out, err := s.issue(ctx, &c, of, d, "")
	if errors.Is(err, keywright.Conflict) {
		return out, &keywright.Error{Kind: keywright.Conflict, Detail: "there is no room for a test key: you have as many keys as you may; use one of them, or end one first", Cause: err}
	}
	return out, err
}

// testDraft is what a test key is made as.
func (s *Service) testDraft(c *Caller) (*scheme.Scheme, keywright.Draft, error) {
	if s.o.Site.TestKeysOff || len(s.managed) == 0 {
		return nil, keywright.Draft{}, conflict("no test keys are made here: use a key of your own")
	}
	of := s.o.Schemes[s.managed[0]]
	p, life := of.Policy(), testLife
	if p.Expiry.Presence == keywright.Absent || p.Expiry.MinTTL > life || len(of.Formats()) == 0 {
		return nil, keywright.Draft{}, conflict("keys of this API do not expire by themselves, so none is made for an hour: use a key of your own")
	}
	environment, ok := s.testEnvironment(p)
	if !ok {
		return nil, keywright.Draft{}, conflict("no test keys are made here: use a key of your own")
	}
	d := keywright.Draft{TTL: &life, Environment: environment, Metadata: map[string]string{testOwner: string(c.Person.ID)}}
	if p.Name.Presence != keywright.Absent {
		d.Name = testName
	}
	if p.Scoped {
		d.Permissions = []string{"*"}
	}
	return of, d, nil
}

// testEnvironment is the site's, or the first that nobody has to be granted.
func (s *Service) testEnvironment(p keywright.Policy) (string, bool) {
	if s.o.Site.TestKeys != "" || len(p.Environments) == 0 {
		return s.o.Site.TestKeys, true
	}
	for _, e := range p.Environments {
		if !e.Granted {
			return e.Name, true
		}
	}
	return "", false
}

// endOldTestKeys makes room among the caller's test keys for one more.
func (s *Service) endOldTestKeys(ctx context.Context, c *Caller, of string) error {
	var live []keywright.KeyID
	now := s.now()
	err := s.o.Store.View(ctx, func(r keywright.Reader) error {
		live = live[:0]
		return each(ctx, r, keywright.KeyQuery{Tenant: c.Tenant.ID, Scheme: of, Unrevoked: true}, func(k *keywright.Key) {
			if k.Metadata[testOwner] == string(c.Person.ID) && !k.StateAt(now).Final() && k.StateAt(now) != keywright.StateExpired {
				live = append(live, k.ID)
			}
		})
	})
	if err != nil {
		return err
	}
	for i := 0; i <= len(live)-testKeys; i++ {
		if _, err := s.o.Keeper.Revoke(ctx, c.Actor, live[i], keywright.Superseded); err != nil && !errors.Is(err, keywright.NotFound) {
			return err
		}
	}
	return nil
}

// shown spells a key without its credential.
func (s *Service) shown(ctx context.Context, k *keywright.Key) api.Key {
	out := api.Key{KeyBody: body(k, s.now())}
	wire.UsedKey(ctx, s.o.Meter, &out)
	return out
}

// body spells a key as its tenant sees it: without what we go by ourselves.
func body(k *keywright.Key, now time.Time) api.KeyBody {
	b := wire.Key(k, now)
	b.Metadata = maps.Clone(b.Metadata)
	delete(b.Metadata, testOwner)
	return b
}

// issued spells a new key, with its credential unless it is a replay.
func (s *Service) issued(ctx context.Context, i *keeper.Issued) api.Key {
	out := wire.Issued(i, s.now())
	out.KeyBody = body(&i.Key, s.now())
	wire.UsedKey(ctx, s.o.Meter, &out)
	return out
}
