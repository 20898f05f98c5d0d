package demo

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/examples/acme"
	"github.com/keywright/keywright/examples/domaintrust"
	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/truestamp"
	"github.com/keywright/keywright/examples/trusset"
	"github.com/keywright/keywright/examples/trustifi"
	"github.com/keywright/keywright/examples/trustswiftly"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/seal"
)

// system is one example API of the demo.
type system struct {
	name   string // of the API, and the host below .localhost
	scheme string
	brand  string
	accent string
	// variable is what the samples take the key from.
	variable string
	testKeys config.TestKeys
	register *config.Register
	words    config.Words
	services []string // that customers switch themselves
	openAPI  func() []byte
	pages    fs.FS
	tls      bool // answers on TLS only
	cors     *config.CORS
	table    func() []exampleapi.Route
	make     func(exampleapi.Options) (http.Handler, error)
}

func systems() []system {
	anywhere := &config.CORS{Origins: []string{"*"}, MaxAge: time.Hour}
	return []system{
		{name: acme.Name, testKeys: config.TestKeys{Environment: "test"}, openAPI: acme.OpenAPI, pages: acme.Docs(), brand: "Acme", accent: "#b3261e", variable: "ACME_API_KEY", scheme: "keywright", cors: anywhere, table: acme.Table, make: acme.New},
		{name: trustifi.Name, words: config.Words{Keys: "API"}, testKeys: config.TestKeys{Off: true}, openAPI: trustifi.OpenAPI, pages: trustifi.Docs(), brand: "Trustifi", accent: "#0b57d0", variable: "TRUSTIFI_API_KEY", scheme: "trustifi", table: trustifi.Table, make: trustifi.New},
		{name: truestamp.Name, openAPI: truestamp.OpenAPI, pages: truestamp.Docs(), brand: "Truestamp", accent: "#1b6e3c", variable: "TRUESTAMP_API_KEY", scheme: "truestamp", tls: true, cors: anywhere, table: truestamp.Table, make: truestamp.New},
		{name: trusset.Name, services: []string{"tokenization", "trading", "lending", "custody"}, words: config.Words{Keys: "API Key Management"}, register: &config.Register{Path: "/mica-register", Scheme: trusset.MiCAScheme, Management: "trusset-mica-management"}, openAPI: trusset.OpenAPI, pages: trusset.Docs(), brand: "Trusset", accent: "#5b3fbf", variable: "TRUSSET_API_KEY", scheme: "trusset-instance", table: trusset.Table, make: trusset.New},
		{name: domaintrust.Name, words: config.Words{Keys: "API Keys", Create: "Create Key"}, testKeys: config.TestKeys{Environment: domaintrust.Testing}, openAPI: domaintrust.OpenAPI, pages: domaintrust.Docs(), brand: "Domain Trust", accent: "#8a4b00", variable: "DOMAIN_TRUST_API_KEY", scheme: "domain-trust", table: domaintrust.Table, make: domaintrust.New},
		{name: trustswiftly.Name, words: config.Words{Keys: "API", Create: "Generate New Key", Token: "Create Token"}, testKeys: config.TestKeys{Off: true}, openAPI: trustswiftly.OpenAPI, pages: trustswiftly.Docs(), brand: "Trust Swiftly", accent: "#00687a", variable: "TRUST_SWIFTLY_API_KEY", scheme: "trust-swiftly", table: trustswiftly.Table, make: trustswiftly.New},
	}
}

func (s *system) host() string { return s.name + ".localhost" }

// rotationGuide is what holders of a retiring key are pointed at.
const rotationGuide = "https://github.com/keywright/keywright/blob/main/docs/life-of-a-rotation.md"

// api is the system as a configuration says it.
func (s *system) api() config.API {
	out := config.API{Name: s.name, Hosts: []string{s.host()}, Scheme: s.scheme, Upstream: "http://" + s.name + ".upstream.invalid", Help: rotationGuide, CORS: s.cors, Logins: []string{providerName}, Site: s.site()}
	for _, r := range s.table() {
		takes := config.TakesAny
		if r.Login {
			takes = config.TakesLogin
		}
		out.Routes = append(out.Routes, config.Route{
			Path: r.Path, Methods: []string{r.Method}, Scheme: r.Scheme, Open: r.Open, Takes: takes, MaxBody: config.Size(r.MaxBody),
			Need: config.Need{Service: r.Service, Permissions: r.Permissions, Environments: r.Environments},
		})
	}
	return out
}

// upstreams runs the examples, each believing only identities signed for it.
type upstreams struct {
	dir   string
	clock *Clock
	log   *slog.Logger
	keys  func() (*client.Client, error)
	all   []io.Closer
}

// start returns the way to each example, by API.
func (u *upstreams) start(jwks []byte) (map[string]http.RoundTripper, error) {
	local := map[string]http.RoundTripper{}
	for _, s := range systems() {
		v, err := seal.NewVerifier(jwks, s.name, u.clock.Now)
		if err != nil {
			return nil, err
		}
		h, err := s.make(exampleapi.Options{Identify: exampleapi.FromVerifier(v), Clock: u.clock.Now, Dir: filepath.Join(u.dir, "examples"), Log: u.log, Keys: u.keys})
		if err != nil {
			return nil, err
		}
		up := newUpstream(h)
		u.all = append(u.all, closer(up.close))
		if c, ok := h.(io.Closer); ok {
			u.all = append(u.all, c)
		}
		local[s.name] = up.transport
	}
	return local, nil
}

func (u *upstreams) close() error {
	var err error
	for _, c := range u.all {
		err = errors.Join(err, c.Close())
	}
	return err
}

type closer func()

// Close implements io.Closer.
func (c closer) Close() error { c(); return nil }
