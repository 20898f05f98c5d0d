package forwardauth_test

import (
	"bytes"
	"errors"
	"net"

	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keywright/keywright/front/forwardauth"
	"github.com/keywright/keywright/front/fronttest"
)

// TestNginxVectors runs every vector that needs no body through a real nginx,
// with the configuration that we publish.
func TestNginxVectors(t *testing.T) {
	fronttest.Run(t, nil, func(t *testing.T, s *fronttest.Site) fronttest.Listening {
		return startNginx(t, s, question(t, s).URL)
	})
}

// question serves the front itself, for proxies on this machine.
func question(t *testing.T, s *fronttest.Site) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(forwardauth.New(forwardauth.Options{
		Gate: s.Gate, Identities: s.Identities, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Observe: s.Observe,
	}))
	t.Cleanup(server.Close)
	return server
}

func startNginx(t *testing.T, s *fronttest.Site, keywright string) fronttest.Listening {
	t.Helper()
	binary, err := exec.LookPath("nginx")
	if err != nil {
		t.Fatal("these tests need nginx: apt-get install nginx")
	}
	published, err := os.ReadFile("testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range s.CredentialHeaders {
		if !bytes.Contains(bytes.ToLower(published), []byte("proxy_set_header "+strings.ToLower(name))) {
			t.Errorf("the published configuration lets %s through to the upstream", name)
		}
	}
	dir := t.TempDir()
	at := fronttest.Listening{Plain: freeAddress(t), TLS: freeAddress(t)}
	conf := strings.NewReplacer(
		"127.0.0.1:8090", at.Plain, "127.0.0.1:8453", at.TLS,
		"127.0.0.1:8470", strings.TrimPrefix(keywright, "http://"), "127.0.0.1:9000", strings.TrimPrefix(s.Upstream, "http://"),
	).Replace(string(published))
	for name, content := range map[string][]byte{"nginx.conf": []byte(conf), "tls/cert.pem": s.CertPEM, "tls/key.pem": s.KeyPEM, "logs/error.log": nil, "tmp/x": nil} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nginx := exec.Command(binary, "-p", dir, "-c", "nginx.conf", "-g", "daemon off; master_process off;")
	var said bytes.Buffer
	nginx.Stderr = &said
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		_ = nginx.Wait()
		if log, err := os.ReadFile(filepath.Join(dir, "logs/error.log")); t.Failed() && err == nil {
			t.Logf("nginx said:\n%s%s", said.String(), log)
		}
	})
	awaitListener(t, at.Plain)
	awaitListener(t, at.TLS)
	return at
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// awaitListener tries until somebody listens: another process says no other way
// that it is ready.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("nobody listens on %s: %v", address, errors.Unwrap(err))
		}
	}
}
