package management_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// registered registers a stranger at the site.
func (s *site) registered(t testing.TB) api.Registered {
	t.Helper()
	var out api.Registered
	must(t, json.Unmarshal(s.want(t, 201, "POST", "/v1/register", `{"email":"ada@example.com"}`).body, &out))
	return out
}

func apiKey(key string) []string { return []string{"X-API-Key", key} }

func TestTRS30_TRS33_TRS34_ARegistrationYieldsTwoCredentialsOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	out := s.registered(t)
	if !regexp.MustCompile(`^trusset_mica_[0-9a-f]{64}$`).MatchString(out.APIKey) {
		t.Errorf("TRS-26: the key is of another form")
	}
	if !regexp.MustCompile(`^trusset_mgmt_[0-9a-f]{64}$`).MatchString(out.ManagementToken) {
		t.Errorf("the token is of another form")
	}
	if !strings.Contains(out.Notice, "Store both") || !strings.Contains(out.Notice, "never be retrieved again") {
		t.Errorf("TRS-34: the notice is %q", out.Notice)
	}
	if !s.passes(t, "trusset-mica", out.APIKey) || s.passes(t, "trusset-instance", out.APIKey) {
		t.Error("TRS-28: the key opens the register and nothing else")
	}
	t.Run("TRS-33 neither is shown again", func(t *testing.T) {
		for _, a := range []*answer{
			s.want(t, 200, "GET", "/v1/key", "", apiKey(out.APIKey)...),
			s.want(t, 200, "GET", "/v1/key", "", as(out.ManagementToken)...),
			s.manage(t, "GET", "/v1/keys/"+out.KeyID, ""),
			s.manage(t, "GET", "/v1/keys?tenant="+out.Tenant, ""),
			s.manage(t, "GET", "/v1/events?tenant="+out.Tenant, ""),
		} {
			if a.status != 200 || bytes.Contains(a.body, []byte(out.APIKey)) || bytes.Contains(a.body, []byte(out.ManagementToken)) {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		if strings.Contains(s.Log.String(), out.APIKey) {
			t.Error("the log holds the key")
		}
	})
}

func TestTRS29_EachRegistrationIsANewOneAndTheAddressIsNobodysIdentity(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	first, again := s.registered(t), s.registered(t)
	if first.APIKey == again.APIKey || first.Tenant == again.Tenant || first.KeyID == again.KeyID || first.ManagementToken == again.ManagementToken {
		t.Error("a repeated registration gave back what was there")
	}
	if !s.passes(t, "trusset-mica", first.APIKey) || !s.passes(t, "trusset-mica", again.APIKey) {
		t.Error("the first registration does not work beside the second")
	}
	t.Run("an Idempotency-Key replays nothing", func(t *testing.T) {
		one := s.want(t, 201, "POST", "/v1/register", `{"email":"ada@example.com"}`, "Idempotency-Key", "same")
		two := s.want(t, 201, "POST", "/v1/register", `{"email":"ada@example.com"}`, "Idempotency-Key", "same")
		if one.str(t, "key_id") == two.str(t, "key_id") {
			t.Error("the second answer is the first one's")
		}
	})
	t.Run("the second token does not manage the first key", func(t *testing.T) {
		s.want(t, 200, "POST", "/v1/key/revoke", "", as(again.ManagementToken)...)
		if !s.passes(t, "trusset-mica", first.APIKey) || s.passes(t, "trusset-mica", again.APIKey) {
			t.Error("it revoked another registration's key")
		}
	})
}

func TestTRS32_TheManagementTokenRotatesAndRevokesItsKeyAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	mine, theirs := s.registered(t), s.registered(t)
	token := as(mine.ManagementToken)
	now := s.want(t, 201, "POST", "/v1/key/rotate", "", token...)
	key := now.str(t, "credential.key")
	if s.passes(t, "trusset-mica", mine.APIKey) || !s.passes(t, "trusset-mica", key) {
		t.Error("overlap 0: the new key works and the old one stops at once")
	}
	next := s.want(t, 201, "POST", "/v1/key/rotate", "", token...).str(t, "credential.key")
	if s.passes(t, "trusset-mica", key) || !s.passes(t, "trusset-mica", next) {
		t.Error("the token does not follow the key's successor")
	}
	t.Run("it opens nothing", func(t *testing.T) {
		if s.passes(t, "trusset-mica", mine.ManagementToken) {
			t.Error("it passes for a key of the register")
		}
		for _, op := range api.SelfOperations() {
			if op.Caller != api.PersonCaller {
				continue
			}
			path := strings.NewReplacer("{id}", mine.KeyID, "{person}", "per_x", "{invitation}", "inv_x").Replace(op.Path)
			s.want(t, 401, op.Method, path, "", token...)
		}
	})
	t.Run("another's key is out of its reach", func(t *testing.T) {
		if !s.passes(t, "trusset-mica", theirs.APIKey) {
			t.Error("it touched another's key")
		}
	})
	t.Run("revoking ends both", func(t *testing.T) {
		s.want(t, 200, "POST", "/v1/key/revoke", `{"reason":"compromised"}`, token...)
		if s.passes(t, "trusset-mica", next) {
			t.Error("the key lives on")
		}
		a := s.want(t, 401, "POST", "/v1/key/rotate", "", token...)
		want := s.Schemes["trusset-mica-management"]
		if !strings.Contains(string(a.body), "INVALID_KEY") || want == nil {
			t.Errorf("TRS-38: %s", a.body)
		}
	})
}

