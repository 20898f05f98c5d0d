package domaintrust

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/seal"
)

func organization(t *testing.T) (*exampletest.Client, *exampletest.Backend) {
	t.Helper()
	b := exampletest.NewBackend(t, selfservice.Site{API: Name, Schemes: []string{KeyScheme}})
	h, err := New(Options{Identify: exampletest.Identify, Keys: b.Keys})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table()), b
}

const draft = `{"description":"Nightly import","environment":"testing","expiresAt":"2031-01-01T00:00:00Z"}`

func TestDMT03to25_MembersManageTheKeys(t *testing.T) {
	t.Parallel()
	c, b := organization(t)
	admin, other := b.Member(MembersScheme, "one", "admin", Production), b.Member(MembersScheme, "two", "admin")
	made := c.Want(http.StatusCreated, &admin, "POST", "/api/keys", draft)
	id, _ := made["id"].(string)
	if key, _ := made["key"].(string); !strings.HasPrefix(key, "dt_test_") {
		t.Errorf("DMT-22: the key is not in the answer that makes it")
	}
	t.Run("DMT-22 shown once", func(t *testing.T) {
		if got := c.Want(http.StatusOK, &admin, "GET", "/api/keys/"+id, nil); got["key"] != nil {
			t.Error("the key is shown again")
		}
	})
	t.Run("DMT-19 DMT-20 DMT-21 what creating asks for", func(t *testing.T) {
		for field, body := range map[string]string{
			"description": `{"environment":"testing","expiresAt":"2031-01-01T00:00:00Z"}`,
			"environment": `{"description":"x","expiresAt":"2031-01-01T00:00:00Z"}`,
			"expiresAt":   `{"description":"x","environment":"testing"}`,
		} {
			got := c.Want(http.StatusUnprocessableEntity, &admin, "POST", "/api/keys", body)
			if errs, _ := got["errors"].([]any); len(errs) != 1 || errs[0].(map[string]any)["field"] != field {
				t.Errorf("%s: got %v", field, got)
			}
		}
	})
	t.Run("DMT-23 the expiry can be changed", func(t *testing.T) {
		got := c.Want(http.StatusOK, &admin, "PATCH", "/api/keys/"+id, `{"expiresAt":"2032-01-01T00:00:00Z"}`)
		if got["expiresAt"] != "2032-01-01T00:00:00Z" || got["description"] != "Nightly import" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("DMT-06 rotate", func(t *testing.T) {
		got := c.Want(http.StatusCreated, &admin, "POST", "/api/keys/"+id+"/rotate", nil)
		if got["id"] == id || got["key"] == nil {
			t.Errorf("got another's: %v", got["id"])
		}
		id = got["id"].(string)
	})
	t.Run("DMT-12 production needs the grant", func(t *testing.T) {
		body := strings.Replace(draft, "testing", "production", 1)
		c.Want(http.StatusCreated, &admin, "POST", "/api/keys", body)
		c.Want(http.StatusForbidden, &other, "POST", "/api/keys", body)
		trial := admin
		trial.Role = "trial"
		c.Want(http.StatusForbidden, &trial, "POST", "/api/keys", body)
	})
	t.Run("another organization's key is unknown", func(t *testing.T) {
		for method, path := range map[string]string{"GET": id, "DELETE": id, "PATCH": id, "POST": id + "/rotate"} {
			var body any
			if method == "PATCH" {
				body = `{"description":"mine"}`
			}
			c.Want(http.StatusNotFound, &other, method, "/api/keys/"+path, body)
		}
	})
	t.Run("DMT-24 delete", func(t *testing.T) {
		c.Want(http.StatusNoContent, &admin, "DELETE", "/api/keys/"+id, nil)
		c.Want(http.StatusNotFound, &admin, "GET", "/api/keys/"+id, nil)
	})
	t.Run("DMT-25 an API key never makes keys", func(t *testing.T) {
		key := seal.Identity{Subject: admin.Subject, Key: "key_01JQ6M3Z5N7P9R1T3V5X7Z9B2F", Scheme: MembersScheme}
		c.Want(http.StatusUnauthorized, &key, "POST", "/api/keys", draft)
	})
}
