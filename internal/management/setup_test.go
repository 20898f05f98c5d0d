package management_test

import (
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
)

// newSetup builds a house that nobody has a key of.
func newSetup(t *testing.T) (h *house, s *management.Setup, again func() *management.Setup) {
	t.Helper()
	folder := t.TempDir()
	var m *managementtest.House
	again = func() *management.Setup {
		t.Helper()
		s, err := management.NewSetup(t.Context(), management.SetupOptions{Folder: folder, Keeper: m.Keeper, Store: m.Store, Clock: m.Clock.Now})
		must(t, err)
		return s
	}
	m = managementtest.New(t, func(o *management.Options) {
		o.Setup = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(w, r) })
	})
	s = again()
	return of(m), s, again
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
	h.clock.Advance(15 * time.Minute)
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
	h.clock.Advance(time.Minute + time.Second)
	h.want(t, 201, "POST", "/v1/setup", "", as("\t"+token(t, s))...)
}
