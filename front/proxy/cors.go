package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/gate"
)

// CORS is an API's cross-origin policy. Never credentials.
type CORS struct {
	Origins []string // exact origins, or the one "*"
	Headers []string // request headers beside the scheme's own
	Expose  []string // response headers beside the limits'
	MaxAge  time.Duration
}

// cors is a CORS, checked.
type cors struct {
	any     bool
	origins []string
	headers []string
	expose  []string
	maxAge  string
}

const (
	defaultMaxAge = 10 * time.Minute
	anyOrigin     = "*"
)

func newCORS(at string, c *CORS) (*cors, error) {
	if c == nil {
		return nil, nil
	}
	if len(c.Origins) == 0 {
		return nil, invalid(at+".origins", `name the origins that may ask, such as https://app.example.com, or "*" for all of them`)
	}
	made := &cors{
		any: slices.Contains(c.Origins, anyOrigin), origins: c.Origins, headers: c.Headers, expose: c.Expose,
		maxAge: strconv.Itoa(int(c.MaxAge / time.Second)),
	}
	if c.MaxAge == 0 {
		made.maxAge = strconv.Itoa(int(defaultMaxAge / time.Second))
	}
	if made.any && len(c.Origins) > 1 {
		return nil, invalid(at+".origins", `"*" is every origin: name no other beside it`)
	}
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		if o != anyOrigin && (err != nil || strings.Contains(o, anyOrigin) || u.Host == "" || u.Scheme+"://"+u.Host != o || strings.ToLower(o) != o) {
			return nil, invalid(at+".origins", "an origin is a scheme and a host in lower case, such as https://app.example.com, and not "+strconv.Quote(o))
		}
	}
	for _, h := range slices.Concat(c.Headers, c.Expose) {
		if h == "*" || strings.ContainsAny(h, ", \t\r\n") || h == "" {
			return nil, invalid(at+".headers", "each header is named: a wildcard does not cover Authorization")
		}
	}
	return made, nil
}

// commonHeaders are what clients of JSON APIs send beside their credential.
func commonHeaders() []string {
	return []string{"Accept", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"}
}

// exposed are the headers that scripts should see beside the limits'.
func exposed() []string {
	return []string{"ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", gate.RetiresHeader}
}

// allowOrigin sets the policy's headers on an answer of any kind. They are the
// same for every refusal of one code; credentials are never allowed.
func (x *exchange) allowOrigin(h http.Header) {
	if x.target == nil || x.target.cors == nil {
		return
	}
	c := x.target.cors
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			delete(h, name)
		}
	}
	addToken(h, "Vary", "Origin")
	switch {
	case c.any:
		h.Set("Access-Control-Allow-Origin", anyOrigin)
	case slices.Contains(c.origins, x.origin):
		h.Set("Access-Control-Allow-Origin", x.origin)
	default:
		return
	}
	h.Set("Access-Control-Expose-Headers", list(x.verdict.LimitHeaderNames(), exposed(), c.expose))
}

// preflight answers a browser's question whether it may ask, if that is what the
// request is and the API has a policy.
func (x *exchange) preflight(r *http.Request, api string) bool {
	asked := first(r.Header["Access-Control-Request-Method"])
	if r.Method != http.MethodOptions || x.origin == "" || asked == "" {
		return false
	}
	verdict, methods := x.proxy.options.Gate().Preflight(&x.view, asked, api)
	if verdict.API == nil {
		return false
	}
	t := x.proxy.targets[verdict.API.Name]
	if t == nil || t.cors == nil {
		return false
	}
	x.verdict, x.target = verdict, t
	if x.verdict.Answer != nil {
		x.refuse(r.Method)
		return true
	}
	h := x.out.Header()
	x.finish(h)
	addToken(h, "Vary", "Access-Control-Request-Method")
	addToken(h, "Vary", "Access-Control-Request-Headers")
	if h.Get("Access-Control-Allow-Origin") != "" {
		if len(methods) == 0 {
			methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
		}
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", list(x.verdict.CredentialHeaders(), commonHeaders(), t.cors.headers))
		h.Set("Access-Control-Max-Age", t.cors.maxAge)
	}
	x.out.WriteHeader(http.StatusNoContent)
	return true
}

// list joins names, each once whatever its letter case, in order.
func list(parts ...[]string) string {
	var all []string
	for _, name := range slices.Concat(parts...) {
		if !slices.ContainsFunc(all, func(have string) bool { return strings.EqualFold(have, name) }) {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}

// addToken adds a token to a list header that does not have it yet.
func addToken(h http.Header, name, token string) {
	for _, line := range h[name] {
		for _, have := range strings.Split(line, ",") {
			if strings.EqualFold(strings.TrimSpace(have), token) {
				return
			}
		}
	}
	h.Add(name, token)
}
