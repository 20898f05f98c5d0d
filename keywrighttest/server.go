package keywrighttest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/sdk/present"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/verify"
)

// Server is a running Keywright. It is safe for concurrent use.
type Server struct {
	// URL is the management API's address: what client.New takes.
	URL string
	// OperatorKey may do everything.
	OperatorKey keywright.Credential

	t       testing.TB
	speaks  map[string]*present.Scheme
	parsed  map[string]*scheme.Scheme
	store   *memory.Store
	meter   *meter.Meter
	keeper  *keeper.Keeper
	gate    *gate.Gate
	index   *verify.Index
	secrets *seal.Secrets
	http    *httptest.Server
	stop    context.CancelFunc

	mu  sync.Mutex
	now time.Time
}

// New starts a Keywright that ends with the test. What its methods cannot do
// fails the test, so that they need no error.
func New(t testing.TB, change ...Option) *Server {
	t.Helper()
	s, err := Start(change...)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(s.Close)
	return s
}

// Start is New for programs that are no test, such as an Example: Close ends it,
// and what its methods cannot do panics.
func Start(change ...Option) (*Server, error) {
	o := gather(change)
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		t: alone{}, stop: stop, now: o.at,
		speaks: map[string]*present.Scheme{}, parsed: map[string]*scheme.Scheme{}, store: memory.New(),
	}
	if err := s.start(ctx, o); err != nil {
		s.Close()
		return nil, fmt.Errorf("keywrighttest: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o *options) error {
	for name, src := range o.sources {
		p, err := present.Read(name+".yaml", src)
		if err != nil {
			return err
		}
		s.speaks[name], s.parsed[name] = p, p.Contract
	}
	var err error
	if s.secrets, err = seal.Ephemeral(rand.Reader); err != nil {
		return err
	}
	s.index = verify.New(verify.Options{})
	follower := feed.New(s.store, s.index)
	if err := follower.Start(ctx); err != nil {
		return err
	}
	s.keeper = keeper.New(keeper.Options{
		Store: s.store, Schemes: s.parsed, Pepper: s.secrets.Pepper, Sealer: s.secrets.Sealer, Clock: s.Now, Wait: follower.Wait, Sole: true,
	})
	apis, err := s.apis(o.apis)
	if err != nil {
		return err
	}
	s.meter = meter.New(meter.Options{Store: s.store, Clock: s.Now})
	if s.gate, err = gate.New(gate.Options{
		APIs: apis, Index: s.index, Pepper: s.secrets.Pepper, Limiter: limit.New(0), Meter: s.meter, Clock: s.Now,
	}); err != nil {
		return err
	}
	if err := s.operator(ctx); err != nil {
		return err
	}
	s.listen(apis)
	return nil
}

// apis is the gate's table: the test's own, or the default, and the management API.
func (s *Server) apis(wanted []API) ([]gate.API, error) {
	if len(wanted) == 0 {
		wanted = []API{{Name: DefaultAPI, Scheme: DefaultScheme}}
	}
	table := []gate.API{management.API(nil, s.parsed[management.SchemeName])}
	for _, a := range wanted {
		contract, ok := s.parsed[a.Scheme]
		if !ok {
			return nil, fmt.Errorf("the API %q: there is no scheme %q: bring it WithScheme", a.Name, a.Scheme)
		}
		if len(a.Routes) == 0 {
			a.Routes = []gate.Route{{Path: "/{rest...}"}}
		}
		table = append(table, gate.API{Name: a.Name, Hosts: a.Hosts, Scheme: contract, Routes: a.Routes, Tokens: a.Tokens})
	}
	return table, nil
}

func (s *Server) operator(ctx context.Context) error {
	if err := management.EnsureOperators(ctx, s.keeper, s.store); err != nil {
		return err
	}
	first, err := management.IssueOperatorKey(ctx, s.keeper, system(), "test")
	s.OperatorKey = first.Credential
	return err
}

// listen puts the management API on a port of its own.
func (s *Server) listen(apis []gate.API) {
	byName := map[string]gate.API{}
	for _, a := range apis {
		byName[a.Name] = a
	}
	s.http = httptest.NewServer(management.New(management.Options{
		Keeper: s.keeper, Store: s.store, Schemes: s.parsed, Gate: func() *gate.Gate { return s.gate }, Clock: s.Now,
		View: gate.Hops{}.View, Index: s.index, Pepper: s.secrets.Pepper, Meter: s.meter,
		APIs: func(name string) (gate.API, bool) { a, ok := byName[name]; return a, ok },
	}))
	s.URL = s.http.URL
}

// system is who does what a test asks for.
func system() keywright.Actor { return keywright.Actor{ID: "system", Name: "keywrighttest"} }

// Close ends it; New does so by itself.
func (s *Server) Close() {
	if s.http != nil {
		s.http.Close()
	}
	s.stop()
	_ = s.store.Close() // of memory: nothing to lose
}

// Now is the instant that everything goes by: keys' lives, limits, assertions.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Travel moves the clock on. Time goes forward only.
func (s *Server) Travel(by time.Duration) {
	if by < 0 {
		s.t.Helper()
		s.t.Fatalf("keywrighttest: time goes forward only")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(by)
}

// Client is a client of the management API with the operator key.
func (s *Server) Client() *client.Client {
	c, err := client.New(s.URL, s.OperatorKey, client.Options{Retries: -1})
	if err != nil {
		s.t.Helper()
		s.t.Fatalf("keywrighttest: %v", err)
	}
	return c
}

// Gate is what the middleware asks.
func (s *Server) Gate() *gate.Gate { return s.gate }

// context outlives the test's, so that a cleanup may still revoke.
func (s *Server) context() context.Context { return context.WithoutCancel(s.t.Context()) }

// alone stands for a test where there is none.
type alone struct{ testing.TB }

// Helper implements testing.TB.
func (alone) Helper() {}

// Context implements testing.TB.
func (alone) Context() context.Context { return context.Background() }

// Fatalf implements testing.TB.
func (alone) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
