package journey

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

const someHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func bearer(key string) header { return header{"Authorization", "Bearer " + key} }

func TestTSP15_ABearerTokenOpensTheAPI(t *testing.T) {
	key := shared.Truestamp.Users[0].Key
	base := shared.Truestamp.Base + "/v1"
	a := shared.send(t, http.MethodPost, base+"/items", bearer(key), `{"hash":"`+someHash+`","hashType":"sha-256"}`)
	wants(t, a, http.StatusCreated)
	item := base + "/items/" + a.str(t, "id")

	t.Run("TSP-10 TSP-11 TSP-12 base, version, resource", func(t *testing.T) {
		wants(t, shared.get(t, item, bearer(key)...), http.StatusOK)
		wants(t, shared.get(t, shared.Truestamp.Base+"/items", bearer(key)...), http.StatusNotFound)
	})
	t.Run("TSP-13 GET, POST and PUT", func(t *testing.T) {
		wants(t, shared.send(t, http.MethodPut, item, bearer(key), `{"hash":"`+someHash+`","hashType":"sha-256"}`), http.StatusOK)
	})
	t.Run("TSP-36 If-None-Match", func(t *testing.T) {
		first := shared.get(t, item, bearer(key)...)
		tag := first.Header.Get("ETag")
		if tag == "" {
			t.Fatal("no ETag")
		}
		wants(t, shared.get(t, item, append(bearer(key), "If-None-Match", tag)...), http.StatusNotModified)
	})
	t.Run("TSP-20 another user's item is unknown", func(t *testing.T) {
		wants(t, shared.get(t, item, bearer(shared.Truestamp.Users[1].Key)...), http.StatusNotFound)
	})
	t.Run("TSP-28 any case of bearer, and more spaces", func(t *testing.T) {
		for _, v := range []string{"bearer " + key, "BEARER " + key, "Bearer    " + key} {
			wants(t, shared.get(t, item, "Authorization", v), http.StatusOK)
		}
	})
	t.Run("TSP-28 TSP-29 TSP-30 refusals", func(t *testing.T) {
		var first *answer
		for _, v := range []string{
			"Bearer" + key, `Bearer "` + key + `"`, "Bearer\t" + key, "Bearer '" + key + "'", "Bearer " + key + "x", "Token " + key,
			"Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer " + strings.Repeat("A", 10240), key,
		} {
			a := shared.get(t, item, "Authorization", v)
			wants(t, a, http.StatusUnauthorized)
			pretty(t, a)
			if first != nil && a.Body != first.Body {
				t.Errorf("%.20q is told something else: %s", v, a.Body)
			}
			first = &a
		}
	})
	t.Run("TSP-30 no token", func(t *testing.T) {
		a := shared.get(t, item)
		wants(t, a, http.StatusUnauthorized)
		if !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Error("WWW-Authenticate is not Bearer")
		}
	})
}

// pretty checks TSP-37 to TSP-40 on one refusal.
func pretty(t *testing.T, a answer) {
	t.Helper()
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		t.Errorf("Content-Type is %q", ct)
	}
	if !strings.HasPrefix(a.Body, "{\n  \"") {
		t.Errorf("not indented by two spaces: %q", a.Body)
	}
	if a.str(t, "message") == "" {
		t.Error("no message")
	}
}

func TestTSP09_PlainHTTPIsRefusedAndNeverRedirected(t *testing.T) {
	base := strings.Replace(shared.Truestamp.Base, shared.TLS[strings.LastIndex(shared.TLS, ":"):], shared.HTTP[strings.LastIndex(shared.HTTP, ":"):], 1)
	base = strings.Replace(base, "https://", "http://", 1)
	a := shared.get(t, base+"/v1/items", bearer(shared.Truestamp.Users[0].Key)...)
	wants(t, a, http.StatusForbidden)
	pretty(t, a)
	if a.Header.Get("Location") != "" {
		t.Error("it is redirected")
	}
}

func TestTSP14_CORS(t *testing.T) {
	base := shared.Truestamp.Base + "/v1"
	t.Run("TSP-14 preflight", func(t *testing.T) {
		a := shared.send(t, http.MethodOptions, base+"/items", header{"Origin", "https://app.example.com",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}, "")
		if a.Status/100 != 2 {
			t.Fatalf("status %d", a.Status)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("headers: %v", a.Header)
		}
		if !strings.Contains(strings.ToLower(a.Header.Get("Access-Control-Allow-Headers")), "authorization") {
			t.Error("Authorization is not named")
		}
	})
	t.Run("TSP-14 errors", func(t *testing.T) {
		for _, path := range []string{"/items", "/nowhere"} {
			a := shared.get(t, base+path, "Origin", "https://app.example.com")
			if a.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: a page cannot read the %d", path, a.Status)
			}
		}
	})
}

