package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// surface is an API, compiled.
type surface struct {
	api     *API
	ways    []way
	home    *contract   // the API's own scheme
	schemes []*contract // every scheme of the API, its own first, each once
}

// way is a route, compiled.
type way struct {
	route   *Route
	pattern pattern
	speaks  *contract
	need    keywright.Need
}

// contract is what the gate asks a scheme again and again, asked once.
type contract struct {
	scheme  *scheme.Scheme
	name    string
	limits  []keywright.LimitRule
	tlsOnly bool
	told    bool // the scheme's limit headers can tell the address's windows alone
}

func newContract(s *scheme.Scheme) *contract {
	// A scheme looks at the transport first of all, so that a bare request over
	// plain HTTP shows whether it asks for TLS.
	bare := scheme.View{Method: "GET", Path: "/", Header: map[string][]string{}}
	limits := s.Limits()
	c := &contract{
		scheme: s, name: s.Name(), limits: limits[:min(len(limits), keywright.MaxLimits)],
		tlsOnly: s.Present(&bare).Reason == keywright.InsecureTransport, told: true,
	}
	var sample keywright.Allowances
	for i := range c.limits {
		sample[i] = keywright.Allowance{Limit: 1, Remaining: 1}
	}
	c.addressOnly(&sample)
	c.told = false
	s.LimitHeaders(&sample, false, func(string, string) { c.told = true })
	return c
}

// addressOnly leaves the windows of the key out of an answer that no key was
// counted for, if the address has windows that the scheme's headers can tell: a
// refusal says nothing of any key's.
func (c *contract) addressOnly(a *keywright.Allowances) {
	if !c.told {
		return
	}
	for i, rule := range c.limits {
		if rule.Per == keywright.PerKey {
			a[i] = keywright.Allowance{}
		}
	}
}

// add compiles one API into the table.
func (g *Gate) add(i int, a API) error {
	at := fmt.Sprintf("apis[%d]", i)
	switch {
	case a.Name == "":
		return invalid(at+".name", "an API needs a name")
	case g.byName[a.Name] != nil:
		return invalid(at+".name", "another API is already called "+a.Name)
	case a.Scheme == nil:
		return invalid(at+".scheme", "the API "+a.Name+" needs a scheme")
	}
	s := &surface{api: &a}
	s.home = s.contract(a.Scheme)
	for j := range a.Routes {
		w, err := s.compile(&a.Routes[j])
		if err != nil {
			return inField(fmt.Sprintf("%s.routes[%d]", at, j), err)
		}
		s.ways = append(s.ways, w)
	}
	for j, h := range a.Hosts {
		host := strings.TrimSuffix(strings.ToLower(h), ".")
		if host == "" || strings.ContainsAny(host, "/*@ \t") {
			return invalid(fmt.Sprintf("%s.hosts[%d]", at, j), fmt.Sprintf("%q is not a host name: write it without scheme, port or wildcard", h))
		}
		if other := g.byHost[host]; other != nil {
			return invalid(fmt.Sprintf("%s.hosts[%d]", at, j), "the host "+host+" already belongs to the API "+other.api.Name)
		}
		g.byHost[host] = s
	}
	g.byName[a.Name] = s
	return nil
}

func inField(at string, err error) error {
	if e, ok := err.(*keywright.Error); ok { //nolint:errorlint // compile returns it bare
		return invalid(at+"."+e.Field, e.Detail)
	}
	return err
}

// contract returns the compiled scheme, the same one each time.
func (s *surface) contract(of *scheme.Scheme) *contract {
	for _, c := range s.schemes {
		if c.scheme == of {
			return c
		}
	}
	c := newContract(of)
	s.schemes = append(s.schemes, c)
	return c
}

func (s *surface) compile(r *Route) (way, error) {
	p, err := parsePattern(r.Path)
	if err != nil {
		return way{}, err
	}
	for _, m := range r.Methods {
		if !isMethod(m) {
			return way{}, invalid("methods", fmt.Sprintf("%q is not a method: methods are upper case letters, such as GET", m))
		}
	}
	if r.MaxBody < 0 {
		return way{}, invalid("max_body", "a body cannot be shorter than nothing: leave it out for the default")
	}
	w := way{route: r, pattern: p, speaks: s.home}
	if r.Scheme != nil {
		w.speaks = s.contract(r.Scheme)
	}
	if r.Takes == TokensOnly && (!w.speaks.scheme.TakesTokens() || s.api.Tokens == nil) {
		return way{}, invalid("takes", "a route that takes tokens alone needs a scheme that takes them (tokens: jwt) and an API with an identity provider")
	}
	w.need, err = merge(w.speaks.scheme.Need(), r.Need)
	return w, err
}

func isMethod(m string) bool {
	for _, c := range []byte(m) {
		if (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return m != ""
}

// allows reports whether a route takes a method.
func (r *Route) allows(method string) bool {
	if len(r.Methods) == 0 || slices.Contains(r.Methods, method) {
		return true
	}
	return method == "HEAD" && slices.Contains(r.Methods, "GET")
}

// merge adds what a route asks to what its scheme asks of every route. What
// narrows narrows further: a route cannot ask less than its scheme.
func merge(own, more keywright.Need) (keywright.Need, error) {
	n := own
	if more.Tenant != "" {
		n.Tenant = more.Tenant
	}
	if more.Service != "" {
		n.Service = more.Service
	}
	n.Granted = union(own.Granted, more.Granted)
	n.Permissions = union(own.Permissions, more.Permissions)
	n.Plans.Except = union(own.Plans.Except, more.Plans.Except)
	var ok bool
	if n.Environments, ok = narrow(own.Environments, more.Environments); !ok {
		return n, invalid("environments", "no key of the scheme "+own.Scheme+" could pass: the route and the scheme have no environment in common")
	}
	if n.Plans.AnyOf, ok = narrow(own.Plans.AnyOf, more.Plans.AnyOf); !ok {
		return n, invalid("plans", "no tenant could pass: the route and the scheme "+own.Scheme+" have no plan in common")
	}
	return n, nil
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// narrow intersects two lists of which an empty one asks nothing. It reports
// false if both ask something and have nothing in common.
func narrow(a, b []string) ([]string, bool) {
	switch {
	case len(a) == 0:
		return b, true
	case len(b) == 0:
		return a, true
	}
	both := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
	return both, len(both) > 0
}
