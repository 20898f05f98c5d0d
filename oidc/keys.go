package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The bounds on what is asked of a provider; doc.go states them.
const (
	coolDown   = 10 * time.Second
	freshLeast = time.Minute
	freshMost  = time.Hour
	freshElse  = 10 * time.Minute
	grace      = 24 * time.Hour
	maxKeys    = 64
	maxWaiting = 1024
	leastRSA   = 2048
)

var (
	errUnavailable = errors.New("the identity provider's keys cannot be had")
	errNoKey       = errors.New("the identity provider has no such key")
)

// discovered is what is read of a discovery document.
type discovered struct {
	Issuer         string   `json:"issuer"`
	Authorize      string   `json:"authorization_endpoint"`
	Token          string   `json:"token_endpoint"`
	UserInfo       string   `json:"userinfo_endpoint"`
	JWKS           string   `json:"jwks_uri"`
	Authentication []string `json:"token_endpoint_auth_methods_supported"`
	SaysIssuer     bool     `json:"authorization_response_iss_parameter_supported"`
}

// key is one public key of a provider.
type key struct {
	id     string
	public any
	only   string // the one algorithm it is for; "" is any that fits its type
}

// keyset is what one fetch brought.
type keyset struct {
	keys       []*key
	about      discovered
	fetched    time.Time
	freshUntil time.Time
}

// ring holds a provider's keys.
type ring struct {
	issuer, name string
	fetch        func(ctx context.Context, address string) (reply, error)
	wall         func() time.Time
	log          *slog.Logger

	mu      sync.Mutex
	held    *keyset
	tried   time.Time     // when the last attempt ended
	failure error         // of the last attempt
	flight  chan struct{} // closed when the attempt under way ends; nil: none is
	waiting int
}

// now returns the keys that are held and may be used, nil if there are none, and
// sees to it that they are fetched again in time, without waiting for it.
func (r *ring) now() *keyset {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.wall()
	if r.held == nil || at.Sub(r.held.fetched) > grace {
		return nil
	}
	if !at.Before(r.held.freshUntil) {
		r.begin(at)
	}
	return r.held
}

// begin starts an attempt, unless one is under way or the last was just now.
func (r *ring) begin(at time.Time) bool {
	switch {
	case r.flight != nil:
		return true
	case !r.tried.IsZero() && at.Sub(r.tried) < coolDown && at.Sub(r.tried) >= 0:
		return false
	}
	r.flight = make(chan struct{})
	go r.refresh()
	return true
}

// refresh is the one attempt under way.
func (r *ring) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*callTimeout)
	defer cancel()
	got, err := r.load(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried, r.failure = r.wall(), err
	if err == nil {
		r.held = r.held.succeededBy(got)
	} else {
		r.log.Warn("the identity provider's keys could not be fetched", "provider", r.name, "error", err.Error())
	}
	close(r.flight)
	r.flight = nil
}

// succeededBy keeps a key that stands in both as the one that was, so that tokens
// verified with it are known by it.
func (s *keyset) succeededBy(got *keyset) *keyset {
	if s == nil {
		return got
	}
	for i, k := range got.keys {
		for _, old := range s.keys {
			if old.same(k) {
				got.keys[i] = old
			}
		}
	}
	return got
}

func (k *key) same(o *key) bool {
	comparable, ok := k.public.(interface{ Equal(x any) bool })
	if !ok || k.id != o.id || k.only != o.only {
		return false
	}
	return comparable.Equal(o.public)
}

// wait joins the attempt under way, or begins one, and waits for its end. It
// returns at once while the last one is too near.
func (r *ring) wait(ctx context.Context) {
	r.mu.Lock()
	if r.waiting >= maxWaiting || !r.begin(r.wall()) {
		r.mu.Unlock()
		return
	}
	flight := r.flight
	r.waiting++
	r.mu.Unlock()
	select {
	case <-flight:
	case <-ctx.Done():
	}
	r.mu.Lock()
	r.waiting--
	r.mu.Unlock()
}

