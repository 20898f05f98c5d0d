package journey

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func submit(domain string) string {
	return `{"domains":[{"domain":"` + domain + `","activity":"phishing","classification":"malicious","source":"abuse desk"}]}`
}

func TestDMT01_EveryRequestNeedsAKey(t *testing.T) {
	base := shared.DomainTrust.Base + "/api"
	org := shared.DomainTrust.Organizations[0]
	for _, path := range []string{"/version", "/domains", "/domains/example.com"} {
		t.Run("DMT-01 DMT-02 "+path, func(t *testing.T) {
			a := shared.get(t, base+path)
			wants(t, a, http.StatusUnauthorized)
			if a.json(t, "status") != float64(http.StatusUnauthorized) || a.str(t, "title") == "" || a.str(t, "detail") == "" {
				t.Error(a.Body)
			}
		})
	}
	t.Run("DMT-07 the two formats", func(t *testing.T) {
		if !strings.HasPrefix(org.TestingKey, "dt_test_") || !strings.HasPrefix(org.ProductionKey, "dt_prod_") {
			t.Error("the prefixes")
		}
	})
	t.Run("DMT-02 bad keys are all alike", func(t *testing.T) {
		flipped := "0"
		if strings.HasSuffix(org.TestingKey, "0") {
			flipped = "1"
		}
		first := shared.get(t, base+"/version", bearer("dt_test_nonsense")...)
		wants(t, first, http.StatusUnauthorized)
		if ct := first.Header.Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("Content-Type is %q", ct)
		}
		for _, key := range []string{org.TestingKey + "x", org.TestingKey[:len(org.TestingKey)-1] + flipped, "dt_prod_" + org.TestingKey[8:], shared.Acme.Key, shared.TrustSwiftly.Accounts[0].Key} {
			same(t, first, shared.get(t, base+"/version", bearer(key)...))
		}
	})
}

func TestDMT08to17_EnvironmentsNeverMeet(t *testing.T) {
	base := shared.DomainTrust.Base + "/api/domains"
	a, b := shared.DomainTrust.Organizations[0], shared.DomainTrust.Organizations[1]
	wants(t, shared.send(t, http.MethodPost, base, bearer(a.TestingKey), submit("testing-only.example")), http.StatusOK)
	wants(t, shared.send(t, http.MethodPost, base, bearer(a.ProductionKey), submit("production.example")), http.StatusOK)
	sees := func(key, domain string) bool {
		one, all := shared.get(t, base+"/"+domain, bearer(key)...), shared.get(t, base+"?limit=100", bearer(key)...)
		wants(t, all, http.StatusOK)
		inList := strings.Contains(all.Body, `"`+domain+`"`)
		if inList != (one.Status == http.StatusOK) {
			t.Errorf("%s: the list and the domain's page do not agree (%d)", domain, one.Status)
		}
		return inList
	}
	for _, c := range []struct {
		name, key, domain string
		want              bool
	}{
		{"DMT-17 a testing submission is seen by every member", a.SecondTesting, "testing-only.example", true},
		{"DMT-17 and by nobody else", b.TestingKey, "testing-only.example", false},
		{"DMT-15 nor in production", a.ProductionKey, "testing-only.example", false},
		{"DMT-14 nor in another's production", b.ProductionKey, "testing-only.example", false},
		{"DMT-08 a testing key never sees production", a.TestingKey, "production.example", false},
		{"DMT-09 a production key submits to the live system", a.ProductionKey, "production.example", true},
		{"DMT-10 DMT-16 which all production users share", b.ProductionKey, "production.example", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sees(c.key, c.domain); got != c.want {
				t.Errorf("seen: %v", got)
			}
		})
	}
	t.Run("DMT-13 nothing in the request changes the environment", func(t *testing.T) {
		all := shared.get(t, base+"?limit=100&environment=production", append(bearer(a.TestingKey), "X-Environment", "production", "Keywright-Identity", "x", "Keywright-Environment", "production")...)
		if strings.Contains(all.Body, `"production.example"`) {
			t.Error("a testing key was let into production")
		}
	})
	t.Run("DMT-10 reputation is aggregated over submitters", func(t *testing.T) {
		before := shared.get(t, base+"/production.example", bearer(a.ProductionKey)...)
		wants(t, shared.send(t, http.MethodPost, base, bearer(b.ProductionKey), submit("production.example")), http.StatusOK)
		after := shared.get(t, base+"/production.example", bearer(a.ProductionKey)...)
		if before.Body == after.Body {
			t.Error("a second submitter changed nothing")
		}
	})
}

