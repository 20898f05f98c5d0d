package journey

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/realidp"
)

// withLogins is a demo whose people log in at a real, certified identity provider.
func withLogins(t *testing.T) (*demo, *realidp.Provider) {
	t.Helper()
	person := func(email string) realidp.User {
		return realidp.User{Subject: email, Email: email, Verified: true, Name: email}
	}
	idp := realidp.Start(t, realidp.Options{Resource: "urn:keywright:demo", Users: []realidp.User{
		person("ada@truestamp.example"), person("grace@truestamp.example"), person("ada@trusset.example"), person("grace@trusset.example"),
		person("ada@domaintrust.example"), person("nobody@example.com"),
	}})
	return own(t, "--identity-provider", idp.Issuer), idp
}

func accessToken(t *testing.T, idp *realidp.Provider, email string) realidp.Tokens {
	t.Helper()
	tokens, err := idp.Tokens(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

const aHash = `{"hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","hashType":"sha-256"}`

func TestTSP15to22_ATokenOfALoginBesideKeys(t *testing.T) {
	t.Parallel()
	d, idp := withLogins(t)
	ada, nobody := accessToken(t, idp, "ada@truestamp.example"), accessToken(t, idp, "nobody@example.com")
	items, apikeys := d.Truestamp.Base+"/v1/items", d.Truestamp.Base+"/v1/apikeys"
	with := func(token string) header { return append(bearer(token), "Content-Type", "application/json") }
	t.Run("TSP-16 TSP-22 a JWT and a key pass on the same header", func(t *testing.T) {
		a := d.send(t, http.MethodPost, items, with(ada.Access), aHash)
		wants(t, a, http.StatusCreated)
		read := d.get(t, items+"/"+a.str(t, "id"), bearer(d.Truestamp.Users[0].Key)...)
		wants(t, read, http.StatusOK)
	})
	var id, key string
	t.Run("TSP-20 TSP-23 a login makes a key of its own user", func(t *testing.T) {
		a := d.send(t, http.MethodPost, apikeys, with(ada.Access), `{"description":"ci","ttl":3600}`)
		wants(t, a, http.StatusCreated)
		id, key = a.str(t, "id"), a.str(t, "apiKey")
		wants(t, d.send(t, http.MethodPost, items, with(key), aHash), http.StatusCreated)
	})
	t.Run("TSP-19 a key cannot mint keys", func(t *testing.T) {
		wants(t, d.send(t, http.MethodPost, apikeys, with(key), `{}`), http.StatusForbidden)
		wants(t, d.send(t, http.MethodPost, apikeys, with(key+"x"), `{}`), http.StatusUnauthorized)
	})
	t.Run("TSP-20 another user's key is unknown", func(t *testing.T) {
		grace := accessToken(t, idp, "grace@truestamp.example")
		wants(t, d.send(t, http.MethodDelete, apikeys+"/"+id, bearer(grace.Access), ""), http.StatusNotFound)
	})
	t.Run("TSP-24 revoked, it fails at once", func(t *testing.T) {
		wants(t, d.send(t, http.MethodDelete, apikeys+"/"+id, bearer(ada.Access), ""), http.StatusNoContent)
		wants(t, d.send(t, http.MethodPost, items, with(key), aHash), http.StatusUnauthorized)
	})
	t.Run("TSP-30 what is no access token of a member is refused, all alike", func(t *testing.T) {
		var bodies []string
		parts := strings.Split(ada.Access, ".")
		for name, token := range map[string]string{
			"an ID token": ada.ID, "nobody's": nobody.Access, "another signature": parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
			"no algorithm": "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + parts[1] + ".",
		} {
			a := d.send(t, http.MethodPost, items, with(token), aHash)
			if a.Status != http.StatusUnauthorized {
				t.Errorf("%s answered %d", name, a.Status)
			}
			bodies = append(bodies, a.Body)
		}
		for _, b := range bodies[1:] {
			if b != bodies[0] {
				t.Errorf("refusals differ:\n%s\n%s", bodies[0], b)
			}
		}
	})
	t.Run("an archived user's token is refused at once", func(t *testing.T) {
		wants(t, d.manage(t, http.MethodPatch, "/tenants/"+d.Truestamp.Users[0].Tenant, `{"archived":true}`), http.StatusOK)
		wants(t, d.send(t, http.MethodPost, items, with(ada.Access), aHash), http.StatusUnauthorized)
	})
}

func TestTRS12_DMT03_MembersManageKeysByLogin(t *testing.T) {
	t.Parallel()
	d, idp := withLogins(t)
	json := []string{"Content-Type", "application/json"}
	t.Run("TRS-12 an instance's keys", func(t *testing.T) {
		ada := accessToken(t, idp, "ada@trusset.example")
		keys := d.Trusset.Base + "/keys/api/manage"
		a := d.send(t, http.MethodPost, keys, append(bearer(ada.Access), json...), `{"name":"Nightly"}`)
		wants(t, a, http.StatusCreated)
		wants(t, d.get(t, d.Trusset.Base+"/customers/api/manage", "X-API-Key", a.str(t, "data.apiKey")), http.StatusOK)
		refused := d.get(t, keys, "X-API-Key", d.Trusset.Instances[0].Key)
		wants(t, refused, http.StatusUnauthorized)
		grace := accessToken(t, idp, "grace@trusset.example")
		wants(t, d.send(t, http.MethodPost, keys+"/"+a.str(t, "data.id")+"/revoke", bearer(grace.Access), ""), http.StatusNotFound)
	})
	t.Run("DMT-03 an organization's keys", func(t *testing.T) {
		ada := accessToken(t, idp, "ada@domaintrust.example")
		keys := d.DomainTrust.Base + "/api/keys"
		a := d.send(t, http.MethodPost, keys, append(bearer(ada.Access), json...), `{"description":"x","environment":"testing","expiresAt":"2035-01-01T00:00:00Z"}`)
		wants(t, a, http.StatusCreated)
		wants(t, d.get(t, d.DomainTrust.Base+"/api/domains?limit=1", bearer(a.str(t, "key"))...), http.StatusOK)
		wants(t, d.get(t, keys, bearer(a.str(t, "key"))...), http.StatusUnauthorized)
		wants(t, d.get(t, d.DomainTrust.Base+"/api/domains?limit=1", bearer(ada.Access)...), http.StatusUnauthorized)
	})
}
