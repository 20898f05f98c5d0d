package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/daemon"
)

// Options of the demo.
type Options struct {
	Listen      string // plain HTTP; port 0 is a free one
	ListenTLS   string
	Metrics     string // "" has none
	Data        string // "" is a temporary folder, removed at the end
	Credentials string // the file to write; "" writes none
	// IdentityProvider is the issuer of one to sign in with; "" starts the small one
	// that comes with the demo.
	IdentityProvider string
	Out              io.Writer
	Log              *slog.Logger
}

// consoleHost is where the management API is.
const consoleHost = "console.localhost"

// drainTime is how long the end waits for requests that run.
const drainTime = 3 * time.Second

// Demo is one running demo.
type Demo struct {
	o         Options
	dir       string
	temporary bool
	clock     *Clock
	daemon    *daemon.Daemon
	upstreams *upstreams
	ca        *daemon.CA
	provider  *provider
	has       Credentials
}

// Start runs everything, and returns when every system answers.
func Start(ctx context.Context, o Options) (*Demo, error) {
	for _, addr := range []string{o.Listen, o.ListenTLS, o.Metrics} {
		if err := loopback(addr); err != nil {
			return nil, err
		}
	}
	// What an earlier run wrote is about to be untrue, and whoever waits for the
	// file must not find it.
	if err := os.Remove(o.Credentials); o.Credentials != "" && err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the credentials file of an earlier run: %w", err)
	}
	d := &Demo{o: o, clock: &Clock{}}
	if err := d.start(ctx); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w; --listen 127.0.0.1:0 --listen-tls 127.0.0.1:0 picks free ports", err)
		}
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

// loopback refuses what others could reach: the demo's keys are printed, and its
// clock can be moved.
func loopback(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no address to listen on: give host:port, such as 127.0.0.1:8080", addr)
	}
	// Not the rest of the loopback: *.localhost leads to 127.0.0.1, and so must we.
	if host == "localhost" || host == "127.0.0.1" {
		return nil
	}
	return fmt.Errorf("the demo listens on 127.0.0.1 only, such as 127.0.0.1:8080, and not on %s: its keys are printed and its clock can be moved; `keywright serve` is for others to reach", addr)
}

func (d *Demo) start(ctx context.Context) error {
	if err := d.folder(); err != nil {
		return err
	}
	var err error
	if d.ca, err = daemon.OpenCA(filepath.Join(d.dir, "ca.pem"), d.secrets()); err != nil {
		return err
	}
	if d.provider, err = openProvider(ctx, d.o.IdentityProvider); err != nil {
		return err
	}
	src, err := config.From(d.config())
	if err != nil {
		return err
	}
	d.upstreams = &upstreams{dir: d.dir, clock: d.clock, log: d.o.Log, keys: d.backend}
	if d.daemon, err = daemon.Start(ctx, daemon.Options{
		Source: src, Clock: d.clock.Now, Log: d.o.Log, Local: d.upstreams.start, Console: console(d.clock), Extra: extra, Direct: d.direct(), CA: d.ca, Handbooks: handbooks(),
	}); err != nil {
		return err
	}
	s := &seeder{keeper: d.daemon.Keeper(), store: d.daemon.Store()}
	if err := s.catchUp(ctx, d.clock); err != nil {
		return err
	}
	if err := s.customers(ctx, &d.has); err != nil {
		return err
	}
	if err := s.history(ctx, d.clock.Now()); err != nil {
		return err
	}
	d.addresses()
	if err := d.provider.serve(d.siteURLs(), d.clock.Now); err != nil {
		return err
	}
	if err := d.people(ctx, s); err != nil {
		return err
	}
	return d.probe(ctx)
}

// folder makes the folder that everything is kept in.
func (d *Demo) folder() (err error) {
	if d.o.Data == "" {
		d.dir, err = os.MkdirTemp("", "keywright-demo-")
		d.temporary = err == nil
		return err
	}
	if d.dir, err = filepath.Abs(d.o.Data); err != nil {
		return err
	}
	return os.MkdirAll(d.dir, 0o700)
}

func (d *Demo) secrets() string { return filepath.Join(d.dir, "secrets") }

func (d *Demo) config() config.Config {
	c := config.Default()
	c.File = "demo"
	c.Listen = config.Listen{HTTP: d.o.Listen, HTTPS: d.o.ListenTLS, Metrics: d.o.Metrics}
	c.TLS.Internal = &config.Internal{}
	c.Management.Hosts, c.Management.Logins = []string{consoleHost}, []string{providerName}
	c.DataDir, c.SecretsDir = filepath.Join(d.dir, "data"), d.secrets()
	c.AddressLimits = false // everybody here is 127.0.0.1
	c.Limits.HeaderTimeout, c.Limits.DrainTimeout = 10*time.Second, drainTime
	c.Log.Access = false
	c.Providers = []config.Provider{d.provider.config()}
	for _, s := range systems() {
		c.APIs = append(c.APIs, s.api())
	}
	return c
}

