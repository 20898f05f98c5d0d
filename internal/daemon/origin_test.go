package daemon

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keywright/keywright/gate"
)

// The port of an origin is a door's own, and never a stranger's.
func TestSeenOrigin(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		host      string
		at        int
		tls       bool
		forwarded string
		want      string
	}{
		{"docs.localhost:8080", 8080, false, "", "http://docs.localhost:8080"},
		{"docs.localhost:6666", 8080, false, "", "http://docs.localhost:8080"},
		{"Docs.localhost:80", 80, false, "", "http://docs.localhost"},
		{"docs.localhost", 8080, false, "", "http://docs.localhost"},
		{"docs.localhost:8443", 8443, true, "", "https://docs.localhost:8443"},
		{"docs.localhost:6666", 443, true, "", "https://docs.localhost"},
		{"docs.localhost:6666", 8080, false, "https", "https://docs.localhost"},
		{"docs.localhost:8080", 8080, false, "http", "http://docs.localhost:8080"},
		{"127.0.0.1:8070", 8070, false, "", "http://127.0.0.1:8070"},
		{"[::1]:8070", 8070, false, "", "http://[::1]:8070"},
		{"[::1]", 80, false, "", "http://[::1]"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: one.at})))
		r.Host = one.host
		var hops gate.Hops
		if one.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if one.forwarded != "" {
			hops.Count = 1
			r.Header.Set("X-Forwarded-Proto", one.forwarded)
		}
		if got := seenOrigin(hops, r); got != one.want {
			t.Errorf("%+v is %s", one, got)
		}
	}
}