// An operator may rotate the key too: the token follows wherever the links lead.
func TestTRS32_TheTokenFollowsRotationsByOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	out := s.registered(t)
	id, key := out.KeyID, ""
	for range 3 {
		a := s.manage(t, "POST", "/v1/keys/"+id+"/rotate", "")
		id, key = a.str(t, "id"), a.str(t, "credential.key")
	}
	if a := s.want(t, 200, "GET", "/v1/key", "", as(out.ManagementToken)...); a.str(t, "id") != id {
		t.Errorf("%s", a.body)
	}
	s.want(t, 200, "POST", "/v1/key/revoke", "", as(out.ManagementToken)...)
	if s.passes(t, "trusset-mica", key) {
		t.Error("the last successor lives on")
	}
}

// A lost answer must not make a second successor, although by then the token's key
// in force is the first one.
func TestTRS32_ARotationThatIsRepeatedMakesOneSuccessor(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	out := s.registered(t)
	header := append(as(out.ManagementToken), "Idempotency-Key", "lost-reply")
	first := s.want(t, 201, "POST", "/v1/key/rotate", "", header...)
	again := s.want(t, 200, "POST", "/v1/key/rotate", "", header...)
	if first.str(t, "id") != again.str(t, "id") || again.at(t, "credential") != nil || again.at(t, "replayed") != true {
		t.Errorf("the repeated request made another: %s", again.body)
	}
	if !s.passes(t, "trusset-mica", first.str(t, "credential.key")) {
		t.Error("the successor was replaced")
	}
	s.want(t, 422, "POST", "/v1/key/rotate", `{"finish":true}`, header...)
	other := append(as(out.ManagementToken), "Idempotency-Key", "another")
	if next := s.want(t, 201, "POST", "/v1/key/rotate", "", other...); next.str(t, "predecessor") != first.str(t, "id") {
		t.Error("another request does not go on from there")
	}
}

func TestTRS31_TheKeyLeavesRotatingToItsToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	out := s.registered(t)
	a := s.want(t, 403, "POST", "/v1/key/rotate", "", apiKey(out.APIKey)...)
	if !strings.Contains(string(a.body), `"success":false`) {
		t.Errorf("not in the API's own style: %s", a.body)
	}
	s.want(t, 200, "POST", "/v1/key/revoke", "", apiKey(out.APIKey)...)
	if s.passes(t, "trusset-mica", out.APIKey) {
		t.Error("the key did not end itself")
	}
	s.want(t, 401, "POST", "/v1/key/rotate", "", as(out.ManagementToken)...)
}

func TestTRS35_TRS36_TRS37_TRS38_TRS39_RefusalsAreTheSchemesOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	out := s.registered(t)
	zeros := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		header []string
		status int
		code   string
	}{
		"TRS-20 no credential at all":         {nil, 401, "AUTH_REQUIRED"},
		"TRS-37 malformed":                    {apiKey("trusset_mica_12"), 401, "AUTH_FAILED"},
		"TRS-39 unknown":                      {apiKey("trusset_mica_" + zeros), 401, "INVALID_KEY"},
		"a token that nobody has":             {as("trusset_mgmt_" + zeros), 401, "INVALID_KEY"},
		"the token in the place of the key":   {apiKey(out.ManagementToken), 401, ""},
		"the key in the place of the token":   {as(out.APIKey), 401, ""},
		"both at once: which is meant?":       {append(apiKey(out.APIKey), as(out.ManagementToken)...), 400, ""},
		"junk after the token":                {as(out.ManagementToken + "x"), 401, "INVALID_KEY"},
		"two lines of the same header":        {append(apiKey(out.APIKey), apiKey(out.APIKey)...), 401, ""},
		"a session's cookie is no credential": {[]string{"Cookie", "__Host-keywright-session=x"}, 401, "AUTH_REQUIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.want(t, c.status, "POST", "/v1/key/revoke", "", c.header...)
			if a.at(t, "success") != false || (c.code != "" && a.str(t, "error.code") != c.code) {
				t.Errorf("%s", a.body)
			}
		})
	}
	if !s.passes(t, "trusset-mica", out.APIKey) {
		t.Error("a refused request ended the key")
	}
}

