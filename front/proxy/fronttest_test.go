package proxy_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/keywright/keywright/front/fronttest"
	"github.com/keywright/keywright/front/proxy"
)

// TestVectors runs every vector of every scheme through the proxy.
func TestVectors(t *testing.T) {
	fronttest.Run(t, []string{fronttest.Body, fronttest.Preflight, fronttest.Raw}, func(t *testing.T, s *fronttest.Site) fronttest.Listening {
		targets := map[string]proxy.Target{}
		for _, api := range s.APIs {
			targets[api] = proxy.Target{Upstream: s.Upstream}
		}
		p, err := proxy.New(proxy.Options{Gate: s.Gate, Targets: targets, Identities: s.Identities, Clock: s.Clock, Observe: s.Observe})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		return fronttest.Listening{Plain: serve(t, p, "", nil), TLS: serve(t, p, "", &s.Certificate)}
	})
}

// serve starts a hardened server with dressed listeners before a proxy.
func serve(t *testing.T, p *proxy.Proxy, api string, certificate *tls.Certificate) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	if certificate == nil {
		ln = proxy.Dress(ln, p.Faults(api))
	} else {
		ln = proxy.DressTLS(ln, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}, p.Faults(api))
	}
	server := &http.Server{Handler: p.On(api), ErrorLog: log.New(io.Discard, "", 0)}
	proxy.Harden(server)
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return address
}
