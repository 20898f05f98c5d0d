package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/verify"
)

const creators = 256 // that create at once

// creation measures whole acts: minting, digest, transaction with its audit
// event, durable commit, and the index of this process having seen it.
func creation(ctx context.Context, s settings, r *report) error {
	r.section("key creation, durable and visible to this node's verification, per second")
	dir, err := os.MkdirTemp(s.dir, "keywright-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "keys.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	m, err := newMaker(ctx, store, true)
	if err != nil {
		return err
	}
	defer m.stop()
	var ratios, alone, floors []float64
	for range 3 { // in turn, because a disk has moods
		floor, err := syncs(filepath.Join(dir, "floor"), s.creating()/3)
		if err != nil {
			return err
		}
		one, err := m.create(ctx, 1, s.creating()/3)
		if err != nil {
			return err
		}
		floors, alone, ratios = append(floors, floor), append(alone, one), append(ratios, one/floor)
	}
	grouped, err := m.create(ctx, creators, s.creating())
	if err != nil {
		return err
	}
	r.row("4 KiB written and fdatasync: the floor", fmt.Sprintf("%.0f/s", median(floors)))
	r.row("SQLite, one after the other", fmt.Sprintf("%.0f/s", median(alone)), fmt.Sprintf("%.2f× the floor", median(ratios)))
	r.row(fmt.Sprintf("SQLite, %d at once", creators), fmt.Sprintf("%.0f/s", grouped))
	r.meets(createSQLite, median(ratios) >= 0.8, "%.2f×", median(ratios))
	r.meets(createGrouped, grouped >= 20_000, "%.0f/s", grouped)
	return creationOnPostgres(ctx, s, r)
}

// creating is how long creation is measured.
func (s settings) creating() time.Duration {
	if s.short {
		return 900 * time.Millisecond
	}
	return 4 * time.Second
}

// syncs returns how many small durable writes a second the disk takes.
func syncs(path string, length time.Duration) (float64, error) {
	f, err := os.Create(path) //nolint:gosec // in a folder of our own
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	n, begun := 0, time.Now()
	for time.Since(begun) < length {
		if _, err := f.WriteAt(page, int64(n%1024)*4096); err != nil {
			return 0, err
		}
		if err := syncData(f); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}

// maker creates keys as the product does; sole says that no other process writes to the store.
type maker struct {
	keeper *keeper.Keeper
	tenant string
	index  *verify.Index
	stop   context.CancelFunc
}

func newMaker(ctx context.Context, store keywright.Store, sole bool) (*maker, error) {
	s, err := benchScheme()
	if err != nil {
		return nil, err
	}
	secrets, err := seal.Ephemeral(chance(1))
	if err != nil {
		return nil, err
	}
	index := verify.New(verify.Options{})
	follower := feed.New(store, index)
	ctx, stop := context.WithCancel(ctx)
	m := &maker{index: index, stop: stop, keeper: keeper.New(keeper.Options{
		Store: store, Schemes: map[string]*scheme.Scheme{s.Name(): s}, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Wait: follower.Wait, Sole: sole,
	})}
	if err = follower.Start(ctx); err != nil {
		stop()
		return nil, err
	}
	t, err := m.keeper.CreateTenant(ctx, system(), keeper.TenantDraft{Name: "bench"})
	m.tenant = string(t.ID)
	if err != nil {
		stop()
	}
	return m, err
}

func system() keywright.Actor { return keywright.Actor{ID: "system", Name: "bench"} }

// create makes keys with so many callers at once, and returns how many a second.
func (m *maker) create(ctx context.Context, callers int, length time.Duration) (float64, error) {
	var made atomic.Int64
	var all sync.WaitGroup
	var once sync.Once
	var failed error
	begun := time.Now()
	for range callers {
		all.Go(func() {
			for time.Since(begun) < length {
				_, err := m.keeper.Issue(ctx, system(), keeper.IssueRequest{Tenant: m.tenant, Scheme: "keywright", Draft: keywright.Draft{Environment: "live"}})
				if err != nil {
					once.Do(func() { failed = err })
					return
				}
				made.Add(1)
			}
		})
	}
	all.Wait()
	return float64(made.Load()) / time.Since(begun).Seconds(), failed
}
