package main

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/verify"
)

const (
	apiName    = "notes"
	schemeName = "keywright"
)

// keys is all of Keywright that the program needs: writes go through the keeper,
// reads never leave memory, and the feed is the only road between them.
type keys struct {
	store  keywright.Store
	keeper *keeper.Keeper
	gate   *gate.Gate
	stop   context.CancelFunc
}

// openKeys puts the parts together. data is a folder, or "" for memory.
func openKeys(ctx context.Context, data string) (*keys, error) {
	store, secrets, err := open(ctx, data)
	if err != nil {
		return nil, err
	}
	k := &keys{store: store, stop: func() {}}
	if err := k.assemble(ctx, secrets); err != nil {
		_ = k.close()
		return nil, err
	}
	return k, nil
}

// open opens the store, and the secrets in a folder of their own, so that a
// backup of the keys does not carry the pepper that protects them.
func open(ctx context.Context, data string) (keywright.Store, *seal.Secrets, error) {
	if data == "" {
		secrets, err := seal.Ephemeral(rand.Reader)
		return memory.New(), secrets, err
	}
	secrets, err := seal.Open(filepath.Join(data, "secrets"), true)
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, filepath.Join(data, "keys.db"), sqlite.Options{})
	return store, secrets, err
}

func (k *keys) assemble(ctx context.Context, secrets *seal.Secrets) error {
	shipped, err := schemes.Shipped()
	if err != nil {
		return err
	}
	// This process owns the store alone, so its view is fresh by construction. A
	// follower of a shared database sets a Bound and a Clock.
	index := verify.New(verify.Options{})
	follower := feed.New(k.store, index)
	k.keeper = keeper.New(keeper.Options{
		Store: k.store, Schemes: shipped, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Wait: follower.Wait,
	})
	if err := k.keeper.CheckPepper(ctx); err != nil {
		return err // another pepper made these digests: no key would be known
	}
	// The feed outlives the signal that ends the program: the last requests need it.
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	k.stop = stop
	if err := follower.Start(following); err != nil {
		return err
	}
	k.gate, err = gate.New(gate.Options{
		Index: index, Pepper: secrets.Pepper, Limiter: limit.New(100_000), Clock: time.Now,
		APIs: []gate.API{{Name: apiName, Scheme: shipped[schemeName], Routes: routes()}},
	})
	return err
}

// routes say what a key needs where.
func routes() []gate.Route {
	return []gate.Route{
		{Methods: []string{"GET"}, Path: "/v1/notes", Need: keywright.Need{Permissions: []string{"notes:read"}}},
		{Methods: []string{"POST"}, Path: "/v1/notes", Need: keywright.Need{Permissions: []string{"notes:write"}}},
	}
}

// held counts the keys that a tenant has and that nobody revoked.
func (k *keys) held(ctx context.Context, tenant keywright.TenantID) (int, error) {
	n := 0
	err := k.store.View(ctx, func(r keywright.Reader) error {
		found, err := r.Keys(ctx, keywright.KeyQuery{Tenant: tenant, Unrevoked: true})
		n = len(found)
		return err
	})
	return n, err
}

func (k *keys) close() error {
	k.stop()
	return k.store.Close()
}
