package fronttest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/schemes"
)

// answered is an answer as it came over the wire.
type answered struct {
	status int
	header http.Header
	body   string
	whole  string // status line, all headers but Date in their order, and body
}

// patience bounds one exchange; it is never waited for where things work.
const patience = 20 * time.Second

// roundTrip writes bytes and reads the one answer.
func (s *Site) roundTrip(t *testing.T, at Listening, secure bool, host, method string, raw []byte) answered {
	t.Helper()
	conn := s.dial(t, at, secure, host)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if len(got) == 0 {
		t.Fatalf("no answer: %v", err)
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(got)), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	return answered{status: res.StatusCode, header: res.Header, body: string(body), whole: undated(string(got))}
}

func (s *Site) dial(t *testing.T, at Listening, secure bool, host string) net.Conn {
	t.Helper()
	plain := &net.Dialer{Timeout: patience}
	if !secure {
		conn, err := plain.DialContext(t.Context(), "tcp", at.Plain)
		must(t, err)
		return conn
	}
	dialer := &tls.Dialer{NetDialer: plain, Config: &tls.Config{RootCAs: s.roots, ServerName: host, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(t.Context(), "tcp", at.TLS)
	must(t, err)
	return conn
}

var dateLine = regexp.MustCompile(`(?m)^Date: [^\n]*\n`)

func undated(raw string) string { return dateLine.ReplaceAllString(raw, "") }

var placeholder = regexp.MustCompile(`\{\{(junk|byte):([0-9a-f]+)\}\}`)

// fill puts a fixture's credential into a vector's text.
func fill(text string, c keywright.Credential) string {
	public, secret := c.Reveal()
	if public == "" {
		public, secret = secret, ""
	}
	text = strings.NewReplacer("{{key}}", public, "{{secret}}", secret).Replace(text)
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		if parts[1] == "junk" {
			n, _ := strconv.Atoi(parts[2])
			return strings.Repeat("j", n)
		}
		b, _ := hex.DecodeString(parts[2])
		return string(b)
	})
}

// spell writes a vector's request as it goes over the wire. Every one carries a
// forged identity too, which no upstream may see.
func spell(v schemes.Vector, host string, c keywright.Credential) (method string, raw []byte) {
	method = v.Request.Method
	if method == "" {
		method = http.MethodGet
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, fill(pathOf(v), c), host)
	named := func(name string) bool {
		return slices.ContainsFunc(v.Request.Header, func(h [2]string) bool { return strings.EqualFold(h[0], name) })
	}
	b.WriteString("Keywright-Identity: forged\r\n")
	for _, h := range v.Request.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], fill(h[1], c))
	}
	if v.Request.Body != "" && !named("Content-Length") {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(v.Request.Body))
	}
	b.WriteString("\r\n" + v.Request.Body)
	return method, b.Bytes()
}
