package journey

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestTFI04_TheManagementAPIManages(t *testing.T) {
	a := shared.manage(t, http.MethodPost, "/tenants", `{"name":"paged","services":["reports"],"environments":["live"]}`)
	wants(t, a, http.StatusCreated)
	tenant := a.str(t, "id")
	ids := map[string]bool{}
	for range 5 {
		id, _ := shared.issue(t, `{"tenant":"`+tenant+`","scheme":"keywright","environment":"live","permissions":["messages:read"],"metadata":{"team":"a"}}`)
		ids[id] = true
	}
	t.Run("pages meet without gap or repeat", func(t *testing.T) {
		cursor, seen := "", 0
		for {
			b := shared.manage(t, http.MethodGet, "/keys?limit=2&tenant="+tenant+"&cursor="+cursor, "")
			wants(t, b, http.StatusOK)
			var page struct {
				Items      []struct{ ID string }
				NextCursor string `json:"next_cursor"`
			}
			if err := json.Unmarshal([]byte(b.Body), &page); err != nil {
				t.Fatal(err)
			}
			for _, k := range page.Items {
				if !ids[k.ID] {
					t.Errorf("%s was not asked for, or twice", k.ID)
				}
				delete(ids, k.ID)
				seen++
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if seen != 5 {
			t.Errorf("%d seen", seen)
		}
	})
	t.Run("every answer is not to be stored", func(t *testing.T) {
		if c := a.Header.Get("Cache-Control"); !strings.Contains(c, "no-store") {
			t.Errorf("Cache-Control: %q", c)
		}
	})
	t.Run("the trail says who did what", func(t *testing.T) {
		b := shared.manage(t, http.MethodGet, "/events?tenant="+tenant, "")
		wants(t, b, http.StatusOK)
		if n := strings.Count(b.Body, `"key.issued"`); n != 5 {
			t.Errorf("%d issues in the trail: %s", n, b.Body)
		}
	})
}

func TestManagementNeedsItsOwnKey(t *testing.T) {
	for name, h := range map[string]header{
		"none":           {},
		"acme's":         bearer(shared.Acme.Key),
		"another scheme": bearer(shared.Truestamp.Users[0].Key),
		"nonsense":       bearer("kw_live_nonsense"),
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, shared.get(t, shared.Management.Base+"/keys", h...), http.StatusUnauthorized)
			wants(t, shared.send(t, http.MethodPost, shared.Management.Base+"/keys", h, `{"tenant":"x","scheme":"keywright"}`), http.StatusUnauthorized)
		})
	}
	t.Run("a key with every permission, of another tenant", func(t *testing.T) {
		_, key := shared.issue(t, `{"tenant":"`+shared.Acme.Tenant+`","scheme":"keywright","environment":"test","permissions":["*"]}`)
		wants(t, shared.get(t, shared.Management.Base+"/keys", bearer(key)...), http.StatusUnauthorized)
	})
	t.Run("no cross-origin access", func(t *testing.T) {
		a := shared.get(t, shared.Management.Base+"/keys", append(bearer(shared.Management.Key), "Origin", "https://evil.example")...)
		if a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("the management API allows an origin")
		}
	})
}

