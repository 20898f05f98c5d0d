package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/keywright/keywright"
)

type recorded struct {
	code int
	body string
}

// asTLS calls a handler as a server over TLS would.
func asTLS(t *testing.T, handler http.Handler, h *house, method, body string, chunked bool) recorded {
	t.Helper()
	r := httptest.NewRequest(method, "/items", strings.NewReader(body))
	r.RequestURI = "/items"
	if chunked {
		r.ContentLength = -1
	}
	r.TLS = &tls.ConnectionState{}
	r.Header.Set("Authorization", "Bearer "+h.creds["truestamp"])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return recorded{w.Code, w.Body.String()}
}

// ticking is an upstream that sends an event whenever it is told to.
func ticking(tick <-chan string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case text := <-tick:
				_, _ = fmt.Fprintf(w, "data: %s\n\n", text)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
}

func TestServerSentEventsPassAtOnce(t *testing.T) {
	t.Parallel()
	tick := make(chan string)
	h := newHouse(t, ticking(tick))
	res, err := http.DefaultClient.Do(h.request("GET", "/events", nil))
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		tick <- fmt.Sprint(i)
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("%q %v", line, err)
		}
		_, _ = lines.ReadString('\n')
	}
	if res.Header.Get("X-RateLimit-Limit") == "" {
		t.Error("a stream without limit headers")
	}
}

func TestStreamsAreCutWhenTheirKeyDies(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(*house){
		"revoked":              func(h *house) { h.revoke("trusset-instance") },
		"expired by the clock": func(h *house) { h.setTime(noon().Add(time.Hour)) },
		"the proxy closes":     func(h *house) { h.proxy.Close() },
	} {
		t.Run("events, "+name, func(t *testing.T) {
			t.Parallel()
			tick := make(chan string, 1)
			h := newHouse(t, ticking(tick))
			h.change("trusset-instance", func(k *keywright.Key) { k.Expires = noon().Add(time.Hour) })
			res, err := http.DefaultClient.Do(h.request("GET", "/events", nil))
			check(t, err)
			defer func() { _ = res.Body.Close() }()
			tick <- "alive"
			if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != "data: alive\n" {
				t.Fatalf("%q %v", line, err)
			}
			kill(h)
			ended := make(chan error, 1)
			go func() { _, err := io.Copy(io.Discard, res.Body); ended <- err }()
			if err := wait(t, "the stream's end", ended); err == nil {
				t.Error("a stream that was cut looks whole")
			}
		})
		t.Run("a websocket, "+name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, echoSocket(t))
			h.change("trusset-instance", func(k *keywright.Key) { k.Expires = noon().Add(time.Hour) })
			conn := h.dialSocket(t)
			defer func() { _ = conn.CloseNow() }()
			echo(t, conn)
			kill(h)
			ended := make(chan error, 1)
			go func() { _, _, err := conn.Read(context.Background()); ended <- err }()
			if err := wait(t, "the socket's end", ended); err == nil {
				t.Error("the socket goes on")
			}
		})
	}
}

func echoSocket(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Keywright-Identity") == "" || r.Header.Get("X-Api-Key") != "" {
			t.Error("the socket's upstream was sent the wrong headers")
		}
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil || conn.Write(r.Context(), kind, message) != nil {
				return
			}
		}
	})
}

func (h *house) dialSocket(t *testing.T) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	r := h.request("GET", "/socket", nil)
	conn, res, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(h.url, "http")+"/socket", &websocket.DialOptions{HTTPHeader: r.Header, Host: r.Host})
	check(t, err)
	if res.Header.Get("X-RateLimit-Limit") != "200" {
		t.Errorf("the upgrade's answer: %v", res.Header)
	}
	return conn
}

func echo(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	check(t, conn.Write(ctx, websocket.MessageText, []byte("hello")))
	if _, got, err := conn.Read(ctx); err != nil || string(got) != "hello" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestSocketWithoutAKeyIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, echoSocket(t))
	r := h.request("GET", "/socket", nil)
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	if got := h.do(r); got.StatusCode != 401 || !strings.Contains(got.text, "AUTH_REQUIRED") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}

func TestLongDownloadIsCutEvenIfNobodyReads(t *testing.T) {
	t.Parallel()
	stopped := make(chan struct{})
	h := newHouse(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(stopped)
		block := make([]byte, 1<<20)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	res, err := http.DefaultClient.Do(h.request("GET", "/download", nil))
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	_, err = io.ReadFull(res.Body, make([]byte, 1024))
	check(t, err)
	h.revoke("trusset-instance")
	wait(t, "the upstream to be let go", stopped)
	if reason := wait(t, "the exchange's end", h.reasons); reason != "granted" {
		t.Errorf("observed as %s", reason)
	}
}

// A call that ends its own key was let through before it did, and hears of it.
func TestARequestThatEndsItsOwnKeyIsAnswered(t *testing.T) {
	t.Parallel()
	var h *house
	h = newHouse(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.revoke("trusset-instance")
		<-time.After(3 * 200 * time.Millisecond) // the proxy asks again meanwhile
		w.WriteHeader(http.StatusNoContent)
	}))
	res, err := http.DefaultClient.Do(h.request("POST", "/keys/revoke", nil))
	check(t, err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("it is answered %d", res.StatusCode)
	}
	res, err = http.DefaultClient.Do(h.request("POST", "/keys/revoke", nil))
	check(t, err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the next one is answered %d", res.StatusCode)
	}
}

func TestRequestWhoseKeyDiesBeforeItsAnswerIsRefused(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	h := newHouse(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	go func() {
		<-arrived
		h.revoke("trusset-instance")
	}()
	got := h.do(h.request("GET", "/slow", nil))
	if got.StatusCode != 401 || !strings.Contains(got.text, "AUTH_FAILED") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}

func TestOneStreamsDeathIsNobodyElses(t *testing.T) {
	t.Parallel()
	tick := make(chan string, 1)
	h := newHouse(t, ticking(tick))
	r := h.request("GET", "/events", nil)
	r.Host = "keywright.test"
	r.Header = http.Header{"Authorization": {"Bearer " + h.creds["keywright"]}}
	res, err := http.DefaultClient.Do(r)
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	doomed, err := http.DefaultClient.Do(h.request("GET", "/events", nil))
	check(t, err)
	defer func() { _ = doomed.Body.Close() }()
	h.revoke("trusset-instance")
	if _, err := io.Copy(io.Discard, doomed.Body); err == nil {
		t.Fatal("the stream of the revoked key ended well")
	}
	tick <- "alive"
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != "data: alive\n" {
		t.Errorf("the other stream: %q %v", line, err)
	}
}
