package main

import (
	"context"
	"fmt"
)

// overHTTP compares a server that verifies with one that answers a constant.
func overHTTP(ctx context.Context, s settings, r *report) error {
	keys := 200_000
	if s.short {
		keys = 20_000
	}
	r.section(fmt.Sprintf("HTTP on loopback, %d connections: the server's CPU per request", connections))
	sch, err := benchScheme()
	if err != nil {
		return err
	}
	known, err := mint(sch, 2, keys)
	if err != nil {
		return err
	}
	strangers, err := mint(sch, 3, 10_000)
	if err != nil {
		return err
	}
	bare, err := spawn(ctx, bareServer, 0)
	if err != nil {
		return err
	}
	defer bare.stop()
	verifying, err := spawn(ctx, verifyServer, keys)
	if err != nil {
		return err
	}
	defer verifying.stop()
	const host = "verified.localhost"
	floor := &contender{name: "net/http, a constant 204", servers: []clocked{bare}, load: load{bare.address, "204", get(host, known[0])}}
	hot := &contender{name: "verify, one hot key", servers: []clocked{verifying}, load: load{verifying.address, "204", get(host, known[0])}}
	random := &contender{name: "verify, random of " + count(keys) + " keys", servers: []clocked{verifying}, load: load{verifying.address, "204", among(host, known)}}
	unknown := &contender{name: "verify, unknown keys (401 with a body)", servers: []clocked{verifying}, load: load{verifying.address, "401", among(host, strangers)}}
	if err := compete(ctx, s, []*contender{floor, hot, random, unknown}); err != nil {
		return err
	}
	r.row(floor.name, fmt.Sprintf("%.1f µs", median(floor.cost)))
	for _, c := range []*contender{hot, random, unknown} {
		r.row(c.name, fmt.Sprintf("%.1f µs", median(c.cost)), fmt.Sprintf("%.2f×", c.by(floor)))
	}
	for t, c := range map[target]*contender{httpHot: hot, httpRandom: random, httpUnknown: unknown} {
		r.meets(t, c.by(floor) <= 1.15, "%.2f×", c.by(floor))
	}
	return nil
}

// throughProxy compares the proxy that verifies with the same proxy that does not.
func throughProxy(ctx context.Context, s settings, r *report) error {
	r.section("the proxy on loopback: its CPU per request, without the upstream's")
	sch, err := benchScheme()
	if err != nil {
		return err
	}
	known, err := mint(sch, 2, 1_000)
	if err != nil {
		return err
	}
	back, err := spawn(ctx, backServer, 0)
	if err != nil {
		return err
	}
	defer back.stop()
	ours, err := spawn(ctx, proxyServer, len(known), back.address)
	if err != nil {
		return err
	}
	defer ours.stop()
	plain, err := spawn(ctx, plainProxy, 0, back.address)
	if err != nil {
		return err
	}
	defer plain.stop()
	reverse := &contender{name: "httputil.ReverseProxy", servers: []clocked{plain}, load: load{plain.address, "200", get("open.localhost", "")}}
	open := &contender{name: "Keywright's proxy, an open route", servers: []clocked{ours}, load: load{ours.address, "200", get("open.localhost", "")}}
	verified := &contender{name: "the same, verified, with a signed identity", servers: []clocked{ours}, load: load{ours.address, "200", among("verified.localhost", known)}}
	if err := compete(ctx, s, []*contender{reverse, open, verified}); err != nil {
		return err
	}
	for _, c := range []*contender{reverse, open, verified} {
		r.row(c.name, fmt.Sprintf("%.1f µs", median(c.cost)), fmt.Sprintf("%.2f× ReverseProxy", c.by(reverse)))
	}
	r.meets(proxyAdds, verified.by(open) <= 1.05, "%+.1f %%", 100*(verified.by(open)-1))
	return againstNginx(ctx, s, r, known, back, ours)
}
