package daemon_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pebble is the ACME server that these tests talk to; scripts/test builds it and
// names it here. Without it they fail: a test that is skipped tests nothing.
const pebbleEnv = "KEYWRIGHT_TEST_PEBBLE"

// pebbleVersion is what is built where the variable names none.
const pebbleVersion = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.8.0"

func pebbleBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv(pebbleEnv); path != "" {
		return path
	}
	dir := t.TempDir()
	build := exec.Command("go", "install", pebbleVersion)
	build.Dir = dir // outside the module, whose requirements it must not touch
	build.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building Pebble: %v\n%s", err, out)
	}
	return filepath.Join(dir, "pebble")
}

// free returns an address that nobody listens on now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// everywhereHere is a DNS server to which every name is this machine.
func everywhereHere(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		for buf := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := resolve(buf[:n]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

// resolve answers a question for an A record with 127.0.0.1, and others with nothing.
func resolve(query []byte) []byte {
	const header = 12
	end := header
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	if end += 5; end > len(query) {
		return nil
	}
	reply := append([]byte(nil), query[:end]...)
	binary.BigEndian.PutUint16(reply[2:], 0x8180) // an answer, recursion available
	copy(reply[4:header], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	if binary.BigEndian.Uint16(query[end-4:]) == 1 {
		reply[7] = 1
		reply = append(reply, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
	}
	return reply
}

// startPebble returns the directory's URL and the file of the root that its own
// certificate is signed by.
func startPebble(t *testing.T, httpDoor, tlsDoor string) (directory, root, issuing string) {
	t.Helper()
	dir := t.TempDir()
	root, key := filepath.Join(dir, "root.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, root, key, "pebble.localhost")
	at, admin := free(t), free(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": at, "managementListenAddress": admin, "certificate": root, "privateKey": key,
		"httpPort": portOf(t, httpDoor), "tlsPort": portOf(t, tlsDoor), "ocspResponderURL": "", "externalAccountBindingRequired": false,
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	dns := everywhereHere(t)
	cmd := exec.Command(pebbleBinary(t), "-config", file, "-dnsserver", dns)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Pebble said:\n%s", said.String())
		}
	})
	// The certificate is for a name, so the directory is called by that name; the
	// node resolves *.localhost as this machine's resolver does, or not at all.
	client := trusting(t, root, admin)
	issuing = filepath.Join(dir, "issuing.pem")
	for deadline := time.Now().Add(patience); ; {
		if a, err := try(client, "GET", "https://pebble.localhost/roots/0", ""); err == nil && a.status == http.StatusOK {
			if err := os.WriteFile(issuing, []byte(a.body), 0o600); err != nil {
				t.Fatal(err)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Pebble does not answer:\n%s", said.String())
		}
	}
	return fmt.Sprintf("https://%s/dir", at), root, issuing
}

func TestTLS_ACMEAgainstPebble(t *testing.T) {
	t.Parallel()
	plain, secure := free(t), free(t)
	directory, root, issuing := startPebble(t, plain, secure)
	dir := t.TempDir()
	yaml := fmt.Sprintf(`
listen: {http: %q, https: %q, management: "127.0.0.1:0", metrics: "127.0.0.1:0"}
tls:
  acme: {directory: %q, root_ca: %q, accept_terms: true, email: "ops@example.com"}
`, plain, secure, directory, root) + api(upstream(t, "one"))
	n := serve(t, dir, yaml)
	client := trusting(t, issuing, n.door("https"))
	if a, err := try(client, "GET", "https://orders.localhost/x", ""); err != nil || a.status != 401 {
		t.Errorf("with a certificate of the authority: %d %v", a.status, err)
	}
	// Nobody can make us ask for a certificate of a name that is not ours.
	if _, err := try(client, "GET", "https://stranger.localhost/x", ""); err == nil {
		t.Error("a stranger's name got a certificate")
	}
	cache, err := os.ReadDir(filepath.Join(dir, "secrets", "acme"))
	if err != nil || len(cache) == 0 {
		t.Errorf("nothing is kept in the secrets folder: %v", err)
	}
	for _, entry := range cache {
		if info, err := entry.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s", entry.Name())
		}
	}
}
