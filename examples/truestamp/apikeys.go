package truestamp

import (
	"net/http"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/examples/exampleapi"
)

// apiKey is a key as its user sees it; the key itself stands in the answer that
// makes it, and in no other.
type apiKey struct {
	ID          string     `json:"id"`
	Description string     `json:"description"`
	Hint        string     `json:"hint"`
	State       string     `json:"state"`
	CreatedAt   time.Time  `json:"createdAt"`
	ExpiresAt   *time.Time `json:"expiresAt"`
	APIKey      string     `json:"apiKey,omitempty"`
}

func asAPIKey(k *api.KeyBody) apiKey {
	return apiKey{ID: k.ID, Description: k.Name, Hint: k.Hint, State: k.State, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt}
}

func ownKeys(c *exampleapi.Call) (*exampleapi.Keys, error) {
	return c.Keys(Scheme, map[string]string{"name": "description", "expires_at": "ttl"})
}

// createKey makes a key for the user who is logged in: a key cannot make keys.
func createKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	var in struct {
		Description string `json:"description"`
		TTL         *int64 `json:"ttl"`
	}
	if err := c.Read(&in); err != nil {
		return exampleapi.Reply{}, err
	}
	all, err := ownKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	made, err := all.Create(api.CreateKey{Name: in.Description, TTL: in.TTL})
	if err != nil {
		return exampleapi.Reply{}, err
	}
	out := asAPIKey(&made.KeyBody)
	if made.Credential != nil {
		out.APIKey = made.Credential.Key
	}
	return exampleapi.Reply{Status: http.StatusCreated, Body: out, Header: map[string]string{"Cache-Control": "no-store"}}, nil
}

func listKeys(c *exampleapi.Call) (exampleapi.Reply, error) {
	mine, err := ownKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	all, err := mine.List()
	if err != nil {
		return exampleapi.Reply{}, err
	}
	out := struct {
		APIKeys []apiKey `json:"apiKeys"`
	}{APIKeys: []apiKey{}}
	for i := range all {
		out.APIKeys = append(out.APIKeys, asAPIKey(&all[i]))
	}
	return exampleapi.Reply{Body: out}, nil
}

// deleteKey revokes, which keeps the record of it.
func deleteKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	mine, err := ownKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	if _, err := mine.Revoke(c.PathValue("id"), ""); err != nil {
		return exampleapi.Reply{}, err
	}
	return exampleapi.Reply{Status: http.StatusNoContent}, nil
}
