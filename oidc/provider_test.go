package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const audience = "https://api.example.com"

// idp is a small identity provider that does whatever a test wants.
type idp struct {
	*httptest.Server
	mu       sync.Mutex
	keys     []jose.JSONWebKey // private
	asked    map[string]int
	down     bool
	control  string         // Cache-Control of the keys
	about    map[string]any // what differs in the discovery document
	extra    []any          // more entries of the JWKS
	idToken  func(form url.Values) string
	userInfo string
	form     url.Values // of the last exchange
	basic    string
	gate     chan struct{} // unless nil, /jwks waits for it
}

func newIDP(t testing.TB) *idp {
	t.Helper()
	p := &idp{asked: map[string]int{}, about: map[string]any{}}
	p.rotate(t)
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *idp) rotate(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.keys = []jose.JSONWebKey{{Key: key, KeyID: fmt.Sprintf("k%p", key), Algorithm: "ES256", Use: "sig"}}
	p.mu.Unlock()
}

func (p *idp) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

func (p *idp) set(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

func (p *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	wait := p.gate
	p.mu.Unlock()
	if wait != nil && r.URL.Path == "/jwks" {
		<-wait
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		about := map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth?x=1", "token_endpoint": p.URL + "/token",
			"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/jwks",
		}
		maps.Copy(about, p.about)
		_ = json.NewEncoder(w).Encode(about)
	case "/jwks":
		if p.control != "" {
			w.Header().Set("Cache-Control", p.control)
		}
		all := append([]any{}, p.extra...)
		for _, k := range p.keys {
			all = append(all, k.Public())
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": all})
	case "/token":
		_ = r.ParseForm()
		p.form = r.PostForm
		user, password, _ := r.BasicAuth()
		p.basic = user + ":" + password
		make := p.idToken
		p.mu.Unlock()
		token := make(r.PostForm)
		p.mu.Lock()
		_ = json.NewEncoder(w).Encode(map[string]any{"id_token": token, "access_token": "opaque"})
	case "/userinfo":
		_, _ = w.Write([]byte(p.userInfo))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// claimsOf are those of a good access token.
func (p *idp) claims() map[string]any {
	return map[string]any{
		"iss": p.URL, "sub": "ada", "aud": audience, "iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
		"email": "ada@example.com", "email_verified": true, "name": "Ada", "tenant": "acme", "scope": "items:read items:write",
	}
}

func (p *idp) signer() jose.JSONWebKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[0]
}

// token signs claims, with headers beside kid, alg and typ.
func (p *idp) token(t testing.TB, claims map[string]any, more map[string]any) string {
	t.Helper()
	k := p.signer()
	head := map[string]any{"alg": k.Algorithm, "kid": k.KeyID, "typ": "at+jwt"}
	for name, v := range more {
		if head[name] = v; v == nil {
			delete(head, name)
		}
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return signRaw(t, head, string(body), k.Key)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signRaw signs whatever it is given, with ES256, RS256 or EdDSA by the key's type.
func signRaw(t testing.TB, head map[string]any, body string, with any) string {
	t.Helper()
	h, err := json.Marshal(head)
	if err != nil {
		t.Fatal(err)
	}
	text := encode(h) + "." + encode([]byte(body))
	sum := crypto.SHA256.New()
	sum.Write([]byte(text))
	var signature []byte
	switch key := with.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, sum.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case *rsa.PrivateKey:
		if signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum.Sum(nil)); err != nil {
			t.Fatal(err)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(text))
	}
	return text + "." + encode(signature)
}

// house is Providers before an idp, with two tenants and what a test may change.
type house struct {
	*Providers
	idp     *idp
	mu      sync.Mutex
	now     time.Time // the real clock, as it is told
	tenants map[keywright.TenantID]*keywright.Tenant
	stale   bool
	member  Membership
	refused error
	asked   int
}

func newHouse(t testing.TB, change func(*Provider)) *house {
	t.Helper()
	h := &house{idp: newIDP(t), now: noon, tenants: map[keywright.TenantID]*keywright.Tenant{
		"ten_acme":               {ID: "ten_acme", Ref: "acme", Services: []string{"items"}},
		keywright.OperatorTenant: {ID: keywright.OperatorTenant, Ref: "operators"},
	}}
	h.member = Membership{Person: people.Person{ID: "per_ada", Email: "ada@example.com"}, Tenant: "ten_acme", Role: people.RoleMember}
	p := Provider{Name: "id", Issuer: h.idp.URL, Audiences: []string{audience}, Map: Mapping{Permissions: "scope", Always: []string{"base"}}}
	if change != nil {
		change(&p)
	}
	var err error
	h.Providers, err = New(Options{
		Providers: []Provider{p}, Clock: func() time.Time { return noon },
		Tenant: func(id keywright.TenantID) *keywright.Tenant {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.tenants[id]
		},
		Fresh: func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return !h.stale
		},
		ByRef: func(_ context.Context, ref string) (keywright.TenantID, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.asked++
			if h.refused != nil {
				return "", h.refused
			}
			for id, t := range h.tenants {
				if t.Ref == ref || string(id) == ref { // a store may find either
					return id, nil
				}
			}
			return "", &keywright.Error{Kind: keywright.NotFound}
		},
		Members: func(context.Context, people.External) (Membership, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.asked++
			return h.member, h.refused
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.wall = func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.now
	}
	return h
}

func (h *house) pass(d time.Duration) { h.change(func() { h.now = h.now.Add(d) }) }

func (h *house) change(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
}

func (h *house) verify(token string, need ...string) keywright.Decision {
	return h.at(noon.Add(time.Second), token, need...)
}

func (h *house) at(now time.Time, token string, need ...string) keywright.Decision {
	return h.VerifyToken(now, token, &keywright.Need{Scheme: "truestamp", Permissions: need})
}

func (h *house) expect(t *testing.T, what, token string, want keywright.Reason) {
	t.Helper()
	if got := h.verify(token); got.Reason != want {
		t.Errorf("%s: %s, want %s", what, got.Reason, want)
	}
}

// settled waits until no attempt at the provider's keys is under way.
func (h *house) settled() {
	r := h.all[0].ring
	r.mu.Lock()
	flight := r.flight
	r.mu.Unlock()
	if flight != nil {
		<-flight
	}
}

func with(claims map[string]any, change ...any) map[string]any {
	out := maps.Clone(claims)
	for i := 0; i < len(change); i += 2 {
		if name := change[i].(string); change[i+1] == nil {
			delete(out, name)
		} else {
			out[name] = change[i+1]
		}
	}
	return out
}

func flip(token string) string {
	at := strings.LastIndexByte(token, '.') + 5
	b := []byte(token)
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}
