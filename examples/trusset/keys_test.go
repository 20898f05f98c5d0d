package trusset

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/seal"
)

func managed(t *testing.T) (*exampletest.Client, *exampletest.Backend) {
	t.Helper()
	b := exampletest.NewBackend(t, selfservice.Site{
		API: Name, Schemes: []string{InstanceScheme}, Registration: &selfservice.Registration{Scheme: MiCAScheme, Management: ManagementScheme},
	})
	h, err := New(Options{Identify: exampletest.Identify, Keys: b.Keys})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table()), b
}

func TestTRS12to17_MembersManageTheInstancesKeys(t *testing.T) {
	t.Parallel()
	c, b := managed(t)
	admin, other := b.Member(MembersScheme, "inst0001", "admin"), b.Member(MembersScheme, "inst0002", "admin")
	made := data(c, http.StatusCreated, &admin, "POST", "/keys/api/manage", `{"name":"Nightly import"}`)
	id := made["id"].(string)
	if key, _ := made["apiKey"].(string); len(key) != 81 || !strings.HasPrefix(key, "trusset_inst0001_") {
		t.Error("TRS-12 TRS-06: the key is not in the answer that makes it, or not of the published form")
	}
	t.Run("TRS-13 TRS-14 rotate with an overlap of one's own", func(t *testing.T) {
		b.Tick()
		next := data(c, http.StatusCreated, &admin, "POST", "/keys/api/manage/"+id+"/rotate", `{"overlapSeconds":3600}`)
		if next["previousKeyId"] != id || next["apiKey"] == nil {
			t.Errorf("got %v", next)
		}
		listed := data(c, http.StatusOK, &admin, "GET", "/keys/api/manage", nil)["keys"].([]any)
		if old := listed[0].(map[string]any); len(listed) != 2 || old["state"] != "PENDING_ROTATION" || old["apiKey"] != nil || old["validUntil"] == nil {
			t.Errorf("got %v", listed)
		}
		c.Want(http.StatusBadRequest, &admin, "POST", "/keys/api/manage/"+id+"/rotate", `{"overlapSeconds":-1}`)
	})
	t.Run("TRS-17 ten keys", func(t *testing.T) {
		for range 9 {
			data(c, http.StatusCreated, &admin, "POST", "/keys/api/manage", `{}`)
		}
		if got := c.Want(http.StatusConflict, &admin, "POST", "/keys/api/manage", `{}`); got["error"].(map[string]any)["code"] != "LIMIT_REACHED" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("pause, revoke, delete", func(t *testing.T) {
		if got := data(c, http.StatusOK, &admin, "POST", "/keys/api/manage/"+id+"/pause", `{"until":"2030-01-02T04:00:00Z"}`); got["state"] != "PAUSED" {
			t.Errorf("got %v", got)
		}
		if got := data(c, http.StatusOK, &admin, "POST", "/keys/api/manage/"+id+"/revoke", nil); got["state"] != "REVOKED" {
			t.Errorf("got %v", got)
		}
		c.Want(http.StatusNoContent, &admin, "DELETE", "/keys/api/manage/"+id, nil)
	})
	t.Run("TRS-05 another instance's keys are unknown", func(t *testing.T) {
		mine := data(c, http.StatusOK, &admin, "GET", "/keys/api/manage", nil)["keys"].([]any)[0].(map[string]any)["id"].(string)
		for _, act := range []string{"rotate", "revoke", "pause"} {
			c.Alike(&other, "POST", "/keys/api/manage/"+mine+"/"+act, "/keys/api/manage/key_01JQ6M3Z5N7P9R1T3V5X7Z9B2F/"+act, nil)
		}
		c.Alike(&other, "DELETE", "/keys/api/manage/"+mine, "/keys/api/manage/key_01JQ6M3Z5N7P9R1T3V5X7Z9B2F", nil)
	})
	t.Run("a key does not manage keys", func(t *testing.T) {
		key := seal.Identity{Subject: admin.Subject, Key: id, Scheme: InstanceScheme}
		c.Want(http.StatusUnauthorized, &key, "GET", "/keys/api/manage", nil)
	})
}

func TestTRS26to34_RegistrationRotationAndRevocation(t *testing.T) {
	t.Parallel()
	c, b := managed(t)
	register := func() (key, token string) {
		b.Tick()
		d := data(c, http.StatusCreated, nil, "POST", "/api/mica/v1/keys/register", `{"email":"ada@example.com"}`)
		return d["apiKey"].(string), d["managementToken"].(string)
	}
	key, token := register()
	if !strings.HasPrefix(key, "trusset_mica_") || !strings.HasPrefix(token, "trusset_mgmt_") {
		t.Error("TRS-26 TRS-30: a registration yields a key and a management token")
	}
	tenant := b.Newest()
	manager, first := b.Holder(tenant, ManagementScheme), b.Holder(tenant, MiCAScheme)
	t.Run("each POST is a new registration", func(t *testing.T) {
		if again, _ := register(); again == key || b.Newest() == tenant {
			t.Error("the second registration is the first")
		}
	})
	t.Run("an e-mail address is checked for its form", func(t *testing.T) {
		c.Want(http.StatusBadRequest, nil, "POST", "/api/mica/v1/keys/register", `{"email":"nobody"}`)
	})
	t.Run("TRS-32 the management token rotates its key, and again", func(t *testing.T) {
		for range 2 {
			before := b.Holder(tenant, MiCAScheme).Key
			if got := data(c, http.StatusOK, &manager, "POST", "/api/mica/v1/keys/rotate", nil); got["apiKey"] == key {
				t.Error("the key is the one before")
			}
			if state := b.State(before); state != "RETIRED" {
				t.Errorf("the key before is %s", state)
			}
		}
	})
	t.Run("TRS-32 and revokes it, and ends itself", func(t *testing.T) {
		live := b.Holder(tenant, MiCAScheme).Key
		data(c, http.StatusOK, &manager, "POST", "/api/mica/v1/keys/revoke", nil)
		if b.State(live) != "REVOKED" || b.State(manager.Key) != "REVOKED" {
			t.Error("something lives on")
		}
	})
	t.Run("TRS-31 the API key manages nothing", func(t *testing.T) {
		c.Want(http.StatusUnauthorized, &first, "POST", "/api/mica/v1/keys/rotate", nil)
	})
	t.Run("a flood is slowed", func(t *testing.T) {
		status := 0
		for range 10 {
			status = c.Do(nil, "POST", "/api/mica/v1/keys/register", `{"email":"ada@example.com"}`).Status
		}
		if status != http.StatusTooManyRequests {
			t.Errorf("the last answered %d", status)
		}
	})
}
