package people_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
)

const (
	good  = "seven otters mend a kite"
	other = "nine herons paint the barn"
)

func secret(s string) keywright.Credential { return keywright.NewCredential("", s) }

func text(c keywright.Credential) string { _, s := c.Reveal(); return s }

// both is what every store is.
type both interface {
	people.Store
	keywright.Store
}

// house is a service over a store, with a clock that only the test moves.
type house struct {
	*people.Service
	t     *testing.T
	store both
	mu    sync.Mutex
	at    time.Time
	seen  map[string]int // outcomes
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }

func (h *house) pass(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }

func (h *house) outcomes(name string) int { h.mu.Lock(); defer h.mu.Unlock(); return h.seen[name] }

// rerun runs every update twice, as a store that retries would: the first run is
// undone by an error of its own.
type rerun struct{ both }

var errAgain = errors.New("again")

func (r rerun) UpdateRecords(ctx context.Context, fn func(people.RecordTx) error) error {
	err := r.both.UpdateRecords(ctx, func(tx people.RecordTx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return r.both.UpdateRecords(ctx, fn)
}

func open(t *testing.T, change ...func(*people.Options)) *house {
	return openOn(t, rerun{memory.New()}, change...)
}

func openOn(t *testing.T, store both, change ...func(*people.Options)) *house {
	t.Helper()
	h := &house{t: t, store: store, at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), seen: map[string]int{}}
	o := people.Options{Store: store, Keys: store, Clock: h.clock, Observe: func(outcome string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.seen[outcome]++
	}}
	for _, c := range change {
		c(&o)
	}
	h.Service = people.New(o)
	h.Cheap()
	for _, id := range []string{"one", "two"} {
		_, err := store.Update(t.Context(), func(tx keywright.Tx) error {
			return tx.PutTenant(t.Context(), keywright.Tenant{ID: keywright.TenantID("ten_" + id), Ref: id, Created: h.at, Version: 1})
		})
		h.must(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return h
}

// openAll runs a test on every store.
func openAll(t *testing.T, test func(t *testing.T, h *house)) {
	t.Run("memory", func(t *testing.T) { t.Parallel(); test(t, open(t)) })
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "people.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		test(t, openOn(t, s))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s, err := postgres.Open(t.Context(), storetest.Postgres(t))
		if err != nil {
			t.Fatal(err)
		}
		test(t, openOn(t, s))
	})
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) refuses(err error, kind keywright.Kind) {
	h.t.Helper()
	if !errors.Is(err, kind) {
		h.t.Fatalf("got %v, want %q", err, kind)
	}
}

func (h *house) refusesField(err error, field string) {
	h.t.Helper()
	var e *keywright.Error
	if !errors.As(err, &e) || e.Kind != keywright.Invalid || e.Field != field {
		h.t.Fatalf("got %v, want a fault of the field %q", err, field)
	}
}

var system = keywright.Actor{ID: "system", Name: "system"}

func as(p people.Person) keywright.Actor { return keywright.Actor{ID: string(p.ID), Name: p.Email} }

func from(address string) people.From {
	return people.From{Address: netip.MustParseAddr(address), Agent: "test", RequestID: "req"}
}

var here = from("192.0.2.7")

// person enrols somebody in the tenant one.
func (h *house) person(email string, role people.Role, password string) people.Person {
	h.t.Helper()
	p, err := h.Enrol(h.t.Context(), system, "ten_one", email, "Somebody", role, secret(password))
	h.must(err)
	return p
}

func (h *house) signIn(email, password string, f people.From) people.Signed {
	h.t.Helper()
	in, err := h.SignIn(h.t.Context(), email, secret(password), f)
	h.must(err)
	return in
}

func (h *house) invite(by keywright.Actor, email string, role people.Role) (people.Invitation, keywright.Credential) {
	h.t.Helper()
	return h.inviteTo("one", by, email, role)
}

func (h *house) inviteTo(tenant string, by keywright.Actor, email string, role people.Role) (people.Invitation, keywright.Credential) {
	h.t.Helper()
	i, token, err := h.Invite(h.t.Context(), by, tenant, email, role)
	h.must(err)
	return i, token
}

func (h *house) opens(token keywright.Credential) bool {
	h.t.Helper()
	_, err := h.Session(h.t.Context(), token, here)
	if err != nil {
		h.refuses(err, people.ErrSignIn)
	}
	return err == nil
}

// events lists what was logged of an act, the newest first.
func (h *house) events(act keywright.Act) []keywright.Event {
	h.t.Helper()
	var out []keywright.Event
	h.must(h.store.View(h.t.Context(), func(r keywright.Reader) error {
		var err error
		out, err = r.Events(h.t.Context(), keywright.EventQuery{Act: act, Limit: 1000})
		return err
	}))
	return out
}

func allKinds() []people.RecordKind {
	return []people.RecordKind{
		people.PersonRecord, people.MemberRecord, people.InvitationRecord, people.SessionRecord, people.PasskeyRecord,
		people.SignInRecord, "ceremony", "sign_up",
	}
}

// dump is everything that a thief of the store would have.
func (h *house) dump() string {
	h.t.Helper()
	var b strings.Builder
	h.must(h.store.ViewRecords(h.t.Context(), func(r people.RecordReader) error {
		b.Reset()
		for _, kind := range allKinds() {
			records, err := r.Records(h.t.Context(), people.RecordQuery{Kind: kind, Limit: 1000})
			if err != nil {
				return err
			}
			for _, one := range records {
				fmt.Fprintf(&b, "%s %s %s %s %s %s\n", one.Kind, one.ID, one.Name, one.Owner, one.Tenant, one.Body)
			}
		}
		return nil
	}))
	for _, e := range h.events("") {
		fmt.Fprintf(&b, "%+v\n", e)
	}
	return b.String()
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %+v, want %+v", what, got, want)
	}
}
