package keywright_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// request is everything that a decision is made from.
type request struct {
	key    *keywright.Key
	tenant *keywright.Tenant
	need   keywright.Need
}

// fine is a request that passes every check there is.
func fine() request {
	return request{
		key: &keywright.Key{
			ID: keywright.KeyID{1}, Tenant: "ten_a", Scheme: "s", Environment: "production", Permissions: []string{"files:read"},
			Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Created: start.Add(-time.Hour),
		},
		tenant: &keywright.Tenant{ID: "ten_a", Plan: "growth", Services: []string{"tokenization"}, Environments: []string{"production"}},
		need: keywright.Need{
			Scheme: "s", Tenant: "ten_a", Environments: []string{"production"}, Granted: []string{"production"}, Plans: keywright.PlanRule{AnyOf: []string{"growth"}},
			Service: "tokenization", Permissions: []string{"files:read"}, From: netip.MustParseAddr("192.0.2.7"),
		},
	}
}

// faults are what can be wrong, in the order in which they are checked.
var faults = []struct {
	reason keywright.Reason
	commit func(*request)
}{
	{keywright.Unknown, func(r *request) { r.need.Scheme = "other" }},
	{keywright.Revoked, func(r *request) { r.key.RevokedAt = start }},
	{keywright.Retired, func(r *request) { r.key.Retires = start }},
	{keywright.Expired, func(r *request) { r.key.Expires = start }},
	{keywright.Paused, func(r *request) { r.key.PausedAt = start }},
	{keywright.TenantArchived, func(r *request) { r.tenant.Archived = true }},
	{keywright.PlanRequired, func(r *request) { r.tenant.Plan = "free" }},
	{keywright.EnvironmentNotGranted, func(r *request) { r.tenant.Environments = nil }},
	{keywright.ServiceNotEnabled, func(r *request) { r.tenant.Services = nil }},
	{keywright.PermissionMissing, func(r *request) { r.key.Permissions = nil }},
	{keywright.AddressRefused, func(r *request) { r.need.From = netip.MustParseAddr("198.51.100.1") }},
}

// Of any two faults, and of any more, the one that stands earlier is the answer.
func TestDecideOrderOfChecks(t *testing.T) {
	t.Parallel()
	for set := range 1 << len(faults) {
		r, want := fine(), keywright.Granted
		for i := len(faults) - 1; i >= 0; i-- {
			if set&(1<<i) != 0 {
				faults[i].commit(&r)
				want = faults[i].reason
			}
		}
		d := keywright.Decide(start, r.key, r.tenant, r.need)
		if d.Reason != want || d.Granted() != (set == 0) {
			t.Fatalf("faults %011b: %s, and should be %s", set, d.Reason, want)
		}
		if (d.Key.IsZero() || d.Tenant == nil) != (want == keywright.Unknown) {
			t.Fatalf("%s: the decision says whose key it was, or does not: %+v", want, d)
		}
	}
}

func TestDecideRefusesByItself(t *testing.T) {
	t.Parallel()
	var zero keywright.Decision
	if zero.Granted() || zero.Reason != keywright.Failure {
		t.Error("a decision that nobody made grants")
	}
	r := fine()
	for name, d := range map[string]keywright.Decision{
		"no key":                   keywright.Decide(start, nil, r.tenant, r.need),
		"no tenant":                keywright.Decide(start, r.key, nil, r.need),
		"nothing":                  keywright.Decide(start, nil, nil, keywright.Need{}),
		"a need that names nobody": keywright.Decide(start, r.key, r.tenant, keywright.Need{}),
	} {
		if d.Granted() || d.Reason != keywright.Unknown {
			t.Errorf("%s: %s", name, d.Reason)
		}
	}
}

// A key of another tenant answers exactly as one that nobody has.
func TestDecideOtherTenantsKeyIsUnknown(t *testing.T) {
	t.Parallel()
	r := fine()
	r.need.Tenant = "ten_b"
	other := keywright.Decide(start, r.key, r.tenant, r.need)
	nobody := keywright.Decide(start, nil, nil, r.need)
	if other.Reason != nobody.Reason || !other.Key.IsZero() || other.Tenant != nil || other.Environment != "" || other.Permissions != nil || !other.Dies.IsZero() {
		t.Errorf("another tenant's key answers %+v, an unknown one %+v", other, nobody)
	}
}

