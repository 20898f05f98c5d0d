package truestamp

import (
	"net/http"
	"testing"

	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/seal"
)

// account is the example over a management API, with two users who are logged in.
func account(t *testing.T) (*exampletest.Client, *seal.Identity, *seal.Identity) {
	t.Helper()
	b := exampletest.NewBackend(t, selfservice.Site{API: Name, Schemes: []string{Scheme}})
	h, err := New(Options{Identify: exampletest.Identify, Keys: b.Keys})
	if err != nil {
		t.Fatal(err)
	}
	ada, grace := b.Member(Scheme, "ada", "admin"), b.Member(Scheme, "grace", "admin")
	return exampletest.New(t, h, OpenAPI(), Table()), &ada, &grace
}

func TestTSP19to25_AUserManagesKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	c, ada, grace := account(t)
	made := c.Want(http.StatusCreated, ada, "POST", "/v1/apikeys", `{"description":"ci","ttl":86400}`)
	id, _ := made["id"].(string)
	if key, _ := made["apiKey"].(string); len(key) != 59 {
		t.Errorf("TSP-19: the key is not in the answer that makes it, or not of the documented form")
	}
	if made["expiresAt"] == nil || made["description"] != "ci" {
		t.Errorf("TSP-23: got %v", made)
	}
	listed := c.Want(http.StatusOK, ada, "GET", "/v1/apikeys", nil)["apiKeys"].([]any)
	if len(listed) != 1 || listed[0].(map[string]any)["apiKey"] != nil {
		t.Errorf("a list shows no key: %v", listed)
	}
	t.Run("TSP-20 another user's key is unknown", func(t *testing.T) {
		if got := c.Want(http.StatusOK, grace, "GET", "/v1/apikeys", nil)["apiKeys"].([]any); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		c.Want(http.StatusNotFound, grace, "DELETE", "/v1/apikeys/"+id, nil)
	})
	t.Run("TSP-23 a ttl below a minute names the field", func(t *testing.T) {
		got := c.Want(http.StatusUnprocessableEntity, ada, "POST", "/v1/apikeys", `{"ttl":59}`)
		if text, _ := got["message"].(string); len(text) < 5 || text[:4] != "ttl:" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("TSP-24 revoked", func(t *testing.T) {
		c.Want(http.StatusNoContent, ada, "DELETE", "/v1/apikeys/"+id, nil)
		listed := c.Want(http.StatusOK, ada, "GET", "/v1/apikeys", nil)["apiKeys"].([]any)
		if listed[0].(map[string]any)["state"] != "REVOKED" {
			t.Errorf("got %v", listed)
		}
	})
	t.Run("TSP-19 a key cannot mint keys", func(t *testing.T) {
		key := *ada
		key.Key, key.Login = "key_01JQ6M3Z5N7P9R1T3V5X7Z9B2F", ""
		c.Want(http.StatusUnauthorized, &key, "POST", "/v1/apikeys", `{}`)
	})
}
