package management_test

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/verify"
)

// newSetup builds a house that nobody has a key of.
func newSetup(t *testing.T) (h *house, s *management.Setup, again func() *management.Setup) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c := &clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	shipped, err := schemes.Shipped()
	must(t, err)
	secrets, err := seal.Ephemeral(rand{})
	must(t, err)
	store := memory.New()
	index := verify.New(verify.Options{})
	follower := feed.New(store, index)
	must(t, follower.Start(ctx))
	k := keeper.New(keeper.Options{Store: store, Schemes: shipped, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Clock: c.now, Wait: follower.Wait})
	g, err := gate.New(gate.Options{APIs: []gate.API{management.API([]string{"console.localhost"}, shipped["keywright"])}, Index: index, Pepper: secrets.Pepper, Clock: c.now})
	must(t, err)
	folder := t.TempDir()
	again = func() *management.Setup {
		t.Helper()
		s, err := management.NewSetup(ctx, management.SetupOptions{Folder: folder, Keeper: k, Store: store, Clock: c.now})
		must(t, err)
		return s
	}
	s = again()
	h = &house{clock: c, keeper: k, store: store, ctx: ctx}
	h.handler = management.New(management.Options{Keeper: k, Store: store, Schemes: shipped, Gate: func() *gate.Gate { return g }, Clock: c.now, View: gate.Hops{}.View, Setup: s})
	return h, s, again
}

func token(t *testing.T, s *management.Setup) string {
	t.Helper()
	raw, err := os.ReadFile(s.Path())
	must(t, err)
	return strings.TrimSpace(string(raw))
}

func TestSetupMakesTheFirstOperatorKeyOnce(t *testing.T) {
	t.Parallel()
	h, s, again := newSetup(t)
	info, err := os.Stat(s.Path())
	must(t, err)
	if info.Mode() != fs.FileMode(0o600) {
		t.Errorf("the token's file is %s", info.Mode())
	}
	secret := token(t, s)
	if len(secret) < 64 {
		t.Errorf("a token of %d characters", len(secret))
	}
	h.want(t, 401, "POST", "/v1/setup", "", "Authorization", "")
	h.want(t, 401, "POST", "/v1/setup", "", as(secret[1:])...)
	h.want(t, 401, "POST", "/v1/setup", `{"token":"`+secret+`x"}`, "Authorization", "")
	h.want(t, 422, "POST", "/v1/setup", `{"colour":"red"}`, "Authorization", "")

	statuses := make(chan int, 8)
	keys := make(chan string, 8)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a := h.do(t, "POST", "/v1/setup", `{"token":"`+secret+`"}`, "Authorization", "")
			statuses <- a.status
			if a.status == 201 {
				keys <- a.str(t, "credential.key")
			}
		})
	}
	wg.Wait()
	close(statuses)
	made := 0
	for status := range statuses {
		if status == 201 {
			made++
		}
	}
	if made != 1 {
		t.Fatalf("%d first keys", made)
	}
	h.key = <-keys
	h.want(t, 201, "POST", "/v1/tenants", `{"ref":"abcd1234"}`)
	h.want(t, 201, "POST", "/v1/keys", minimal)
	if _, err := os.Stat(s.Path()); err == nil {
		t.Error("the used token's file is still there")
	}
	if again() != nil {
		t.Error("a second start sets up again, though there is an operator key")
	}
	if e := h.want(t, 200, "GET", "/v1/events?act=key.issued&tenant=operators", ""); !strings.Contains(string(e.body), `"address":"192.0.2.9"`) {
		t.Errorf("the trail does not say from where: %s", e.body)
	}
}

func TestSetupEndsAfterFifteenMinutes(t *testing.T) {
	t.Parallel()
	h, s, again := newSetup(t)
	first := token(t, s)
	h.clock.advance(15 * time.Minute)
	h.want(t, 401, "POST", "/v1/setup", "", as(first)...)
	second := token(t, again())
	if second == first {
		t.Error("a new start has the old token")
	}
}

func TestSetupSlowsGuessing(t *testing.T) {
	t.Parallel()
	h, s, _ := newSetup(t)
	for range 10 {
		h.want(t, 401, "POST", "/v1/setup", "", as("guess")...)
	}
	if a := h.want(t, 429, "POST", "/v1/setup", "", as(token(t, s))...); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.clock.advance(time.Minute + time.Second)
	h.want(t, 201, "POST", "/v1/setup", "", as("\t"+token(t, s))...)
}
