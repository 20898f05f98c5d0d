package realidp

import (
	"bufio"
	"context"
	_ "embed" // the provider's script
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

//go:embed provider.mjs
var script []byte

// The clients that the provider knows, beside their redirects.
const (
	WebClient = "keywright-web" // code + PKCE; public unless Options.Secret is set
	CLIClient = "keywright-cli" // native: a loopback redirect to /callback on any port, and the device flow
)

// DefaultResource is the audience of access tokens unless Options says otherwise.
const DefaultResource = "https://api.example.com"

// User is a made-up person who can sign in with nothing but the e-mail address.
type User struct {
	Subject     string   `json:"subject"`
	Email       string   `json:"email"`
	Verified    bool     `json:"email_verified"`
	Name        string   `json:"name"`
	Tenant      string   `json:"tenant,omitempty"`      // the claim "tenant"
	Permissions []string `json:"permissions,omitempty"` // the claim "permissions"
}

// Options of a provider. All may be left out.
type Options struct {
	Users     []User        // none: ada@example.com and bob@example.com
	Redirects []string      // of keywright-web; SetRedirects sets them later
	Secret    string        // of keywright-web, sent by Basic; "" is a public client
	Resource  string        // the audience of access tokens; "" is DefaultResource
	Scopes    string        // of that resource, beside openid, email, profile and offline_access
	Life      time.Duration // of access tokens; 0 is 10 minutes
	Algorithm string        // of access tokens: RS256, ES256 or EdDSA; "" is RS256
	Host      string        // of the issuer: 127.0.0.1, or any name under localhost
	Port      int           // 0 is any that is free
	Node      string        // the folder that holds node_modules; "" is the default
}

// Provider is a running identity provider.
type Provider struct {
	Issuer   string
	Resource string

	mu      sync.Mutex
	in      io.WriteCloser
	out     *bufio.Reader
	cmd     *exec.Cmd
	dir     string
	stopped bool
}

// Start starts a provider that ends with the test. It fails the test where there
// is no Node.js or no oidc-provider.
func Start(t testing.TB, o Options) *Provider {
	t.Helper()
	p, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// Run starts a provider that ends with Stop, with ctx, or with this process.
func Run(ctx context.Context, o Options) (*Provider, error) {
	node, err := nodeFolder(o.Node)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "realidp-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "provider.mjs")
	if err := os.WriteFile(file, script, 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	o.defaults()
	p := &Provider{Resource: o.Resource, dir: dir, cmd: exec.CommandContext(ctx, "node", file, node)} //nolint:gosec // a script of our own
	if err := p.launch(); err != nil {
		return nil, errors.Join(fmt.Errorf("the real identity provider needs Node.js: %w", err), os.RemoveAll(dir))
	}
	answer, err := p.tell(map[string]any{
		"command": "start", "users": o.Users, "redirects": o.Redirects, "secret": o.Secret, "resource": o.Resource, "scopes": o.Scopes,
		"life": int(o.Life / time.Second), "algorithm": o.Algorithm, "host": o.Host, "port": o.Port,
	})
	if err != nil {
		p.Stop()
		return nil, fmt.Errorf("the real identity provider did not start: %w", err)
	}
	p.Issuer = answer.Issuer
	return p, nil
}

func (o *Options) defaults() {
	if o.Users == nil {
		o.Users = []User{
			{Subject: "ada", Email: "ada@example.com", Verified: true, Name: "Ada Example"},
			{Subject: "bob", Email: "bob@example.com", Verified: true, Name: "Bob Example"},
		}
	}
	if o.Redirects == nil {
		o.Redirects = []string{}
	}
	if o.Resource == "" {
		o.Resource = DefaultResource
	}
	if o.Scopes == "" {
		o.Scopes = "api"
	}
	if o.Life == 0 {
		o.Life = 10 * time.Minute
	}
	if o.Algorithm == "" {
		o.Algorithm = "RS256"
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
}

func nodeFolder(given string) (string, error) {
	if given == "" {
		given = os.Getenv("KEYWRIGHT_TEST_NODE")
	}
	if given == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		given = filepath.Join(home, ".cache", "keywright-tools", "node")
	}
	if _, err := os.Stat(filepath.Join(given, "node_modules", "oidc-provider", "package.json")); err != nil {
		return "", fmt.Errorf("the real identity provider needs the npm package oidc-provider 9 in %s/node_modules: set KEYWRIGHT_TEST_NODE to a folder that has it: %w", given, err)
	}
	return given, nil
}

func (p *Provider) launch() error {
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd.Stderr = log
	p.in, p.out = in, bufio.NewReader(out)
	return p.cmd.Start()
}

type answer struct {
	Issuer string `json:"issuer"`
	Count  int    `json:"count"`
}

// tell sends one command and waits for its answer.
func (p *Provider) tell(command map[string]any) (answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var a answer
	if p.stopped {
		return a, errors.New("it was stopped")
	}
	line, err := json.Marshal(command)
	if err != nil {
		return a, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return a, err
	}
	for {
		got, err := p.out.ReadBytes('\n')
		if err != nil {
			said, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			return a, fmt.Errorf("%w: %s", err, said)
		}
		// oidc-provider prints notices of its own for developers.
		if len(got) > 0 && got[0] == '{' {
			return a, json.Unmarshal(got, &a)
		}
	}
}

// Stop ends the provider. It is unreachable from then on.
func (p *Provider) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	p.stopped = true
	_ = p.in.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed: there is nothing to learn
	_ = os.RemoveAll(p.dir)
}

// SetRedirects says where keywright-web may send a browser back to.
func (p *Provider) SetRedirects(redirects ...string) error {
	_, err := p.tell(map[string]any{"command": "redirects", "redirects": redirects})
	return err
}

// SetUsers replaces the users.
func (p *Provider) SetUsers(users ...User) error {
	_, err := p.tell(map[string]any{"command": "users", "users": users})
	return err
}

// Rotate signs with new keys from now on; keep leaves the old ones in the JWKS.
func (p *Provider) Rotate(keep bool) error {
	_, err := p.tell(map[string]any{"command": "rotate", "keep": keep})
	return err
}

// Seen says how many requests have come for a path, such as "/jwks".
func (p *Provider) Seen(path string) (int, error) {
	a, err := p.tell(map[string]any{"command": "seen", "path": path})
	return a.Count, err
}
