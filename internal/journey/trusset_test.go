package journey

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func apiKey(key string) header { return header{"X-API-Key", key} }

func TestTRS01to09_AnInstanceKey(t *testing.T) {
	base := shared.Trusset.Base
	one := shared.Trusset.Instances[0]
	t.Run("TRS-06 TRS-07 TRS-08 TRS-09 the format", func(t *testing.T) {
		if !regexp.MustCompile(`^trusset_[A-Za-z0-9]{8}_[0-9a-f]{64}$`).MatchString(one.Key) || len(one.Key) != 81 {
			t.Error("the key is not of the format")
		}
		if one.Key[8:16] != one.Ref {
			t.Error("the ref in the key is not the instance's")
		}
	})
	t.Run("TRS-01 TRS-42 the printed request", func(t *testing.T) {
		a := shared.get(t, base+"/customers/api/manage", apiKey(one.Key)...)
		wants(t, a, http.StatusOK)
		if a.json(t, "success") != true {
			t.Error(a.Body)
		}
	})
	services := map[string]string{"tokenization": "/tokenization/api/tokens", "trading": "/trading/api/orders", "lending": "/lending/api/markets", "custody": "/custody/api/wallets"}
	for _, in := range shared.Trusset.Instances {
		if in.Archived {
			continue
		}
		for service, path := range services {
			t.Run("TRS-03 TRS-18 TRS-19 "+in.Ref+" "+service, func(t *testing.T) {
				a := shared.get(t, base+path, apiKey(in.Key)...)
				if strings.Contains(strings.Join(in.Services, " "), service) {
					wants(t, a, http.StatusOK)
					return
				}
				refused(t, a, http.StatusForbidden, "error.code", "SERVICE_NOT_ENABLED")
			})
		}
	}
	t.Run("TRS-04 TRS-05 only that instance's data", func(t *testing.T) {
		wants(t, shared.send(t, http.MethodPost, base+"/customers/api/manage", apiKey(one.Key), `{"name":"Only Mine","email":"mine@example.com"}`), http.StatusCreated)
		a := shared.manage(t, http.MethodPost, "/tenants", `{"name":"another instance","services":["tokenization"]}`)
		wants(t, a, http.StatusCreated)
		_, key := shared.issue(t, `{"tenant":"`+a.str(t, "id")+`","scheme":"trusset-instance","name":"Default"}`)
		b := shared.get(t, base+"/customers/api/manage", apiKey(key)...)
		wants(t, b, http.StatusOK)
		if strings.Contains(b.Body, "Only Mine") {
			t.Error("another instance's customer is shown")
		}
	})
}

func TestTRS20to24_Refusals(t *testing.T) {
	base := shared.Trusset.Base + "/customers/api/manage"
	one := shared.Trusset.Instances[0]
	t.Run("TRS-20 no header", func(t *testing.T) {
		refused(t, shared.get(t, base), http.StatusUnauthorized, "error.code", "AUTH_REQUIRED")
	})
	t.Run("TRS-20 in the query", func(t *testing.T) {
		refused(t, shared.get(t, base+"?X-API-Key="+one.Key+"&api_key="+one.Key), http.StatusUnauthorized, "error.code", "AUTH_REQUIRED")
	})
	id, revoked := shared.issue(t, `{"tenant":"`+one.Tenant+`","scheme":"trusset-instance","name":"to revoke"}`)
	wants(t, shared.manage(t, http.MethodPost, "/keys/"+id+"/revoke", `{"reason":"compromised"}`), http.StatusOK)
	var archived string
	for _, in := range shared.Trusset.Instances {
		if in.Archived {
			archived = in.Key
		}
	}
	if archived == "" {
		t.Fatal("no archived instance")
	}
	var first *answer
	for name, key := range map[string]string{
		"TRS-21 malformed":                       "trusset_abc",
		"TRS-21 junk behind":                     one.Key + "0",
		"TRS-21 upper-case hex":                  one.Key[:17] + strings.ToUpper(one.Key[17:80]) + "A",
		"TRS-21 10 KiB":                          strings.Repeat("a", 10240),
		"TRS-21 quotes":                          `"` + one.Key + `"`,
		"TRS-22 not found":                       "trusset_" + one.Ref + "_" + strings.Repeat("0", 64),
		"TRS-22 another ref before its secret":   "trusset_AAAAAAAA" + one.Key[16:],
		"TRS-22 revoked":                         revoked,
		"TRS-24 instance archived":               archived,
		"TRS-28 a register key is another's":     shared.Trusset.Mica.Key,
		"TRS-21 the management token":            shared.Trusset.Mica.ManagementToken,
		"TRS-21 a key of another of our systems": shared.Acme.Key,
	} {
		a := shared.get(t, base, apiKey(key)...)
		t.Run(name, func(t *testing.T) { refused(t, a, http.StatusUnauthorized, "error.code", "AUTH_FAILED") })
		if first != nil {
			same(t, *first, a)
		}
		first = &a
	}
	t.Run("TRS-24 archived comes before the service", func(t *testing.T) {
		refused(t, shared.get(t, shared.Trusset.Base+"/custody/api/wallets", apiKey(archived)...), http.StatusUnauthorized, "error.code", "AUTH_FAILED")
	})
	t.Run("TRS-21 two lines of one header", func(t *testing.T) {
		refused(t, shared.get(t, base, "X-API-Key", one.Key, "X-API-Key", one.Key), http.StatusUnauthorized, "error.code", "AUTH_FAILED")
	})
}

