package middleware

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/keywright/keywright/front/fronttest"
	"github.com/keywright/keywright/seal"
)

// TestEmbeddedIsAFront holds the middleware to what every front is held to. The
// handler behind it is a small proxy to the suite's upstream, which looks at what
// a handler is given.
func TestEmbeddedIsAFront(t *testing.T) {
	t.Parallel()
	fronttest.Run(t, []string{fronttest.Body, fronttest.Raw}, func(t *testing.T, s *fronttest.Site) fronttest.Listening {
		m, err := Embedded(EmbeddedOptions{Gate: s.Gate(), Observe: s.Observe})
		if err != nil {
			t.Fatal(err)
		}
		at, err := url.Parse(s.Upstream)
		if err != nil {
			t.Fatal(err)
		}
		h := m(onward(t, s, at))
		plain := httptest.NewServer(h)
		t.Cleanup(plain.Close)
		secure := httptest.NewUnstartedServer(h)
		secure.TLS = &tls.Config{Certificates: []tls.Certificate{s.Certificate}, MinVersion: tls.VersionTLS12}
		secure.StartTLS()
		t.Cleanup(secure.Close)
		return fronttest.Listening{Plain: address(plain), TLS: address(secure)}
	})
}

func address(s *httptest.Server) string { return s.Listener.Addr().String() }

// onward hands a granted request to the suite's upstream, with the identity that
// the gateway would have signed.
func onward(t *testing.T, s *fronttest.Site, at *url.URL) http.Handler {
	t.Helper()
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(at)
			for name := range r.Out.Header {
				if strings.HasPrefix(name, "Keywright-") {
					delete(r.Out.Header, name)
				}
			}
			token, err := s.Identities.For(r.In.Context().Value(contextKey{}).(*passage).verdict)
			if err != nil {
				t.Error(err)
			}
			if token != "" {
				r.Out.Header.Set(seal.IdentityHeader, token)
			}
		},
		// A handler sets no header of the gate's.
		ModifyResponse: func(res *http.Response) error {
			for name := range res.Header {
				if strings.HasPrefix(strings.ToLower(name), "x-ratelimit") || strings.HasPrefix(name, "Keywright-") || name == "Retry-After" || name == "Ratelimit" || name == "Ratelimit-Policy" {
					delete(res.Header, name)
				}
			}
			return nil
		},
	}
}
