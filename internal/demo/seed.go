package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/keeper"
)

// seeder gives the demo's customers their tenants and keys. Tenants are found
// again by their refs; keys are always new, for nobody remembers the old ones.
type seeder struct {
	keeper *keeper.Keeper
	store  keywright.Store
}

// catchUp moves the clock to the newest instant that an earlier run recorded: it
// may have travelled.
func (s *seeder) catchUp(ctx context.Context, c *Clock) error {
	return s.store.View(ctx, func(r keywright.Reader) error {
		newest, err := r.Events(ctx, keywright.EventQuery{Limit: 1})
		if err != nil {
			return fmt.Errorf("the events of an earlier run: %w", err)
		}
		for i := range newest {
			c.AtLeast(newest[i].At)
		}
		return nil
	})
}

// operatorName is what the demo's key to the management API is called: those of
// earlier runs are known by it.
const operatorName = "Demo"

func by() keywright.Actor { return keywright.Actor{ID: "system", Name: "demo"} }

// wish is one tenant as it shall be.
type wish struct {
	ref, name, plan string
	system          string // whose customer it is
	services        []string
	environments    []string
	archived        bool
}

// systemMark is the metadata by which the sites tell their tenants apart.
const systemMark = "system"

func (w *wish) metadata() map[string]string { return map[string]string{systemMark: w.system} }

// grant is one key as it shall be.
type grant struct {
	scheme, name, environment string
	ttl                       time.Duration // 0: none asked
	permissions               []string
	metadata                  map[string]string
}

// holder is what came of a grant.
type holder struct{ key, secret, id string }

// tenant makes a tenant as wished, with the keys that are asked for and no
// others. While they are issued it is on a plan that has keys and not archived:
// what became of it later is what the demo shows.
func (s *seeder) tenant(ctx context.Context, w wish, paid string, grants ...grant) (keywright.TenantID, []holder, error) {
	t, err := s.keeper.EnsureTenant(ctx, by(), keeper.TenantDraft{Ref: w.ref, Name: w.name, Metadata: w.metadata()})
	if err != nil {
		return "", nil, fmt.Errorf("the tenant %s: %w", w.ref, err)
	}
	open, shut := false, w.archived
	metadata := w.metadata()
	before := keeper.TenantAmendment{Metadata: &metadata, Name: &w.name, Plan: &paid, Services: &w.services, Environments: &w.environments, Archived: &open}
	if _, err := s.keeper.AmendTenant(ctx, by(), string(t.ID), 0, before); err != nil {
		return "", nil, fmt.Errorf("the tenant %s: %w", w.ref, err)
	}
	if err := s.revoke(ctx, t.ID, func(*keywright.Key) bool { return true }); err != nil {
		return "", nil, err
	}
	var held []holder
	for _, g := range grants {
		one, err := s.issue(ctx, string(t.ID), g)
		if err != nil {
			return "", nil, fmt.Errorf("a key for %s: %w", w.ref, err)
		}
		held = append(held, one)
	}
	if _, err := s.keeper.AmendTenant(ctx, by(), string(t.ID), 0, keeper.TenantAmendment{Plan: &w.plan, Archived: &shut}); err != nil {
		return "", nil, fmt.Errorf("the tenant %s: %w", w.ref, err)
	}
	return t.ID, held, nil
}

func (s *seeder) issue(ctx context.Context, tenant string, g grant) (holder, error) {
	draft := keywright.Draft{Name: g.name, Environment: g.environment, Permissions: g.permissions, Metadata: g.metadata}
	if g.ttl != 0 {
		draft.TTL = &g.ttl
	}
	made, err := s.keeper.Issue(ctx, by(), keeper.IssueRequest{Tenant: tenant, Scheme: g.scheme, Draft: draft})
	if err != nil {
		return holder{}, err
	}
	return held(made), nil
}

// held takes the credential out: the key of a pair, or the one secret as the key.
func held(i keeper.Issued) holder {
	public, secret := i.Credential.Reveal()
	if public == "" {
		return holder{key: secret, id: i.Key.ID.String()}
	}
	return holder{key: public, secret: secret, id: i.Key.ID.String()}
}

// revoke ends a tenant's keys that an earlier run, or somebody in it, left.
func (s *seeder) revoke(ctx context.Context, tenant keywright.TenantID, which func(*keywright.Key) bool) error {
	var left []keywright.KeyID
	err := s.store.View(ctx, func(r keywright.Reader) error {
		left = left[:0]
		for q := (keywright.KeyQuery{Tenant: tenant, Unrevoked: true}); ; {
			page, err := r.Keys(ctx, q)
			if err != nil || len(page) == 0 {
				return err
			}
			for i := range page {
				if which(&page[i]) {
					left = append(left, page[i].ID)
				}
			}
			q.After = page[len(page)-1].ID
		}
	})
	if err != nil {
		return fmt.Errorf("the keys of an earlier run: %w", err)
	}
	for _, id := range left {
		if _, err := s.keeper.Revoke(ctx, by(), id, keywright.Superseded); err != nil {
			return fmt.Errorf("revoking %s of an earlier run: %w", id, err)
		}
	}
	return nil
}

// operator makes the one key to the management API.
func (s *seeder) operator(ctx context.Context) (string, error) {
	if err := management.EnsureOperators(ctx, s.keeper, s.store); err != nil {
		return "", err
	}
	ours := func(k *keywright.Key) bool { return k.Name == operatorName }
	if err := s.revoke(ctx, keywright.OperatorTenant, ours); err != nil {
		return "", err
	}
	made, err := management.IssueOperatorKey(ctx, s.keeper, by(), operatorName)
	if err != nil {
		return "", err
	}
	return held(made).key, nil
}
