package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// sample is one request that the demo prints.
type sample struct {
	of      string
	says    string
	url     string
	headers []string
	body    string
	ca      string
}

// samples are what a newcomer pastes: one for each system, acme's first.
func samples(c *Credentials) []sample {
	bearer := func(key string) []string { return []string{"Authorization: Bearer " + key} }
	hash := strings.Repeat("0123456789abcdef", 4)
	return []sample{
		{of: "acme", says: "our own example, on the scheme that ships for new providers", url: c.Acme.Direct + "/v1/messages", headers: bearer(c.Acme.Key)},
		{
			of: "Trustifi", says: "a key and a secret, each in its own header", url: c.Trustifi.Direct + "/api/i/v1/me",
			headers: []string{"x-trustifi-key: " + c.Trustifi.Users[0].Key, "x-trustifi-secret: " + c.Trustifi.Users[0].Secret},
		},
		{
			of: "Truestamp", says: "a Bearer token over TLS only", url: c.Truestamp.Direct + "/v1/items", ca: c.CA,
			headers: append(bearer(c.Truestamp.Users[0].Key), "Content-Type: application/json"),
			body:    fmt.Sprintf(`{"hash":"%s","hashType":"sha-256"}`, hash),
		},
		{of: "Trusset", says: "an instance's key in X-API-Key", url: c.Trusset.Direct + "/customers/api/manage", headers: []string{"X-API-Key: " + c.Trusset.Instances[0].Key}},
		{of: "Domain Trust", says: "a Testing key", url: c.DomainTrust.Direct + "/api/domains?limit=5", headers: bearer(c.DomainTrust.Organizations[0].TestingKey)},
		{of: "Trust Swiftly", says: "a named token of an account on a paid plan", url: c.TrustSwiftly.Direct + "/api/users?per_page=5", headers: bearer(c.TrustSwiftly.Accounts[0].Key)},
		{of: "The management API", says: "issue, rotate and revoke keys yourself", url: c.Management.Base + "/keys?limit=5", headers: bearer(c.Management.Key)},
	}
}

// curl spells a sample as a line for a shell.
func (s *sample) curl() string {
	parts := []string{"curl"}
	if s.ca != "" {
		parts = append(parts, "--cacert", quote(s.ca))
	}
	for _, h := range s.headers {
		parts = append(parts, "-H", quote(h))
	}
	if s.body != "" {
		parts = append(parts, "-d", quote(s.body))
	}
	return strings.Join(append(parts, quote(s.url)), " ")
}

// quote makes one word of a shell's line.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// probe makes the request without its credential, and wants the refusal: the door,
// the gate and the scheme answer. With the credential it would take from the key's
// limits before its holder has made a single call.
func (s *sample) probe(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "keywright-demo")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", s.of, err)
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost with it
	// A path that is only posted to is 405 without a key, as it is with one.
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusMethodNotAllowed {
		return fmt.Errorf("%s answered a call without a key with %s", s.of, resp.Status)
	}
	return nil
}

// prober returns a client that knows the demo's CA and, as curl does, that every
// *.localhost is this machine.
func prober(caFile string) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(caFile + " holds no certificate")
	}
	var dialer net.Dialer
	return &http.Client{Timeout: probeTime, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(addr)
			if err == nil && strings.HasSuffix(host, ".localhost") {
				addr = net.JoinHostPort("127.0.0.1", port)
			}
			return dialer.DialContext(ctx, network, addr)
		},
		DisableKeepAlives: true,
	}}, nil
}

const probeTime = 10 * time.Second
