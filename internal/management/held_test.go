package management_test

import (
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
)

func TestAKeyRotatesItselfWhereItsSchemeAllowsIt(t *testing.T) {
	t.Parallel()
	t.Run("a key of our own scheme", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, on("keywright"))
		s.Tenant("abcd1234", nil)
		a := s.manage(t, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"keywright","environment":"test","name":"n"}`)
		key := a.str(t, "credential.key")
		s.want(t, 422, "POST", "/v1/key/rotate", `{"overlap":"29d"}`, as(key)...)
		out := s.want(t, 201, "POST", "/v1/key/rotate", `{"overlap":"1h"}`, as(key)...)
		if !s.passes(t, "keywright", key) || !s.passes(t, "keywright", out.str(t, "credential.key")) {
			t.Error("both work meanwhile")
		}
		s.want(t, 409, "POST", "/v1/key/rotate", "", as(key)...)
		s.want(t, 200, "POST", "/v1/key/revoke", "", as(key)...)
		s.want(t, 401, "GET", "/v1/key", "", as(key)...)
		s.want(t, 200, "GET", "/v1/key", "", as(out.str(t, "credential.key"))...)
	})
	t.Run("TRS-12 an instance's key ends itself, and members replace it", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, mica())
		s.Tenant("abcd1234", nil)
		key := s.manage(t, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trusset-instance"}`).str(t, "credential.key")
		s.want(t, 403, "POST", "/v1/key/rotate", "", apiKey(key)...)
		s.want(t, 200, "POST", "/v1/key/revoke", "", apiKey(key)...)
		s.want(t, 401, "GET", "/v1/key", "", apiKey(key)...)
	})
	t.Run("TSP-24 TSP-19 a Truestamp key ends itself, and makes no other", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, on("truestamp"))
		s.Tenant("abcd1234", nil)
		key := s.manage(t, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"truestamp"}`).str(t, "credential.key")
		a := s.want(t, 409, "POST", "/v1/key/rotate", "", as(key)...)
		if !strings.Contains(a.str(t, "message"), "revoke this one and create another") {
			t.Errorf("%s", a.body)
		}
		for _, op := range api.SelfOperations() { // TSP-25: an API key makes no keys
			if op.Caller == api.PersonCaller {
				s.want(t, 401, op.Method, strings.NewReplacer("{id}", "x", "{person}", "x", "{invitation}", "x").Replace(op.Path), "", as(key)...)
			}
		}
		s.want(t, 200, "POST", "/v1/key/revoke", "", as(key)...)
		s.want(t, 401, "GET", "/v1/key", "", as(key)...)
	})
	t.Run("a lapsed plan does not keep a key from ending itself", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, on("trust-swiftly"))
		s.Tenant("abcd1234", nil)
		key := s.manage(t, "POST", "/v1/keys", `{"tenant":"abcd1234","scheme":"trust-swiftly","name":"n"}`).str(t, "credential.key")
		s.manage(t, "PATCH", "/v1/tenants/abcd1234", `{"plan":"free"}`)
		s.want(t, 200, "POST", "/v1/key/revoke", "", as(key)...)
	})
}

// Operators' keys are of the scheme keywright too, as a site's may be.
func TestASiteKnowsNoOperator(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("keywright"))
	key := s.operator(t)
	s.want(t, 401, "GET", "/v1/key", "", as(key)...)
	s.want(t, 401, "POST", "/v1/key/revoke", "", as(key)...)
	if a := s.manage(t, "POST", "/v1/keys/verify", `{"scheme":"keywright","headers":{"Authorization":"Bearer `+key+`"}}`); a.at(t, "granted") != true {
		t.Error("the operator's key was ended")
	}
}

func TestASitesKeysAreItsTenantsOwn(t *testing.T) {
	t.Parallel()
	o := on("keywright")
	o.Site.Tenants = map[string]string{"system": "this"}
	s := newSite(t, o)
	s.Tenant("here0001", map[string]string{"system": "this"})
	s.Tenant("else0001", map[string]string{"system": "that"})
	for ref, status := range map[string]int{"here0001": 200, "else0001": 401} {
		key := s.manage(t, "POST", "/v1/keys", `{"tenant":"`+ref+`","scheme":"keywright","environment":"live"}`).str(t, "credential.key")
		s.want(t, status, "GET", "/v1/key", "", as(key)...)
	}
}

func TestCrossSiteWritesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	out := s.registered(t)
	for _, from := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		{"Sec-Fetch-Site", "cross-site", "Origin", s.Server.URL},
	} {
		s.want(t, 403, "POST", "/v1/register", `{"email":"ada@example.com"}`, from...)
		s.want(t, 403, "POST", "/v1/key/revoke", "", append(from, as(out.ManagementToken)...)...)
		s.want(t, 401, "GET", "/v1/me", "", from...)
	}
	s.want(t, 201, "POST", "/v1/register", `{"email":"ada@example.com"}`, "Sec-Fetch-Site", "same-origin", "Origin", s.Server.URL)
	s.want(t, 201, "POST", "/v1/register", `{"email":"ada@example.com"}`, "Origin", s.Server.URL)
	a := s.want(t, 405, "OPTIONS", "/v1/register", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	if a.header.Get("Access-Control-Allow-Methods") != "" || a.header.Get("Allow") != "POST" {
		t.Errorf("%v", a.header)
	}
}

func TestPathsThatReadersTakeDifferentlyMeanNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	for _, path := range []string{"/v1//register", "/v1/./register", "/v1/me/../register", "/v1/%72egister", "/v1/me/keys/a%2fb", "/v1/me/keys/a%00", "/v1/register;x", "/v1/key//", "/v1/nothing", "/v1/me/keys/x/nothing"} {
		r := s.Request("POST", "/", `{"email":"ada@example.com"}`)
		r.URL.Opaque = path
		a := &answer{}
		a.status, a.header, a.body = s.Do(r)
		if a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	s.want(t, 201, "POST", "/v1/register/", `{"email":"ada@example.com"}`)
	if a := s.want(t, 405, "GET", "/v1/register", ""); a.header.Get("Allow") != "POST" {
		t.Errorf("%v", a.header)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("truestamp"))
	a := s.want(t, 200, "GET", "/.well-known/keywright.json", "")
	if a.str(t, "self_service") != s.Server.URL || a.at(t, "providers") == nil {
		t.Errorf("%s", a.body)
	}
	a = s.want(t, 200, "GET", "/v1/openapi.json", "")
	if !strings.Contains(string(a.body), `"create-my-key"`) {
		t.Error("the document is not there")
	}
	if a := s.want(t, 200, "HEAD", "/v1/openapi.json", ""); len(a.body) != 0 {
		t.Error("a HEAD has a body")
	}
}
