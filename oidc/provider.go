package oidc

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// Provider is one identity provider, as the configuration describes it.
type Provider struct {
	Name       string   // what the configuration and the sign-in page call it
	Title      string   // "Sign in with <Title>"; "" is the name
	Issuer     string   // https://…, or http:// on this machine's loopback alone
	Audiences  []string // an access token must have one of these as aud; none: it opens nothing
	Algorithms []string // asymmetric ones only; none: RS256, ES256, EdDSA
	// Access tells access tokens from others: by typ at+jwt (RFC 9068) unless Claim
	// is set, which must then be Value.
	Claim, Value string
	MaxLife      time.Duration // exp − iat at most; 0 is 1 hour, at most a day
	Leeway       time.Duration // for exp, nbf and iat; 0 is 30 seconds, at most 2 minutes
	Map          Mapping
	Web          WebClient // zero: nobody signs in on the web with it
	CLI          CLIClient // zero: nobody logs in on the command line with it
	TrustEmail   bool      // its verified addresses are enough to be taken for the person who has them
}

// Mapping says who a token speaks for. With Tenant empty, the person's membership
// says so: Options.Members is asked, with what the token says of the person.
type Mapping struct {
	Tenant      string   // the claim that holds the tenant's ref
	Permissions string   // the claim that holds permissions: a list, or words with spaces
	Always      []string // permissions that every token has
	Environment string   // what requests with tokens work in, where a scheme has environments
}

// WebClient is how people sign in on a site: authorization code with PKCE.
type WebClient struct {
	ID     string
	Secret keywright.Credential // zero: a public client
	Scopes []string             // none: openid, email, profile
}

// CLIClient is how people log in on the command line: a public client with PKCE on
// a loopback port, or the device flow.
type CLIClient struct {
	ID       string
	Scopes   []string
	Resource string // RFC 8707: what the access token is to be for; "" asks for nothing
}

const (
	defaultLife   = time.Hour
	longestLife   = 24 * time.Hour
	defaultLeeway = 30 * time.Second
	maxLeeway     = 2 * time.Minute
)

func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// check fills the defaults in, and says what is wrong.
func (p *Provider) check() error {
	if p.Name == "" {
		return invalid("name", "an identity provider needs a name")
	}
	if err := checkAddress(p.Issuer); err != nil {
		return invalid("issuer", err.Error())
	}
	if u, err := url.Parse(p.Issuer); err != nil || u.RawQuery != "" || u.Fragment != "" {
		return invalid("issuer", "an issuer has neither query nor fragment")
	}
	if len(p.Algorithms) == 0 {
		p.Algorithms = []string{"RS256", "ES256", "EdDSA"}
	}
	for _, a := range p.Algorithms {
		if !slices.Contains(algorithms(), a) {
			return invalid("algorithms", fmt.Sprintf("%q is not taken: the list is %s", a, strings.Join(algorithms(), ", ")))
		}
	}
	if (p.Claim == "") != (p.Value == "") {
		return invalid("claim", "to tell access tokens by a claim, name the claim and its value")
	}
	if p.MaxLife == 0 {
		p.MaxLife = defaultLife
	}
	if p.MaxLife < 0 || p.MaxLife > longestLife {
		return invalid("max_life", "a token lives for a day at most")
	}
	if p.Leeway == 0 {
		p.Leeway = defaultLeeway
	}
	if p.Leeway < 0 || p.Leeway > maxLeeway {
		return invalid("leeway", "the leeway is two minutes at most")
	}
	if slices.Contains(p.Audiences, "") {
		return invalid("audiences", "an audience is not empty")
	}
	return nil
}

// checkAddress takes https, and http on this machine's loopback alone.
func checkAddress(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Opaque != "":
		return fmt.Errorf("it must be an address such as https://id.example.com")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("it must be https://, or http:// on this machine alone")
	}
}

func loopback(host string) bool {
	if isLocalhost(host) {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func isLocalhost(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}
