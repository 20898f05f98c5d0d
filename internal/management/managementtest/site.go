package managementtest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/verify"
)

// Site is a customers' site with its self-service API, behind a real listener with
// TLS, and the management API over the same store.
type Site struct {
	Server     *httptest.Server
	Management http.Handler
	Self       *selfservice.Service
	People     *people.Service
	Keeper     *keeper.Keeper
	Store      keywright.Store
	Index      *verify.Index
	Schemes    map[string]*scheme.Scheme
	Meter      *meter.Meter
	Clock      *Clock
	Log        *Log
	Address    netip.Addr // whom the site takes callers to be, unless it is zero

	t testing.TB
}

// SiteOptions of NewSite.
type SiteOptions struct {
	Site   selfservice.Site
	Tokens *oidc.Providers
	// Tokened makes Tokens, where they need the site's own clock.
	Tokened func(*Site) *oidc.Providers
	// Store wraps the store that self-service and the keeper use.
	Store func(keywright.Store) keywright.Store
}

// NewSite builds a site in the year 2030.
func NewSite(t testing.TB, o SiteOptions) *Site {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	shipped, err := schemes.Shipped()
	must(t, err)
	secrets, err := seal.Ephemeral(rand.Reader)
	must(t, err)
	base := memory.New()
	t.Cleanup(func() { _ = base.Close() })
	var store keywright.Store = base
	if o.Store != nil {
		store = o.Store(base)
	}
	index := verify.New(verify.Options{})
	follower := feed.New(base, index)
	must(t, follower.Start(ctx))
	s := &Site{Store: base, Index: index, Schemes: shipped, Clock: &Clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}, Log: &Log{}, t: t}
	s.Keeper = keeper.New(keeper.Options{Store: store, Schemes: shipped, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Clock: s.Clock.Now, Wait: follower.Wait})
	s.Meter = meter.New(meter.Options{Store: base, Clock: s.Clock.Now})
	s.People = people.New(people.Options{Store: base, Keys: base, Clock: s.Clock.Now})
	if o.Tokened != nil {
		o.Tokens = o.Tokened(s)
	}
	view := func(r *http.Request) scheme.View {
		v := gate.Hops{}.View(r)
		if s.Address.IsValid() {
			v.Address = s.Address
		}
		return v
	}
	s.Self = selfservice.New(selfservice.Options{
		Site: o.Site, Keeper: s.Keeper, Store: store, Schemes: shipped, People: s.People, Tokens: o.Tokens,
		Index: index, Pepper: secrets.Pepper, Clock: s.Clock.Now, View: view, Meter: s.Meter,
	})
	log := slog.New(slog.NewTextHandler(s.Log, nil))
	s.Server = httptest.NewTLSServer(management.NewSelf(management.SelfOptions{
		Self: s.Self, People: s.People, Clock: s.Clock.Now, Log: log, View: view,
		Origin:    func(r *http.Request) string { return "https://" + r.Host },
		Discovery: func(r *http.Request) api.Discovery { return s.discovery(r, o.Site.API) },
	}))
	t.Cleanup(s.Server.Close)
	g, err := gate.New(gate.Options{APIs: apis(shipped), Index: index, Pepper: secrets.Pepper, Meter: s.Meter, Clock: s.Clock.Now})
	must(t, err)
	s.Management = management.New(management.Options{
		Keeper: s.Keeper, Store: store, Schemes: shipped, Gate: func() *gate.Gate { return g }, Clock: s.Clock.Now, Log: log, View: view,
		Index: index, Pepper: secrets.Pepper, People: s.People, Configured: Configured{}, Meter: s.Meter, SiteURL: func(name string) string {
			return map[string]string{"": "https://console.localhost", o.Site.API: s.Server.URL}[name]
		},
		Sites: func(name string) *selfservice.Service {
			if name != o.Site.API {
				return nil
			}
			return s.Self
		},
	})
	must(t, management.EnsureOperators(ctx, s.Keeper, base))
	return s
}

func (s *Site) discovery(r *http.Request, name string) api.Discovery {
	base := "http://" + r.Host
	if r.TLS != nil {
		base = "https://" + r.Host
	}
	return api.Discovery{API: name, Title: name, Base: base, APIBase: s.Server.URL, Scheme: "truestamp", Variable: "KEY"}
}

// Tenant makes a tenant that may have everything.
func (s *Site) Tenant(ref string, metadata map[string]string) keywright.Tenant {
	s.t.Helper()
	t, err := s.Keeper.CreateTenant(s.t.Context(), keywright.Actor{ID: "system"}, keeper.TenantDraft{Ref: ref, Name: ref, Plan: "growth", Environments: []string{"production"}, Metadata: metadata})
	must(s.t, err)
	return t
}

// SignIn makes a person a member, and signs them in; it returns the session's token.
func (s *Site) SignIn(tenant keywright.TenantID, email string, role people.Role) string {
	s.t.Helper()
	_, err := s.People.Enrol(s.t.Context(), keywright.Actor{ID: "system"}, tenant, email, "Member "+string(role), role, keywright.Credential{})
	must(s.t, err)
	if tenant == keywright.OperatorTenant {
		return s.sessionAt(ConsoleHost, email)
	}
	return s.Session(email)
}

// Session signs a known person in, on the site.
func (s *Site) Session(email string) string { return s.sessionAt("127.0.0.1", email) }

// ConsoleHost is where the operators' sessions are begun.
const ConsoleHost = "console.localhost"

func (s *Site) sessionAt(host, email string) string {
	s.t.Helper()
	in, err := s.People.SignInWith(s.t.Context(), people.External{
		Provider: "id", Issuer: "https://id.example", Subject: email, Email: email, EmailVerified: true, TrustEmail: true, Name: "Member",
	}, people.From{Address: netip.MustParseAddr("192.0.2.9"), Agent: "test", Site: host})
	must(s.t, err)
	_, token := in.Token.Reveal()
	return token
}

// Request makes a request to the site; header is a list of names and values.
func (s *Site) Request(method, path, body string, header ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.Server.URL+path, strings.NewReader(body))
	must(s.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// Client is an HTTP client that knows the site's certificate and follows nothing.
func (s *Site) Client() *http.Client {
	tr, _ := s.Server.Client().Transport.(*http.Transport)
	tr = tr.Clone()
	tr.TLSClientConfig = &tls.Config{RootCAs: tr.TLSClientConfig.RootCAs}
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Do sends a request and reads the answer whole.
func (s *Site) Do(r *http.Request) (status int, header http.Header, body []byte) {
	s.t.Helper()
	res, err := s.Server.Client().Do(r)
	must(s.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	must(s.t, err)
	return res.StatusCode, res.Header, body
}

// Cookie is the header of a session.
func Cookie(token string) []string {
	return []string{"Cookie", selfservice.SessionCookie + "=" + token}
}
