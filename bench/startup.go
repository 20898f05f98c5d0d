package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/verify"
)

// rowsPerCommit is how many keys are written at once to make a file to start from.
const rowsPerCommit = 10_000

// startup measures how long it takes from a closed SQLite file to an index that answers.
func startup(ctx context.Context, s settings, r *report) error {
	r.section("start-up: rows in SQLite to an index that answers")
	sizes := []int{1_000_000}
	if s.short {
		sizes = []int{100_000}
	}
	if s.large {
		sizes = append(sizes, 10_000_000)
	}
	for _, n := range sizes {
		if err := s.startWith(ctx, n, r); err != nil {
			return err
		}
	}
	return nil
}

func (s settings) startWith(ctx context.Context, n int, r *report) error {
	dir, err := os.MkdirTemp(s.dir, "keywright-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	took, err := startFrom(ctx, filepath.Join(dir, "keys.db"), n)
	if err != nil {
		return err
	}
	r.row(count(n)+" keys", took.Round(time.Millisecond).String(), fmt.Sprintf("%.2f M keys a second", float64(n)/took.Seconds()/1e6))
	took = took.Round(time.Millisecond)
	switch n {
	case 10_000_000:
		r.meets(startup10M, took <= 8*time.Second, "%s", took)
		return nil
	case 1_000_000:
		r.meets(startup1M, took <= time.Second, "%s", took)
	default:
		r.skips(startup1M, "%s for %s", took, count(n))
	}
	r.skips(startup10M, "%s for %s: at this rate %s", took, count(n), took*time.Duration(10_000_000/n))
	return nil
}

func startFrom(ctx context.Context, path string, n int) (time.Duration, error) {
	if err := writeKeys(ctx, path, n); err != nil {
		return 0, err
	}
	begun := time.Now()
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { _ = store.Close() }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	index := verify.New(verify.Options{})
	if err := feed.New(store, index).Start(ctx); err != nil {
		return 0, err
	}
	took := time.Since(begun)
	if keys, _ := index.Len(); keys != n {
		return 0, fmt.Errorf("the index holds %d keys of %d", keys, n)
	}
	return took, nil
}

func writeKeys(ctx context.Context, path string, n int) error {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	t := keywright.Tenant{ID: tenantID, Ref: "benchben", Name: "bench", Created: time.Now(), Version: 1}
	for from := 0; from < n; from += rowsPerCommit {
		_, err = store.Update(ctx, func(tx keywright.Tx) error { return putBatch(ctx, tx, t, from, min(from+rowsPerCommit, n)) })
		if err != nil {
			_ = store.Close()
			return err
		}
	}
	return store.Close()
}

func putBatch(ctx context.Context, tx keywright.Tx, t keywright.Tenant, from, to int) error {
	if from == 0 {
		if err := tx.PutTenant(ctx, t); err != nil {
			return err
		}
	}
	k := keywright.Key{
		Tenant: tenantID, Scheme: "keywright", Name: "bench", Environment: "live", Permissions: []string{"files:read"},
		Hint: "…abcd", Pepper: "bench", Created: t.Created, Version: 1,
	}
	for i := from; i < to; i++ {
		k.Digest = digestOf(uint64(i))
		k.ID = keywright.NewKeyID(t.Created, [10]byte{})
		binary.BigEndian.PutUint64(k.ID[8:], uint64(i)+1)
		if err := tx.PutKey(ctx, k); err != nil {
			return err
		}
	}
	return tx.Append(ctx, keywright.Event{At: t.Created, Act: keywright.KeyImported, Actor: keywright.Actor{ID: "system"}, Key: k.ID, Tenant: tenantID})
}
