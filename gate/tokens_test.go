package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// vouching is an identity provider for one token.
type vouching struct {
	grant  keywright.Grant
	tenant *keywright.Tenant
	asked  int
	broken bool
}

const goodToken = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln"

func (v *vouching) VerifyToken(now time.Time, token string, n *keywright.Need) keywright.Decision {
	v.asked++
	switch {
	case v.broken:
		return keywright.Decision{}
	case token != goodToken:
		return keywright.Decision{Reason: keywright.Unknown}
	}
	return keywright.DecideToken(now, v.grant, v.tenant, *n)
}

func tokenWorld(t testing.TB) (*world, *vouching) {
	t.Helper()
	tenant := &keywright.Tenant{ID: "ten_1", Ref: "ada", Version: 1}
	v := &vouching{tenant: tenant, grant: keywright.Grant{
		Principal:   &keywright.Principal{Issuer: "https://id.example.com", ID: "ada", Email: "ada@example.com", Person: "per_ada", Role: "member", Counts: keywright.KeyID{15: 99}},
		Permissions: []string{"items:*"}, Expires: noon.Add(10 * time.Minute),
	}}
	s := shipped(t, "truestamp")
	limited, err := s.WithLimits([]keywright.LimitRule{{Name: "minute", Count: 5, Window: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, API{
		Name: "stamp", Scheme: limited, Tokens: v, Help: "https://docs.example.com/rotation",
		Routes: []Route{
			{Path: "/v1/items", Need: keywright.Need{Permissions: []string{"items:read"}}},
			{Path: "/v1/apikeys", Takes: TokensOnly},
			{Path: "/v1/machines", Takes: KeysOnly},
			{Path: "/v1/admin", Need: keywright.Need{Permissions: []string{"admin"}}},
		},
	})
	w.secret = "01ARZ3NDEKTSV4RRFFQ69G5FAV_0123456789ABCDEFGHIJKLMNOPQRSTUV"
	w.key.Scheme = s.Name()
	w.index.keys[fakePepper{}.Digest(keywright.NewCredential("", w.secret))] = w.key
	return w, v
}

func bearer(path, credential string) *scheme.View {
	return &scheme.View{Method: "GET", Path: path, TLS: true, Header: map[string][]string{"Authorization": {"Bearer " + credential}}}
}

func TestTSP16_OneHeaderTakesKeysAndTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, credential string
		want                   keywright.Reason
		status                 int
		asks                   bool
	}{
		{"TSP-16 a token", "/v1/items", goodToken, keywright.Granted, 0, true},
		{"TSP-22 a key on the same route", "/v1/items", "key", keywright.Granted, 0, false},
		{"TSP-30 a token that nobody vouches for", "/v1/items", goodToken + "x", keywright.Unknown, 401, true},
		{"a permission that the token does not have", "/v1/admin", goodToken, keywright.PermissionMissing, 403, true},
		{"TSP-25 a login makes keys", "/v1/apikeys", goodToken, keywright.Granted, 0, true},
		{"an API key cannot mint keys", "/v1/apikeys", "key", keywright.PermissionMissing, 403, false},
		{"a key that nobody has is as bad there as elsewhere", "/v1/apikeys", "01ARZ3NDEKTSV4RRFFQ69G5FAV_0123456789ABCDEFGHIJKLMNOPQRSTUX", keywright.Unknown, 401, false},
		{"a bad token there", "/v1/apikeys", goodToken + "x", keywright.Unknown, 401, true},
		{"a token where keys alone are taken", "/v1/machines", goodToken, keywright.Unknown, 401, false},
		{"a key there", "/v1/machines", "key", keywright.Granted, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, v := tokenWorld(t)
			if c.credential == "key" {
				c.credential = w.secret
			}
			got := w.gate.Pass(bearer(c.path, c.credential), "stamp")
			if got.Reason() != c.want || (got.Answer != nil && got.Answer.Status != c.status) || (got.Answer == nil) != (c.status == 0) {
				t.Fatalf("%s %+v", got.Reason(), got.Answer)
			}
			if (v.asked > 0) != c.asks {
				t.Errorf("the identity provider was asked %d times", v.asked)
			}
		})
	}
}

func TestTSP16_TokensWithoutAProviderAreUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, API{Name: "stamp", Scheme: shipped(t, "truestamp"), Routes: []Route{{Path: "/v1/items"}}})
	if got := w.gate.Pass(bearer("/v1/items", goodToken), "stamp"); got.Reason() != keywright.Unknown || got.Answer.Status != 401 {
		t.Errorf("%s", got.Reason())
	}
	with, v := tokenWorld(t)
	v.broken = true
	if got := with.gate.Pass(bearer("/v1/items", goodToken), "stamp"); got.Reason() != keywright.Failure || got.Answer.Status != 500 {
		t.Errorf("a provider that cannot be asked: %s", got.Reason())
	}
}

func TestTSP20_LimitsOfTokensCountOnTheSubject(t *testing.T) {
	t.Parallel()
	w, v := tokenWorld(t)
	w.gate.Pass(bearer("/v1/items", goodToken), "stamp")
	w.gate.Pass(bearer("/v1/items", goodToken+"x"), "stamp")
	w.gate.Pass(bearer("/v1/admin", goodToken), "stamp")
	if w.limits.taken[0].key != v.grant.Principal.Counts || !w.limits.taken[1].key.IsZero() || !w.limits.taken[2].key.IsZero() {
		t.Errorf("%v", w.limits.taken)
	}
	got := w.gate.Pass(bearer("/v1/items", goodToken), "stamp")
	for name := range headersOf(&got) {
		if name == RetiresHeader || name == "Link" {
			t.Errorf("a token's answer has %s", name)
		}
	}
}

func TestTSP22_TheUpstreamLearnsWhoLoggedIn(t *testing.T) {
	t.Parallel()
	w, v := tokenWorld(t)
	_, ids, signed, _ := identityWorld(t)
	pass := func() {
		t.Helper()
		got := w.gate.Pass(bearer("/v1/items", goodToken), "stamp")
		if mustIdentity(t, ids, &got) == "" {
			t.Fatal("no identity")
		}
	}
	pass()
	pass()
	if len(*signed) != 1 {
		t.Fatalf("signed %d times for one caller", len(*signed))
	}
	i := (*signed)[0]
	if i.Key != "" || i.Login != "https://id.example.com ada" || i.Person != "per_ada" || i.Role != "member" || i.Email != "ada@example.com" || i.Subject != "ten_1" {
		t.Errorf("%+v", i)
	}
	for name, change := range map[string]func(p *keywright.Principal){
		"another role":    func(p *keywright.Principal) { p.Role = "admin" },
		"another person":  func(p *keywright.Principal) { p.Person = "per_b" },
		"another address": func(p *keywright.Principal) { p.Email = "b@example.com" },
		"another subject": func(p *keywright.Principal) { p.ID = "bob" },
	} {
		p, before := *v.grant.Principal, len(*signed)
		change(&p)
		v.grant.Principal = &p
		pass()
		if len(*signed) != before+1 {
			t.Errorf("%s: the old assertion was used", name)
		}
	}
	v.tenant = &keywright.Tenant{ID: "ten_2", Version: 1}
	before := len(*signed)
	pass()
	if len(*signed) != before+1 || (*signed)[before].Subject != "ten_2" {
		t.Error("a membership that changed: the old assertion was used")
	}
	other, ov := tokenWorld(t)
	ov.grant.Principal.Counts = keywright.KeyID{15: 98}
	got := other.gate.Pass(bearer("/v1/items", goodToken), "stamp")
	mustIdentity(t, ids, &got)
	if len(*signed) != before+2 {
		t.Error("another caller was given somebody else's assertion")
	}
}

