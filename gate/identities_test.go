package gate

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

func identityWorld(t *testing.T) (*world, *Identities, *[]seal.Identity, *Verdict) {
	t.Helper()
	w := newWorld(t)
	var mu sync.Mutex
	signed := &[]seal.Identity{}
	ids := newIdentities(func(i seal.Identity) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		*signed = append(*signed, i)
		return fmt.Sprint("token-", len(*signed)), nil
	}, func() time.Time { return w.now })
	v := w.gate.Pass(w.view("GET", "/items/7"), "")
	return w, ids, signed, &v
}

func mustIdentity(t *testing.T, ids *Identities, v *Verdict) string {
	t.Helper()
	token, err := ids.For(v)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestIdentityIsReusedWhileFresh(t *testing.T) {
	t.Parallel()
	w, ids, signed, v := identityWorld(t)
	first := mustIdentity(t, ids, v)
	w.now = noon.Add(identityReuse - 1)
	if mustIdentity(t, ids, v) != first {
		t.Error("signed again while fresh")
	}
	w.now = noon.Add(identityReuse)
	if mustIdentity(t, ids, v) == first {
		t.Error("reused past half of its life")
	}
	got := (*signed)[0]
	if got.Audience != "trusset" || got.Subject != "ten_1" || got.Ref != "a1b2c3d4" || got.Key != w.key.ID.String() || got.Scheme != "trusset-instance" {
		t.Errorf("%+v", got)
	}
	if got.Expires-got.IssuedAt != 60 {
		t.Errorf("it lives for %d s", got.Expires-got.IssuedAt)
	}
	w.now = noon.Add(-time.Hour)
	if last := mustIdentity(t, ids, v); last != fmt.Sprint("token-", len(*signed)) || len(*signed) != 3 {
		t.Error("a clock that stepped back reused an assertion from the future")
	}
}

func TestIdentityNeverContainsTheSecret(t *testing.T) {
	t.Parallel()
	_, ids, signed, v := identityWorld(t)
	mustIdentity(t, ids, v)
	if s := fmt.Sprintf("%+v", (*signed)[0]); strings.Contains(s, strings.Repeat("0a", 16)) {
		t.Errorf("the identity holds the secret: %s", s)
	}
}

func TestIdentityNeverOutlivesTheKey(t *testing.T) {
	t.Parallel()
	w, ids, signed, v := identityWorld(t)
	v.Decision.Dies = noon.Add(10 * time.Second)
	first := mustIdentity(t, ids, v)
	if got := (*signed)[0].Expires; got != noon.Add(10*time.Second).Unix() {
		t.Errorf("it ends at %d", got)
	}
	w.now = noon.Add(10*time.Second - 1)
	if mustIdentity(t, ids, v) != first {
		t.Error("signed again, with no more life to give")
	}
	w.now = noon.Add(500 * time.Millisecond)
	v.Decision.Dies = noon.Add(900 * time.Millisecond)
	mustIdentity(t, ids, v)
	if got := (*signed)[1]; got.Expires != noon.Unix()+1 || got.IssuedAt != noon.Unix() {
		t.Errorf("in the key's last second: %+v", got)
	}
}

func TestIdentityFollowsAmendments(t *testing.T) {
	t.Parallel()
	w, ids, signed, v := identityWorld(t)
	mustIdentity(t, ids, v)
	w.index.tenant.Version++
	mustIdentity(t, ids, v)
	v.Decision.Permissions = []string{"files:read"}
	mustIdentity(t, ids, v)
	v.Decision.Environment = "live"
	mustIdentity(t, ids, v)
	other := *v
	api := *v.API
	api.Name = "other"
	other.API = &api
	mustIdentity(t, ids, &other)
	if len(*signed) != 5 {
		t.Errorf("%d assertions for 5 different states", len(*signed))
	}
}

func TestIdentityIsForGrantedRequestsOnly(t *testing.T) {
	t.Parallel()
	w, ids, _, v := identityWorld(t)
	open := w.gate.Pass(w.view("GET", "/health"), "")
	if mustIdentity(t, ids, &open) != "" {
		t.Error("an open route has an identity")
	}
	v.Refuse(keywright.TooLarge)
	if _, err := ids.For(v); err == nil {
		t.Error("a refused request has an identity")
	}
}

func TestIdentitiesAreBoundedAndConcurrent(t *testing.T) {
	t.Parallel()
	_, ids, _, v := identityWorld(t)
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			mine := *v
			for i := range identityPerShard + 500 {
				mine.Decision.Key = keywright.KeyID{byte(i), byte(i >> 8), byte(n)}
				if _, err := ids.For(&mine); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for i := range ids.shards {
		if n := len(ids.shards[i].made); n > identityPerShard {
			t.Errorf("a shard holds %d", n)
		}
	}
}

func TestIdentityAllocatesNothingWhenReused(t *testing.T) {
	_, ids, _, v := identityWorld(t)
	mustIdentity(t, ids, v)
	if n := testing.AllocsPerRun(100, func() { _, _ = ids.For(v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
