package trusset

import (
	"net/http"
	"strconv"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/examples/exampleapi"
)

// instanceKey is a key of an instance, as its members see it. The key itself
// stands in the answer that makes it, and in no other.
type instanceKey struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Hint          string     `json:"hint"`
	State         string     `json:"state"`
	CreatedAt     time.Time  `json:"createdAt"`
	ExpiresAt     *time.Time `json:"expiresAt"`
	ValidUntil    *time.Time `json:"validUntil"` // the end of the overlap, after a rotation
	PausedUntil   *time.Time `json:"pausedUntil"`
	RevokedAt     *time.Time `json:"revokedAt"`
	ReplacedBy    string     `json:"replacedBy,omitempty"`
	APIKey        string     `json:"apiKey,omitempty"`
	PreviousKeyID string     `json:"previousKeyId,omitempty"`
}

func asInstanceKey(k *api.KeyBody) instanceKey {
	return instanceKey{
		ID: k.ID, Name: k.Name, Hint: k.Hint, State: k.State, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt,
		ValidUntil: k.RetiresAt, PausedUntil: k.PausedUntil, RevokedAt: k.RevokedAt, ReplacedBy: k.Successor, PreviousKeyID: k.Predecessor,
	}
}

// shown is the answer about a key; of a new one it holds the key itself.
func shown(c *exampleapi.Call, k api.Key, err error) (exampleapi.Reply, error) {
	if err != nil {
		return exampleapi.Reply{}, err
	}
	out, status := asInstanceKey(&k.KeyBody), http.StatusOK
	if k.Credential != nil {
		out.APIKey, status = k.Credential.Key, http.StatusCreated
	}
	reply := success(c, status, out)
	reply.Header = map[string]string{"Cache-Control": "no-store"}
	return reply, nil
}

func instanceKeys(c *exampleapi.Call) (*exampleapi.Keys, error) {
	return c.Keys(InstanceScheme, map[string]string{"expires_at": "expiresAt", "overlap": "overlapSeconds"})
}

func listKeys(c *exampleapi.Call) (exampleapi.Reply, error) {
	keys, err := instanceKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	all, err := keys.List()
	if err != nil {
		return exampleapi.Reply{}, err
	}
	out := struct {
		Keys []instanceKey `json:"keys"`
	}{Keys: []instanceKey{}}
	for i := range all {
		out.Keys = append(out.Keys, asInstanceKey(&all[i]))
	}
	return success(c, http.StatusOK, out), nil
}

func createKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	var in struct {
		Name      string     `json:"name"`
		ExpiresAt *time.Time `json:"expiresAt"`
	}
	if err := c.Read(&in); err != nil {
		return exampleapi.Reply{}, err
	}
	keys, err := instanceKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	made, err := keys.Create(api.CreateKey{Name: in.Name, ExpiresAt: in.ExpiresAt})
	return shown(c, made, err)
}

// rotateKey starts an overlap: seven days unless the request says otherwise.
func rotateKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	var in struct {
		OverlapSeconds *int64 `json:"overlapSeconds"`
	}
	if err := readOptional(c, &in); err != nil {
		return exampleapi.Reply{}, err
	}
	keys, err := instanceKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	var r api.RotateKey
	if in.OverlapSeconds != nil {
		if *in.OverlapSeconds < 0 || *in.OverlapSeconds > 30*24*3600 {
			return exampleapi.Reply{}, exampleapi.Wrong("overlapSeconds", "must be from 0 to 2592000, which is 30 days")
		}
		overlap := strconv.FormatInt(*in.OverlapSeconds, 10) + "s"
		r.Overlap = &overlap
	}
	made, err := keys.Rotate(c.PathValue("id"), r)
	return shown(c, made, err)
}

func pauseKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	var in struct {
		Until *time.Time `json:"until"`
	}
	if err := readOptional(c, &in); err != nil {
		return exampleapi.Reply{}, err
	}
	keys, err := instanceKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	var until time.Time
	if in.Until != nil {
		until = *in.Until
	}
	k, err := keys.Pause(c.PathValue("id"), until)
	return shown(c, k, err)
}

func revokeKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	keys, err := instanceKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	k, err := keys.Revoke(c.PathValue("id"), "")
	return shown(c, k, err)
}

func deleteKey(c *exampleapi.Call) (exampleapi.Reply, error) {
	keys, err := instanceKeys(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	if err := keys.Delete(c.PathValue("id")); err != nil {
		return exampleapi.Reply{}, err
	}
	return exampleapi.Reply{Status: http.StatusNoContent}, nil
}

// readOptional reads a body that may be left out.
func readOptional(c *exampleapi.Call, into any) error {
	if c.ContentLength == 0 {
		return nil
	}
	return c.Read(into)
}

// register gives a stranger a key for the register, and the token that manages it.
func register(c *exampleapi.Call) (exampleapi.Reply, error) {
	var in struct {
		Email string `json:"email"`
	}
	if err := c.Read(&in); err != nil {
		return exampleapi.Reply{}, err
	}
	if _, err := exampleapi.Email("email", in.Email); err != nil {
		return exampleapi.Reply{}, err
	}
	keys, err := c.Keys(MiCAScheme, nil)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	made, err := keys.Client().Register(c.Context(), api.RegisterFor{API: Name, Email: in.Email, Address: c.Address()})
	if err != nil {
		return exampleapi.Reply{}, keys.Fault(err)
	}
	reply := success(c, http.StatusCreated, struct {
		APIKey          string `json:"apiKey"`
		ManagementToken string `json:"managementToken"`
	}{made.APIKey, made.ManagementToken})
	reply.Header = map[string]string{"Cache-Control": "no-store"}
	return reply, nil
}

// rotateRegistered replaces the key that the management token manages, at once.
func rotateRegistered(c *exampleapi.Call) (exampleapi.Reply, error) {
	keys, err := c.Keys(MiCAScheme, nil)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	made, err := keys.Client().RotateRegistration(c.Context(), c.Identity.Key, api.RotateRegistration{API: Name})
	if err != nil {
		return exampleapi.Reply{}, keys.Fault(err)
	}
	out := struct {
		APIKey string `json:"apiKey"`
	}{}
	if made.Credential != nil {
		out.APIKey = made.Credential.Key
	}
	reply := success(c, http.StatusOK, out)
	reply.Header = map[string]string{"Cache-Control": "no-store"}
	return reply, nil
}

// revokeRegistered ends the key, and the token with it.
func revokeRegistered(c *exampleapi.Call) (exampleapi.Reply, error) {
	keys, err := c.Keys(MiCAScheme, nil)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	if _, err := keys.Client().RevokeRegistration(c.Context(), c.Identity.Key, api.RevokeRegistration{API: Name}); err != nil {
		return exampleapi.Reply{}, keys.Fault(err)
	}
	return success(c, http.StatusOK, struct {
		Revoked bool `json:"revoked"`
	}{true}), nil
}
