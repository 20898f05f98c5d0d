package journey

import (
	"net/http"
	"strings"
	"testing"
)

func pair(key, secret string) header {
	return header{"x-trustifi-key", key, "x-trustifi-secret", secret}
}

func TestTFI14_to_16_ThePairOpensTheAPI(t *testing.T) {
	u := shared.Trustifi.Users[0]
	me := shared.Trustifi.Base + "/api/i/v1/me"
	t.Run("TFI-09 TFI-14 TFI-15 TFI-16 both headers", func(t *testing.T) {
		wants(t, shared.get(t, me, pair(u.Key, u.Secret)...), http.StatusOK)
	})
	t.Run("TFI-09 as themselves", func(t *testing.T) {
		v := shared.Trustifi.Users[1]
		a, b := shared.get(t, me, pair(u.Key, u.Secret)...), shared.get(t, me, pair(v.Key, v.Secret)...)
		if a.Body == b.Body {
			t.Error("two users are told the same of themselves")
		}
	})
	for name, h := range map[string]header{
		"TFI-15 no key":                   {"x-trustifi-secret", u.Secret},
		"TFI-16 no secret":                {"x-trustifi-key", u.Key},
		"TFI-14 neither":                  {},
		"TFI-14 the other user's secret":  pair(u.Key, shared.Trustifi.Users[1].Secret),
		"TFI-14 the key with a junk tail": pair(u.Key+"0", u.Secret),
		"TFI-14 an unknown pair":          pair(strings.Repeat("0", 48), strings.Repeat("0", 32)),
		"TFI-14 wrapped":                  pair("{{"+u.Key+"}}", u.Secret),
		"TFI-14 quoted":                   pair(`"`+u.Key+`"`, u.Secret),
		"TFI-14 upper case":               pair(strings.ToUpper(u.Key), u.Secret),
	} {
		t.Run(name, func(t *testing.T) {
			a := shared.get(t, me, h...)
			refused(t, a, http.StatusUnauthorized, "error.code", "invalid_credentials")
			if strings.Contains(a.Body, u.Key) || strings.Contains(a.Body, u.Secret) {
				t.Error("the refusal echoes a credential")
			}
		})
	}
}

func TestTFI05_TheExampleSendsEncryptedMail(t *testing.T) {
	u := shared.Trustifi.Users[0]
	base := shared.Trustifi.Base + "/api/i/v1/email"
	a := shared.send(t, http.MethodPost, base, pair(u.Key, u.Secret),
		`{"recipients":[{"email":"reader@example.com"}],"title":"Plans","html":"<p>the plain words</p>","methods":{"encryptContent":true}}`)
	wants(t, a, http.StatusCreated)
	if a.json(t, "encrypted") != true {
		t.Fatalf("not encrypted: %s", a.Body)
	}
	id := a.str(t, "_id")
	b := shared.get(t, base+"/"+id, pair(u.Key, u.Secret)...)
	wants(t, b, http.StatusOK)
	if strings.Contains(b.Body, "the plain words") {
		t.Error("the stored mail is in the clear")
	}
	v := shared.Trustifi.Users[1]
	wants(t, shared.get(t, base+"/"+id, pair(v.Key, v.Secret)...), http.StatusNotFound)
	wants(t, shared.send(t, http.MethodDelete, base+"/"+id, pair(u.Key, u.Secret), ""), http.StatusNoContent)
	wants(t, shared.get(t, base+"/"+id, pair(u.Key, u.Secret)...), http.StatusNotFound)
}

func TestTFI06_TheExampleReadsQuarantinedMail(t *testing.T) {
	u := shared.Trustifi.Users[0]
	base := shared.Trustifi.Base + "/api/i/v1/quarantine"
	a := shared.get(t, base+"?limit=1", pair(u.Key, u.Secret)...)
	wants(t, a, http.StatusOK)
	t.Run("TFI-07 each verb of REST does its work", func(t *testing.T) {
		wants(t, shared.send(t, http.MethodPatch, base, pair(u.Key, u.Secret), `{}`), http.StatusMethodNotAllowed)
	})
}

func TestTFI19_RegeneratingReplacesTheSecretOnly(t *testing.T) {
	d := own(t)
	u := d.Trustifi.Users[0]
	me := d.Trustifi.Base + "/api/i/v1/me"
	a := d.manage(t, http.MethodPost, "/keys/"+u.KeyID+"/rotate", `{}`)
	wants(t, a, http.StatusCreated)
	t.Run("TFI-18 there is a new secret", func(t *testing.T) {
		if s := a.str(t, "credential.secret"); s == u.Secret || len(s) != 32 {
			t.Error("the secret was not replaced")
		}
	})
	t.Run("TFI-19 the key stays", func(t *testing.T) {
		if a.str(t, "credential.key") != u.Key {
			t.Error("the key changed")
		}
	})
	t.Run("TFI-20 the old secret fails at once", func(t *testing.T) {
		refused(t, d.get(t, me, pair(u.Key, u.Secret)...), http.StatusUnauthorized, "error.code", "invalid_credentials")
		wants(t, d.get(t, me, pair(u.Key, a.str(t, "credential.secret"))...), http.StatusOK)
	})
	t.Run("TFI-20 an overlap is not to be had", func(t *testing.T) {
		b := d.manage(t, http.MethodPost, "/keys/"+a.str(t, "id")+"/rotate", `{"overlap":"1h"}`)
		wants(t, b, http.StatusUnprocessableEntity)
	})
	t.Run("TFI-08 never more than one pair", func(t *testing.T) {
		b := d.manage(t, http.MethodPost, "/keys", `{"tenant":"`+u.Tenant+`","scheme":"trustifi"}`)
		wants(t, b, http.StatusConflict)
	})
	t.Run("TFI-08 none until generated", func(t *testing.T) {
		b := d.manage(t, http.MethodPost, "/tenants", `{"name":"newcomer@example.com"}`)
		wants(t, b, http.StatusCreated)
		c := d.manage(t, http.MethodGet, "/keys?tenant="+b.str(t, "id"), "")
		wants(t, c, http.StatusOK)
		if n := len(c.json(t, "items").([]any)); n != 0 {
			t.Errorf("%d keys", n)
		}
	})
}