func TestTSP32to40_Manners(t *testing.T) {
	key := shared.Truestamp.Users[0].Key
	items := shared.Truestamp.Base + "/v1/items"
	good := `{"hash":"` + someHash + `","hashType":"sha-256"}`
	for _, c := range []struct {
		name, method, url string
		h                 header
		body              string
		status            int
	}{
		{"TSP-32 Accept text/html", "POST", items, header{"Accept", "text/html"}, good, 406},
		{"TSP-32 Accept anything", "POST", items, header{"Accept", "*/*"}, good, 201},
		{"TSP-32 Accept application/json", "POST", items, header{"Accept", "application/json"}, good, 201},
		{"TSP-33 text/plain", "POST", items, header{"Content-Type", "text/plain"}, good, 415},
		{"TSP-34 an array", "POST", items, nil, `[` + good + `]`, 400},
		{"TSP-34 a string", "POST", items, nil, `"hash"`, 400},
		{"TSP-34 no JSON", "POST", items, nil, `{"hash":`, 400},
		{"TSP-35 another shape", "POST", items, nil, `{"hash":12}`, 422},
		{"TSP-36 no such path", "GET", shared.Truestamp.Base + "/v1/nowhere", nil, "", 404},
		{"TSP-36 wrong method", "DELETE", items, nil, "", 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := shared.send(t, c.method, c.url, append(bearer(key), c.h...), c.body)
			wants(t, a, c.status)
			if c.status >= 400 {
				t.Run("TSP-37 TSP-38 TSP-39 TSP-40", func(t *testing.T) { pretty(t, a) })
			}
		})
	}
}

func TestTSP19to24_AKeysLife(t *testing.T) {
	d := own(t)
	tenant := d.Truestamp.Users[0].Tenant
	items := d.Truestamp.Base + "/v1/items/none"
	t.Run("TSP-21 ttl 0 is for good", func(t *testing.T) {
		a := d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+tenant+`","scheme":"truestamp","name":"ci","ttl":0}`)
		wants(t, a, http.StatusCreated)
		if v := a.json(t, "expires_at"); v != nil {
			t.Errorf("expires_at is %v", v)
		}
	})
	t.Run("TSP-23 a ttl below 60 s is refused", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+tenant+`","scheme":"truestamp","name":"ci","ttl":59}`), http.StatusUnprocessableEntity)
	})
	t.Run("TSP-23 it expires", func(t *testing.T) {
		_, key := d.issue(t, `{"tenant":"`+tenant+`","scheme":"truestamp","name":"ci","ttl":3600}`)
		wants(t, d.get(t, items, bearer(key)...), http.StatusNotFound)
		d.advance(t, "1h")
		wants(t, d.get(t, items, bearer(key)...), http.StatusUnauthorized)
	})
	t.Run("TSP-24 revoked, it fails at once", func(t *testing.T) {
		id, key := d.issue(t, `{"tenant":"`+tenant+`","scheme":"truestamp","name":"ci","ttl":0}`)
		wants(t, d.get(t, items, bearer(key)...), http.StatusNotFound)
		wants(t, d.manage(t, http.MethodPost, "/keys/"+id+"/revoke", `{"reason":"abuse"}`), http.StatusOK)
		wants(t, d.get(t, items, bearer(key)...), http.StatusUnauthorized)
	})
	t.Run("TSP-19 a key cannot manage keys", func(t *testing.T) {
		a := d.get(t, d.Management.Base+"/keys", bearer(d.Truestamp.Users[0].Key)...)
		wants(t, a, http.StatusUnauthorized)
	})
}

func TestTSP02_PlainCurlWorks(t *testing.T) {
	out, err := exec.Command("curl", "-sS", "--fail", "--cacert", shared.CA, "--resolve", "truestamp.localhost:"+shared.TLS[strings.LastIndex(shared.TLS, ":")+1:]+":127.0.0.1",
		"-H", "Authorization: Bearer "+shared.Truestamp.Users[0].Key, shared.Truestamp.Base+"/v1/health").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Run("TSP-27 the printed form works for each system", func(t *testing.T) {
		lines := shared.curls()
		if len(lines) < 7 {
			t.Fatalf("only %d curl lines are printed", len(lines))
		}
		for _, line := range lines {
			out, err := exec.Command("bash", "-c", line+` --silent --show-error --output /dev/null --write-out '%{http_code}'`).CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "2") {
				t.Errorf("%v: %s: %s", err, out, line)
			}
		}
	})
}