func TestRegistrationIsThrottledPerAddressAndPer64(t *testing.T) {
	t.Parallel()
	post := func(t *testing.T, s *site, from string, status int) {
		t.Helper()
		s.Address = netip.MustParseAddr(from)
		s.want(t, status, "POST", "/v1/register", `{"email":"ada@example.com"}`)
	}
	t.Run("TRS-29 flood from one address", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, mica())
		for range 5 {
			post(t, s, "192.0.2.1", 201)
		}
		post(t, s, "192.0.2.1", 429)
		post(t, s, "::ffff:192.0.2.1", 429)
		post(t, s, "192.0.2.2", 201)
		s.Clock.Advance(time.Hour)
		post(t, s, "192.0.2.1", 201)
	})
	t.Run("TRS-29 flood from one /64", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, mica())
		for i := range 5 {
			post(t, s, fmt.Sprintf("2001:db8:1:2:%x::1", i), 201)
		}
		post(t, s, "2001:db8:1:2:ffff:ffff:ffff:ffff", 429)
		post(t, s, "2001:db8:1:3::1", 201)
	})
	t.Run("what is wrong counts nothing", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, mica())
		s.Address = netip.MustParseAddr("192.0.2.1")
		for range 20 {
			s.want(t, 422, "POST", "/v1/register", `{"email":"nobody"}`)
		}
		post(t, s, "192.0.2.1", 201)
	})
	t.Run("a leftmost X-Forwarded-For is nobody's address", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, mica())
		for i := range 5 {
			s.want(t, 201, "POST", "/v1/register", `{"email":"ada@example.com"}`, "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		}
		s.want(t, 429, "POST", "/v1/register", `{"email":"ada@example.com"}`, "X-Forwarded-For", "203.0.113.99")
	})
}

func TestARegistrationChecksTheFormOfAnAddressOnly(t *testing.T) {
	t.Parallel()
	o := mica()
	o.Site.Registration.PerHour = 1000
	s := newSite(t, o)
	for _, bad := range []string{"", "a", "ada", "ada@", "@example.com", "ada@example", "ada@.", "ada@example..com", "Ada <ada@example.com>", "ada@example.com, b@example.com",
		"ada @example.com", `"a b"@example.com`, "ada@exa mple.com", "ada@example.com\\u000abcc: x", strings.Repeat("a", 65) + "@example.com", strings.Repeat("a.", 130) + "@example.com", "ada@[192.0.2.1]"} {
		a := s.want(t, 422, "POST", "/v1/register", `{"email":"`+strings.ReplaceAll(bad, `"`, `\"`)+`"}`)
		if len(bad) > 5 && strings.Contains(string(a.body), bad) {
			t.Errorf("the refusal repeats what was sent: %s", a.body)
		}
	}
	for _, good := range []string{"ada@example.com", "ada+tag@example.co.uk", "ADA@EXAMPLE.COM", "o'neil@example.com", "ada@xn--bcher-kva.example"} {
		s.want(t, 201, "POST", "/v1/register", `{"email":"`+good+`"}`)
	}
}

func TestNobodyRegistersWhereThereIsNoRegistration(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("trusset-instance"))
	s.want(t, 404, "POST", "/v1/register", `{"email":"ada@example.com"}`)
}

// failing is a store whose transactions fail when told to.
type failing struct {
	keywright.Store
	after *int // how many more transactions pass; negative: all
}

func (f failing) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	if *f.after == 0 {
		*f.after = -1 // one fails, the next pass again
		return 0, &keywright.Error{Kind: keywright.Unavailable, Detail: "the store is away"}
	}
	if *f.after > 0 {
		*f.after--
	}
	return f.Store.Update(ctx, fn)
}