// current returns keys, fetching them first where none may be used.
func (r *ring) current(ctx context.Context) (*keyset, error) {
	if held := r.now(); held != nil {
		return held, nil
	}
	r.wait(ctx)
	if held := r.now(); held != nil {
		return held, nil
	}
	return nil, errUnavailable
}

// find returns the key for a header, fetching the keys anew where it is not held.
func (r *ring) find(ctx context.Context, h header) (*key, error) {
	held, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	if k := held.pick(h); k != nil {
		return k, nil
	}
	if h.kid == "" {
		return nil, errNoKey
	}
	r.wait(ctx)
	if held = r.now(); held == nil {
		return nil, errUnavailable
	}
	if k := held.pick(h); k != nil {
		return k, nil
	}
	return nil, errNoKey
}

// pick finds the one key that a header names and whose type its algorithm fits.
// Without a kid there must be only one that fits.
func (s *keyset) pick(h header) *key {
	var found *key
	for _, k := range s.keys {
		if (h.kid != "" && k.id != h.kid) || !k.fits(h.algorithm) {
			continue
		}
		if found != nil {
			return nil
		}
		found = k
	}
	return found
}

func (s *keyset) has(k *key) bool {
	for _, one := range s.keys {
		if one == k {
			return true
		}
	}
	return false
}

// fits pins an algorithm to a key's type: a public key is never a shared secret.
func (k *key) fits(algorithm string) bool {
	if k.only != "" && k.only != algorithm {
		return false
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return algorithm == map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[public.Curve.Params().BitSize]
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	default:
		return false
	}
}

// load fetches the discovery document and the keys.
func (r *ring) load(ctx context.Context) (*keyset, error) {
	got, err := r.fetch(ctx, strings.TrimSuffix(r.issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	s := &keyset{}
	if err := got.document(&s.about); err != nil {
		return nil, fmt.Errorf("the discovery document: %w", err)
	}
	if s.about.Issuer != r.issuer {
		return nil, fmt.Errorf("the discovery document is of another issuer than is configured")
	}
	for _, address := range []string{s.about.Authorize, s.about.Token, s.about.UserInfo, s.about.JWKS} {
		if address == "" {
			continue
		}
		if err := checkAddress(address); err != nil {
			return nil, fmt.Errorf("an address in the discovery document: %w", err)
		}
	}
	if got, err = r.fetch(ctx, s.about.JWKS); err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := got.document(&set); err != nil {
		return nil, fmt.Errorf("the keys: %w", err)
	}
	for _, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if k := readKey(raw); k != nil {
			s.keys = append(s.keys, k)
		}
	}
	if len(s.keys) == 0 {
		return nil, errors.New("there is no public signing key among the keys")
	}
	s.fetched = r.wall()
	s.freshUntil = s.fetched.Add(freshFor(got.header))
	return s, nil
}

// readKey takes a public key that is for signatures; nil is any other.
func readKey(raw json.RawMessage) *key {
	var j jose.JSONWebKey
	if err := json.Unmarshal(raw, &j); err != nil || !j.Valid() || !j.IsPublic() || (j.Use != "" && j.Use != "sig") {
		return nil
	}
	if public, ok := j.Key.(*rsa.PublicKey); ok && public.N.BitLen() < leastRSA {
		return nil
	}
	k := &key{id: j.KeyID, public: j.Key, only: j.Algorithm}
	if k.only == "" {
		return k
	}
	if !k.fits(k.only) {
		return nil
	}
	return k
}

// freshFor reads Cache-Control, within bounds.
func freshFor(h http.Header) time.Duration {
	d := freshElse
	for _, part := range strings.Split(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
		switch seconds, err := strconv.Atoi(strings.Trim(value, `"`)); {
		case name == "no-store" || name == "no-cache":
			return freshLeast
		case name == "max-age" && err == nil && seconds >= 0:
			d = time.Duration(min(seconds, int(freshMost/time.Second))) * time.Second
		}
	}
	return min(max(d, freshLeast), freshMost)
}
