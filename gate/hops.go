package gate

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/keywright/keywright/scheme"
)

// Hops says how far the request's own headers are trusted: the number of
// proxies in front of us, each of which appends to X-Forwarded-For and sets
// X-Forwarded-Proto. 0 trusts none. Proxies, if set, must hold the peer's
// address; if it does not, the peer is the client. Whoever sets a count without
// Proxies trusts everybody who can reach the listener to be a proxy.
type Hops struct {
	Count   int
	Proxies []netip.Prefix
}

// maxForwarded bounds how many forwarded addresses are looked at.
const maxForwarded = 64

// View makes the view of a request: address and transport by trusted hops,
// never from the leftmost X-Forwarded-For.
func (h Hops) View(r *http.Request) scheme.View {
	v := scheme.View{
		Method: r.Method, Host: HostName(r.Host), Path: rawPath(r), RawQuery: r.URL.RawQuery,
		Header: r.Header, TLS: r.TLS != nil, Address: Peer(r), Body: r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody,
	}
	if h.Count > 0 && Holds(h.Proxies, v.Address) {
		v.TLS = forwardedTLS(r.Header["X-Forwarded-Proto"])
		v.Address = h.client(r.Header["X-Forwarded-For"], v.Address)
	}
	return v
}

// Holds reports whether an address is in a list of prefixes, of which an empty
// one holds everything that is an address.
func Holds(list []netip.Prefix, a netip.Addr) bool {
	if len(list) == 0 {
		return a.IsValid()
	}
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// client counts from the right, where the proxies that we trust have appended:
// what stands to the left of that was written by whoever sent the request. What
// cannot be read is nobody's address, so the peer stands for it.
func (h Hops) client(lines []string, peer netip.Addr) netip.Addr {
	seen := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var one string
			if cut := strings.LastIndexByte(rest, ','); cut >= 0 {
				rest, one = rest[:cut], rest[cut+1:]
			} else {
				one, more = rest, false
			}
			if seen++; seen == h.Count {
				if a, ok := ParseAddress(one); ok {
					return a
				}
				return peer
			}
			if seen >= maxForwarded {
				return peer
			}
		}
	}
	return peer
}

// ParseAddress reads an address as proxies write it: with or without a port,
// brackets or quotes. Zones are dropped, and IPv4 in IPv6 is IPv4.
func ParseAddress(s string) (netip.Addr, bool) {
	s = strings.Trim(s, " \t")
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if bare, ok := strings.CutSuffix(inner, "]"); ok {
			s = bare
		}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.WithZone("").Unmap(), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().WithZone("").Unmap(), true
	}
	return netip.Addr{}, false
}

// forwardedTLS reads what the trusted proxies say of the client's transport.
// Anything but one plain "https" is not TLS: a list would be ambiguous.
func forwardedTLS(lines []string) bool {
	return len(lines) == 1 && strings.EqualFold(strings.Trim(lines[0], " \t"), "https")
}

// Peer is the address that a request's connection comes from.
func Peer(r *http.Request) netip.Addr {
	a, _ := ParseAddress(r.RemoteAddr)
	return a
}

// HostName is the host of a Host header: without port and final dot, lower case.
func HostName(hostport string) string {
	host := hostport
	if strings.IndexByte(hostport, ':') >= 0 {
		if h, _, err := net.SplitHostPort(hostport); err == nil {
			host = h
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// rawPath is the path as it stands in the request line, before anything has
// decoded it.
func rawPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	if r.RequestURI == "*" || r.URL.Opaque != "" {
		return "*" // OPTIONS * and CONNECT: no path at all
	}
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}
