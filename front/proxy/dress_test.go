package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/front/proxy"
)

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"a.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// garbage is what no handler ever sees.
func garbage() map[string]string {
	return map[string]string{
		"a header name that is none":  "GET / HTTP/1.1\r\nHost: a.test\r\nX Y: 1\r\n\r\n",
		"a control byte in a value":   "GET / HTTP/1.1\r\nHost: a.test\r\nX-API-Key: a\x01b\r\n\r\n",
		"no Host":                     "GET / HTTP/1.1\r\n\r\n",
		"two Hosts":                   "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n",
		"a Host that is none":         "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
		"a request line that is none": "hello\r\n\r\n",
		"a version of the future":     "GET / HTTP/3.7\r\nHost: a.test\r\n\r\n",
		"an unknown transfer coding":  "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: rot13\r\n\r\n",
		"two lengths":                 "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
		"headers without end":         "GET / HTTP/1.1\r\nHost: a.test\r\nX-API-Key: " + strings.Repeat("k", 80<<10) + "\r\n\r\n",
		"OPTIONS *":                   "OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
	}
}

func TestWhatNetHTTPAnswersIsDressed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.NotFoundHandler(), func(s *setting) { s.target.CORS = &proxy.CORS{Origins: []string{"*"}} })
	pair := certificate(t)
	for api, style := range map[string]string{"trusset-instance": `"BAD_REQUEST"`, "keywright": `"about:blank"`, "": `"bad_request"`} {
		plain, secure := serve(t, h.proxy, api, nil), serve(t, h.proxy, api, &pair)
		for name, bytes := range garbage() {
			if api == "" && name == "OPTIONS *" {
				continue // on a listener of many APIs the Host decides, and a.test has none
			}
			for where, got := range map[string]string{"plain": raw(t, plain, bytes), "TLS": rawTLS(t, secure, bytes)} {
				res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
				if err != nil {
					t.Errorf("%s, %s, %q: %v in %.200q", name, where, api, err, got)
					continue
				}
				body, _ := io.ReadAll(res.Body)
				if res.StatusCode != 400 || !bytesContain(body, style) || !strings.Contains(res.Header.Get("Content-Type"), "json") || res.Header.Get("Date") == "" {
					t.Errorf("%s, %s, %q: %s", name, where, api, got)
				}
				if api == "trusset-instance" && (res.Header.Get("X-RateLimit-Limit") == "" || res.Header.Get("Access-Control-Allow-Origin") != "*") {
					t.Errorf("%s, %s: not all headers: %v", name, where, res.Header)
				}
			}
		}
	}
}

func bytesContain(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

func rawTLS(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	check(t, err)
	defer func() { _ = conn.Close() }()
	check(t, conn.SetDeadline(time.Now().Add(soon)))
	_, err = io.WriteString(conn, text)
	check(t, err)
	got, _ := io.ReadAll(conn)
	return string(got)
}

func TestPlainHTTPOnTheTLSPortIsDressed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.NotFoundHandler())
	pair := certificate(t)
	address := serve(t, h.proxy, "truestamp", &pair)
	for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS", "PATCH"} {
		got := raw(t, address, method+" /v1/items HTTP/1.1\r\nHost: a.test\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 403 ") || !strings.Contains(got, "Forbidden: use https") || strings.Contains(got, "Location") {
			t.Errorf("TSP-09 %s: %s", method, got)
		}
	}
	if got := raw(t, address, "\x16\x03nonsense\r\n\r\n"); strings.Contains(got, "HTTP") {
		t.Errorf("what is no HTTP was answered as if it were: %q", got)
	}
}

func TestHTTP2PassesTheDressedListener(t *testing.T) {
	t.Parallel()
	upstream, _ := arrivals(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-Proto"))
	})
	h := newHouse(t, upstream)
	pair := certificate(t)
	address := serve(t, h.proxy, "truestamp", &pair)
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	r := h.request("GET", "/items", nil)
	r.URL.Scheme, r.URL.Host = "https", address
	r.Header.Set("Authorization", "Bearer "+h.creds["truestamp"])
	res, err := client.Do(r)
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	check(t, err)
	if res.ProtoMajor != 2 || res.StatusCode != 200 || string(body) != "https" {
		t.Errorf("%s %d %s", res.Proto, res.StatusCode, body)
	}
}

// A client that never finishes its handshake holds up nobody, and a listener
// that closes lets go of whoever waits.
func TestSlowHandshakesHoldUpNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.NotFoundHandler())
	pair := certificate(t)
	address := serve(t, h.proxy, "truestamp", &pair)
	for range 50 {
		conn, err := net.Dial("tcp", address)
		check(t, err)
		defer func() { _ = conn.Close() }()
	}
	if got := rawTLS(t, address, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 401 ") {
		t.Errorf("%.80q", got)
	}
}

// What a handler writes is not touched, whatever it looks like.
func TestHandlersOwnAnswersAreNotDressed(t *testing.T) {
	t.Parallel()
	const body = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	upstream, _ := arrivals(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, body)
	})
	h := newHouse(t, upstream)
	address := serve(t, h.proxy, "trusset-instance", nil)
	got := raw(t, address, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nX-API-Key: "+h.creds["trusset-instance"]+"\r\n\r\n")
	if !strings.Contains(got, body) || !strings.Contains(got, "Date: ") {
		t.Errorf("%s", got)
	}
}
