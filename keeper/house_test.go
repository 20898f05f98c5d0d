package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
)

var (
	start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	admin = keywright.Actor{ID: "key_admin", Name: "an operator", Address: "192.0.2.1", RequestID: "req-1"}
)

// house is a keeper over a store, at an hour that the test decides.
type house struct {
	*keeper.Keeper
	t       testing.TB
	ctx     context.Context
	store   keywright.Store
	secrets *seal.Secrets
	options keeper.Options

	mu  sync.Mutex
	now time.Time
}

func newHouse(t testing.TB) *house { return houseOver(t, memory.New()) }

func houseOver(t testing.TB, store keywright.Store) *house {
	t.Helper()
	shipped, err := schemes.Shipped()
	try(t, err)
	secrets, err := seal.Ephemeral(nil)
	try(t, err)
	h := &house{t: t, ctx: t.Context(), store: store, secrets: secrets, now: start}
	h.options = keeper.Options{Store: store, Schemes: shipped, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Clock: h.clock}
	h.Keeper = keeper.New(h.options)
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func try(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails unless err is of a kind and names a field.
func refused(t testing.TB, err error, kind keywright.Kind, field string) {
	t.Helper()
	var e *keywright.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) || e.Field != field || e.Detail == "" {
		t.Errorf("the error is %v; it should be %s of field %q, with the way out", err, kind, field)
	}
}

func (h *house) tenant(d keeper.TenantDraft) keywright.Tenant {
	h.t.Helper()
	t, err := h.CreateTenant(h.ctx, admin, d)
	try(h.t, err)
	return t
}

// full is a tenant that may have keys of every scheme and environment.
func (h *house) full() keywright.Tenant {
	h.t.Helper()
	return h.tenant(keeper.TenantDraft{Name: "full", Plan: "growth", Services: []string{"tokenization"}, Environments: []string{"production", "live"}})
}

func (h *house) issue(t keywright.Tenant, scheme string) keeper.Issued {
	h.t.Helper()
	out, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: string(t.ID), Scheme: scheme, Draft: draftFor(scheme)})
	try(h.t, err)
	return out
}

// draftFor is the least that a scheme asks of a new key.
func draftFor(scheme string) keywright.Draft {
	switch scheme {
	case "domain-trust":
		return keywright.Draft{Name: "d", Environment: "testing", Expires: start.Add(1000 * time.Hour)}
	case "trust-swiftly":
		return keywright.Draft{Name: "d"}
	case "keywright":
		return keywright.Draft{Environment: "test", Permissions: []string{"files:read"}}
	default:
		return keywright.Draft{}
	}
}

func (h *house) key(id keywright.KeyID) keywright.Key {
	h.t.Helper()
	var k keywright.Key
	try(h.t, h.store.View(h.ctx, func(r keywright.Reader) (err error) { k, err = r.Key(h.ctx, id); return err }))
	return k
}

func (h *house) state(id keywright.KeyID) keywright.State {
	h.t.Helper()
	k := h.key(id)
	return k.StateAt(h.clock())
}

func (h *house) keys(q keywright.KeyQuery) []keywright.Key {
	h.t.Helper()
	q.Limit = 10000
	var all []keywright.Key
	try(h.t, h.store.View(h.ctx, func(r keywright.Reader) (err error) { all, err = r.Keys(h.ctx, q); return err }))
	return all
}

// events returns what the log tells, oldest first.
func (h *house) events(q keywright.EventQuery) []keywright.Event {
	h.t.Helper()
	q.Limit = 10000
	var all []keywright.Event
	try(h.t, h.store.View(h.ctx, func(r keywright.Reader) (err error) { all, err = r.Events(h.ctx, q); return err }))
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func (h *house) acts(q keywright.EventQuery) string {
	h.t.Helper()
	var acts []string
	for _, e := range h.events(q) {
		acts = append(acts, string(e.Act))
	}
	return strings.Join(acts, " ")
}

// text is how a credential is presented, whole.
func text(c keywright.Credential) string {
	public, secret := c.Reveal()
	if public == "" {
		return secret
	}
	return public + "\x00" + secret
}

func ptr[T any](v T) *T { return &v }

// holdsNo fails if a secret stands anywhere in what the store keeps.
func (h *house) holdsNo(secrets ...string) {
	h.t.Helper()
	var all strings.Builder
	for _, k := range h.keys(keywright.KeyQuery{}) {
		fmt.Fprintf(&all, "%+v %x %s\n", k, [32]byte(k.Digest), k.Sealed)
	}
	for _, e := range h.events(keywright.EventQuery{}) {
		fmt.Fprintf(&all, "%+v\n", e)
	}
	for _, s := range secrets {
		if strings.Contains(all.String(), s) {
			h.t.Error("a secret stands in the store")
		}
	}
}
