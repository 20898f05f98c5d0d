package idp

import (
	"crypto/ecdsa"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// User is one made-up person.
type User struct{ Subject, Email, Name string }

// Client may ask for tokens. Without a secret it is a public one, whose redirect to
// this machine's loopback (http://127.0.0.1/…, http://[::1]/… or http://localhost/…)
// fits with any port, as RFC 8252 has it. Every client needs PKCE.
type Client struct {
	ID        string
	Secret    string
	Redirects []string
}

// Options of New.
type Options struct {
	Issuer   string // its own address, without a path
	Users    []User
	Clients  []Client
	Audience string        // of access tokens
	Life     time.Duration // of access tokens; 0 is 10 minutes
	Clock    func() time.Time
}

// The addresses below the issuer.
const (
	pathDiscovery = "/.well-known/openid-configuration"
	pathAuthorize = "/authorize"
	pathToken     = "/token"
	pathKeys      = "/jwks"
	pathUserInfo  = "/userinfo"
)

const maxRequest = 16 << 10 // bytes of a query or of a form

// provider is what the handlers share.
type provider struct {
	o       Options
	host    string // of the issuer, as a Host header spells it
	key     *ecdsa.PrivateKey
	keyID   string
	grants  *grants
	policy  string // the style's part of Content-Security-Policy
	clients map[string]*Client
	users   map[string]*User
}

// New returns the provider. Its signing key and all that it has granted live as long
// as the process. It returns an error for options that do not fit together.
func New(o Options) (http.Handler, error) {
	p := &provider{o: o, clients: map[string]*Client{}, users: map[string]*User{}, policy: stylePolicy()}
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := p.makeKey(); err != nil {
		return nil, err
	}
	p.grants = newGrants(p.o.Clock)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathDiscovery, p.discovery)
	mux.HandleFunc("GET "+pathKeys, p.keys)
	mux.HandleFunc("GET "+pathAuthorize, p.ask)
	mux.HandleFunc("POST "+pathAuthorize, p.chosen)
	mux.HandleFunc("POST "+pathToken, p.token)
	mux.HandleFunc("GET "+pathUserInfo, p.userInfo)
	mux.HandleFunc("POST "+pathUserInfo, p.userInfo)
	mux.HandleFunc("GET /{$}", p.home)
	return p.guard(http.NewCrossOriginProtection().Handler(mux)), nil
}

func (p *provider) check() error {
	u, err := url.Parse(p.o.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || strings.Contains(p.o.Issuer, "#") {
		return errors.New("idp: the issuer is an address without a path, such as http://id.localhost:8090")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return errors.New("idp: the issuer is https://, or http:// on this machine's loopback")
	}
	p.host = strings.ToLower(u.Host)
	if len(p.o.Users) == 0 || len(p.o.Clients) == 0 || p.o.Audience == "" {
		return errors.New("idp: there must be a user, a client and an audience")
	}
	for i := range p.o.Users {
		p.users[p.o.Users[i].Subject] = &p.o.Users[i]
	}
	for i := range p.o.Clients {
		p.clients[p.o.Clients[i].ID] = &p.o.Clients[i]
	}
	if len(p.users) < len(p.o.Users) || len(p.clients) < len(p.o.Clients) {
		return errors.New("idp: two users or two clients have the same name")
	}
	if p.o.Life == 0 {
		p.o.Life = 10 * time.Minute
	}
	if p.o.Clock == nil {
		p.o.Clock = time.Now
	}
	return nil
}

// loopback reports whether a host is this machine for certain.
func loopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && a.IsLoopback())
}

// guard answers for the issuer's own host alone, so that no other name which leads
// here (DNS rebinding) speaks for it, and bounds what a stranger sends.
func (p *provider) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		if !strings.EqualFold(r.Host, p.host) {
			http.Error(w, "this provider answers at "+p.o.Issuer+" only", http.StatusMisdirectedRequest)
			return
		}
		if len(r.URL.RawQuery) > maxRequest {
			http.Error(w, "the query is too long", http.StatusRequestURITooLong)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		next.ServeHTTP(w, r)
	})
}

// metadata is what discovery says. The device flow is left out: there is none here.
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Responses     []string `json:"response_types_supported"`
	Modes         []string `json:"response_modes_supported"`
	Grants        []string `json:"grant_types_supported"`
	Subjects      []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Scopes        []string `json:"scopes_supported"`
	Claims        []string `json:"claims_supported"`
	Auth          []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Names         bool     `json:"authorization_response_iss_parameter_supported"`
	RequestParam  bool     `json:"request_parameter_supported"`
	RequestURI    bool     `json:"request_uri_parameter_supported"`
	ClaimsParam   bool     `json:"claims_parameter_supported"`
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=60")
	answer(w, http.StatusOK, metadata{
		Issuer: p.o.Issuer, Authorization: p.o.Issuer + pathAuthorize, Token: p.o.Issuer + pathToken,
		Keys: p.o.Issuer + pathKeys, UserInfo: p.o.Issuer + pathUserInfo,
		Responses: []string{"code"}, Modes: []string{"query"}, Grants: []string{grantCode, grantRefresh},
		Subjects: []string{"public"}, Algorithms: []string{"ES256"}, Scopes: scopes(),
		Claims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "name"},
		Auth:   []string{"none", "client_secret_basic", "client_secret_post"}, Challenges: []string{"S256"}, Names: true,
	})
}

func scopes() []string { return []string{"openid", "email", "profile", "offline_access"} }
