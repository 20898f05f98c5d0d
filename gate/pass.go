package gate

import (
	"net/netip"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// Pass decides. api is "" to find the API by host, or its name where the
// listener fixes it. It allocates nothing when the request is granted.
func (g *Gate) Pass(v *scheme.View, api string) Verdict {
	now := g.clock()
	var out Verdict
	if out.surface = g.find(v.Host, api); out.surface == nil {
		return misdirected()
	}
	s := g.scratch.Get().(*scratch)
	p := g.judge(now, v, s, &out)
	p = g.count(now, v, s, &out, p)
	if p.Reason == keywright.Granted {
		p.Reason = manners(v, &out)
	}
	out.settle(p)
	g.tell(now, v, s, &out)
	g.scratch.Put(s)
	return out
}

// tell lets the use be counted, as it was decided. The decision is copied because
// an interface lets everything it is given escape.
func (g *Gate) tell(now time.Time, v *scheme.View, s *scratch, out *Verdict) {
	if g.meter == nil {
		return
	}
	s.decision = out.Decision
	g.meter.Count(now, out.API.Name, &s.decision, v.Address)
	s.decision = keywright.Decision{} // the pool keeps no tenant alive
}

// judge goes through every check up to the limits, in the order that docs/guide/settled.md
// fixes, and fills the verdict in.
func (g *Gate) judge(now time.Time, v *scheme.View, s *scratch, out *Verdict) scheme.Presented {
	at := out.surface
	out.API, out.speaks = at.api, at.home
	w, reason := at.route(v)
	if w != nil {
		out.speaks = w.speaks
	}
	if reason == keywright.Granted {
		out.Route = w.route
	}
	out.Scheme = out.speaks.scheme
	switch {
	case out.speaks.tlsOnly && !v.TLS:
		return scheme.Presented{Reason: keywright.InsecureTransport}
	case reason == keywright.WrongMethod:
		out.allow = strings.Join(at.methods(v.Path), ", ")
		return scheme.Presented{Reason: reason}
	case reason != keywright.Granted:
		return scheme.Presented{Reason: reason}
	case w.route.Open:
		return scheme.Presented{Reason: keywright.Granted}
	}
	p := out.Scheme.Present(v)
	switch {
	case p.Token:
		out.token = true
		if at.api.Tokens == nil || w.route.Takes == KeysOnly {
			return p
		}
	case p.Reason != keywright.Granted:
		return p
	}
	// The need is copied because the address is the request's own, and kept in
	// the scratch because an interface lets everything it is given escape.
	s.need = w.need
	s.need.From = v.Address
	if p.Token {
		_, token := p.Credential.Reveal()
		out.Decision = at.api.Tokens.VerifyToken(now, token, &s.need)
		return scheme.Presented{Reason: out.Decision.Reason, Token: true}
	}
	out.Decision = g.index.Verify(now, g.pepper.Digest(p.Credential), &s.need)
	if w.route.Takes == TokensOnly && (out.Decision.Granted() || out.Decision.Reason == keywright.AddressRefused) {
		out.Decision.Reason = keywright.PermissionMissing
	}
	return scheme.Presented{Reason: out.Decision.Reason}
}

// route finds the first route that takes both path and method. With WrongMethod
// it is the first that takes the path, whose scheme then says so; it is nil with
// BadRequest for a path that is not clear, and with NoSuchRoute.
func (s *surface) route(v *scheme.View) (*way, keywright.Reason) {
	if !unambiguous(v.Path) {
		return nil, keywright.BadRequest
	}
	var near *way
	for i := range s.ways {
		w := &s.ways[i]
		if !w.pattern.match(v.Path) {
			continue
		}
		if w.route.allows(v.Method) {
			return w, keywright.Granted
		}
		if near == nil {
			near = w
		}
	}
	if near != nil {
		return near, keywright.WrongMethod
	}
	return nil, keywright.NoSuchRoute
}

// count takes one from the windows: of the key and the address for a granted
// request, of the address alone for any other, so that guessing is limited too.
// A full window turns whatever was decided into its own refusal.
func (g *Gate) count(now time.Time, v *scheme.View, s *scratch, out *Verdict, p scheme.Presented) scheme.Presented {
	if g.limiter == nil || len(out.speaks.limits) == 0 {
		return p
	}
	var key keywright.KeyID
	if p.Reason == keywright.Granted {
		key = out.Decision.Counts()
	}
	var from netip.Addr
	if g.address {
		from = v.Address
	}
	full := g.limiter.Take(now, out.speaks.name, out.speaks.limits, key, from, &s.allowances)
	out.Allowances = s.allowances
	if key.IsZero() {
		out.speaks.addressOnly(&out.Allowances)
	}
	if full != keywright.Granted {
		return scheme.Presented{Reason: full}
	}
	return p
}

// manners looks at what a request says of its body and its answer.
func manners(v *scheme.View, out *Verdict) keywright.Reason {
	return out.Scheme.Check(v, v.Body)
}

// Recheck says whether a request that passed would pass now, without counting
// it: Granted, or the reason why not.
func (g *Gate) Recheck(v *scheme.View, was *Verdict) keywright.Reason {
	if was.API == nil {
		return keywright.NoSuchRoute
	}
	now := Verdict{surface: g.find("", was.API.Name)}
	if now.surface == nil {
		return keywright.NoSuchRoute // a reload took the API away
	}
	s := g.scratch.Get().(*scratch)
	defer g.scratch.Put(s)
	reason := g.judge(g.clock(), v, s, &now).Reason
	if reason == keywright.Granted && !sameCaller(&now.Decision, &was.Decision) {
		return keywright.Unknown
	}
	return reason
}

// sameCaller reports whether two decisions are about one caller. A token's tenant
// is its subject's membership, which may have become another's.
func sameCaller(a, b *keywright.Decision) bool {
	if a.Key != b.Key || a.Counts() != b.Counts() {
		return false
	}
	return a.Principal == nil || (a.Tenant != nil && b.Tenant != nil && a.Tenant.ID == b.Tenant.ID)
}

// Still reports whether a request that passed would pass now, without counting
// it: for streams, which must end when their key does.
func (g *Gate) Still(v *scheme.View, was *Verdict) bool {
	return g.Recheck(v, was) == keywright.Granted
}

// Fault makes the answer to a request that cannot be routed at all, because
// what arrived is not a request: in the style of the API of a listener that has
// one alone, or a plain one.
func (g *Gate) Fault(api string, r keywright.Reason) Verdict {
	at := g.find("", api)
	if at == nil {
		return misdirected()
	}
	out := Verdict{surface: at, API: at.api, Scheme: at.home.scheme, speaks: at.home}
	g.whole(&out)
	out.settle(scheme.Presented{Reason: r})
	return out
}

// whole fills in windows of which nothing is taken.
func (g *Gate) whole(out *Verdict) {
	if g.limiter == nil || len(out.speaks.limits) == 0 {
		return
	}
	g.limiter.Take(g.clock(), out.speaks.name, out.speaks.limits, keywright.KeyID{}, netip.Addr{}, &out.Allowances)
	out.speaks.addressOnly(&out.Allowances)
}

// Preflight answers a browser's question whether it may ask: without a
// credential, and without counting. asked is the method that it would use. The
// verdict is refused if no route could take the request; Methods lists what the
// path takes, and Headers what a client may send for it.
func (g *Gate) Preflight(v *scheme.View, asked, api string) (Verdict, []string) {
	var out Verdict
	if out.surface = g.find(v.Host, api); out.surface == nil {
		return misdirected(), nil
	}
	would := *v
	would.Method = asked
	out.API, out.speaks = out.surface.api, out.surface.home
	w, reason := out.surface.route(&would)
	if w != nil {
		out.speaks = w.speaks
	}
	if reason == keywright.Granted {
		out.Route = w.route
	}
	out.Scheme = out.speaks.scheme
	g.whole(&out)
	methods := out.surface.methods(v.Path)
	switch {
	case out.speaks.tlsOnly && !v.TLS:
		reason = keywright.InsecureTransport
	case reason == keywright.WrongMethod:
		reason = keywright.Granted // the list of methods says no better than a status
	}
	out.settle(scheme.Presented{Reason: reason})
	return out, methods
}