func TestDMT11to13_IssuingByEnvironment(t *testing.T) {
	d := own(t)
	org := d.DomainTrust.Organizations[2]
	in := d.now(t).Add(48 * time.Hour).Format(time.RFC3339)
	body := func(env, extra string) string {
		return `{"tenant":"` + org.Tenant + `","scheme":"domain-trust","name":"a script","environment":"` + env + `"` + extra + `}`
	}
	expiring := `,"expires_at":"` + in + `"`
	t.Run("DMT-12 production is not granted yet", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPost, "/keys", body("production", expiring)), http.StatusForbidden)
	})
	t.Run("DMT-11 as many testing keys as needed", func(t *testing.T) {
		for range 12 {
			d.issue(t, body("testing", expiring))
		}
	})
	t.Run("DMT-12 once granted it is, and taken away it ends", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPatch, "/tenants/"+org.Tenant, `{"environments":["production"]}`), http.StatusOK)
		_, key := d.issue(t, body("production", expiring))
		wants(t, d.get(t, d.DomainTrust.Base+"/api/version", bearer(key)...), http.StatusOK)
		wants(t, d.manage(t, http.MethodPatch, "/tenants/"+org.Tenant, `{"environments":[]}`), http.StatusOK)
		wants(t, d.get(t, d.DomainTrust.Base+"/api/version", bearer(key)...), http.StatusForbidden)
	})
	t.Run("DMT-19 a description is required", func(t *testing.T) {
		a := d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+org.Tenant+`","scheme":"domain-trust","environment":"testing"`+expiring+`}`)
		wants(t, a, http.StatusUnprocessableEntity)
		if !strings.Contains(a.Body, "name") {
			t.Error("the field is not named")
		}
		wants(t, d.manage(t, http.MethodPost, "/keys", strings.Replace(body("testing", expiring), "a script", strings.Repeat("x", 201), 1)), http.StatusUnprocessableEntity)
	})
	t.Run("DMT-20 an environment is required", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPost, "/keys", body("staging", expiring)), http.StatusUnprocessableEntity)
	})
	t.Run("DMT-21 an expiry is required, in the future", func(t *testing.T) {
		for _, extra := range []string{"", `,"ttl":0`, `,"expires_at":"2020-01-01T00:00:00Z"`, `,"expires_at":null`} {
			wants(t, d.manage(t, http.MethodPost, "/keys", body("testing", extra)), http.StatusUnprocessableEntity)
		}
	})
	version := d.DomainTrust.Base + "/api/version"
	t.Run("DMT-23 the expiry can be changed at any time", func(t *testing.T) {
		id, key := d.issue(t, body("testing", expiring))
		d.advance(t, "48h")
		wants(t, d.get(t, version, bearer(key)...), http.StatusUnauthorized)
		later := d.now(t).Add(time.Hour).Format(time.RFC3339)
		wants(t, d.manage(t, http.MethodPatch, "/keys/"+id, `{"expires_at":"`+later+`"}`), http.StatusOK)
		wants(t, d.get(t, version, bearer(key)...), http.StatusOK)
		wants(t, d.manage(t, http.MethodPatch, "/keys/"+id, `{"name":"renamed"}`), http.StatusOK)
		d.advance(t, "1h")
		wants(t, d.get(t, version, bearer(key)...), http.StatusUnauthorized)
	})
	t.Run("DMT-13 the environment cannot change", func(t *testing.T) {
		id, _ := d.issue(t, body("testing", `,"ttl":3600`))
		wants(t, d.manage(t, http.MethodPatch, "/keys/"+id, `{"environment":"production"}`), http.StatusUnprocessableEntity)
	})
	t.Run("DMT-24 deleted, it fails at once", func(t *testing.T) {
		id, key := d.issue(t, body("testing", `,"ttl":3600`))
		wants(t, d.get(t, version, bearer(key)...), http.StatusOK)
		wants(t, d.manage(t, http.MethodDelete, "/keys/"+id, ""), http.StatusNoContent)
		wants(t, d.get(t, version, bearer(key)...), http.StatusUnauthorized)
	})
	t.Run("DMT-22 shown once", func(t *testing.T) {
		id, key := d.issue(t, body("testing", `,"ttl":3600`))
		a := d.manage(t, http.MethodGet, "/keys/"+id, "")
		if strings.Contains(a.Body, key) || strings.Contains(a.Body, "credential") {
			t.Error("the key is shown again")
		}
	})
	t.Run("DMT-25 a key has full access", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPost, "/keys", body("testing", `,"ttl":3600,"permissions":["domains:read"]`)), http.StatusUnprocessableEntity)
		_, key := d.issue(t, body("testing", `,"ttl":3600`))
		wants(t, d.get(t, d.DomainTrust.Base+"/api/domains", bearer(key)...), http.StatusOK)
		wants(t, d.send(t, http.MethodPost, d.DomainTrust.Base+"/api/domains", bearer(key), submit("x.example")), http.StatusOK)
	})
}
