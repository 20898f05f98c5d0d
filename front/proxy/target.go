package proxy

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// target is a Target, checked.
type target struct {
	base    *url.URL
	path    string // of the base, as written, without a final slash
	cors    *cors
	timeout time.Duration
	trip    http.RoundTripper
	network *http.Transport // nil for an upstream in this process
}

// Bounds of what is kept open towards one upstream.
const (
	maxIdle     = 256
	idleTimeout = 90 * time.Second
	dialTimeout = 10 * time.Second
	maxHeader   = 256 << 10 // of an upstream's answer
)

func newTarget(name string, t Target) (*target, error) {
	at := "targets." + name
	if t.Upstream == "" && t.Local != nil {
		t.Upstream = "http://in-process"
	}
	base, err := url.Parse(t.Upstream)
	switch {
	case err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https"):
		return nil, invalid(at+".upstream", "must be an http:// or https:// URL with a host, such as http://127.0.0.1:9000")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, invalid(at+".upstream", "must have no user, query or fragment")
	case t.Timeout < 0:
		return nil, invalid(at+".timeout", "must not be negative")
	}
	policy, err := newCORS(at+".cors", t.CORS)
	if err != nil {
		return nil, err
	}
	made := &target{base: base, path: strings.TrimRight(base.EscapedPath(), "/"), cors: policy, timeout: t.Timeout, trip: t.Local}
	if made.timeout == 0 {
		made.timeout = defaultTimeout
	}
	if made.trip == nil {
		made.network = &http.Transport{
			DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}).DialContext,
			TLSHandshakeTimeout:    dialTimeout,
			MaxIdleConns:           maxIdle,
			MaxIdleConnsPerHost:    maxIdle,
			IdleConnTimeout:        idleTimeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // what the client and the upstream agreed on is theirs
			MaxResponseHeaderBytes: maxHeader,
		}
		made.trip = made.network
	}
	return made, nil
}

func (t *target) close() {
	if t.network != nil {
		t.network.CloseIdleConnections()
	}
}

// transport sends each request the way its own exchange says.
type transport struct{}

// RoundTrip implements http.RoundTripper.
func (transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return exchangeOf(r).target.trip.RoundTrip(r)
}
