// Package managementtest builds the management API whole, in one process, over
// the memory store: for the tests of the API, the client and the command line.
// It never opens a socket.
package managementtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/verify"
)

// Clock is injected time.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now reads it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves it on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Log gathers what is logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// House is the management API and what it stands on.
type House struct {
	Handler http.Handler
	Keeper  *keeper.Keeper
	Store   keywright.Store
	Meter   *meter.Meter
	Clock   *Clock
	Log     *Log
	Key     string // of the first operator, who may do everything; "" until Operator
	KeyID   string
}

// New builds a house in the year 2030, with an API named "<scheme>-api" for each
// shipped scheme beside the management API. change may alter the options.
func New(t testing.TB, change ...func(*management.Options)) *House {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	shipped, err := schemes.Shipped()
	must(t, err)
	secrets, err := seal.Ephemeral(rand.Reader)
	must(t, err)
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	index := verify.New(verify.Options{})
	follower := feed.New(store, index)
	must(t, follower.Start(ctx))
	h := &House{Store: store, Clock: &Clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}, Log: &Log{}}
	h.Keeper = keeper.New(keeper.Options{Store: store, Schemes: shipped, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Clock: h.Clock.Now, Wait: follower.Wait})
	table := apis(shipped)
	h.Meter = meter.New(meter.Options{Store: store, Clock: h.Clock.Now})
	g, err := gate.New(gate.Options{APIs: table, Index: index, Pepper: secrets.Pepper, Limiter: limit.New(0), Meter: h.Meter, Clock: h.Clock.Now})
	must(t, err)
	o := management.Options{
		Keeper: h.Keeper, Store: store, Schemes: shipped, Gate: func() *gate.Gate { return g }, Clock: h.Clock.Now,
		Log: slog.New(slog.NewTextHandler(h.Log, nil)), View: gate.Hops{}.View, Index: index, Pepper: secrets.Pepper, Configured: Configured{}, Meter: h.Meter,
		APIs: func(name string) (gate.API, bool) {
			for _, a := range table {
				if a.Name == name {
					return a, true
				}
			}
			return gate.API{}, false
		},
	}
	for _, one := range change {
		one(&o)
	}
	h.Handler = management.New(o)
	return h
}

// Operator makes the operators' tenant and the first operator key.
func (h *House) Operator(t testing.TB) *House {
	t.Helper()
	must(t, management.EnsureOperators(t.Context(), h.Keeper, h.Store))
	first, err := management.IssueOperatorKey(t.Context(), h.Keeper, keywright.Actor{ID: "system"}, "first")
	must(t, err)
	_, h.Key = first.Credential.Reveal()
	h.KeyID = first.Key.ID.String()
	return h
}

// apis is the table of the gate: the management API, and one for each scheme.
func apis(shipped map[string]*scheme.Scheme) []gate.API {
	table := []gate.API{management.API([]string{"console.localhost", "127.0.0.1"}, shipped[management.SchemeName])}
	for _, name := range schemes.Names() {
		table = append(table, gate.API{Name: name + "-api", Hosts: []string{name + ".localhost"}, Scheme: shipped[name], Routes: []gate.Route{
			{Path: "/files/{id}", Methods: []string{"GET"}, Need: keywright.Need{Permissions: []string{"files:read"}, Service: "files"}},
			{Path: "/{rest...}"},
		}})
	}
	return table
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
