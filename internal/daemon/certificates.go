package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/internal/config"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// certificates answers which certificate a TLS client gets. What is read from
// files or issued by our own CA is replaced whole at a reload.
type certificates struct {
	o    *Options
	acme *autocert.Manager
	held atomic.Pointer[[]tls.Certificate]
	// hosts are whom ACME may ask certificates for.
	hosts atomic.Pointer[[]string]
}

// newCertificates gets the certificates ready; it is empty if no door needs any.
func newCertificates(o *Options, plan *Plan) (*certificates, error) {
	c := &certificates{o: o}
	cfg := &plan.Source.Config
	if !wantsTLS(cfg, o.Direct) {
		return c, nil
	}
	if a := cfg.TLS.ACME; a != nil {
		client := &acme.Client{DirectoryURL: a.Directory, UserAgent: "keywright"}
		if a.RootCA != "" {
			via, err := trusting(a.RootCA)
			if err != nil {
				return nil, fmt.Errorf("tls.acme.root_ca: %w", err)
			}
			client.HTTPClient = via
		}
		c.acme = &autocert.Manager{
			// Account and certificate keys are secrets, so they stay with the others.
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(cfg.SecretsDir, "acme")),
			Client: client, Email: a.Email, HostPolicy: c.policy,
		}
	}
	return c, c.load(plan)
}

// load reads the files again, or issues anew. What was held stays if it fails.
func (c *certificates) load(plan *Plan) error {
	cfg := &plan.Source.Config
	if !wantsTLS(cfg, c.o.Direct) {
		return nil
	}
	hosts := tlsHosts(cfg)
	var held []tls.Certificate
	switch {
	case c.acme != nil:
	case len(cfg.TLS.Certificates) > 0:
		for i, pair := range cfg.TLS.Certificates {
			one, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
			if err != nil {
				return fmt.Errorf("tls.certificates[%d]: %w", i, err)
			}
			held = append(held, one)
		}
	default:
		one, err := c.internal(cfg, hosts)
		if err != nil {
			return err
		}
		held = []tls.Certificate{*one}
	}
	c.hosts.Store(&hosts)
	c.held.Store(&held)
	return nil
}

func (c *certificates) internal(cfg *config.Config, hosts []string) (*tls.Certificate, error) {
	ca := c.o.CA
	if ca == nil {
		var err error
		if ca, err = OpenCA(filepath.Join(cfg.DataDir, "ca.pem"), cfg.SecretsDir); err != nil {
			return nil, err
		}
		c.o.Log.Info("TLS certificates come from the internal CA, for development only", "ca", ca.Path)
	}
	return ca.Issue(append(hosts, "localhost", "127.0.0.1", "::1"))
}

// tlsHosts lists every name that a certificate is for.
func tlsHosts(cfg *config.Config) []string {
	hosts := slices.Clone(cfg.Management.Hosts)
	for _, a := range cfg.APIs {
		hosts = append(hosts, a.Hosts...)
		if a.Site != nil {
			hosts = append(hosts, a.Site.Hosts...)
		}
	}
	if cfg.TLS.Internal != nil {
		hosts = append(hosts, cfg.TLS.Internal.Hosts...)
	}
	if cfg.TLS.ACME != nil {
		hosts = append(hosts, cfg.TLS.ACME.Hosts...)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// config is what a TLS door is opened with.
func (c *certificates) config() *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: c.get}
	if c.acme != nil {
		t.NextProtos = append(t.NextProtos, acme.ALPNProto)
	}
	return t
}

func (c *certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.acme != nil {
		return c.acme.GetCertificate(hello)
	}
	held := c.held.Load()
	if held == nil || len(*held) == 0 {
		return nil, errors.New("there is no certificate")
	}
	for i := range *held {
		if hello.SupportsCertificate(&(*held)[i]) == nil {
			return &(*held)[i], nil
		}
	}
	return &(*held)[0], nil
}

// policy lets ACME ask only for names that the configuration lists: a stranger
// who connects with another name must not make us ask for it.
func (c *certificates) policy(_ context.Context, host string) error {
	if hosts := c.hosts.Load(); hosts != nil && slices.Contains(*hosts, host) {
		return nil
	}
	return errors.New("this name is not served here")
}

// challenges lets the plain door answer ACME's http-01 challenges.
func (c *certificates) challenges(next http.Handler) http.Handler {
	if c.acme == nil {
		return next
	}
	return c.acme.HTTPHandler(next)
}

// trusting returns a client that trusts one root alone.
func trusting(file string) (*http.Client, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport is not net/http's")
	}
	transport = transport.Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport, Timeout: acmeTimeout}, nil
}

// acmeTimeout bounds one exchange with the authority.
const acmeTimeout = 30 * time.Second
