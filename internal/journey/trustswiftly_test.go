package journey

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestTSW08to11_AKeyOnAPaidPlan(t *testing.T) {
	base := shared.TrustSwiftly.Base + "/api/users"
	var paid, free string
	for _, a := range shared.TrustSwiftly.Accounts {
		if a.Plan == "free" {
			free = a.Key
		} else {
			paid = a.Key
		}
	}
	t.Run("TSW-01 TSW-08 TSW-10 every request needs it", func(t *testing.T) {
		refused(t, shared.get(t, base), http.StatusUnauthorized, "error_type", "api_auth_error")
		refused(t, shared.get(t, base, bearer("tsw_nonsense")...), http.StatusUnauthorized, "error_message", "Unauthenticated.")
	})
	t.Run("TSW-09 TSW-02 it opens the account's data", func(t *testing.T) {
		a := shared.get(t, base, bearer(paid)...)
		wants(t, a, http.StatusOK)
		for _, h := range []string{"Limit", "Remaining", "Reset"} {
			if a.Header.Get("X-RateLimit-"+h) == "" {
				t.Errorf("no X-RateLimit-%s", h)
			}
		}
	})
	t.Run("TSW-11 a free plan is refused", func(t *testing.T) {
		refused(t, shared.get(t, base, bearer(free)...), http.StatusForbidden, "error_type", "api_plan_error")
	})
	t.Run("TSW-10 User-Agent must be there", func(t *testing.T) {
		wants(t, shared.get(t, base, append(bearer(paid), "User-Agent", "")...), http.StatusForbidden)
	})
	t.Run("TSW-01 limit headers are on refusals too", func(t *testing.T) {
		a := shared.get(t, base)
		if a.Header.Get("X-RateLimit-Limit") == "" || a.Header.Get("X-RateLimit-Limit") != a.Header.Get("X-RateLimit-Remaining") {
			t.Errorf("%v", a.Header)
		}
	})
}

func TestTSW25_TheWholeFlow(t *testing.T) {
	d := own(t)
	acc := d.TrustSwiftly.Accounts[0]
	base := d.TrustSwiftly.Base + "/api"
	t.Run("TSW-26 create, read, change, list, delete", func(t *testing.T) {
		a := d.send(t, http.MethodPost, base+"/users", bearer(acc.Key), `{"email":"first@example.com","first_name":"Ada"}`)
		wants(t, a, http.StatusOK)
		if a.str(t, "status") != "success" || a.str(t, "magic_link") == "" {
			t.Error(a.Body)
		}
		url := fmt.Sprintf("%s/users/%.0f", base, a.json(t, "id"))
		wants(t, d.get(t, url, bearer(acc.Key)...), http.StatusOK)
		wants(t, d.send(t, http.MethodPatch, url, bearer(acc.Key), `{"first_name":"Grace"}`), http.StatusOK)
		wants(t, d.get(t, base+"/users?per_page=1000", bearer(acc.Key)...), http.StatusOK)
		d.advance(t, "2s") // five a second
		wants(t, d.send(t, http.MethodDelete, url, bearer(acc.Key), ""), http.StatusOK)
		wants(t, d.get(t, url, bearer(acc.Key)...), http.StatusNotFound)
	})
	t.Run("TSW-26 a bad field is named", func(t *testing.T) {
		d.advance(t, "2s")
		a := d.send(t, http.MethodPost, base+"/users", bearer(acc.Key), `{"email":"nonsense"}`)
		refused(t, a, http.StatusUnprocessableEntity, "error_type", "api_validation_error")
	})
}

func TestTSW04to24_AKeysLife(t *testing.T) {
	d := own(t)
	acc := d.TrustSwiftly.Accounts[0]
	url := d.TrustSwiftly.Base + "/api/users"
	t.Run("TSW-04 TSW-15 a name is mandatory", func(t *testing.T) {
		a := d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+acc.Tenant+`","scheme":"trust-swiftly"}`)
		wants(t, a, http.StatusUnprocessableEntity)
		if !strings.Contains(a.Body, "name") {
			t.Error(a.Body)
		}
	})
	t.Run("TSW-05 the name is listed", func(t *testing.T) {
		d.issue(t, `{"tenant":"`+acc.Tenant+`","scheme":"trust-swiftly","name":"the nightly import"}`)
		if a := d.manage(t, http.MethodGet, "/keys?tenant="+acc.Tenant, ""); !strings.Contains(a.Body, "the nightly import") {
			t.Error(a.Body)
		}
	})
	t.Run("TSW-16 TSW-18 a new secret, shown once", func(t *testing.T) {
		id, key := d.issue(t, `{"tenant":"`+acc.Tenant+`","scheme":"trust-swiftly","name":"n"}`)
		if !strings.HasPrefix(key, "tsw_") || key == acc.Key {
			t.Error("not a new key")
		}
		for _, path := range []string{"/keys/" + id, "/keys?tenant=" + acc.Tenant, "/events"} {
			if a := d.manage(t, http.MethodGet, path, ""); strings.Contains(a.Body, key[4:40]) {
				t.Errorf("%s shows it again", path)
			}
		}
	})
	t.Run("TSW-20 a lost key is revoked and replaced, never rotated", func(t *testing.T) {
		id, key := d.issue(t, `{"tenant":"`+acc.Tenant+`","scheme":"trust-swiftly","name":"lost"}`)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/rotate", `{}`), http.StatusConflict)
		t.Run("TSW-24 and fails at once", func(t *testing.T) {
			wants(t, d.get(t, url, bearer(key)...), http.StatusOK)
			wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/revoke", `{"reason":"compromised"}`), http.StatusOK)
			wants(t, d.get(t, url, bearer(key)...), http.StatusUnauthorized)
		})
	})
	t.Run("TSW-21 full access", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+acc.Tenant+`","scheme":"trust-swiftly","name":"n","permissions":["users:read"]}`), http.StatusUnprocessableEntity)
	})
	t.Run("TSW-11 no key for a free plan", func(t *testing.T) {
		for _, a := range d.TrustSwiftly.Accounts {
			if a.Plan == "free" {
				wants(t, d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+a.Tenant+`","scheme":"trust-swiftly","name":"n"}`), http.StatusForbidden)
			}
		}
	})
	t.Run("TSW-11 a plan that lapses ends access, and one that is bought opens it", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPatch, "/tenants/"+acc.Tenant, `{"plan":"free"}`), http.StatusOK)
		wants(t, d.get(t, url, bearer(acc.Key)...), http.StatusForbidden)
		wants(t, d.manage(t, http.MethodPatch, "/tenants/"+acc.Tenant, `{"plan":"growth"}`), http.StatusOK)
		wants(t, d.get(t, url, bearer(acc.Key)...), http.StatusOK)
	})
	t.Run("TSW-10 five a second", func(t *testing.T) {
		statuses := map[int]int{}
		for range 12 {
			statuses[d.get(t, url, bearer(acc.Key)...).Status]++
		}
		if statuses[http.StatusTooManyRequests] == 0 {
			t.Errorf("statuses: %v", statuses)
		}
	})
}
