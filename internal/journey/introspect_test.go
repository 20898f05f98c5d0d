package journey

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// form calls the management host as a gateway would that speaks OAuth.
func (d *demo) form(t *testing.T, path, key string, values url.Values) answer {
	t.Helper()
	return d.send(t, http.MethodPost, strings.TrimSuffix(d.Management.Base, "/v1")+path,
		append(bearer(key), "Content-Type", "application/x-www-form-urlencoded"), values.Encode())
}

func TestGatewaysThatSpeakOAuthAskAndRevoke(t *testing.T) {
	t.Parallel()
	id, key := shared.issue(t, `{"tenant":"`+shared.Truestamp.Users[1].Tenant+`","scheme":"truestamp","name":"asked about"}`)
	shared.remember(key)
	a := shared.form(t, "/oauth/introspect", shared.Management.Key, url.Values{"token": {key}})
	wants(t, a, http.StatusOK)
	if a.json(t, "active") != true || a.str(t, "key_id") != id {
		t.Errorf("a live key is %s", a.Body)
	}
	unknown := shared.form(t, "/oauth/introspect", shared.Management.Key, url.Values{"token": {key + "x"}})
	if strings.TrimSpace(unknown.Body) != `{"active":false}` {
		t.Errorf("a key that is none is %s", unknown.Body)
	}
	wants(t, shared.form(t, "/oauth/introspect", key, url.Values{"token": {key}}), http.StatusUnauthorized)
	wants(t, shared.form(t, "/oauth/revoke", shared.Management.Key, url.Values{"token": {key}}), http.StatusOK)
	wants(t, shared.get(t, shared.Truestamp.Base+"/v1/items/none", bearer(key)...), http.StatusUnauthorized)
	meta := shared.get(t, strings.TrimSuffix(shared.Management.Base, "/v1")+"/.well-known/oauth-authorization-server")
	wants(t, meta, http.StatusOK)
	if !strings.HasSuffix(meta.str(t, "introspection_endpoint"), "/oauth/introspect") {
		t.Errorf("the metadata says %s", meta.Body)
	}
}

func TestASiteAnswersOnItsOwnHostAlone(t *testing.T) {
	t.Parallel()
	site, base := shared.Sites["trustifi"], shared.Trustifi.Base
	wants(t, shared.get(t, site+"/authentication"), http.StatusOK)
	wants(t, shared.get(t, site+"/.well-known/keywright.json"), http.StatusOK)
	for _, path := range []string{"/authentication", "/account/sign-in", "/v1/me", "/.well-known/keywright.json"} {
		if a := shared.get(t, base+path); a.Status == http.StatusOK {
			t.Errorf("the API's host answers %s", path)
		}
	}
	preflight := func(origin string) string {
		return shared.send(t, http.MethodOptions, base+"/api/i/v1/me", header{"Origin", origin, "Access-Control-Request-Method", "GET",
			"Access-Control-Request-Headers", "x-trustifi-key"}, "").Header.Get("Access-Control-Allow-Origin")
	}
	if got := preflight(site); got != site {
		t.Errorf("TSP-14: the site's own pages may call its API: %q", got)
	}
	if got := preflight("https://evil.example"); got != "" {
		t.Errorf("another's may not: %q", got)
	}
}