func TestDecideEnvironments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		env           string
		need, granted []string // of the need
		has           []string // the tenant
		ok            bool
	}{
		{"DMT-07 nothing asked", "testing", nil, nil, nil, true},
		{"DMT-08 a Testing key where production is needed", "testing", []string{"production"}, nil, []string{"production"}, false},
		{"DMT-12 granted", "production", nil, []string{"production"}, []string{"production"}, true},
		{"DMT-12 not granted", "production", nil, []string{"production"}, nil, false},
		{"DMT-12 taken back", "production", nil, []string{"production"}, []string{"testing"}, false},
		{"DMT-13 testing needs no grant", "testing", []string{"testing", "production"}, []string{"production"}, nil, true},
		{"an environment of another spelling", "Production", []string{"production"}, nil, []string{"production"}, false},
		{"a key without one where one is needed", "", []string{"production"}, nil, nil, false},
	} {
		r := fine()
		r.key.Environment, r.tenant.Environments, r.need.Environments, r.need.Granted = c.env, c.has, c.need, c.granted
		if d := keywright.Decide(start, r.key, r.tenant, r.need); d.Granted() != c.ok {
			t.Errorf("%s: %s", c.name, d.Reason)
		}
	}
}

func TestDecideAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		allowed string
		from    string
		ok      bool
	}{
		{"", "198.51.100.1", true}, {"", "", true}, {"192.0.2.0/24", "192.0.2.255", true}, {"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "::ffff:192.0.2.1", true}, {"192.0.2.0/24", "", false}, {"2001:db8::/32", "2001:db8::1", true}, {"2001:db8::/32", "2001:db9::1", false},
	} {
		r := fine()
		r.key.Addresses, r.need.From = nil, netip.Addr{}
		if c.allowed != "" {
			r.key.Addresses = []netip.Prefix{netip.MustParsePrefix(c.allowed)}
		}
		if c.from != "" {
			r.need.From = netip.MustParseAddr(c.from)
		}
		if d := keywright.Decide(start, r.key, r.tenant, r.need); d.Granted() != c.ok {
			t.Errorf("%q from %q: %s", c.allowed, c.from, d.Reason)
		}
	}
}

// A wildcard permission really matches, and no more than it says.
func TestPermits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		held, need []string
		ok         bool
	}{
		{nil, nil, true}, {nil, []string{"a"}, false}, {[]string{"*"}, []string{"a", "b:c:d"}, true}, {[]string{"*"}, nil, true},
		{[]string{"files:read"}, []string{"files:read"}, true}, {[]string{"files:read"}, []string{"files:write"}, false},
		{[]string{"files:*"}, []string{"files:read"}, true}, {[]string{"files:*"}, []string{"files:a:b"}, true},
		{[]string{"files:*"}, []string{"files"}, false}, {[]string{"files:*"}, []string{"filesystem:read"}, false}, {[]string{"files:*"}, []string{"folders:read"}, false},
		{[]string{"files:*"}, []string{"files:read", "folders:read"}, false}, {[]string{"files:*", "folders:read"}, []string{"files:read", "folders:read"}, true},
		{[]string{"files:a:*"}, []string{"files:a:b"}, true}, {[]string{"files:a:*"}, []string{"files:b"}, false}, {[]string{"files*"}, []string{"files:read"}, false},
		{[]string{"files:read"}, []string{"files:*"}, false}, {[]string{"Files:read"}, []string{"files:read"}, false}, {[]string{""}, []string{"a"}, false}, {[]string{":*"}, []string{"a"}, false},
	} {
		if got := keywright.Permits(c.held, c.need); got != c.ok {
			t.Errorf("Permits(%q, %q) = %v", c.held, c.need, got)
		}
	}
}

func TestPermitsOfAnySets(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"a", "b", "a:x", "a:y", "b:x", "a:x:1"})
	rapid.Check(t, func(t *rapid.T) {
		held, need := rapid.SliceOf(word).Draw(t, "held"), rapid.SliceOf(word).Draw(t, "need")
		all := !slices.ContainsFunc(need, func(n string) bool { return !slices.Contains(held, n) })
		if keywright.Permits(held, need) != all {
			t.Fatal("without wildcards it is not the subset")
		}
		if !keywright.Permits(append(held, "*"), need) {
			t.Fatal("everything is not enough")
		}
		if all && !keywright.Permits(append(held, "c"), need) {
			t.Fatal("more is less")
		}
	})
}

func TestPlanRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule keywright.PlanRule
		plan string
		ok   bool
	}{
		{keywright.PlanRule{}, "", true}, {keywright.PlanRule{}, "free", true},
		{keywright.PlanRule{AnyOf: []string{"a", "b"}}, "b", true}, {keywright.PlanRule{AnyOf: []string{"a"}}, "", false}, {keywright.PlanRule{AnyOf: []string{"a"}}, "c", false},
		{keywright.PlanRule{Except: []string{"free"}}, "growth", true}, {keywright.PlanRule{Except: []string{"free"}}, "free", false}, {keywright.PlanRule{Except: []string{"free"}}, "", false},
		{keywright.PlanRule{AnyOf: []string{"a"}, Except: []string{"a"}}, "a", false},
	} {
		if got := c.rule.Allows(c.plan); got != c.ok {
			t.Errorf("TSW-11: %+v allows %q: %v", c.rule, c.plan, got)
		}
	}
}