func TestTRS13to17_Rotation(t *testing.T) {
	d := own(t)
	one := d.Trusset.Instances[0]
	url := d.Trusset.Base + "/customers/api/manage"
	now := d.now(t)
	a := d.manage(t, http.MethodPost, "/keys/"+one.KeyID+"/rotate", `{}`)
	wants(t, a, http.StatusCreated)
	id, fresh := a.str(t, "id"), a.str(t, "credential.key")
	old := d.manage(t, http.MethodGet, "/keys/"+one.KeyID, "")
	t.Run("TRS-14 the old key is PENDING_ROTATION", func(t *testing.T) {
		if s := old.str(t, "state"); s != "PENDING_ROTATION" {
			t.Error(s)
		}
	})
	t.Run("TRS-16 both keys work", func(t *testing.T) {
		b := d.get(t, url, apiKey(one.Key)...)
		wants(t, b, http.StatusOK)
		at, err := time.Parse(time.RFC3339, b.Header.Get("Keywright-Key-Retires"))
		if err != nil {
			t.Fatal(err)
		}
		if left := at.Sub(now); left < 167*time.Hour || left > 169*time.Hour {
			t.Errorf("it retires in %s", left)
		}
		if !strings.Contains(b.Header.Get("Link"), `rel="help"`) {
			t.Error("no Link to the rotation guide")
		}
		c := d.get(t, url, apiKey(fresh)...)
		wants(t, c, http.StatusOK)
		if c.Header.Get("Keywright-Key-Retires") != "" {
			t.Error("the new key says that it retires")
		}
	})
	t.Run("TRS-17 a rotation is no way round the cap", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/rotate", `{}`), http.StatusConflict)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+one.KeyID+"/rotate", `{}`), http.StatusConflict)
	})
	t.Run("TRS-15 valid for 7 days, and no longer", func(t *testing.T) {
		d.advance(t, "167h")
		wants(t, d.get(t, url, apiKey(one.Key)...), http.StatusOK)
		d.advance(t, "1h")
		refused(t, d.get(t, url, apiKey(one.Key)...), http.StatusUnauthorized, "error.code", "AUTH_FAILED")
		wants(t, d.get(t, url, apiKey(fresh)...), http.StatusOK)
	})
	t.Run("TRS-13 the overlap is settable, and finish ends it", func(t *testing.T) {
		b := d.manage(t, http.MethodPost, "/keys/"+id+"/rotate", `{"overlap":"720h"}`)
		wants(t, b, http.StatusCreated)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+b.str(t, "id")+"/rotate", `{"overlap":"721h","finish":true}`), http.StatusUnprocessableEntity)
		c := d.manage(t, http.MethodPost, "/keys/"+b.str(t, "id")+"/rotate", `{"overlap":"1h","finish":true}`)
		wants(t, c, http.StatusCreated)
		wants(t, d.get(t, url, apiKey(fresh)...), http.StatusUnauthorized)
		wants(t, d.get(t, url, apiKey(b.str(t, "credential.key"))...), http.StatusOK)
		d.advance(t, "1h")
		wants(t, d.get(t, url, apiKey(b.str(t, "credential.key"))...), http.StatusUnauthorized)
	})
	t.Run("TRS-23 expired", func(t *testing.T) {
		_, key := d.issue(t, `{"tenant":"`+one.Tenant+`","scheme":"trusset-instance","name":"short","ttl":60}`)
		wants(t, d.get(t, url, apiKey(key)...), http.StatusOK)
		d.advance(t, "1m")
		refused(t, d.get(t, url, apiKey(key)...), http.StatusUnauthorized, "error.code", "AUTH_FAILED")
	})
	t.Run("TRS-12 pause and resume", func(t *testing.T) {
		id, key := d.issue(t, `{"tenant":"`+one.Tenant+`","scheme":"trusset-instance","name":"pausing"}`)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/pause", `{"until":"`+d.now(t).Add(time.Hour).Format(time.RFC3339)+`"}`), http.StatusOK)
		wants(t, d.get(t, url, apiKey(key)...), http.StatusUnauthorized)
		d.advance(t, "1h1s")
		wants(t, d.get(t, url, apiKey(key)...), http.StatusOK)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/pause", `{}`), http.StatusOK)
		d.advance(t, "1000h")
		wants(t, d.get(t, url, apiKey(key)...), http.StatusUnauthorized)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/resume", `{}`), http.StatusOK)
		wants(t, d.get(t, url, apiKey(key)...), http.StatusOK)
		wants(t, d.manage(t, http.MethodDelete, "/keys/"+id, ""), http.StatusNoContent)
		wants(t, d.get(t, url, apiKey(key)...), http.StatusUnauthorized)
		wants(t, d.manage(t, http.MethodGet, "/keys/"+id, ""), http.StatusNotFound)
	})
}