func TestTSP16_StreamsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	w, v := tokenWorld(t)
	view := bearer("/v1/items", goodToken)
	was := w.gate.Pass(view, "stamp")
	if !w.gate.Still(view, &was) {
		t.Fatal("a live token's stream would be cut")
	}
	for name, change := range map[string]func(){
		"archived":          func() { v.tenant = &keywright.Tenant{ID: "ten_1", Archived: true} },
		"another tenant":    func() { v.tenant = &keywright.Tenant{ID: "ten_2"} },
		"another subject":   func() { p := *v.grant.Principal; p.Counts[0]++; v.grant.Principal = &p },
		"expired":           func() { v.grant.Expires = noon },
		"a lost permission": func() { v.grant.Permissions = nil },
		"failing":           func() { v.broken = true },
	} {
		saved := *v
		change()
		if w.gate.Still(view, &was) {
			t.Errorf("%s: the stream goes on", name)
		}
		*v = saved
	}
}

func TestTokensOnlyNeedsAProviderAndAScheme(t *testing.T) {
	t.Parallel()
	_, v := tokenWorld(t)
	for name, a := range map[string]API{
		"no provider":                {Name: "x", Scheme: shipped(t, "truestamp")},
		"a scheme that takes none":   {Name: "x", Scheme: shipped(t, "trusset-mica"), Tokens: v},
		"a route's scheme that does": {Name: "x", Scheme: shipped(t, "trusset-mica"), Tokens: v, Routes: []Route{{Path: "/b", Scheme: shipped(t, "trusset-members"), Takes: TokensOnly}}},
	} {
		wanted := len(a.Routes) == 0
		a.Routes = append(a.Routes, Route{Path: "/a", Takes: TokensOnly})
		if !wanted {
			a.Routes = a.Routes[:1]
		}
		_, err := New(Options{APIs: []API{a}, Index: &held{}, Pepper: fakePepper{}, Clock: time.Now})
		if (keywright.KindOf(err) == keywright.Invalid) != wanted || (err != nil) != wanted {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExplainOfTokens(t *testing.T) {
	t.Parallel()
	w, v := tokenWorld(t)
	last := func(path, credential string) Check {
		_, checks := w.gate.Explain(bearer(path, credential), "stamp")
		for _, c := range checks {
			if strings.Contains(c.Detail, "eyJ") {
				t.Errorf("%s repeats the token", c.Check)
			}
			if c.Passed && (c.Check == "lookup" || c.Check == "permission") && credential == goodToken && strings.Contains(c.Detail, "a key") {
				t.Errorf("%s speaks of a key: %s", c.Check, c.Detail)
			}
		}
		return checks[len(checks)-1]
	}
	for _, c := range []struct{ path, credential, check, says string }{
		{"/v1/items", goodToken, "manners", ""},
		{"/v1/items", goodToken + "x", "lookup", "no configured identity provider vouches"},
		{"/v1/machines", goodToken, "lookup", "takes keys alone"},
		{"/v1/apikeys", w.secret, "permission", "a key was presented"},
		{"/v1/admin", goodToken, "permission", "the token lacks"},
	} {
		if got := last(c.path, c.credential); got.Check != c.check || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v", c.path, got)
		}
	}
	v.grant.Expires = noon
	if got := last("/v1/items", goodToken); got.Check != "state" || !strings.Contains(got.Detail, "the token has expired") {
		t.Errorf("%+v", got)
	}
	if !slices.Contains(Checks(), "lookup") {
		t.Error("the checks have other names")
	}
}

func TestPassOfTokensAllocatesNothingItself(t *testing.T) {
	w, _ := tokenWorld(t)
	view := bearer("/v1/items", goodToken)
	w.limits.taken = make([]taken, 1000)
	if n := testing.AllocsPerRun(200, func() {
		if got := w.gate.Pass(view, "stamp"); got.Answer != nil {
			t.Fatal(got.Reason())
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
