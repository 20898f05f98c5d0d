package gate

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestHops(t *testing.T) {
	t.Parallel()
	inside := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name  string
		hops  Hops
		peer  string
		lines []string
		want  string
	}{
		{"none trusted", Hops{}, "10.0.0.1:5", []string{"198.51.100.9"}, "10.0.0.1"},
		{"one, from the right", Hops{Count: 1}, "10.0.0.1:5", []string{"6.6.6.6, 198.51.100.9"}, "198.51.100.9"},
		{"two, from the right", Hops{Count: 2}, "10.0.0.1:5", []string{"6.6.6.6, 198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		{"over several lines", Hops{Count: 2}, "10.0.0.1:5", []string{"6.6.6.6", "198.51.100.9", "10.0.0.2"}, "198.51.100.9"},
		{"several lines and lists", Hops{Count: 3}, "10.0.0.1:5", []string{"6.6.6.6, 198.51.100.9", "10.0.0.3,10.0.0.2"}, "198.51.100.9"},
		{"fewer than trusted", Hops{Count: 3}, "10.0.0.1:5", []string{"6.6.6.6"}, "10.0.0.1"},
		{"no header", Hops{Count: 1}, "10.0.0.1:5", nil, "10.0.0.1"},
		{"malformed", Hops{Count: 1}, "10.0.0.1:5", []string{"198.51.100.9, unknown"}, "10.0.0.1"},
		{"empty element", Hops{Count: 1}, "10.0.0.1:5", []string{"198.51.100.9,"}, "10.0.0.1"},
		{"a port", Hops{Count: 1}, "10.0.0.1:5", []string{"198.51.100.9:4711"}, "198.51.100.9"},
		{"IPv6", Hops{Count: 1}, "[fd00::1]:5", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets, with port", Hops{Count: 1}, "[fd00::1]:5", []string{"[2001:db8::7]:80"}, "2001:db8::7"},
		{"IPv6 in quotes and brackets", Hops{Count: 1}, "[fd00::1]:5", []string{`"[2001:db8::7]"`}, "2001:db8::7"},
		{"a zone is dropped", Hops{Count: 1}, "[fd00::1]:5", []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 in IPv6 is IPv4", Hops{Count: 1}, "[fd00::1]:5", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
		{"the peer's zone", Hops{}, "[fe80::1%eth0]:5", nil, "fe80::1"},
		{"a named proxy", Hops{Count: 1, Proxies: inside}, "10.0.0.1:5", []string{"198.51.100.9"}, "198.51.100.9"},
		{"not a named proxy", Hops{Count: 1, Proxies: inside}, "192.0.2.1:5", []string{"198.51.100.9"}, "192.0.2.1"},
		{"a flood", Hops{Count: 1000}, "10.0.0.1:5", []string{strings.Repeat("1.1.1.1,", 2000)}, "10.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			r.Header["X-Forwarded-For"] = c.lines
			if got := c.hops.View(r).Address.String(); got != c.want {
				t.Errorf("the client is %s, want %s", got, c.want)
			}
		})
	}
}

func TestHopsTransport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		hops   Hops
		own    bool
		header []string
		want   bool
	}{
		{"own TLS", Hops{}, true, nil, true},
		{"own plain", Hops{}, false, []string{"https"}, false},
		{"a proxy's TLS", Hops{Count: 1}, false, []string{"https"}, true},
		{"a proxy's plain, over TLS to us", Hops{Count: 1}, true, []string{"http"}, false},
		{"a proxy that does not say", Hops{Count: 1}, true, nil, false},
		{"two lines", Hops{Count: 1}, false, []string{"https", "https"}, false},
		{"a list", Hops{Count: 1}, false, []string{"https, http"}, false},
		{"not a named proxy", Hops{Count: 1, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, false, []string{"https"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if c.own {
				r.TLS = &tls.ConnectionState{}
			}
			r.Header["X-Forwarded-Proto"] = c.header
			if got := c.hops.View(r).TLS; got != c.want {
				t.Errorf("TLS: %v", got)
			}
		})
	}
}

func TestViewOfARequest(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/a%2fb?x=1", strings.NewReader("{}"))
	r.Host = "API.Example.COM.:8080"
	v := Hops{}.View(r)
	if v.Host != "api.example.com" || v.Path != "/a%2fb" || v.RawQuery != "x=1" || v.Method != "POST" || !v.Body {
		t.Errorf("%+v", v)
	}
	for in, want := range map[string]string{"[2001:DB8::1]:80": "2001:db8::1", "a": "a", "A.b": "a.b", "": "", "x:80": "x"} {
		if got := HostName(in); got != want {
			t.Errorf("%q is the host %q, want %q", in, got, want)
		}
	}
	star := &http.Request{Method: "OPTIONS", RequestURI: "*", URL: &url.URL{Path: "*"}, Header: http.Header{}}
	if v := (Hops{}).View(star); unambiguous(v.Path) {
		t.Errorf("OPTIONS * has the path %q", v.Path)
	}
}

// The client's address is never one that stands left of what the trusted proxies
// have written, whatever the client sends.
func FuzzHops(f *testing.F) {
	f.Add("6.6.6.6", "a,b", 1)
	f.Add(`"[::1]:80"`, "fe80::1%25eth0", 2)
	f.Fuzz(func(t *testing.T, one, two string, count int) {
		count = 1 + (count&0x7fffffff)%4
		r := &http.Request{Method: "GET", URL: &url.URL{Path: "/"}, RequestURI: "/", RemoteAddr: "10.0.0.1:9", Header: http.Header{}}
		trusted := []string{"198.51.100.9", "10.0.0.4", "10.0.0.3", "10.0.0.2"}
		lines := append([]string{one, two}, trusted[:count]...)
		r.Header["X-Forwarded-For"] = lines
		if got := (Hops{Count: count}).View(r).Address; got != netip.MustParseAddr("198.51.100.9") {
			t.Fatalf("%v with %d hops is %v", lines, count, got)
		}
	})
}