func TestIdempotency(t *testing.T) {
	h := append(bearer(shared.Management.Key), "Idempotency-Key", "journey-1")
	body := `{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","name":"retried"}`
	first := shared.send(t, http.MethodPost, shared.Management.Base+"/keys", h, body)
	wants(t, first, http.StatusCreated)
	again := shared.send(t, http.MethodPost, shared.Management.Base+"/keys", h, body)
	if again.Status/100 != 2 || again.str(t, "id") != first.str(t, "id") {
		t.Fatalf("%d %s", again.Status, again.Body)
	}
	if strings.Contains(again.Body, `"credential"`) {
		t.Error("a replay shows the credential")
	}
	other := shared.send(t, http.MethodPost, shared.Management.Base+"/keys", h, strings.Replace(body, "retried", "changed", 1))
	if other.Status != http.StatusConflict && other.Status != http.StatusUnprocessableEntity {
		t.Errorf("another request under one key: %d", other.Status)
	}
	t.Run("rotate retried after a lost reply makes one successor", func(t *testing.T) {
		url := shared.Management.Base + "/keys/" + first.str(t, "id") + "/rotate"
		h := append(bearer(shared.Management.Key), "Idempotency-Key", "journey-2")
		a, b := shared.send(t, http.MethodPost, url, h, `{}`), shared.send(t, http.MethodPost, url, h, `{}`)
		wants(t, a, http.StatusCreated)
		if b.Status/100 != 2 || b.str(t, "id") != a.str(t, "id") {
			t.Errorf("%d %s", b.Status, b.Body)
		}
	})
	t.Run("two rotations at once make one successor", func(t *testing.T) {
		id, _ := shared.issue(t, strings.Replace(body, "retried", "raced", 1))
		statuses := make(chan int, 8)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { statuses <- shared.manage(t, http.MethodPost, "/keys/"+id+"/rotate", `{}`).Status })
		}
		wg.Wait()
		close(statuses)
		made := 0
		for s := range statuses {
			switch s {
			case http.StatusCreated:
				made++
			case http.StatusConflict:
			default:
				t.Errorf("status %d", s)
			}
		}
		if made != 1 {
			t.Errorf("%d successors", made)
		}
	})
}

func TestPreconditionsAndFields(t *testing.T) {
	id, _ := shared.issue(t, `{"tenant":"`+shared.Acme.Tenant+`","scheme":"keywright","environment":"test","name":"tagged"}`)
	tag := shared.manage(t, http.MethodGet, "/keys/"+id, "").Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	url := shared.Management.Base + "/keys/" + id
	wants(t, shared.send(t, http.MethodPatch, url, append(bearer(shared.Management.Key), "If-Match", tag), `{"name":"first"}`), http.StatusOK)
	wants(t, shared.send(t, http.MethodPatch, url, append(bearer(shared.Management.Key), "If-Match", tag), `{"name":"second"}`), http.StatusPreconditionFailed)
	for body, field := range map[string]string{
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","ttl":-1}`:                                             "ttl",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","ttl":0.5}`:                                            "ttl",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"moon"}`:                                                      "environment",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"nowhere"}`:                                                                             "scheme",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","colour":"red"}`:                                       "colour",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","expires_at":"tomorrow"}`:                              "expires_at",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","ttl":60,"expires_at":"2099-01-01T00:00:00Z"}`:         "ttl",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","name":"` + strings.Repeat("n", 500) + `"}`:            "name",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","name":"a\u0000b"}`:                                    "name",
		`{"tenant":"` + shared.Acme.Tenant + `","scheme":"keywright","environment":"test","metadata":{"k":"` + strings.Repeat("v", 9999) + `"}}`: "metadata",
	} {
		t.Run("422 names "+field, func(t *testing.T) {
			a := shared.manage(t, http.MethodPost, "/keys", body)
			wants(t, a, http.StatusUnprocessableEntity)
			if !strings.Contains(a.Body, field) {
				t.Errorf("%s is not named: %s", field, a.Body)
			}
			if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") {
				t.Error(a.Header.Get("Content-Type"))
			}
		})
	}
}

func TestVerifyAndExplain(t *testing.T) {
	key := shared.Trusset.Instances[0].Key
	body := `{"scheme":"trusset-instance","headers":{"X-API-Key":"` + key + `"},"need":{"service":"tokenization"}}`
	a := shared.manage(t, http.MethodPost, "/keys/verify", body)
	wants(t, a, http.StatusOK)
	if a.json(t, "granted") != true || a.str(t, "key.id") != shared.Trusset.Instances[0].KeyID || a.str(t, "tenant.id") != shared.Trusset.Instances[0].Tenant {
		t.Error(a.Body)
	}
	b := shared.manage(t, http.MethodPost, "/keys/explain", strings.Replace(body, "tokenization", "no-such", 1))
	wants(t, b, http.StatusOK)
	if b.json(t, "granted") != false || b.str(t, "reason") != "service_not_enabled" || len(b.json(t, "checks").([]any)) < 3 {
		t.Error(b.Body)
	}
	for _, x := range []answer{a, b} {
		if strings.Contains(x.Body, key[17:]) {
			t.Error("the answer echoes the credential")
		}
	}
}
