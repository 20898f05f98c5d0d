package client

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// Options of a client; the zero value is the ordinary one.
type Options struct {
	HTTP *http.Client // nil: a client of our own, which knows *.localhost
	// Retries is how often a request is sent again after a lost connection or a
	// 503; 0 is 2, and -1 is never.
	Retries int
	// Wait returns after the pause before a retry, or when ctx ends; nil waits by
	// the real clock.
	Wait func(ctx context.Context, pause time.Duration) error
	// PlainHTTP allows http:// to a machine that is not this one.
	PlainHTTP bool
	UserAgent string
}

// Client calls one management API with one operator key. It is safe for
// concurrent use.
type Client struct {
	base *url.URL // ends in /v1
	key  keywright.Credential
	o    Options
}

// New returns a client of the API at base, such as https://keys.example.com or
// http://console.localhost:8080/v1. It returns an Invalid error for a base that
// is no URL, or that would carry the key in plain text to another machine.
func New(base string, key keywright.Credential, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" {
		return nil, &keywright.Error{Kind: keywright.Invalid, Field: "server", Detail: "a URL such as https://keys.example.com"}
	}
	if u.Scheme == "http" && !o.PlainHTTP && !thisMachine(u.Hostname()) {
		return nil, &keywright.Error{Kind: keywright.Invalid, Field: "server",
			Detail: "http:// would show the operator key to everyone on the way: use https://"}
	}
	if !strings.HasSuffix(u.Path, "/v1") {
		u.Path += "/v1"
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: Transport(), CheckRedirect: noRedirect}
	}
	if o.Retries == 0 {
		o.Retries = 2
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.UserAgent == "" {
		o.UserAgent = "keywright-go/1"
	}
	return &Client{base: u, key: key, o: o}, nil
}

// noRedirect keeps a key from following a redirection to somewhere else.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Transport returns a transport that reaches *.localhost at this machine, as
// RFC 6761 has it, whatever the system's resolver thinks.
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return dialer.DialContext(ctx, network, address)
	}
	return t
}

func isLocalhost(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func thisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return isLocalhost(host) || (err == nil && a.Unmap().IsLoopback())
}

func wait(ctx context.Context, pause time.Duration) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// newIdempotencyKey makes what ties the repeats of one request together.
func newIdempotencyKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program rather than return less
	return hex.EncodeToString(b[:])
}
