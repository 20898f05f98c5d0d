package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/idp"
)

// What the demo and its identity provider know each other by. A provider of one's
// own has to have these clients too.
const (
	providerName = "demo"
	webClient    = "keywright-web"
	cliClient    = "keywright-cli"
	// audience is what access tokens are for, as RFC 8707 asks for it.
	audience = "urn:keywright:demo"
)

// provider is the demo's identity provider: the small one that comes with it, or
// another one's address.
type provider struct {
	issuer string
	ours   bool
	net    net.Listener
	server *http.Server
}

// openProvider makes room for the provider: who asks is told to wait until serve,
// for only then is it known where people come back to.
func openProvider(ctx context.Context, elsewhere string) (*provider, error) {
	if elsewhere != "" {
		return &provider{issuer: strings.TrimSuffix(elsewhere, "/")}, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &provider{issuer: "http://id.localhost:" + port, ours: true, net: l}, nil
}

// serve answers from now on. sites are where people come back to.
func (p *provider) serve(sites []string, clock func() time.Time) error {
	if !p.ours {
		return nil
	}
	web := idp.Client{ID: webClient}
	for _, s := range sites {
		web.Redirects = append(web.Redirects, s+"/account/callback/"+providerName)
	}
	h, err := idp.New(idp.Options{
		Issuer: p.issuer, Users: users(), Audience: audience, Clock: clock,
		Clients: []idp.Client{web, {ID: cliClient, Redirects: []string{"http://127.0.0.1/callback"}}},
	})
	if err != nil {
		return err
	}
	p.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(p.net) }() // ends with ErrServerClosed
	return nil
}

func (p *provider) close() {
	if p.server != nil {
		_ = p.server.Close()
	}
	if p.net != nil {
		_ = p.net.Close()
	}
}

// config is the provider as a configuration describes it.
func (p *provider) config() config.Provider {
	out := config.Provider{
		Name: providerName, Title: "Demo ID", Issuer: p.issuer, Audiences: []string{audience}, TrustEmail: true,
		Web: &config.WebClient{ClientID: webClient, Scopes: []string{"openid", "email", "profile"}},
		CLI: &config.CLIClient{ClientID: cliClient, Scopes: []string{"openid", "email", "profile", "offline_access"}, Resource: audience},
		Map: config.Mapping{Always: []string{"*"}},
	}
	if !p.ours {
		out.Title = "your identity provider"
	}
	return out
}
