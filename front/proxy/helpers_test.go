package proxy_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/verify"
)

// house is a proxy before one upstream, with one API of each of a few schemes
// and one key of each.
type house struct {
	t        *testing.T
	proxy    *proxy.Proxy
	gate     *gate.Gate
	index    *verify.Index
	verifier *seal.Verifier
	url      string
	log      *safeBuffer
	now      atomic.Pointer[time.Time]
	keys     map[string]*keywright.Key
	creds    map[string]string
	cursor   keywright.Cursor
	reasons  chan string
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// setting is what a test may change of a house.
type setting struct {
	target  proxy.Target
	maxBody int64
	routes  []gate.Route
	limits  bool
}

func newHouse(t *testing.T, upstream http.Handler, change ...func(*setting)) *house {
	t.Helper()
	set := setting{routes: []gate.Route{
		{Methods: []string{"GET"}, Path: "/open", Open: true},
		{Methods: []string{"POST"}, Path: "/small", MaxBody: 16},
		{Path: "/{rest...}"},
	}}
	if upstream != nil {
		server := httptest.NewServer(upstream)
		t.Cleanup(server.Close)
		set.target.Upstream = server.URL
	}
	for _, c := range change {
		c(&set)
	}
	h := &house{t: t, log: &safeBuffer{}, keys: map[string]*keywright.Key{}, creds: map[string]string{}, reasons: make(chan string, 64)}
	h.setTime(noon())
	clock := func() time.Time { return *h.now.Load() }
	secrets, err := seal.Ephemeral(rand.Reader)
	check(t, err)
	h.index = verify.New(verify.Options{})
	all, err := schemes.Shipped()
	check(t, err)
	o := proxy.Options{
		Identities: gate.NewIdentities(secrets.Identity, clock), Clock: clock, MaxBody: set.maxBody, Targets: map[string]proxy.Target{},
		Gate: func() *gate.Gate { return h.gate }, Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(_, reason string, _ int) {
			select {
			case h.reasons <- reason:
			default:
			}
		},
	}
	var apis []gate.API
	for _, name := range []string{"trusset-instance", "truestamp", "keywright", "trustifi"} {
		h.issue(all[name], secrets.Pepper)
		apis = append(apis, gate.API{Name: name, Hosts: []string{name + ".test"}, Scheme: all[name], Routes: set.routes, Help: "https://docs.example.com/rotate"})
		o.Targets[name] = set.target
	}
	h.index.Refresh(0)
	options := gate.Options{APIs: apis, Index: h.index, Pepper: secrets.Pepper, Limiter: limit.New(0), Clock: clock, AddressLimits: set.limits}
	h.gate, err = gate.New(options)
	check(t, err)
	h.verifier, err = seal.NewVerifier(secrets.Identity.JWKS(), "trusset-instance", clock)
	check(t, err)
	h.proxy, err = proxy.New(o)
	check(t, err)
	t.Cleanup(h.proxy.Close)
	server := httptest.NewServer(h.proxy)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *house) setTime(at time.Time) { h.now.Store(&at) }

func (h *house) issue(s *scheme.Scheme, pepper *seal.Pepper) {
	h.t.Helper()
	environment := ""
	if rules := s.Policy().Environments; len(rules) > 0 {
		environment = rules[0].Name
	}
	c, err := s.Mint(rand.Reader, scheme.Minting{Ref: "AbCd1234", Environment: environment})
	check(h.t, err)
	public, secret := c.Reveal()
	id := keywright.KeyID{0: byte(len(h.keys) + 1)}
	tenant := keywright.Tenant{ID: keywright.TenantID("ten_" + s.Name()), Ref: s.Name(), Name: "Tenant", Plan: "growth", Version: 1}
	h.keys[s.Name()] = &keywright.Key{
		ID: id, Tenant: tenant.ID, Scheme: s.Name(), Environment: environment, Permissions: []string{"*"}, Public: public,
		Digest: pepper.Digest(c), Version: 1,
	}
	h.creds[s.Name()] = secret
	if public != "" {
		h.creds[s.Name()+" public"] = public
	}
	h.cursor++
	h.index.Apply(keywright.Event{Cursor: h.cursor, At: noon().Add(-time.Hour), Tenant: tenant.ID, TenantNow: &tenant})
	h.change(s.Name(), func(*keywright.Key) {})
}

// change writes a key as the feed would.
func (h *house) change(name string, how func(*keywright.Key)) {
	k := h.keys[name]
	how(k)
	k.Version++
	h.cursor++
	now := *k
	h.index.Apply(keywright.Event{Cursor: h.cursor, At: noon().Add(-time.Hour), Key: k.ID, KeyNow: &now})
}

func (h *house) revoke(name string) {
	h.change(name, func(k *keywright.Key) { k.RevokedAt, k.Revocation = noon().Add(-time.Minute), keywright.Compromised })
}

// request makes a request to Trusset's API with its good key.
func (h *house) request(method, path string, body io.Reader) *http.Request {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*soon) // longer than anything is waited for
	h.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, h.url+path, body)
	check(h.t, err)
	r.Host = "trusset-instance.test"
	r.Header.Set("X-API-Key", h.creds["trusset-instance"])
	return r
}

// answer is a response, read.
type answer struct {
	*http.Response
	text string
}

func (h *house) do(r *http.Request) answer {
	h.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{res, string(body)}
}

// raw sends bytes and reads everything that comes back.
func raw(t *testing.T, address, bytes string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	check(t, err)
	defer func() { _ = conn.Close() }()
	check(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, bytes)
	check(t, err)
	got, _ := io.ReadAll(conn)
	return string(got)
}

func (h *house) address() string { return strings.TrimPrefix(h.url, "http://") }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// soon bounds what happens at once when all is well.
const soon = 10 * time.Second

func wait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatal("in vain waited for ", what)
		panic("unreachable")
	}
}