func TestTRS17_AtMostTenExactlyUnderConcurrency(t *testing.T) {
	a := shared.manage(t, http.MethodPost, "/tenants", `{"name":"capped","services":["tokenization"]}`)
	wants(t, a, http.StatusCreated)
	body := `{"tenant":"` + a.str(t, "id") + `","scheme":"trusset-instance","name":"one of ten"}`
	for range 9 {
		shared.issue(t, body)
	}
	var created, conflicts atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch b := shared.manage(t, http.MethodPost, "/keys", body); b.Status {
			case http.StatusCreated:
				created.Add(1)
			case http.StatusConflict:
				conflicts.Add(1)
			default:
				t.Errorf("status %d: %s", b.Status, b.Body)
			}
		})
	}
	wg.Wait()
	if created.Load() != 1 || conflicts.Load() != 19 {
		t.Errorf("%d created, %d conflicts", created.Load(), conflicts.Load())
	}
	list := shared.manage(t, http.MethodGet, "/keys?tenant="+a.str(t, "id")+"&state=ACTIVE&limit=100", "")
	var page struct{ Items []json.RawMessage }
	if err := json.Unmarshal([]byte(list.Body), &page); err != nil || len(page.Items) != 10 {
		t.Errorf("%d active keys, %v", len(page.Items), err)
	}
}

