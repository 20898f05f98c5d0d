package daemon

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

// maxSchemeFile bounds a scheme's file.
const maxSchemeFile = 1 << 20

// Plan is a configuration compiled against its schemes: what one generation of
// the gate and the proxy is made from.
type Plan struct {
	Source  *config.Source
	Schemes map[string]*scheme.Scheme
	APIs    []gate.API // the management API is the last
	Targets map[string]proxy.Target
	OpenAPI map[string][]byte // API name → its document
	// texts tells whether a scheme's file has changed, by name; own is what stands in it.
	texts map[string][sha256.Size]byte
	own   map[string][]byte
}

// Compile checks everything about a configuration that can be checked without
// opening a socket or a store. The error is a *config.Problems, or a scheme's
// own, which shows its file, line and column.
func Compile(src *config.Source) (*Plan, error) {
	p := &Plan{Source: src, Targets: map[string]proxy.Target{}, OpenAPI: map[string][]byte{}, texts: map[string][sha256.Size]byte{}, own: map[string][]byte{}}
	var err error
	if err = p.readSchemes(); err != nil {
		return nil, err
	}
	for i := range src.Config.APIs {
		p.api(i, &src.Config.APIs[i])
	}
	ours, ok := p.Schemes["keywright"]
	if !ok {
		return nil, fmt.Errorf("the scheme keywright, which protects the management API, did not ship with this build")
	}
	// Operators work in bulk: what the scheme counts for a provider's customers
	// is not for them.
	if ours, err = ours.WithLimits(nil); err != nil {
		return nil, err
	}
	p.APIs = append(p.APIs, management.API(src.Config.Management.Hosts, ours))
	if err := src.Err(); err != nil {
		return nil, err
	}
	// The gate finds what only it can: routes that hide one another, bad patterns.
	if _, err := gate.New(gate.Options{APIs: p.APIs, Index: nobody{}, Pepper: nobody{}, Clock: time.Now}); err != nil {
		return nil, fmt.Errorf("%s: %w", src.Config.File, err)
	}
	return p, nil
}

// nobody stands in where a gate is made only to see whether it can be.
type nobody struct{}

// Verify implements gate.Verifier; it refuses.
func (nobody) Verify(time.Time, keywright.Digest, *keywright.Need) keywright.Decision {
	return keywright.Decision{}
}

// VerifyToken implements gate.Tokens; it refuses.
func (nobody) VerifyToken(time.Time, string, *keywright.Need) keywright.Decision {
	return keywright.Decision{}
}

// Digest implements gate.Digester.
func (nobody) Digest(keywright.Credential) keywright.Digest { return keywright.Digest{} }

// readSchemes takes the schemes that ship, and those of the configuration's files.
func (p *Plan) readSchemes() error {
	shipped, err := schemes.Shipped()
	if err != nil {
		return err
	}
	p.Schemes = maps.Clone(shipped)
	for i, file := range p.Source.Config.SchemeFiles {
		field := fmt.Sprintf("scheme_files[%d]", i)
		text, err := readBounded(file, maxSchemeFile)
		if err != nil {
			p.Source.Fault(field, "cannot be read: "+err.Error())
			continue
		}
		s, err := scheme.Parse(file, text)
		if err != nil {
			return err
		}
		if _, taken := p.Schemes[s.Name()]; taken {
			p.Source.Fault(field, "there is a scheme "+s.Name()+" already: give this one another name")
			continue
		}
		p.Schemes[s.Name()], p.texts[s.Name()], p.own[s.Name()] = s, sha256.Sum256(text), text
	}
	return nil
}

func readBounded(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", file, limit)
	}
	return os.ReadFile(file)
}

