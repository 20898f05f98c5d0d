package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody     = 1 << 20
	callTimeout = 5 * time.Second
)

// httpClient follows no redirect: an identity provider is asked where its
// configuration and its discovery document say, and nowhere else.
func httpClient(given *http.Client) *http.Client {
	c := http.Client{Timeout: callTimeout, Transport: transport()}
	if given != nil {
		c = *given
		if c.Timeout == 0 {
			c.Timeout = callTimeout
		}
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// transport reaches *.localhost at this machine (RFC 6761), whatever the system's
// resolver thinks.
func transport() *http.Transport {
	dialer := &net.Dialer{Timeout: callTimeout}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: callTimeout, MaxResponseHeaderBytes: 64 << 10,
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return dialer.DialContext(ctx, network, address)
	}
	return t
}

// reply is what a provider answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// fetch gets a document.
func (p *Providers) fetch(ctx context.Context, address string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Accept", "application/json")
	return p.do(req)
}

// post sends a form; user is "" where the client sends no Basic credentials.
func (p *Providers) post(ctx context.Context, address string, form url.Values, user, password string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if user != "" {
		// RFC 6749 has both halves form-encoded first.
		req.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
	}
	return p.do(req)
}

func (p *Providers) do(req *http.Request) (reply, error) {
	resp, err := p.requests.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return reply{}, err
	}
	if len(body) > maxBody {
		return reply{}, fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

func (r *reply) document(into any) error {
	if r.status != http.StatusOK {
		return fmt.Errorf("it answered with status %d", r.status)
	}
	return json.Unmarshal(r.body, into)
}
