package trustifi

import (
	"context"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
)

func example(t *testing.T) (*exampletest.Client, *exampleapi.Service) {
	t.Helper()
	h, err := New(Options{Identify: exampletest.Identify, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table()), h.(*exampleapi.Service)
}

func aMail(encrypt bool) map[string]any {
	return map[string]any{
		"recipients": []any{map[string]any{"email": "grace@Example.com"}, map[string]any{"email": "joan@example.com"}},
		"title":      "Figures", "html": "<p>secret figures</p>", "methods": map[string]any{"encryptContent": encrypt},
	}
}

func TestTFI05_EncryptedMailOpensWithEachRecipientsKeyAndNoOther(t *testing.T) {
	t.Parallel()
	c, s := example(t)
	ada := exampletest.Someone("ada", "")
	sent := c.Want(201, &ada, "POST", "/api/i/v1/email", aMail(true))
	if sent["encrypted"] != true || sent["status"] != "sent" || sent["title"] != "Figures" {
		t.Fatalf("sent: %v", sent)
	}
	got := c.Want(200, &ada, "GET", "/api/i/v1/email/"+sent["_id"].(string), nil)
	cipher := got["content"].(string)
	if strings.Contains(cipher, "figures") {
		t.Fatal("the content is readable")
	}
	for _, email := range []string{"grace@example.com", "joan@example.com"} {
		var ring keyring
		err := s.Records(context.Background(), func(tx exampleapi.Tx) error {
			_, err := tx.Get(exampleapi.Scope{Tenant: ada.Subject}, keyrings, email, &ring)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		key, err := age.ParseX25519Identity(ring.Identity)
		if err != nil {
			t.Fatalf("%s has no key: %v", email, err)
		}
		if plain, err := open(cipher, key); err != nil || plain != "<p>secret figures</p>" {
			t.Errorf("%s reads %q, %v", email, plain, err)
		}
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := open(cipher, stranger); err == nil {
		t.Errorf("a stranger reads %q", plain)
	}
}

func open(cipher string, key age.Identity) (string, error) {
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(cipher)), key)
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(r)
	return string(plain), err
}

func TestTFI05_AMailNeedNotBeEncrypted(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada := exampletest.Someone("ada", "")
	sent := c.Want(201, &ada, "POST", "/api/i/v1/email", aMail(false))
	got := c.Want(200, &ada, "GET", "/api/i/v1/email/"+sent["_id"].(string), nil)
	if got["encrypted"] != false || got["content"] != "<p>secret figures</p>" || got["from"] != "ada@example.com" {
		t.Errorf("got %v", got)
	}
}

func TestTFI06_QuarantineListsAndReleases(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada, bob := exampletest.Someone("ada", ""), exampletest.Someone("bob", "")
	list := c.Want(200, &ada, "GET", "/api/i/v1/quarantine?limit=2", nil)
	mails := list["emails"].([]any)
	if len(mails) != 2 || list["total"] != 3.0 {
		t.Fatalf("got %d of %v, want 2 of 3", len(mails), list["total"])
	}
	target := "/api/i/v1/quarantine/" + mails[0].(map[string]any)["_id"].(string)
	for range 2 { // a PUT may be repeated
		if got := c.Want(200, &ada, "PUT", target, map[string]any{"action": "release"}); got["status"] != "released" {
			t.Fatalf("got %v", got)
		}
	}
	if list := c.Want(200, &ada, "GET", "/api/i/v1/quarantine", nil); list["total"] != 2.0 {
		t.Errorf("after a release %v are held, want 2", list["total"])
	}
	if list := c.Want(200, &bob, "GET", "/api/i/v1/quarantine", nil); list["total"] != 3.0 {
		t.Errorf("another user has %v, want 3: a release must not cross", list["total"])
	}
}

func TestTFI07_ItIsAREST_API(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada := exampletest.Someone("ada", "")
	id := c.Want(201, &ada, "POST", "/api/i/v1/email", aMail(false))["_id"].(string)
	c.Want(204, &ada, "DELETE", "/api/i/v1/email/"+id, nil)
	c.Want(404, &ada, "GET", "/api/i/v1/email/"+id, nil)
	c.Want(404, &ada, "DELETE", "/api/i/v1/email/"+id, nil)
	got := c.Do(&ada, "PATCH", "/api/i/v1/email/"+id, nil)
	if got.Status != 405 || got.Header.Get("Allow") != "DELETE, GET" || !strings.Contains(string(got.Body), "method_not_allowed") {
		t.Errorf("PATCH: %d %q %s", got.Status, got.Header.Get("Allow"), got.Body)
	}
	c.Want(404, &ada, "GET", "/api/i/v1/nothing", nil)
	c.Want(404, &ada, "GET", "/api//i/v1/me", nil)
}

func TestTFI09_MeSaysAsWhomTheKeyActs(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada := exampletest.Someone("ada", "")
	got := c.Want(200, &ada, "GET", "/api/i/v1/me", nil)
	if got["email"] != "ada@example.com" || got["_id"] != "ten_ada" || got["keyId"] != "key_ada" {
		t.Errorf("got %v", got)
	}
	ada.TenantName, ada.Metadata = "Ada", map[string]string{"email": "ada@other.example"}
	if got := c.Want(200, &ada, "GET", "/api/i/v1/me", nil); got["email"] != "ada@other.example" || got["name"] != "Ada" {
		t.Errorf("got %v", got)
	}
}

func TestWithoutAnIdentityItIs401(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	c.Unidentified(Table(), `{"error":{"code":"invalid_credentials","message":"This API is called through its gateway, which says who is asking."}}`)
}

func TestAnotherUsersMailAnswersLikeAnUnknownOne(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada, bob := exampletest.Someone("ada", ""), exampletest.Someone("bob", "")
	id := c.Want(201, &ada, "POST", "/api/i/v1/email", aMail(false))["_id"].(string)
	for _, method := range []string{"GET", "DELETE"} {
		c.Alike(&bob, method, "/api/i/v1/email/"+id, "/api/i/v1/email/01JQ6M3Z5N7P9R1T3V5X7Z9B2F", nil)
	}
	c.Want(200, &ada, "GET", "/api/i/v1/email/"+id, nil)
}

func TestBadMailsAreRefusedByField(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada := exampletest.Someone("ada", "")
	with := func(field string, v any) map[string]any { m := aMail(true); m[field] = v; return m }
	tests := map[string]struct {
		body  any
		field string
	}{
		"no recipients":     {with("recipients", []any{}), "recipients"},
		"51 recipients":     {with("recipients", make([]map[string]any, 51)), "recipients"},
		"no address":        {with("recipients", []any{map[string]any{}}), "recipients[0].email"},
		"a bad address":     {with("recipients", []any{map[string]any{"email": "grace"}}), "recipients[0].email"},
		"a named address":   {with("recipients", []any{map[string]any{"email": "G <g@example.com>"}}), "recipients[0].email"},
		"no title":          {with("title", ""), "title"},
		"title of a number": {with("title", 5), "title"},
		"a header in title": {with("title", "a\r\nBcc: x@example.com"), "title"},
		"long title":        {with("title", strings.Repeat("x", 201)), "title"},
		"no html":           {with("html", ""), "html"},
		"long html":         {with("html", strings.Repeat("x", 100_001)), "html"},
		"encrypt of text":   {with("methods", map[string]any{"encryptContent": "yes"}), "methods.encryptContent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.Want(400, &ada, "POST", "/api/i/v1/email", tt.body)["error"].(map[string]any)
			if got["code"] != "invalid_request" || !strings.HasPrefix(got["message"].(string), tt.field+": ") {
				t.Errorf("got %v, want the field %s", got, tt.field)
			}
		})
	}
	c.Want(400, &ada, "PUT", "/api/i/v1/quarantine/qtn_0001", map[string]any{"action": "delete"})
	c.Want(404, &ada, "PUT", "/api/i/v1/quarantine/qtn_9999", map[string]any{"action": "release"})
	c.Want(400, &ada, "GET", "/api/i/v1/quarantine?limit=0", nil)
	c.Garbage(&ada, "POST", "/api/i/v1/email", maxMail)
}

func TestTFI26_EveryPrintedRequestRuns(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	ada := exampletest.Someone("ada", "")
	id := c.Want(201, &ada, "POST", "/api/i/v1/email", aMail(true))["_id"].(string)
	c.Printed(&ada, map[string]string{"01JQ6M3Z5N7P9R1T3V5X7Z9B2F": id})
}

func FuzzMails(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, exampletest.Someone("ada", ""), "POST", "/api/i/v1/email",
		`{"recipients":[{"email":"grace@example.com"}],"title":"t","html":"h","methods":{"encryptContent":true}}`)
}
