package daemon_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// trusting returns a client that trusts one PEM file alone, and takes every name
// to one address.
func trusting(t *testing.T, file, addr string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", file)
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	}
	return &http.Client{Transport: transport, Timeout: patience}
}

// selfSigned writes a certificate for a name and its key.
func selfSigned(t *testing.T, cert, key, name string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const secureBase = `
listen: {https: "127.0.0.1:0", management: "127.0.0.1:0", metrics: "127.0.0.1:0"}
`

func TestTLS_FilesAreReadAgainAtAReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, cert, key, "orders.localhost")
	yaml := secureBase + "tls: {certificates: [{cert: cert.pem, key: key.pem}]}\n" + api(upstream(t, "one"))
	n := serve(t, dir, yaml)
	call := func() (answer, error) {
		return try(trusting(t, cert, n.door("https")), "GET", "https://orders.localhost/x", "")
	}
	if a, err := call(); err != nil || a.status != 401 {
		t.Errorf("over TLS: %d %v", a.status, err)
	}
	selfSigned(t, cert, key, "orders.localhost")
	if _, err := call(); err == nil {
		t.Error("a new certificate is served before a reload")
	}
	n.rewrite(yaml)
	n.wait("reloaded")
	if a, err := call(); err != nil || a.status != 401 {
		t.Errorf("after the reload: %d %v", a.status, err)
	}
	if err := os.WriteFile(cert, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.rewrite(yaml)
	if text := n.wait("reload")["error"].(string); !strings.Contains(text, "tls.certificates[0]") {
		t.Errorf("the refusal says %q", text)
	}
}

func TestTLS_InternalCA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	yaml := secureBase + "tls: {internal_ca: {hosts: [extra.localhost]}, management: true}\n" + api(upstream(t, "one"))
	n := serve(t, dir, yaml)
	ca := filepath.Join(dir, "data", "ca.pem")
	client := trusting(t, ca, n.door("https"))
	for _, host := range []string{"orders.localhost", "extra.localhost", "localhost", "127.0.0.1"} {
		if _, err := try(client, "GET", "https://"+host+"/", ""); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := try(client, "GET", "https://other.localhost/", ""); err == nil {
		t.Error("a name that nobody listed has a certificate")
	}
	if a := do(t, trusting(t, ca, n.door("management")), "GET", "https://localhost/healthz", ""); a.status != 200 {
		t.Errorf("the management door over TLS: %d", a.status)
	}
	key, err := os.Stat(filepath.Join(dir, "secrets", "ca-key.pem"))
	if err != nil || key.Mode().Perm() != 0o600 {
		t.Errorf("the CA's key: %v %v", key, err)
	}
	before, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	_ = n.cmd.Process.Kill()
	<-n.exited
	serve(t, dir, yaml)
	after, err := os.ReadFile(ca)
	if err != nil || string(after) != string(before) {
		t.Errorf("the CA was made anew at the second start (%v)", err)
	}
}
