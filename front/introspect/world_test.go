package introspect_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/introspect"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/scheme"
)

const issuer = "https://console.example.com"

// world is the front behind a real listener, over a whole keeper, store and index.
type world struct {
	*managementtest.House
	t       *testing.T
	options introspect.Options
	at      *httptest.Server
}

func newWorld(t *testing.T, change ...func(*introspect.Options)) *world {
	t.Helper()
	w := &world{t: t}
	var m management.Options
	w.House = managementtest.New(t, func(o *management.Options) { m = *o }).Operator(t)
	w.options = introspect.Options{
		Issuer: issuer, Schemes: func() map[string]*scheme.Scheme { return m.Schemes }, Index: m.Index, Pepper: m.Pepper,
		Authorize: management.Authorize(m), Clock: w.Clock.Now,
		Revoke: func(ctx context.Context, by keywright.Actor, id keywright.KeyID) error {
			_, err := w.Keeper.Revoke(ctx, by, id, keywright.Unspecified)
			return err
		},
		Key: func(ctx context.Context, id keywright.KeyID) (k keywright.Key, err error) {
			err = w.Store.View(ctx, func(r keywright.Reader) error { k, err = r.Key(ctx, id); return err })
			return k, err
		},
	}
	for _, one := range change {
		one(&w.options)
	}
	w.at = httptest.NewServer(introspect.New(w.options))
	t.Cleanup(w.at.Close)
	return w
}

func system() keywright.Actor { return keywright.Actor{ID: "system"} }

func (w *world) tenant(ref string) keywright.Tenant {
	w.t.Helper()
	t, err := w.Keeper.CreateTenant(w.t.Context(), system(), keeper.TenantDraft{Ref: ref, Name: ref, Plan: "growth", Environments: []string{"production"}})
	must(w.t, err)
	return t
}

// issue makes a key and returns it as it is sent: a pair with a colon between.
func (w *world) issue(tenant, contract string, d keywright.Draft) (keywright.Key, string) {
	w.t.Helper()
	if d.Name == "" && contract != "trustifi" {
		d.Name = "n"
	}
	if d.Environment == "" && contract == "keywright" {
		d.Environment = "test"
	}
	out, err := w.Keeper.Issue(w.t.Context(), system(), keeper.IssueRequest{Tenant: tenant, Scheme: contract, Draft: d})
	must(w.t, err)
	public, secret := out.Credential.Reveal()
	if public != "" {
		secret = public + ":" + secret
	}
	return out.Key, secret
}

// caller makes a key of a tenant's with permissions.
func (w *world) caller(tenant string, permissions ...string) (id, key string) {
	w.t.Helper()
	k, secret := w.issue(tenant, "keywright", keywright.Draft{Permissions: permissions, Environment: "live"})
	return k.ID.String(), secret
}

type answer struct {
	status int
	header http.Header
	text   string
}

func (a answer) at(t *testing.T, name string) any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(a.text), &all); err != nil {
		t.Fatalf("%d: %q: %v", a.status, a.text, err)
	}
	return all[name]
}

func (w *world) send(method, path, body string, header ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.at.URL+path, strings.NewReader(body))
	must(w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Del(header[i]); header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	res, err := w.at.Client().Do(r)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	must(w.t, err)
	return answer{res.StatusCode, res.Header, string(text)}
}

func bearer(key string) []string { return []string{"Authorization", "Bearer " + key} }

func basic(id, key string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(key)))}
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// ask introspects a token as the operator.
func (w *world) ask(token string, more ...string) answer {
	w.t.Helper()
	return w.send("POST", introspect.IntrospectPath, form(append([]string{"token", token}, more...)...), bearer(w.Key)...)
}

const nothing = `{"active":false}`

func (w *world) inactive(what string, a answer) {
	w.t.Helper()
	if a.status != 200 || a.text != nothing || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		w.t.Errorf("%s: %d %s %v; want exactly %s", what, a.status, a.text, a.header, nothing)
	}
}

func (w *world) is(what string, a answer, status int, code string) {
	w.t.Helper()
	if a.status != status || a.at(w.t, "error") != code || a.header.Get("Cache-Control") != "no-store" {
		w.t.Errorf("%s: %d %s %v; want %d %s", what, a.status, a.text, a.header, status, code)
	}
}

func (w *world) state(id keywright.KeyID) keywright.State {
	w.t.Helper()
	k, err := w.options.Key(w.t.Context(), id)
	must(w.t, err)
	return k.StateAt(w.Clock.Now())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const day = 24 * time.Hour