func TestARegistrationThatFailsHalfwayLeavesNothingThatOpens(t *testing.T) {
	t.Parallel()
	for steps := range 3 { // the tenant, the key, the token
		after := -1
		o := mica()
		o.Store = func(base keywright.Store) keywright.Store { return failing{base, &after} }
		s := newSite(t, o)
		after = steps
		a := s.want(t, 503, "POST", "/v1/register", `{"email":"ada@example.com"}`)
		if strings.Contains(string(a.body), "trusset_") {
			t.Error("half of it was shown")
		}
		must(t, s.Store.View(t.Context(), func(r keywright.Reader) error {
			keys, err := r.Keys(t.Context(), keywright.KeyQuery{})
			must(t, err)
			for i := range keys {
				ten, err := r.Tenant(t.Context(), string(keys[i].Tenant))
				must(t, err)
				if keys[i].StateAt(s.Clock.Now()) != keywright.StateRevoked || !ten.Archived {
					t.Errorf("after %d steps a %s key of scheme %s is left, of a tenant that is archived: %t", steps, keys[i].StateAt(s.Clock.Now()), keys[i].Scheme, ten.Archived)
				}
			}
			return nil
		}))
		s.registered(t)
	}
}

func TestAProvidersBackendRegistersUnderTheSameThrottles(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	body := func(from string) string { return `{"api":"it","email":"ada@example.com","address":"` + from + `"}` }
	var out api.Registered
	for i := range 5 {
		a := s.manage(t, "POST", "/v1/registrations", body(fmt.Sprintf("2001:db8::%d", i)))
		if a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		must(t, json.Unmarshal(a.body, &out))
	}
	if a := s.manage(t, "POST", "/v1/registrations", body("2001:db8::9")); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("the throttle does not hold for a backend: %d %s", a.status, a.body)
	}
	s.Address = netip.MustParseAddr("2001:db8::7")
	s.want(t, 429, "POST", "/v1/register", `{"email":"ada@example.com"}`) // one count for both ways
	for _, wrong := range []string{body("nowhere"), body("0.0.0.0"), `{"api":"other","email":"a@example.com","address":"192.0.2.1"}`, `{"api":"it","email":"a","address":"192.0.2.1"}`} {
		if a := s.manage(t, "POST", "/v1/registrations", wrong); a.status != 422 {
			t.Errorf("%s: %d %s", wrong, a.status, a.body)
		}
	}
	t.Run("TRS-32 a backend rotates and revokes by the token's id", func(t *testing.T) {
		token := s.want(t, 200, "GET", "/v1/key", "", as(out.ManagementToken)...)
		if token.str(t, "id") != out.KeyID {
			t.Errorf("the token shows %s", token.body)
		}
		id := s.tokenID(t, out.Tenant)
		a := s.manage(t, "POST", "/v1/registrations/"+id+"/rotate", `{"api":"it"}`)
		if a.status != 201 || s.passes(t, "trusset-mica", out.APIKey) || !s.passes(t, "trusset-mica", a.str(t, "credential.key")) {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if b := s.manage(t, "POST", "/v1/registrations/"+id+"/revoke", `{"api":"it","reason":"abuse"}`); b.status != 200 || s.passes(t, "trusset-mica", a.str(t, "credential.key")) {
			t.Errorf("%d %s", b.status, b.body)
		}
		for _, gone := range []string{id, "key_01JZ8Q6V7N3F5T9X2B4C6D8E0G", "nonsense"} {
			if a := s.manage(t, "POST", "/v1/registrations/"+gone+"/revoke", `{"api":"it"}`); a.status != 404 {
				t.Errorf("%s: %d %s", gone, a.status, a.body)
			}
		}
	})
	if events := s.events(t, url.Values{"act": {"tenant.created"}, "tenant": {out.Tenant}}); len(events) != 1 || events[0].Actor.Name != "operator" || events[0].Actor.Address == "" {
		t.Errorf("the trail tells %+v", events)
	}
}

// tokenID finds a registration's management token.
func (s *site) tokenID(t testing.TB, tenant string) string {
	t.Helper()
	a := s.manage(t, "GET", "/v1/keys?scheme=trusset-mica-management&tenant="+tenant, "")
	var page api.KeyPage
	must(t, json.Unmarshal(a.body, &page))
	if len(page.Items) != 1 {
		t.Fatalf("%d tokens", len(page.Items))
	}
	return page.Items[0].ID
}

// A management token whose record was tampered with to name another tenant's key
// manages nothing.
func TestAManagementTokenIsBoundToItsOwnTenant(t *testing.T) {
	t.Parallel()
	s := newSite(t, mica())
	mine, theirs := s.registered(t), s.registered(t)
	id, err := keywright.ParseKeyID(s.tokenID(t, mine.Tenant))
	must(t, err)
	_, err = s.Keeper.Amend(t.Context(), keywright.Actor{ID: "system"}, id, 0, keywright.Amendment{Metadata: &map[string]string{"key_id": theirs.KeyID}})
	must(t, err)
	s.want(t, 409, "POST", "/v1/key/revoke", "", as(mine.ManagementToken)...)
	if !s.passes(t, "trusset-mica", theirs.APIKey) {
		t.Error("another's key was revoked")
	}
}
