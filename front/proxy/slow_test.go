package proxy_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A client that announces a body and never sends it learns why it is refused, and
// holds nothing for long.
func TestSlowClientsAreAnswered(t *testing.T) {
	t.Parallel()
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})
	h := newHouse(t, upstream, func(s *setting) { s.target.Timeout = 300 * time.Millisecond })
	good := "X-API-Key: " + h.creds["trusset-instance"] + "\r\n"
	for name, c := range map[string]struct{ head, status string }{
		"a refused request":         {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 401 "},
		"a refused chunked request": {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 401 "},
		"a granted request":         {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\n" + good + "Content-Length: 10\r\n\r\nabc", "HTTP/1.1 400 "},
		"a body that is no chunk":   {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\n" + good + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 "},
		"a body that is cut short":  {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 400 "},
		"100-continue, and no key":  {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 401 "},
		"100-continue, and no body": {"POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\n" + good + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 100 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", h.address())
			check(t, err)
			defer func() { _ = conn.Close() }()
			check(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
			_, err = io.WriteString(conn, c.head)
			check(t, err)
			got, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(got), c.status) || strings.Contains(strings.TrimPrefix(string(got), c.status), "100 Continue") {
				t.Errorf("%v %.200q", err, got)
			}
		})
	}
}

func TestSlowClientOfAnObjectIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.NotFoundHandler(), func(s *setting) { s.target.Timeout = 300 * time.Millisecond })
	pair := certificate(t)
	address := serve(t, h.proxy, "truestamp", &pair)
	got := rawTLS(t, address, "POST /x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer "+h.creds["truestamp"]+"\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, "\n  \"message\"") {
		t.Errorf("%.200q", got)
	}
}

// A connection goes on after a refusal with a body that did arrive.
func TestConnectionsAreKeptAfterRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.NotFoundHandler())
	conn, err := net.Dial("tcp", h.address())
	check(t, err)
	defer func() { _ = conn.Close() }()
	check(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	one := "POST /x HTTP/1.1\r\nHost: trusset-instance.test\r\nContent-Length: 3\r\n\r\nabc"
	_, err = io.WriteString(conn, one+one+strings.Replace(one, "Host:", "Connection: close\r\nHost:", 1))
	check(t, err)
	got, _ := io.ReadAll(conn)
	if n := strings.Count(string(got), "HTTP/1.1 401 "); n != 3 {
		t.Errorf("%d answers in\n%s", n, got)
	}
}
