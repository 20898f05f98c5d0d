package console_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/internal/idp/idptest"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
)

const (
	ada      = "ada@example.com"
	password = "seven small lanterns on a quay"
)

// place is a site with its pages behind a real listener.
type place struct {
	*managementtest.Site
	URL    string
	server *httptest.Server
	t      testing.TB
	mu     sync.Mutex
	seen   []seen
}

// seen is one request, as an access log would have it.
type seen struct{ uri, referrer string }

// wish is what a place is made of.
type wish struct {
	schemes   []string
	register  *selfservice.Registration
	services  []string // that admins switch
	operators bool     // their own site, with nothing of customers
	provider  bool     // one to sign in with
	plain     bool     // no TLS, under a name of *.localhost: for browsers
	change    func(*place, *console.Options)
}

func open(t testing.TB, w wish) *place {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewUnstartedServer(mux)
	t.Cleanup(srv.Close)
	p := &place{t: t, server: srv, URL: "https://" + srv.Listener.Addr().String()}
	if w.plain {
		p.URL = "http://docs.example.localhost:" + srv.Listener.Addr().String()[len("127.0.0.1:"):]
	}
	if w.schemes == nil {
		w.schemes = []string{"domain-trust"}
	}
	o := managementtest.SiteOptions{Site: selfservice.Site{API: "example", Schemes: w.schemes, Registration: w.register, Services: w.services}}
	if w.provider {
		o.Tokens = p.provider()
	}
	p.Site = managementtest.NewSite(t, o)
	options := p.options(w)
	options.Providers = o.Tokens
	if w.change != nil {
		w.change(p, &options)
	}
	pages := console.New(options)
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = append(p.seen, seen{r.URL.RequestURI(), r.Referer()})
		p.mu.Unlock()
		if options.Handles(r.URL.Path) {
			pages.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, `<!doctype html><html lang="en"><title>Docs</title><link rel="icon" href="data:,"><main><h1>Docs</h1></main>`)
	})
	if w.plain {
		srv.Start()
	} else {
		srv.StartTLS()
	}
	return p
}

func (p *place) provider() *oidc.Providers {
	issuer := idptest.Start(p.t, idp.Options{Clients: []idp.Client{{ID: "web", Redirects: []string{p.URL + "/account/callback/demo"}}}})
	all, err := oidc.New(oidc.Options{
		Providers: []oidc.Provider{{
			Name: "demo", Title: "Demo ID", Issuer: issuer, Audiences: []string{"https://api.example.com"}, Web: oidc.WebClient{ID: "web"}, TrustEmail: true,
			Map: oidc.Mapping{Tenant: "tenant"},
		}},
		Tenant: func(keywright.TenantID) *keywright.Tenant { return nil },
		ByRef:  func(context.Context, string) (keywright.TenantID, error) { return "", keywright.NotFound },
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

func (p *place) options(w wish) console.Options {
	o := console.Options{
		Name: "Example", Accent: "#7c3aed", Docs: "/", Base: "https://api.example.com", Try: "/v1/things", Variable: "EXAMPLE_API_KEY",
		People: p.People, Self: p.Self, Clock: p.Clock.Now, View: gate.Hops{}.View, Origin: func(*http.Request) string { return p.URL },
		Log: slog.New(slog.NewTextHandler(p.Log, nil)),
		Tenant: func(ctx context.Context, id keywright.TenantID) (found keywright.Tenant, err error) {
			err = p.Store.View(ctx, func(r keywright.Reader) error {
				found, err = r.Tenant(ctx, string(id))
				return err
			})
			return found, err
		},
	}
	for _, name := range w.schemes {
		o.Schemes = append(o.Schemes, p.Schemes[name])
	}
	if w.register != nil {
		o.Register = "/mica-register"
	}
	if w.operators {
		o.Self, o.Docs, o.Name, o.Schemes = nil, "", "Keywright", nil
	}
	return o
}

// tenant makes a tenant; environments are what it was granted.
func (p *place) tenant(ref, plan string, environments ...string) keywright.TenantID {
	p.t.Helper()
	made, err := p.Keeper.CreateTenant(p.t.Context(), keywright.Actor{ID: "system"}, keeper.TenantDraft{Ref: ref, Name: "Acme " + ref, Plan: plan, Environments: environments})
	if err != nil {
		p.t.Fatal(err)
	}
	return made.ID
}

// enrol makes a person a member, with the password.
func (p *place) enrol(tenant keywright.TenantID, email string, role people.Role) people.PersonID {
	p.t.Helper()
	who, err := p.People.Enrol(p.t.Context(), keywright.Actor{ID: "system"}, tenant, email, "Ada", role, keywright.NewCredential("", password))
	if err != nil {
		p.t.Fatal(err)
	}
	return who.ID
}

// invite makes an invitation, and returns its token.
func (p *place) invite(tenant keywright.TenantID, email string, role people.Role) string {
	p.t.Helper()
	_, token, err := p.People.Invite(p.t.Context(), keywright.Actor{ID: "system", Name: "Ada"}, string(tenant), email, role)
	if err != nil {
		p.t.Fatal(err)
	}
	_, secret := token.Reveal()
	return secret
}

// browser is a client with cookies that follows nothing by itself.
type browser struct {
	*http.Client
	p *place
}

func (p *place) browser() *browser {
	jar, _ := cookiejar.New(nil)
	c := *p.server.Client()
	c.Jar, c.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{&c, p}
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   string
	To     string // where it redirects
}

func (b *browser) send(method, path string, form url.Values, header ...string) answer {
	b.p.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	if !strings.HasPrefix(path, "http") {
		path = b.p.URL + path
	}
	r, err := http.NewRequestWithContext(b.p.t.Context(), method, path, body)
	if err != nil {
		b.p.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.p.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := b.Do(r)
	if err != nil {
		b.p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.p.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text), res.Header.Get("Location")}
}

func (b *browser) get(path string, header ...string) answer {
	b.p.t.Helper()
	return b.send(http.MethodGet, path, nil, header...)
}

// post sends a form: names and values.
func (b *browser) post(path string, fields ...string) answer {
	b.p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

// signIn signs in with the password.
func (b *browser) signIn(email string) *browser {
	b.p.t.Helper()
	if a := b.post("/account/sign-in", "email", email, "password", password); a.Status != http.StatusSeeOther || a.To != "/account" {
		b.p.t.Fatalf("signing in answered %d to %q\n%s", a.Status, a.To, a.Body)
	}
	return b
}

// token returns the session's cookie, or "".
func (b *browser) token() string {
	u, _ := url.Parse(b.p.URL)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == selfservice.SessionCookie {
			return c.Value
		}
	}
	return ""
}

// once finds a form's token in a page.
func once(t testing.TB, page string) string {
	t.Helper()
	m := regexp.MustCompile(`name="once" value="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no form's token:\n%s", page)
	}
	return m[1]
}

// want fails unless an answer has a status and every text.
func (a answer) want(t testing.TB, status int, texts ...string) answer {
	t.Helper()
	if a.Status != status {
		t.Errorf("answered %d, want %d (to %q)\n%s", a.Status, status, a.To, a.Body)
	}
	for _, text := range texts {
		if !strings.Contains(a.Body, text) {
			t.Errorf("the page lacks %q\n%s", text, a.Body)
		}
	}
	return a
}
