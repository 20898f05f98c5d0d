package middleware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/seal"
)

// JWKSPath is where a Keywright publishes the keys of its assertions, on its
// management listener.
const JWKSPath = "/.well-known/keywright/jwks.json"

const (
	maxKeySet    = 64 << 10
	fetchTimeout = 5 * time.Second
	// fetchPause is the least time between two fetches: tokens with keys that
	// nobody has must not make a stream of requests to the gateway.
	fetchPause = time.Minute
	// retryPause is that time while no keys are held, when nothing passes anyway.
	retryPause = time.Second
)

// FetchOptions of FetchKeys.
type FetchOptions struct {
	URL      string       // such as https://keys.example.com/.well-known/keywright/jwks.json
	Audience string       // the API's name in the gateway's configuration
	HTTP     *http.Client // nil: one of our own, which follows no redirection
	// PlainHTTP allows http:// to another machine: whoever is on the way can then
	// put keys of their own in the place of the gateway's.
	PlainHTTP bool
	Clock     func() time.Time // for assertions; nil is time.Now
	// Elapsed reads a clock that never steps back, for the pauses between fetches;
	// nil reads the real one.
	Elapsed func() time.Duration
}

// Keys are the gateway's public keys, fetched when they are first needed and
// again when an assertion fits none of them, at most once a minute. While the
// gateway cannot be reached, those that are held go on. It is safe for
// concurrent use.
type Keys struct {
	o     FetchOptions
	held  atomic.Pointer[seal.Verifier]
	mu    sync.Mutex // of the fetch
	tried bool
	last  time.Duration // of the newest fetch
}

// FetchKeys returns keys that are not fetched yet. It returns an Invalid error
// for a URL that is none, or that is not safe.
func FetchKeys(o FetchOptions) (*Keys, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, invalid("url", "a URL such as https://keys.example.com"+JWKSPath)
	}
	if u.Scheme == "http" && !o.PlainHTTP && !thisMachine(u.Hostname()) {
		return nil, invalid("url", "keys that come over http:// can be anybody's: use https://")
	}
	if o.Audience == "" {
		return nil, invalid("audience", "say which API this is, as the gateway's configuration names it")
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if o.Elapsed == nil {
		start := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(start) }
	}
	return &Keys{o: o}, nil
}

// Check implements Assertions.
func (k *Keys) Check(ctx context.Context, token string) (seal.Identity, error) {
	before := k.held.Load()
	if before != nil {
		who, err := before.Verify(token)
		if err == nil {
			return who, nil
		}
	}
	now, err := k.refresh(ctx, before)
	if err != nil {
		return seal.Identity{}, err
	}
	return now.Verify(token)
}

// refresh fetches the keys again, unless somebody just did. It fails only while
// there are none at all.
func (k *Keys) refresh(ctx context.Context, had *seal.Verifier) (*seal.Verifier, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	held := k.held.Load()
	pause := fetchPause
	if held == nil {
		pause = retryPause
	}
	if held != had || (k.tried && k.o.Elapsed()-k.last < pause) {
		return there(held, nil)
	}
	fresh, err := k.fetch(ctx)
	k.tried, k.last = true, k.o.Elapsed()
	if err != nil {
		return there(held, err)
	}
	k.held.Store(fresh)
	return fresh, nil
}

var errNoKeys = errors.New("middleware: the gateway's keys are not there yet")

func there(v *seal.Verifier, err error) (*seal.Verifier, error) {
	if v == nil {
		return nil, errors.Join(errNoKeys, err)
	}
	return v, nil
}

// fetch outlives the request that asks for it, which others wait for too.
func (k *Keys) fetch(ctx context.Context) (*seal.Verifier, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.o.URL, nil)
	if err != nil {
		return nil, err
	}
	res, err := k.o.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("middleware: the gateway's keys: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	set, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet+1))
	if err != nil {
		return nil, fmt.Errorf("middleware: the gateway's keys: %w", err)
	}
	if res.StatusCode != http.StatusOK || len(set) > maxKeySet {
		return nil, fmt.Errorf("middleware: the gateway's keys: status %d, %d bytes", res.StatusCode, len(set))
	}
	return seal.NewVerifier(set, k.o.Audience, k.o.Clock)
}

func thisMachine(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && a.Unmap().IsLoopback())
}
