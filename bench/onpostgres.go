package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/verify"
)

const noServer = "no server was named: -postgres or KEYWRIGHT_TEST_POSTGRES"

// withDatabase makes a database of its own on the server, and drops it again.
func (s settings) withDatabase(ctx context.Context, run func(dsn string) error) (err error) {
	admin, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, admin.Close(context.WithoutCancel(ctx))) }()
	name := fmt.Sprintf("keywright_bench_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	defer func() {
		_, dropped := admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		err = errors.Join(err, dropped)
	}()
	dsn, err := inDatabase(s.dsn, name)
	if err != nil {
		return err
	}
	return run(dsn)
}

// inDatabase points a URL, or a list of words, at another database.
func inDatabase(dsn, name string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return dsn + " dbname=" + name, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func creationOnPostgres(ctx context.Context, s settings, r *report) error {
	if s.dsn == "" {
		r.skips(createPG, noServer)
		return nil
	}
	return s.withDatabase(ctx, func(dsn string) error {
		store, err := postgres.Open(ctx, dsn)
		if err != nil {
			return err
		}
		defer func() { _ = store.Close() }()
		m, err := newMaker(ctx, store, false)
		if err != nil {
			return err
		}
		defer m.stop()
		alone, err := m.create(ctx, 1, s.creating()/2)
		if err != nil {
			return err
		}
		grouped, err := m.create(ctx, creators, s.creating())
		if err != nil {
			return err
		}
		r.row("PostgreSQL, one after the other", fmt.Sprintf("%.0f/s", alone))
		r.row(fmt.Sprintf("PostgreSQL, %d at once", creators), fmt.Sprintf("%.0f/s", grouped))
		r.meets(createPG, grouped >= 3_000, "%.0f/s at once, %.0f/s one after the other", grouped, alone)
		return nil
	})
}

// spreading measures how long after its commit a revocation holds on every node.
func spreading(ctx context.Context, s settings, r *report) error {
	if s.dsn == "" {
		r.skips(spread8, noServer)
		r.skips(spread32, noServer)
		return nil
	}
	r.section("revocation on PostgreSQL: from the commit until the last of all nodes refuses the key")
	for _, one := range []struct {
		target target
		nodes  int
	}{{spread8, 8}, {spread32, 32}} {
		err := s.withDatabase(ctx, func(dsn string) error { return s.spreadOver(ctx, dsn, one.nodes, one.target, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

// node is one verifier with its own connection to the store.
type node struct {
	follower *feed.Follower
	index    *verify.Index
}

func (s settings) spreadOver(ctx context.Context, dsn string, nodes int, t target, r *report) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	store, err := postgres.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	m, err := newMaker(ctx, store, false)
	if err != nil {
		return err
	}
	defer m.stop()
	var all []node
	for range nodes {
		own, err := postgres.Open(ctx, dsn)
		if err != nil {
			return err
		}
		defer func() { _ = own.Close() }()
		n := node{index: verify.New(verify.Options{Bound: 2 * time.Second, Clock: feed.Clock()})}
		n.follower = feed.New(own, n.index)
		if err := n.follower.Start(ctx); err != nil {
			return err
		}
		all = append(all, n)
	}
	took, err := m.revocations(ctx, store, all, map[bool]int{true: 30, false: 200}[s.short])
	if err != nil {
		return err
	}
	p99 := quantile(took, 0.99)
	r.row(fmt.Sprintf("%d nodes", nodes), fmt.Sprintf("p50 %s", median(took).Round(10*time.Microsecond)), fmt.Sprintf("p99 %s, longest %s, of %d", p99.Round(10*time.Microsecond), quantile(took, 1).Round(10*time.Microsecond), len(took)))
	r.meets(t, p99 <= 10*time.Millisecond, "p99 %s", p99.Round(10*time.Microsecond))
	return nil
}

// revocations revokes keys one after the other, fifty a second, and times each
// from the commit's return until the last node's index refuses the key. The
// nodes follow by their store's signals alone: nobody waits on their followers,
// which would make them read.
func (m *maker) revocations(ctx context.Context, store keywright.Store, nodes []node, n int) ([]time.Duration, error) {
	var took []time.Duration
	need := keywright.Need{Scheme: "keywright"}
	for range n {
		issued, err := m.keeper.Issue(ctx, system(), keeper.IssueRequest{Tenant: m.tenant, Scheme: "keywright", Draft: keywright.Draft{Environment: "live"}})
		if err != nil {
			return nil, err
		}
		if err := m.everywhere(ctx, nodes, func(x *verify.Index) bool {
			d := x.Verify(time.Now(), issued.Key.Digest, &need)
			return d.Granted()
		}); err != nil {
			return nil, err
		}
		_, err = store.Update(ctx, func(tx keywright.Tx) error {
			k, err := tx.Key(ctx, issued.Key.ID)
			if err != nil {
				return err
			}
			k.RevokedAt, k.Revocation, k.Version = time.Now(), keywright.Unspecified, k.Version+1
			if err := tx.PutKey(ctx, k); err != nil {
				return err
			}
			return tx.Append(ctx, keywright.Event{At: k.RevokedAt, Act: keywright.KeyRevoked, Actor: system(), Key: k.ID, Tenant: k.Tenant})
		})
		if err != nil {
			return nil, err
		}
		committed := time.Now()
		if err := m.everywhere(ctx, nodes, func(x *verify.Index) bool {
			return x.Verify(time.Now(), issued.Key.Digest, &need).Reason == keywright.Revoked
		}); err != nil {
			return nil, err
		}
		took = append(took, time.Since(committed))
		<-time.After(20 * time.Millisecond)
	}
	return took, nil
}

// everywhere returns when something holds on every node.
func (m *maker) everywhere(ctx context.Context, nodes []node, holds func(*verify.Index) bool) error {
	deadline := time.Now().Add(10 * time.Second)
	for _, n := range nodes {
		for !holds(n.index) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if time.Now().After(deadline) {
				return errors.New("a node has not followed for ten seconds")
			}
			<-time.After(50 * time.Microsecond)
		}
	}
	return nil
}
