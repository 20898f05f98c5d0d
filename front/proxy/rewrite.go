package proxy

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright/seal"
)

// ownPrefix begins the name of every header that only Keywright may write.
const ownPrefix = "keywright-"

// rewrite makes the request that goes to the upstream: the same path and query,
// without the credential, with the identity. The reverse proxy has removed
// hop-by-hop headers before, so a client cannot have the identity removed by
// naming it in Connection.
func rewrite(pr *httputil.ProxyRequest) {
	x, out := exchangeOf(pr.In), pr.Out
	raw := x.target.path + x.view.Path
	out.URL.Scheme, out.URL.Host = x.target.base.Scheme, x.target.base.Host
	out.URL.Path, _ = url.PathUnescape(raw) // the gate lets no broken escape pass
	out.URL.RawPath = raw
	out.Host = ""
	out.URL.RawQuery = x.verdict.Strip(out.Header, x.view.RawQuery)
	out.Trailer = nil
	out.Header.Del("Expect") // the client's server part has answered it
	credentials := x.verdict.CredentialHeaders()
	for name := range out.Header {
		if deceives(name, credentials) {
			delete(out.Header, name)
		}
	}
	if x.identity != "" {
		out.Header.Set(seal.IdentityHeader, x.identity)
	}
	if x.view.Address.IsValid() {
		out.Header.Set("X-Forwarded-For", x.view.Address.String())
	}
	out.Header.Set("X-Forwarded-Host", x.host)
	out.Header.Set("X-Forwarded-Proto", "http")
	if x.view.TLS {
		out.Header.Set("X-Forwarded-Proto", "https")
	}
}

// deceives reports whether an upstream could take a client's header for ours, for
// a credential, or for another method, path or client than the gate has judged.
// Underscores count as dashes: CGI and its heirs cannot tell them apart.
func deceives(name string, credentials []string) bool {
	plain := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	switch plain {
	case "x-original-url", "x-rewrite-url", "x-original-uri", "x-original-method",
		"x-http-method", "x-http-method-override", "x-method-override",
		"x-real-ip", "x-client-ip", "true-client-ip", "forwarded":
		return true
	}
	if strings.HasPrefix(plain, ownPrefix) || strings.HasPrefix(plain, "x-forwarded-") {
		return true
	}
	return name != plain && strings.ContainsRune(name, '_') &&
		slices.ContainsFunc(credentials, func(c string) bool { return strings.EqualFold(c, plain) })
}

// dropOwn removes what only Keywright may say: an upstream that echoes what it
// was sent would otherwise show the identity to the client.
func dropOwn(h http.Header) {
	for name := range h {
		if strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "-")), ownPrefix) {
			delete(h, name)
		}
	}
}

// respond makes the upstream's answer ours: what only Keywright may say goes.
// The rest is left to finish, because the reverse proxy spells the names of the
// headers that it copies in its own way; only an upgrade is not written by it.
func respond(res *http.Response) error {
	x := exchangeOf(res.Request)
	x.patience.stop()
	dropOwn(res.Header)
	dropOwn(res.Trailer)
	if res.StatusCode == http.StatusSwitchingProtocols {
		x.finish(res.Header)
	} else {
		x.out.final = x.finish
	}
	return nil
}

// finish lets the upstream's limit headers and cross-origin policy give way to
// those of the API.
func (x *exchange) finish(h http.Header) {
	for _, name := range x.verdict.LimitHeaderNames() {
		if name != "Retry-After" { // an upstream that is busy may say so
			h.Del(name)
		}
	}
	x.verdict.Headers(func(name, value string) {
		if name == "Link" {
			h.Add(name, value) // a list, to which the upstream's own pages belong
			return
		}
		put(h, name, value)
	})
	x.allowOrigin(h)
}

// put sets a header under the very name that a scheme spells it with: names are
// the same in any case, but people compare them with the vendor's page.
func put(h http.Header, name, value string) {
	h.Del(name)
	h[name] = []string{value}
}
