package gate

import (
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// held is an index of a few keys, by the digest that fakePepper makes.
type held struct {
	keys   map[keywright.Digest]*keywright.Key
	tenant *keywright.Tenant
	stale  bool
}

func (h *held) Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision {
	if h.stale {
		return keywright.Decision{}
	}
	return keywright.Decide(now, h.keys[d], h.tenant, *n)
}

type fakePepper struct{}

func (fakePepper) Digest(c keywright.Credential) keywright.Digest {
	public, secret := c.Reveal()
	var b [256]byte
	n := copy(b[:], public)
	n += copy(b[n:], secret)
	return sha256.Sum256(b[:n])
}

// counter is a limiter that says what it is told to, and remembers.
type counter struct {
	full  keywright.Reason
	taken []taken
}

type taken struct {
	key  keywright.KeyID
	from netip.Addr
}

func (c *counter) Take(now time.Time, _ string, rules []keywright.LimitRule, key keywright.KeyID, from netip.Addr, out *keywright.Allowances) keywright.Reason {
	*out = keywright.Allowances{}
	for i, r := range rules {
		out[i] = keywright.Allowance{Limit: r.Count, Remaining: r.Count, Reset: now.Add(r.Window)}
		if (r.Per == keywright.PerKey && !key.IsZero()) || (r.Per == keywright.PerAddress && from.IsValid()) {
			out[i].Remaining--
		}
	}
	if len(c.taken) < 1000 {
		c.taken = append(c.taken, taken{key, from})
	}
	if c.full != keywright.Failure {
		return c.full
	}
	return keywright.Granted
}

// world is a gate with one API of one scheme, and one key.
type world struct {
	gate   *Gate
	index  *held
	limits *counter
	key    *keywright.Key
	secret string
	now    time.Time
}

// parsed reads the shipped schemes once for all tests.
var parsed = sync.OnceValues(schemes.Shipped)

func shipped(t testing.TB, name string) *scheme.Scheme {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

func newWorld(t testing.TB, apis ...API) *world {
	t.Helper()
	w := &world{limits: &counter{}, now: noon}
	w.index = &held{
		keys:   map[keywright.Digest]*keywright.Key{},
		tenant: &keywright.Tenant{ID: "ten_1", Ref: "a1b2c3d4", Plan: "growth", Services: []string{"tokenization"}, Version: 1},
	}
	w.secret = "trusset_a1b2c3d4_" + strings.Repeat("0a", 32)
	w.key = &keywright.Key{ID: keywright.KeyID{15: 7}, Tenant: "ten_1", Scheme: "trusset-instance", Permissions: []string{"*"}, Version: 1}
	w.index.keys[fakePepper{}.Digest(keywright.NewCredential("", w.secret))] = w.key
	if len(apis) == 0 {
		apis = []API{trusset(t)}
	}
	g, err := New(Options{APIs: apis, Index: w.index, Pepper: fakePepper{}, Limiter: w.limits, Clock: func() time.Time { return w.now }, AddressLimits: true})
	if err != nil {
		t.Fatal(err)
	}
	w.gate = g
	return w
}

func trusset(t testing.TB) API {
	return API{
		Name: "trusset", Hosts: []string{"trusset.localhost"}, Scheme: shipped(t, "trusset-instance"), Help: "https://docs.example.com/rotation",
		Routes: []Route{
			{Methods: []string{"GET"}, Path: "/health", Open: true},
			{Methods: []string{"GET", "POST"}, Path: "/customers/api/manage", Need: keywright.Need{Service: "tokenization"}},
			{Methods: []string{"GET"}, Path: "/trading/api/orders", Need: keywright.Need{Service: "trading"}},
			{Methods: []string{"GET"}, Path: "/items/{id}"},
			{Path: "/files/{rest...}"},
			{Methods: []string{"GET"}, Path: "/mica", Scheme: shipped(t, "trusset-mica")},
		},
	}
}

func (w *world) view(method, path string) *scheme.View {
	return &scheme.View{
		Method: method, Host: "trusset.localhost", Path: path, Address: netip.MustParseAddr("192.0.2.7"),
		Header: map[string][]string{"X-Api-Key": {w.secret}},
	}
}

func headersOf(v *Verdict) map[string]string {
	all := map[string]string{}
	v.Headers(func(name, value string) { all[name] = value })
	return all
}