func (p *Plan) api(i int, a *config.API) {
	field := fmt.Sprintf("apis[%d]", i)
	out := gate.API{Name: a.Name, Hosts: a.Hosts, Scheme: p.scheme(field+".scheme", a.Scheme), Help: a.Help}
	if len(a.Logins) > 0 {
		out.Tokens = nobody{} // until a generation has its own
	}
	for j := range a.Routes {
		out.Routes = append(out.Routes, p.route(fmt.Sprintf("%s.routes[%d]", field, j), &a.Routes[j], out.Scheme))
	}
	p.APIs = append(p.APIs, out)
	target := proxy.Target{Upstream: a.Upstream, Timeout: a.Timeout}
	if c := a.CORS; c != nil {
		target.CORS = &proxy.CORS{Origins: c.Origins, Headers: c.Headers, Expose: c.Expose, MaxAge: c.MaxAge}
	}
	p.Targets[a.Name] = target
	if a.OpenAPI != "" {
		p.openAPI(field+".openapi", a)
	}
	if a.Site != nil {
		p.site(field+".site", a.Site)
	}
}

// site checks that the schemes of a site are there.
func (p *Plan) site(field string, s *config.Site) {
	for i, name := range s.Schemes {
		p.scheme(fmt.Sprintf("%s.schemes[%d]", field, i), name)
	}
	if r := s.Register; r != nil {
		p.scheme(field+".register.scheme", r.Scheme)
		p.scheme(field+".register.management", r.Management)
	}
}

func (p *Plan) scheme(field, name string) *scheme.Scheme {
	s, ok := p.Schemes[name]
	if !ok && name != "" {
		p.Source.Fault(field, fmt.Sprintf("there is no scheme %q; there are: %v", name, slices.Sorted(maps.Keys(p.Schemes))))
	}
	return s
}

func (p *Plan) route(field string, r *config.Route, of *scheme.Scheme) gate.Route {
	out := gate.Route{
		Methods: r.Methods, Path: r.Path, Open: r.Open, MaxBody: int64(r.MaxBody), Takes: takes(r.Takes),
		Need: keywright.Need{
			Service: r.Need.Service, Permissions: r.Need.Permissions, Environments: r.Need.Environments,
			Plans: keywright.PlanRule{AnyOf: r.Need.Plans, Except: r.Need.ExceptPlans},
		},
	}
	if r.Scheme != "" {
		out.Scheme = p.scheme(field+".scheme", r.Scheme)
		of = out.Scheme
	}
	if of == nil {
		return out
	}
	policy := of.Policy()
	for _, env := range r.Need.Environments {
		if !slices.ContainsFunc(policy.Environments, func(e keywright.EnvironmentRule) bool { return e.Name == env }) {
			p.Source.Fault(field+".need.environments", fmt.Sprintf("the scheme %s has no environment %q, so no key could ever pass", of.Name(), env))
		}
	}
	return out
}

func takes(word string) gate.Takes {
	switch word {
	case config.TakesKey:
		return gate.KeysOnly
	case config.TakesLogin:
		return gate.TokensOnly
	}
	return gate.KeysAndTokens
}

// openAPI checks that the document is there and is one.
func (p *Plan) openAPI(field string, a *config.API) {
	text, err := readBounded(a.OpenAPI, 16<<20)
	if err != nil {
		p.Source.Fault(field, "cannot be read: "+err.Error())
		return
	}
	var document struct {
		OpenAPI string `yaml:"openapi"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil || document.OpenAPI == "" {
		p.Source.Fault(field, "is no OpenAPI document: it must be JSON or YAML with openapi: 3.x at its top")
		return
	}
	p.OpenAPI[a.Name] = text
}

// find returns a protected surface by its name.
func (p *Plan) find(name string) (gate.API, bool) {
	for _, a := range p.APIs {
		if a.Name == name && name != management.APIName {
			return a, true
		}
	}
	return gate.API{}, false
}

// localize puts upstreams that run in this process in place of the network's.
func (p *Plan) localize(local map[string]http.RoundTripper) {
	for name, via := range local {
		if t, ok := p.Targets[name]; ok {
			t.Local = via
			p.Targets[name] = t
		}
	}
}