func TestTRS26to41_TheRegister(t *testing.T) {
	url := shared.Trusset.Base + "/api/mica/v1/issuers"
	key := shared.Trusset.Mica.Key
	t.Run("TRS-26 the prefix", func(t *testing.T) {
		if !strings.HasPrefix(key, "trusset_mica_") {
			t.Error("the prefix")
		}
	})
	t.Run("TRS-27 TRS-31 TRS-41 it opens the register, without a plan", func(t *testing.T) {
		a := shared.get(t, url+"?limit=2", apiKey(key)...)
		wants(t, a, http.StatusOK)
		for _, h := range []string{"Limit-Minute", "Remaining-Minute", "Limit-Day", "Remaining-Day"} {
			if a.Header.Get("X-RateLimit-"+h) == "" {
				t.Errorf("no X-RateLimit-%s", h)
			}
		}
	})
	t.Run("TRS-02 TRS-28 nothing else", func(t *testing.T) {
		refused(t, shared.get(t, shared.Trusset.Base+"/customers/api/manage", apiKey(key)...), http.StatusUnauthorized, "error.code", "AUTH_FAILED")
		refused(t, shared.get(t, url, apiKey(shared.Trusset.Instances[0].Key)...), http.StatusUnauthorized, "error.code", "UNAUTHORIZED")
	})
	t.Run("TRS-35 no key", func(t *testing.T) {
		refused(t, shared.get(t, url), http.StatusUnauthorized, "error.code", "UNAUTHORIZED")
	})
	t.Run("TRS-36 another prefix", func(t *testing.T) {
		refused(t, shared.get(t, url, apiKey("mica_"+key)...), http.StatusUnauthorized, "error.code", "UNAUTHORIZED")
	})
	t.Run("TRS-37 malformed", func(t *testing.T) {
		refused(t, shared.get(t, url, apiKey(key[:40])...), http.StatusUnauthorized, "error.code", "INVALID_KEY")
	})
	t.Run("TRS-39 not found", func(t *testing.T) {
		refused(t, shared.get(t, url, apiKey("trusset_mica_"+strings.Repeat("0", 64))...), http.StatusUnauthorized, "error.code", "INVALID_KEY")
	})
	t.Run("TRS-32 the management token does not read data", func(t *testing.T) {
		refused(t, shared.get(t, url, bearer(shared.Trusset.Mica.ManagementToken)...), http.StatusUnauthorized, "error.code", "UNAUTHORIZED")
		refused(t, shared.get(t, url, apiKey(shared.Trusset.Mica.ManagementToken)...), http.StatusUnauthorized, "error.code", "UNAUTHORIZED")
	})
	t.Run("TRS-02 a wrong method is answered by the system whose path it is", func(t *testing.T) {
		a := shared.send(t, http.MethodDelete, url, apiKey(key), "")
		wants(t, a, http.StatusMethodNotAllowed)
		if a.Header.Get("X-RateLimit-Limit-Day") == "" || a.Header.Get("Allow") == "" {
			t.Errorf("headers: %v", a.Header)
		}
	})
	t.Run("TRS-33 neither can be had again", func(t *testing.T) {
		a := shared.manage(t, http.MethodGet, "/keys/"+shared.Trusset.Mica.KeyID, "")
		wants(t, a, http.StatusOK)
		if strings.Contains(a.Body, "credential") || strings.Contains(a.Body, key[13:]) {
			t.Error("the key is shown again")
		}
	})
}

func TestTRS38_ARevokedRegisterKey(t *testing.T) {
	d := own(t)
	wants(t, d.manage(t, http.MethodPost, "/keys/"+d.Trusset.Mica.KeyID+"/revoke", `{}`), http.StatusOK)
	refused(t, d.get(t, d.Trusset.Base+"/api/mica/v1/issuers", apiKey(d.Trusset.Mica.Key)...), http.StatusUnauthorized, "error.code", "INVALID_KEY")
}

func TestRegisterLimits(t *testing.T) {
	d := own(t)
	url := d.Trusset.Base + "/api/mica/v1/issuers?limit=1"
	limited := 0
	for i := range 61 {
		a := d.get(t, url, apiKey(d.Trusset.Mica.Key)...)
		if a.Status == http.StatusTooManyRequests {
			limited++
			if a.Header.Get("Retry-After") == "" {
				t.Error("a 429 without Retry-After")
			}
			if a.str(t, "error.code") != "RATE_LIMIT_EXCEEDED" {
				t.Error(a.Body)
			}
			if i < 60 {
				t.Fatal(fmt.Sprint("limited at request ", i+1))
			}
		}
	}
	if limited == 0 {
		t.Error("61 requests in a minute pass")
	}
	d.advance(t, "1m")
	wants(t, d.get(t, url, apiKey(d.Trusset.Mica.Key)...), http.StatusOK)
}
