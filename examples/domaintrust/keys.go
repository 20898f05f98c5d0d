package domaintrust

import (
	"net/http"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/examples/exampleapi"
)

// KeyScheme is the contract of the keys, and MembersScheme that of the logins that
// manage them: a key never makes keys.
const (
	KeyScheme     = "domain-trust"
	MembersScheme = "domain-trust-members"
)

// organizationKey is a key as the organization's members see it. The key itself
// stands in the answer that makes it, and in no other.
type organizationKey struct {
	ID          string     `json:"id"`
	Description string     `json:"description"`
	Environment string     `json:"environment"`
	Hint        string     `json:"hint"`
	State       string     `json:"state"`
	CreatedAt   time.Time  `json:"createdAt"`
	ExpiresAt   *time.Time `json:"expiresAt"`
	Key         string     `json:"key,omitempty"`
}

func asOrganizationKey(k *api.KeyBody) organizationKey {
	return organizationKey{
		ID: k.ID, Description: k.Name, Environment: k.Environment, Hint: k.Hint, State: k.State, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt,
	}
}

// shown is the answer about a key; of a new one it holds the key itself.
func shown(k api.Key, err error) (exampleapi.Reply, error) {
	if err != nil {
		return exampleapi.Reply{}, err
	}
	out, status := asOrganizationKey(&k.KeyBody), http.StatusOK
	if k.Credential != nil {
		out.Key, status = k.Credential.Key, http.StatusCreated
	}
	return exampleapi.Reply{Status: status, Body: out, Header: map[string]string{"Cache-Control": "no-store"}}, nil
}

// withKeys gives a handler the caller's keys.
func withKeys(handle func(*exampleapi.Call, *exampleapi.Keys) (exampleapi.Reply, error)) func(*exampleapi.Call) (exampleapi.Reply, error) {
	return func(c *exampleapi.Call) (exampleapi.Reply, error) {
		keys, err := c.Keys(KeyScheme, map[string]string{"name": "description", "expires_at": "expiresAt"})
		if err != nil {
			return exampleapi.Reply{}, err
		}
		return handle(c, keys)
	}
}

func listKeys(_ *exampleapi.Call, keys *exampleapi.Keys) (exampleapi.Reply, error) {
	all, err := keys.List()
	if err != nil {
		return exampleapi.Reply{}, err
	}
	out := struct {
		Keys []organizationKey `json:"keys"`
	}{Keys: []organizationKey{}}
	for i := range all {
		out.Keys = append(out.Keys, asOrganizationKey(&all[i]))
	}
	return exampleapi.Reply{Body: out}, nil
}

func createKey(c *exampleapi.Call, keys *exampleapi.Keys) (exampleapi.Reply, error) {
	var in struct {
		Description string     `json:"description"`
		Environment string     `json:"environment"`
		ExpiresAt   *time.Time `json:"expiresAt"`
	}
	if err := c.Read(&in); err != nil {
		return exampleapi.Reply{}, err
	}
	return shown(keys.Create(api.CreateKey{Name: in.Description, Environment: in.Environment, ExpiresAt: in.ExpiresAt}))
}

func showKey(c *exampleapi.Call, keys *exampleapi.Keys) (exampleapi.Reply, error) {
	return shown(keys.Find(c.PathValue("id")))
}

// amendKey changes the expiry, or the description, and leaves the other as it is.
func amendKey(c *exampleapi.Call, keys *exampleapi.Keys) (exampleapi.Reply, error) {
	var in struct {
		Description *string    `json:"description"`
		ExpiresAt   *time.Time `json:"expiresAt"`
	}
	if err := c.Read(&in); err != nil {
		return exampleapi.Reply{}, err
	}
	return shown(keys.Amend(c.PathValue("id"), api.AmendKey{Name: in.Description, ExpiresAt: in.ExpiresAt}))
}

func rotateKey(c *exampleapi.Call, keys *exampleapi.Keys) (exampleapi.Reply, error) {
	return shown(keys.Rotate(c.PathValue("id"), api.RotateKey{}))
}

func deleteKey(c *exampleapi.Call, keys *exampleapi.Keys) (exampleapi.Reply, error) {
	if err := keys.Delete(c.PathValue("id")); err != nil {
		return exampleapi.Reply{}, err
	}
	return exampleapi.Reply{Status: http.StatusNoContent}, nil
}
