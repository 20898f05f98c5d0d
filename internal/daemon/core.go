package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/verify"
)

// core is what lives as long as the process: a reload does not touch it.
type core struct {
	store    keywright.Store
	secrets  *seal.Secrets
	index    *verify.Index
	follower *feed.Follower
	keeper   *keeper.Keeper
	people   *people.Service
	limiter  *limit.Limiter
	meter    *meter.Meter
	bounded  bool // the view can grow old: the store is not ours alone
	unfollow func()
	node     string            // a name of this process
	silence  func()            // ends the heartbeat; nil: it has not begun
	setup    *management.Setup // nil once there is an operator
}

// openCore opens the store and fills the index. Every error says what to do; the
// core is returned with it, for close to give back what was opened.
func openCore(ctx context.Context, o *Options, plan *Plan, signIn func(outcome string)) (c *core, err error) {
	cfg := &o.Source.Config
	c = &core{bounded: cfg.Store.Kind == config.Postgres, node: nodeName(rand.Read), limiter: limit.New(cfg.Limits.Subjects)}
	// The store first: it is what refuses a second process.
	if c.store, err = openStore(ctx, cfg, o.Lookup); err != nil {
		return c, err
	}
	// Once there are keys, a secret that is missing is lost, not new.
	empty, err := hasNoKeys(ctx, c.store)
	if err != nil {
		return c, fmt.Errorf("the store cannot be read: %w", err)
	}
	if c.secrets, err = seal.Open(cfg.SecretsDir, empty); err != nil {
		return c, fmt.Errorf("the secrets folder %s: %w", cfg.SecretsDir, err)
	}
	c.index = newIndex(cfg)
	c.follower = feed.New(c.store, c.index, feed.OnError(func(err error) { o.Log.Warn("the keys cannot be followed", "error", err.Error()) }))
	c.keeper = keeper.New(keeper.Options{
		Store: c.store, Schemes: plan.Schemes, Pepper: c.secrets.Pepper, Sealer: c.secrets.Sealer,
		Clock: o.Clock, Random: rand.Reader, Wait: c.follower.Wait, Sole: !c.bounded,
	})
	records, ok := c.store.(people.Store)
	if !ok {
		return c, errors.New("the store keeps no people")
	}
	uses, ok := c.store.(meter.Store)
	if !ok {
		return c, errors.New("the store keeps no use")
	}
	c.meter = meter.New(meter.Options{Store: uses, Clock: o.Clock, Failed: tellUse(o.Log)})
	c.people = people.New(people.Options{
		Store: records, Keys: c.store, Clock: o.Clock, SessionIdle: cfg.People.SessionIdle, SessionLife: cfg.People.SessionLife,
		InvitationLife: cfg.People.InvitationLife, NoPasswords: !cfg.People.Passwords, Observe: signIn,
	})
	if err := c.keeper.CheckPepper(ctx); err != nil {
		return c, fmt.Errorf("the pepper in %s: %w", cfg.SecretsDir, err)
	}
	var following context.Context
	following, c.unfollow = context.WithCancel(context.WithoutCancel(ctx))
	if err := c.follower.Start(following); err != nil {
		return c, fmt.Errorf("the keys cannot be read from the store: %w", err)
	}
	c.meter.Start()
	return c, nil
}

// tellUse says when use can no longer be kept, and when it can again. Nothing is
// refused for it.
func tellUse(log *slog.Logger) func(error) {
	return func(err error) {
		if err == nil {
			log.Info("use is kept again")
			return
		}
		log.Warn("what was used cannot be kept for now; it is counted in memory", "error", err.Error())
	}
}

func hasNoKeys(ctx context.Context, store keywright.Store) (empty bool, err error) {
	err = store.View(ctx, func(r keywright.Reader) error {
		keys, err := r.Keys(ctx, keywright.KeyQuery{Limit: 1})
		empty = len(keys) == 0
		return err
	})
	return empty, err
}

func newIndex(cfg *config.Config) *verify.Index {
	if cfg.Store.Kind == config.Postgres {
		return verify.New(verify.Options{Bound: cfg.Store.Freshness, Clock: feed.Clock()})
	}
	return verify.New(verify.Options{})
}

func openStore(ctx context.Context, cfg *config.Config, lookup func(string) (string, bool)) (keywright.Store, error) {
	switch cfg.Store.Kind {
	case config.Memory:
		return memory.New(), nil
	case config.SQLite:
		path := cfg.StorePath()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("the data folder cannot be made: %w", err)
		}
		s, err := sqlite.Open(ctx, path, sqlite.Options{})
		if err != nil {
			return nil, err // not s: a nil *Store is no nil Store
		}
		return s, nil
	default:
		dsn, err := cfg.Store.DSN(lookup)
		if err != nil {
			return nil, err
		}
		s, err := postgres.Open(ctx, dsn.Reveal())
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

func (c *core) gauges() gauges {
	return gauges{
		keys:    func() float64 { keys, _ := c.index.Len(); return float64(keys) },
		tenants: func() float64 { _, tenants := c.index.Len(); return float64(tenants) },
		fresh:   c.index.Fresh,
		age:     func() float64 { return c.age().Seconds() },
		cursor:  func() float64 { return float64(c.follower.Applied()) },
		limited: func() float64 { keys, addresses := c.limiter.Len(); return float64(keys + addresses) },
	}
}

// age is how old this node's view is; 0 where nobody else writes.
func (c *core) age() time.Duration {
	if !c.bounded {
		return 0
	}
	return time.Duration(feed.Boottime() - c.index.AsOf())
}

// close ends the follower, keeps what was used, then closes the store: nobody is
// answered any more.
func (c *core) close() error {
	var err error
	if c.silence != nil {
		c.silence()
	}
	if c.unfollow != nil {
		c.unfollow()
	}
	if lost := c.meter.Close(context.Background()); lost != nil {
		err = fmt.Errorf("what was used last is not kept: %w", lost)
	}
	if c.store != nil {
		err = errors.Join(err, c.store.Close())
	}
	return err
}

// offerSetup leaves a set-up token where there is no operator key yet. Only the
// token's path is said anywhere.
func (c *core) offerSetup(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	s, err := management.NewSetup(ctx, management.SetupOptions{Folder: cfg.SecretsDir, Keeper: c.keeper, Store: c.store, People: c.people, Log: log})
	if err != nil {
		return fmt.Errorf("the set-up token: %w", err)
	}
	if s == nil {
		return nil
	}
	c.setup = s
	path, err := filepath.Abs(s.Path())
	if err != nil {
		return fmt.Errorf("the set-up token: %w", err)
	}
	log.Info("there is no operator key yet: a one-use set-up token, valid for 15 minutes, is in this file", "path", path)
	return nil
}
