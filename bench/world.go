package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	inmemory "github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/verify"
)

const (
	verifiedAPI = "verified"
	openAPI     = "open"
	tenantID    = keywright.TenantID("ten_bench")
)

// world is the hot path's parts around an index of n keys. Its randomness is
// seeded, so that a server and the load that is put on it have the same keys.
type world struct {
	scheme  *scheme.Scheme
	secrets *seal.Secrets
	index   *verify.Index
	limiter *limit.Limiter
	gate    *gate.Gate
	metered *gate.Gate // the same, with use counted
	tenant  keywright.Tenant
}

// chance is where credentials come from: cheap, and the same in every process.
func chance(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func benchScheme() (*scheme.Scheme, error) {
	all, err := schemes.Shipped()
	if err != nil {
		return nil, err
	}
	s, ok := all["keywright"]
	if !ok {
		return nil, fmt.Errorf("the scheme keywright does not ship")
	}
	// One window that is counted but never full.
	return s.WithLimits([]keywright.LimitRule{{Name: "minute", Per: keywright.PerKey, Count: 1_000_000_000, Window: time.Minute}})
}

func newWorld(n int) (*world, error) {
	s, err := benchScheme()
	if err != nil {
		return nil, err
	}
	secrets, err := seal.Ephemeral(chance(1))
	if err != nil {
		return nil, err
	}
	w := &world{
		scheme: s, secrets: secrets, index: verify.New(verify.Options{}), limiter: limit.New(4_000_000),
		tenant: keywright.Tenant{ID: tenantID, Ref: "benchben", Plan: "pro", Services: []string{"reports"}, Version: 1},
	}
	minted, err := mint(s, 2, n)
	if err != nil {
		return nil, err
	}
	for i, c := range minted {
		k := w.key(i, secrets.Pepper.Digest(keywright.NewCredential("", c)))
		w.index.Apply(keywright.Event{Key: k.ID, KeyNow: &k, TenantNow: &w.tenant})
	}
	w.index.Refresh(0)
	need := keywright.Need{Service: "reports", Permissions: []string{"files:read"}}
	o := gate.Options{
		APIs: []gate.API{
			{Name: verifiedAPI, Hosts: []string{"verified.localhost"}, Scheme: s, Routes: []gate.Route{{Path: "/{rest...}", Need: need}}},
			{Name: openAPI, Hosts: []string{"open.localhost"}, Scheme: s, Routes: []gate.Route{{Path: "/{rest...}", Open: true}}},
		},
		Index: w.index, Pepper: secrets.Pepper, Limiter: w.limiter, Clock: time.Now,
	}
	if w.gate, err = gate.New(o); err != nil {
		return w, err
	}
	o.Meter = meter.New(meter.Options{Store: inmemory.New()})
	w.metered, err = gate.New(o)
	return w, err
}

func (w *world) key(i int, d keywright.Digest) keywright.Key {
	k := keywright.Key{
		Tenant: tenantID, Scheme: w.scheme.Name(), Environment: "live", Permissions: []string{"files:read"},
		Digest: d, Created: time.Now(), Expires: time.Now().Add(24 * time.Hour), Version: 1,
	}
	binary.BigEndian.PutUint64(k.ID[:], uint64(i)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(k.ID[8:], uint64(i)+1)
	return k
}

// mint makes credentials as they are presented, without "Bearer".
func mint(s *scheme.Scheme, seed byte, n int) ([]string, error) {
	r := chance(seed)
	out := make([]string, n)
	for i := range out {
		c, err := s.Mint(r, scheme.Minting{Ref: "benchben", Environment: "live"})
		if err != nil {
			return nil, err
		}
		_, out[i] = c.Reveal()
	}
	return out, nil
}

// request is a view whose credential can be changed without allocating.
type request struct {
	view  scheme.View
	lines []string
}

func newRequest() *request {
	q := &request{lines: []string{""}}
	q.view = scheme.View{
		Method: "GET", Host: "verified.localhost", Path: "/v1/items",
		Header: map[string][]string{"Authorization": q.lines}, TLS: true, Address: netip.MustParseAddr("192.0.2.1"),
	}
	return q
}

func (q *request) present(line string) *scheme.View {
	q.lines[0] = line
	return &q.view
}

func bearer(credentials []string) []string {
	out := make([]string, len(credentials))
	for i, c := range credentials {
		out[i] = "Bearer " + c
	}
	return out
}

// misspelt changes one character, so that the checksum no longer fits.
func misspelt(c string) string {
	b := []byte(c)
	at := len(b) - 20
	if b[at] == 'a' {
		b[at] = 'b'
	} else {
		b[at] = 'a'
	}
	return string(b)
}