// A grant says when it ends by itself, and is dead at that very instant.
func TestDecideSaysWhenItDies(t *testing.T) {
	t.Parallel()
	hour, day := start.Add(time.Hour), start.Add(24*time.Hour)
	for _, c := range []struct{ expires, retires, dies time.Time }{
		{time.Time{}, time.Time{}, time.Time{}}, {day, time.Time{}, day}, {time.Time{}, hour, hour}, {day, hour, hour}, {hour, hour, hour},
	} {
		r := fine()
		r.key.Expires, r.key.Retires = c.expires, c.retires
		d := keywright.Decide(start, r.key, r.tenant, r.need)
		if !d.Granted() || !d.Dies.Equal(c.dies) || !d.Retires.Equal(c.retires) {
			t.Errorf("%+v", d)
		}
		if c.dies.IsZero() {
			continue
		}
		if last := keywright.Decide(c.dies.Add(-1), r.key, r.tenant, r.need); !last.Granted() {
			t.Errorf("dead before its end: %s", last.Reason)
		}
		if over := keywright.Decide(c.dies, r.key, r.tenant, r.need); over.Granted() {
			t.Error("alive at its end")
		}
	}
}

// tokenFaults are what can be wrong with a token's request, in the order in which
// they are checked: that of keys.
var tokenFaults = []struct {
	reason keywright.Reason
	commit func(*request, *keywright.Grant)
}{
	{keywright.Expired, func(_ *request, g *keywright.Grant) { g.Expires = start }},
	{keywright.TenantArchived, func(r *request, _ *keywright.Grant) { r.tenant.Archived = true }},
	{keywright.PlanRequired, func(r *request, _ *keywright.Grant) { r.tenant.Plan = "free" }},
	{keywright.EnvironmentNotGranted, func(r *request, _ *keywright.Grant) { r.tenant.Environments = nil }},
	{keywright.ServiceNotEnabled, func(r *request, _ *keywright.Grant) { r.tenant.Services = nil }},
	{keywright.PermissionMissing, func(_ *request, g *keywright.Grant) { g.Permissions = nil }},
}

func TestTSP20_DecideTokenKeepsTheOrderOfChecks(t *testing.T) {
	t.Parallel()
	for set := range 1 << len(tokenFaults) {
		r, want := fine(), keywright.Granted
		g := keywright.Grant{
			Principal: &keywright.Principal{ID: "ada", Counts: keywright.KeyID{9}}, Environment: "production",
			Permissions: []string{"files:read"}, Expires: start.Add(time.Hour),
		}
		for i := len(tokenFaults) - 1; i >= 0; i-- {
			if set&(1<<i) != 0 {
				tokenFaults[i].commit(&r, &g)
				want = tokenFaults[i].reason
			}
		}
		d := keywright.DecideToken(start, g, r.tenant, r.need)
		if d.Reason != want || d.Tenant != r.tenant || d.Principal != g.Principal || !d.Key.IsZero() || d.Counts() != g.Principal.Counts || !d.Dies.Equal(g.Expires) {
			t.Fatalf("faults %06b: %s, and should be %s", set, d.Reason, want)
		}
	}
}

func TestDecideTokenRefusesByItself(t *testing.T) {
	t.Parallel()
	r := fine()
	who := &keywright.Principal{ID: "ada"}
	for name, d := range map[string]keywright.Decision{
		"no principal":   keywright.DecideToken(start, keywright.Grant{Expires: start.Add(time.Hour)}, r.tenant, keywright.Need{}),
		"no tenant":      keywright.DecideToken(start, keywright.Grant{Principal: who, Expires: start.Add(time.Hour)}, nil, keywright.Need{}),
		"another tenant": keywright.DecideToken(start, keywright.Grant{Principal: who, Expires: start.Add(time.Hour)}, r.tenant, keywright.Need{Tenant: "ten_b"}),
	} {
		if d.Reason != keywright.Unknown || d.Principal != nil || d.Tenant != nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d := keywright.DecideToken(start, keywright.Grant{Principal: who}, r.tenant, keywright.Need{}); d.Reason != keywright.Expired {
		t.Errorf("a grant without an end: %s", d.Reason)
	}
}
