package exampledocs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/examples/acme"
	"github.com/keywright/keywright/examples/domaintrust"
	"github.com/keywright/keywright/examples/truestamp"
	"github.com/keywright/keywright/examples/trusset"
	"github.com/keywright/keywright/examples/trustifi"
	"github.com/keywright/keywright/examples/trustswiftly"
	"github.com/keywright/keywright/internal/demo"
)

// shared is the demo that every page is held against.
var shared world

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "exampledocs")
	if err == nil {
		defer os.RemoveAll(dir)
		err = shared.start(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the demo, which the pages are held against, does not start:", err)
		return 1
	}
	defer func() { _ = shared.demo.Close(context.Background()) }()
	return m.Run()
}

// world is a demo with what its customers hold.
type world struct {
	demo     *demo.Demo
	has      demo.Credentials
	operator *client.Client
}

func (w *world) start(dir string) (err error) {
	file := filepath.Join(dir, "credentials.json")
	w.demo, err = demo.Start(context.Background(), demo.Options{Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "127.0.0.1:0",
		Credentials: file, Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := w.demo.Announce(); err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &w.has); err != nil {
		return err
	}
	w.operator, err = client.New(w.has.Management.Base, keywright.NewCredential("", w.has.Management.Key), client.Options{})
	return err
}

// ports puts the demo's real ports where the pages name the usual ones.
func (w *world) ports(text string) string {
	port := func(address string) string {
		u, _ := url.Parse(address)
		_, p, _ := net.SplitHostPort(u.Host)
		return p
	}
	return strings.NewReplacer(".localhost:8080", ".localhost:"+port(w.has.HTTP), ".localhost:8443", ".localhost:"+port(w.has.TLS)).Replace(text)
}

// system is one provider: its pages, and what its customer puts into the variables.
type system struct {
	name  string
	pages fs.FS
	holds map[string]string
}

func (w *world) systems() []system {
	h := &w.has
	org, user := h.DomainTrust.Organizations[0], h.Trustifi.Users[0]
	return []system{
		{acme.Name, acme.Docs(), map[string]string{"ACME_LIVE_KEY": h.Acme.Key}},
		{trustifi.Name, trustifi.Docs(), map[string]string{"TRUSTIFI_API_KEY": user.Key, "TRUSTIFI_API_SECRET": user.Secret}},
		{truestamp.Name, truestamp.Docs(), map[string]string{"TRUESTAMP_API_KEY": h.Truestamp.Users[0].Key, "CURL_CA_BUNDLE": h.CA}},
		{trusset.Name, trusset.Docs(), map[string]string{"TRUSSET_API_KEY": h.Trusset.Instances[0].Key, "TRUSSET_MICA_KEY": h.Trusset.Mica.Key}},
		{domaintrust.Name, domaintrust.Docs(), map[string]string{"DOMAIN_TRUST_API_KEY": org.TestingKey, "DOMAIN_TRUST_PRODUCTION_KEY": org.ProductionKey}},
		{trustswiftly.Name, trustswiftly.Docs(), map[string]string{"TRUST_SWIFTLY_API_KEY": h.TrustSwiftly.Accounts[0].Key, "FREE_API_KEY": h.TrustSwiftly.Accounts[1].Key}},
	}
}

// testKey is an Acme key as the pages say that one is made.
func (w *world) testKey(t *testing.T) (id, secret string) {
	t.Helper()
	k, err := w.operator.CreateKey(t.Context(), api.CreateKey{Tenant: w.has.Acme.Tenant, Scheme: "keywright", Name: "Pages", Environment: "test",
		Permissions: []string{"messages:read", "messages:write", "events:read"}})
	if err != nil {
		t.Fatal(err)
	}
	return k.ID, k.Credential.Key
}

// each calls f for every page of every provider.
func each(t *testing.T, f func(t *testing.T, s system, name, text string)) {
	t.Helper()
	for _, s := range shared.systems() {
		names, err := fs.Glob(s.pages, "*.md")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s has no pages: %v", s.name, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(s.pages, name)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(s.name+"/"+name, func(t *testing.T) { f(t, s, strings.TrimSuffix(name, ".md"), string(text)) })
		}
	}
}
