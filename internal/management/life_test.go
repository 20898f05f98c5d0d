package management_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
)

func TestDomainTrustKeysOverTheAPI(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"org00001","environments":["production"]}`)
	var id, key string
	t.Run("DMT-03 creates", func(t *testing.T) {
		id, key, _ = h.issue(t, `{"tenant":"org00001","scheme":"domain-trust","name":"CI","environment":"production","expires_at":"2031-01-01T12:34:56Z"}`)
		if !strings.HasPrefix(key, "dt_prod_") {
			t.Error("the key does not say its environment")
		}
	})
	t.Run("DMT-04 views, without the credential", func(t *testing.T) {
		for _, a := range []*answer{h.want(t, 200, "GET", "/v1/keys/"+id, ""), h.want(t, 200, "GET", "/v1/keys?tenant=org00001", "")} {
			if !strings.Contains(string(a.body), `"name":"CI"`) || strings.Contains(string(a.body), key[8:]) {
				t.Error(string(a.body))
			}
		}
	})
	t.Run("DMT-06 rotates, by default without an overlap", func(t *testing.T) {
		a := h.want(t, 201, "POST", "/v1/keys/"+id+"/rotate", "")
		next := a.str(t, "credential.key")
		if h.verify(t, "domain-trust", "Authorization", "Bearer "+key).str(t, "reason") != "retired" || h.verify(t, "domain-trust", "Authorization", "Bearer "+next).at(t, "granted") != true {
			t.Error(string(a.body))
		}
		if a.str(t, "expires_at") != "2031-01-01T12:34:56Z" || a.str(t, "environment") != "production" || a.str(t, "name") != "CI" {
			t.Errorf("the successor inherits name, environment and expiry: %s", a.body)
		}
	})
}

func TestTruestampKeysOverTheAPI(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user := h.tenant(t, `{"ref":"user0001"}`)
	id, key, _ := h.issue(t, `{"tenant":"user0001","scheme":"truestamp","name":"machine"}`)
	t.Run("TSP-19 TSP-20 a key for clients that cannot log in, scoped to its user", func(t *testing.T) {
		v := h.verify(t, "truestamp", "Authorization", "Bearer "+key)
		if v.at(t, "granted") != true || v.str(t, "tenant.id") != user {
			t.Error(string(v.body))
		}
	})
	t.Run("TSP-21 long-lived: without a ttl it is granted in ten years", func(t *testing.T) {
		h.clock.Advance(10 * 365 * 24 * time.Hour)
		if v := h.verify(t, "truestamp", "Authorization", "Bearer "+key); v.at(t, "granted") != true {
			t.Error(string(v.body))
		}
	})
	t.Run("TSP-23 with a configurable expiry, exclusive at its end", func(t *testing.T) {
		h.want(t, 422, "POST", "/v1/keys", `{"tenant":"user0001","scheme":"truestamp","name":"d","ttl":59}`)
		_, short, _ := h.issue(t, `{"tenant":"user0001","scheme":"truestamp","name":"d","ttl":60}`)
		h.clock.Advance(time.Minute - time.Nanosecond)
		if v := h.verify(t, "truestamp", "Authorization", "Bearer "+short); v.at(t, "granted") != true {
			t.Error(string(v.body))
		}
		h.clock.Advance(time.Nanosecond)
		if v := h.verify(t, "truestamp", "Authorization", "Bearer "+short); v.str(t, "reason") != "expired" {
			t.Error(string(v.body))
		}
	})
	t.Run("TSP-24 revocable, in case of abuse", func(t *testing.T) {
		h.want(t, 200, "POST", "/v1/keys/"+id+"/revoke", `{"reason":"abuse"}`)
		if v := h.verify(t, "truestamp", "Authorization", "Bearer "+key); v.str(t, "reason") != "revoked" {
			t.Error(string(v.body))
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.tenant(t, `{"ref":"abcd1234"}`)
	_, clerk := h.operator(t, "keys:write", "keys:read")
	h.clock.Advance(time.Hour)
	a := h.want(t, 201, "POST", "/v1/keys", minimal, as(clerk)...)
	id := a.str(t, "id")
	h.clock.Advance(time.Hour)
	h.want(t, 200, "POST", "/v1/keys/"+id+"/revoke", `{"reason":"unused"}`)
	for query, want := range map[string]int{
		"key=" + id: 2, "tenant=abcd1234": 3, "tenant=" + ten: 3, "act=key.revoked": 1, "key=" + id + "&actor=" + h.keyID: 1, "actor=system": 2,
		"key=" + id + "&since=2030-01-02T05:04:05Z": 1, "key=" + id + "&until=2030-01-02T05:04:05Z": 1, "key=" + id + "&since=2030-01-02T07:04:05%2B02:00": 1,
		"key=key_01JZ8Q6V7N3F5T9X2B4C6D8E0G": 0,
	} {
		var page api.EventPage
		must(t, json.Unmarshal(h.want(t, 200, "GET", "/v1/events?"+query, "").body, &page))
		if len(page.Items) != want {
			t.Errorf("%s: %d events, want %d: %+v", query, len(page.Items), want, page.Items)
		}
		for i := 1; i < len(page.Items); i++ {
			if page.Items[i].At.After(page.Items[i-1].At) {
				t.Errorf("%s: not newest first", query)
			}
		}
	}
	for query, field := range map[string]string{"key=x": "key", "tenant=nobody": "tenant", "act=key.eaten": "act", "since=yesterday": "since"} {
		if a := h.want(t, 422, "GET", "/v1/events?"+query, ""); !strings.Contains(string(a.body), `"field":"`+field+`"`) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

// brokenStore fails every reading, with a cause that nobody outside may see.
type brokenStore struct {
	keywright.Store
	err error
}

func (b brokenStore) View(context.Context, func(keywright.Reader) error) error { return b.err }

func TestFaultsOfOursAreDressed(t *testing.T) {
	t.Parallel()
	const inner = "dial tcp 10.0.0.7: password=hunter2"
	t.Run("a store that is away is 503, with Retry-After", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, func(o *management.Options) {
			o.Store = brokenStore{o.Store, &keywright.Error{Kind: keywright.Unavailable, Detail: "the store cannot be reached", Cause: errors.New(inner)}}
		})
		a := h.want(t, 503, "GET", "/v1/keys", "")
		if a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "hunter2") {
			t.Errorf("%v %s", a.header, a.body)
		}
		if !strings.Contains(h.Log.String(), a.header.Get("X-Request-Id")) {
			t.Error("the log does not have it under its request id")
		}
	})
	t.Run("an error without a kind is 500, and says nothing of itself", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, func(o *management.Options) { o.Store = brokenStore{o.Store, errors.New(inner)} })
		if a := h.want(t, 500, "GET", "/v1/keys", ""); strings.Contains(string(a.body), "hunter2") {
			t.Error(string(a.body))
		}
	})
	t.Run("a panic is 500", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, func(o *management.Options) {
			o.APIs = func(string) (gate.API, bool) { panic(inner) }
		})
		a := h.want(t, 500, "POST", "/v1/keys/verify", `{"api":"x","headers":{}}`)
		if strings.Contains(string(a.body), "hunter2") || strings.Contains(h.Log.String(), "hunter2") {
			t.Error("the panic's value went out")
		}
	})
}

func TestObserveIsToldOnce(t *testing.T) {
	t.Parallel()
	var seen []string
	h := newHouse(t, func(o *management.Options) {
		o.Observe = func(api, reason string, status int) {
			seen = append(seen, api+" "+reason+" "+http.StatusText(status))
		}
	})
	h.want(t, 200, "GET", "/v1/keys", "")
	h.want(t, 401, "GET", "/v1/keys", "", "Authorization", "")
	if got := strings.Join(seen, ", "); got != "management granted OK, management missing Unauthorized" {
		t.Error(got)
	}
}