// people makes the made-up persons, and says where they sign in.
func (d *Demo) people(ctx context.Context, s *seeder) error {
	d.has.IdentityProvider, d.has.Sites = d.provider.issuer, map[string]string{}
	for _, one := range systems() {
		d.has.Sites[one.name] = d.siteURL(one.name)
	}
	if err := s.newcomers(ctx); err != nil {
		return err
	}
	return s.members(ctx, d.daemon.People(), &d.has, func(system, token string) string {
		return d.siteURL(system) + "/account/invitation?token=" + token
	})
}

// backend calls the management API as a provider's own backend would.
func (d *Demo) backend() (*client.Client, error) {
	return client.New(d.has.Management.Base, keywright.NewCredential("", d.has.Management.Key), client.Options{})
}

// direct gives each system a port of its own, for the resolvers that do not know
// *.localhost: the ones after the main port where they are free.
func (d *Demo) direct() []daemon.Direct {
	_, port, _ := net.SplitHostPort(d.o.Listen) // loopback has seen it
	first, _ := strconv.Atoi(port)
	var all []daemon.Direct
	for i, s := range systems() {
		one := daemon.Direct{API: s.name, Addr: net.JoinHostPort("127.0.0.1", "0"), TLS: s.tls, Elsewhere: true}
		if next := first + i + 1; first != 0 && next < 1<<16 {
			one.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(next))
		}
		all = append(all, one)
	}
	return all
}

// addresses fills in where everything is.
func (d *Demo) addresses() {
	c := &d.has
	plain, secure := d.daemon.Address("http"), d.daemon.Address("https")
	_, plainPort, _ := net.SplitHostPort(plain)
	_, securePort, _ := net.SplitHostPort(secure)
	c.HTTP, c.TLS, c.CA = "http://"+plain, "https://"+secure, d.ca.Path
	c.Management.Base = "http://" + consoleHost + ":" + plainPort + "/v1"
	for _, s := range systems() {
		at := Where{Base: "http://" + s.host() + ":" + plainPort, Direct: "http://" + d.daemon.Address(s.name)}
		if s.tls {
			at = Where{Base: "https://" + s.host() + ":" + securePort, Direct: "https://" + d.daemon.Address(s.name)}
		}
		if into := c.where(s.name); into != nil {
			*into = at
		}
	}
}

func (c *Credentials) where(system string) *Where {
	return map[string]*Where{
		"acme": &c.Acme.Where, "trustifi": &c.Trustifi.Where, "truestamp": &c.Truestamp.Where,
		"trusset": &c.Trusset.Where, "domaintrust": &c.DomainTrust.Where, "trustswiftly": &c.TrustSwiftly.Where,
	}[system]
}

// probe makes sure that every system answers before anybody is told that it does.
func (d *Demo) probe(ctx context.Context) error {
	client, err := prober(d.ca.Path)
	if err != nil {
		return err
	}
	for _, s := range samples(&d.has) {
		if err := s.probe(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// Announce prints the samples, then writes the credentials file: whoever waits
// for the file finds everything said and done.
func (d *Demo) Announce() error {
	if _, err := io.WriteString(d.o.Out, announcement(&d.has, d.daemon.Address("metrics"))); err != nil {
		return err
	}
	if d.o.Credentials == "" {
		return nil
	}
	if err := d.has.write(d.o.Credentials); err != nil {
		return fmt.Errorf("the credentials file: %w", err)
	}
	return nil
}

// Failed yields the error of a listener that ended by itself.
func (d *Demo) Failed() <-chan error { return d.daemon.Failed() }

// Close ends everything, and removes a temporary folder.
func (d *Demo) Close(ctx context.Context) error {
	var err error
	if d.daemon != nil {
		err = d.daemon.Close(ctx)
	}
	if d.upstreams != nil {
		err = errors.Join(err, d.upstreams.close())
	}
	if d.provider != nil {
		d.provider.close()
	}
	if d.temporary {
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	return err
}

// Now is the demo's instant.
func (d *Demo) Now() time.Time { return d.clock.Now() }

// Travel moves the demo's clock forward, and reports whether it could.
func (d *Demo) Travel(by time.Duration) bool { return d.clock.Advance(by) }
