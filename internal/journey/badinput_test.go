package journey

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw writes bytes to a listener and reads one answer.
func raw(t *testing.T, d *demo, base, request string) (*http.Response, string) {
	t.Helper()
	host := base[strings.Index(base, "//")+2:]
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if strings.HasPrefix(base, "https") {
		cfg := d.client.Transport.(*http.Transport).TLSClientConfig.Clone()
		cfg.ServerName, _, _ = net.SplitHostPort(host)
		conn = tls.Client(conn, cfg)
	}
	if err := conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res, string(body)
}

// systems are the bases and a path that needs a key.
func systems() map[string][2]string {
	return map[string][2]string{
		"acme":         {shared.Acme.Base, "/v1/messages"},
		"trustifi":     {shared.Trustifi.Base, "/api/i/v1/me"},
		"truestamp":    {shared.Truestamp.Base, "/v1/items/x"},
		"trusset":      {shared.Trusset.Base, "/customers/api/manage"},
		"mica":         {shared.Trusset.Base, "/api/mica/v1/issuers"},
		"domaintrust":  {shared.DomainTrust.Base, "/api/version"},
		"trustswiftly": {shared.TrustSwiftly.Base, "/api/users"},
	}
}

var credentialHeader = map[string]string{"trustifi": "x-trustifi-key", "trusset": "X-API-Key", "mica": "X-API-Key"}

func TestBadInputGetsTheSchemesOwnRefusal(t *testing.T) {
	for name, s := range systems() {
		host := s[0][strings.Index(s[0], "//")+2:]
		at := credentialHeader[name]
		prefix := ""
		if at == "" {
			at, prefix = "Authorization", "Bearer "
		}
		begin := "GET " + s[1] + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: raw\r\nConnection: close\r\n"
		for what, lines := range map[string]string{
			"nothing":              "",
			"empty":                at + ":\r\n",
			"spaces":               at + ":    \r\n",
			"word only":            at + ": " + prefix + "\r\n",
			"10 KiB":               at + ": " + prefix + strings.Repeat("k", 10240) + "\r\n",
			"invalid UTF-8":        at + ": " + prefix + "\xff\xfe\x80\r\n",
			"twice":                at + ": " + prefix + "a\r\n" + at + ": " + prefix + "b\r\n",
			"a folded line":        at + ": " + prefix + "a\r\n b\r\n",
			"a control byte":       at + ": " + prefix + "a\x01b\r\n",
			"a zero byte":          at + ": " + prefix + "a\x00b\r\n",
			"a bad name":           "x y: z\r\n",
			"a body with no end":   "Content-Length: 9999999999999999999999\r\n",
			"two lengths":          "Content-Length: 1\r\nContent-Length: 2\r\n",
			"length and chunked":   "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
			"an unknown expect":    "Expect: the-unexpected\r\n",
			"an upgrade to nought": "Upgrade: nought\r\nConnection: Upgrade\r\n",
			"2 MiB of headers":     "X-Pad: " + strings.Repeat("p", 2<<20) + "\r\n",
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				res, body := raw(t, shared, s[0], begin+lines+"\r\n")
				if res.StatusCode < 400 || res.StatusCode >= 500 {
					t.Errorf("status %d: %s", res.StatusCode, body)
				}
				if res.StatusCode == http.StatusExpectationFailed && body == "" {
					return // net/http's own, listed in docs/guide/settled.md
				}
				if ct := res.Header.Get("Content-Type"); !strings.Contains(ct, "json") {
					t.Errorf("%d as %q: %.200s", res.StatusCode, ct, body)
				}
			})
		}
	}
}

func TestAmbiguousPathsAreRefused(t *testing.T) {
	s := systems()["trusset"]
	host := s[0][strings.Index(s[0], "//")+2:]
	for _, path := range []string{"//customers/api/manage", "/x/../customers/api/manage", "/customers%2fapi/manage", "/customers/api/manage;x", "/customers/./api/manage", "/customers/%2e%2e/customers/api/manage", "/customers/api/manage%00", `/customers\api\manage`} {
		t.Run(path, func(t *testing.T) {
			res, body := raw(t, shared, s[0], "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nX-API-Key: "+shared.Trusset.Instances[0].Key+"\r\nConnection: close\r\n\r\n")
			if res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusNotFound {
				t.Errorf("status %d: %s", res.StatusCode, body)
			}
			if !strings.Contains(res.Header.Get("Content-Type"), "json") {
				t.Error(res.Header.Get("Content-Type"))
			}
		})
	}
}

func TestASlowClientIsLetGo(t *testing.T) {
	t.Parallel()
	host := shared.Acme.Base[strings.Index(shared.Acme.Base, "//")+2:]
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+host+"\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = io.Copy(io.Discard, conn)
	if took := time.Since(began); err != nil || took < 8*time.Second {
		t.Errorf("let go after %s: %v", took, err)
	}
}

func TestHugeBodies(t *testing.T) {
	huge := `{"hash":"` + strings.Repeat("a", 12<<20) + `"}`
	for name, send := range map[string]func() answer{
		"truestamp": func() answer {
			return shared.send(t, http.MethodPost, shared.Truestamp.Base+"/v1/items", bearer(shared.Truestamp.Users[0].Key), huge)
		},
		"domaintrust": func() answer {
			return shared.send(t, http.MethodPost, shared.DomainTrust.Base+"/api/domains", bearer(shared.DomainTrust.Organizations[0].TestingKey), huge)
		},
		"management": func() answer { return shared.manage(t, http.MethodPost, "/keys", huge) },
	} {
		t.Run(name, func(t *testing.T) {
			a := send()
			wants(t, a, http.StatusRequestEntityTooLarge)
			if !strings.Contains(a.Header.Get("Content-Type"), "json") {
				t.Error(a.Header.Get("Content-Type"))
			}
		})
	}
}

func TestIdentityHeadersOfAClientAreStripped(t *testing.T) {
	me := shared.Trustifi.Base + "/api/i/v1/me"
	u := shared.Trustifi.Users[0]
	plain := shared.get(t, me, pair(u.Key, u.Secret)...)
	spoofed := shared.get(t, me, append(pair(u.Key, u.Secret), "Keywright-Identity", "eyJhbGciOiJub25lIn0.e30.", "keywright_identity", "x")...)
	wants(t, spoofed, http.StatusOK)
	if plain.Body != spoofed.Body {
		t.Error("a client's identity header reached the upstream")
	}
	if bytes.Contains([]byte(spoofed.Body), []byte(u.Secret)) {
		t.Error("the upstream saw the secret")
	}
}
