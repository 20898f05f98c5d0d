package acme

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/seal"
)

// running is an example behind a real socket, which streams need.
type running struct {
	t       *testing.T
	url     string
	acme    *acme
	service *exampleapi.Service
}

func run(t *testing.T, beat time.Duration) *running {
	t.Helper()
	a := &acme{hub: newHub(), beat: beat}
	h, err := newWith(Options{Identify: exampletest.Identify}, a)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	service := h.(*exampleapi.Service)
	t.Cleanup(func() { _ = service.Close(); server.Close() })
	return &running{t, server.URL, a, service}
}

func identity(id *seal.Identity) http.Header {
	raw, err := json.Marshal(id)
	if err != nil {
		panic(err)
	}
	return http.Header{seal.IdentityHeader: {string(raw)}}
}

func (r *running) open(ctx context.Context, id *seal.Identity, method, path, body string) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = identity(id)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// line reads until a line begins as wanted, and returns it.
func line(t *testing.T, from *bufio.Reader, prefix string) string {
	t.Helper()
	for {
		got, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before a line that begins with %q: %v", prefix, err)
		}
		if strings.HasPrefix(got, prefix) {
			return strings.TrimSpace(got)
		}
	}
}

func TestEventsAreToldInTheirScopeOnly(t *testing.T) {
	t.Parallel()
	r := run(t, time.Hour)
	res := r.open(t.Context(), &live, "GET", "/v1/events", "")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	stream := bufio.NewReader(res.Body)
	line(t, stream, ": connected")
	for _, m := range []struct {
		id   *seal.Identity
		text string
	}{{&play, "rehearsal"}, {&wile, "another's"}, {&live, "mine"}} {
		if res := r.open(t.Context(), m.id, "POST", "/v1/messages", `{"text":"`+m.text+`"}`); res.StatusCode != 201 {
			t.Fatalf("%s: %d", m.text, res.StatusCode)
		}
	}
	line(t, stream, "event: message.created")
	line(t, stream, "id: msg_")
	if got := line(t, stream, "data: "); !strings.Contains(got, `"text":"mine"`) {
		t.Errorf("first heard of %s", got)
	}
}

func TestAnIdleStreamShowsSignsOfLife(t *testing.T) {
	t.Parallel()
	r := run(t, time.Millisecond)
	line(t, bufio.NewReader(r.open(t.Context(), &live, "GET", "/v1/events", "").Body), ": alive")
}

func TestStreamsEndWithTheService(t *testing.T) {
	t.Parallel()
	r := run(t, time.Hour)
	res := r.open(t.Context(), &live, "GET", "/v1/events", "")
	slow := r.open(t.Context(), &live, "GET", "/v1/export?rows=1000000&pause_ms=1000", "")
	conn := r.dial(&live)
	if err := r.service.Close(); err != nil {
		t.Fatal(err)
	}
	for _, body := range []io.Reader{res.Body, slow.Body} {
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Errorf("a stream did not end well: %v", err)
		}
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the socket ended with %v", err)
	}
}

func (r *running) dial(id *seal.Identity) *websocket.Conn {
	r.t.Helper()
	conn, res, err := websocket.Dial(r.t.Context(), r.url+"/v1/socket", &websocket.DialOptions{HTTPHeader: identity(id)})
	if err != nil {
		r.t.Fatalf("%v %v", err, res)
	}
	r.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func TestTheSocketSaysBackWhatItHears(t *testing.T) {
	t.Parallel()
	conn := run(t, time.Hour).dial(&live)
	for _, say := range []string{"hello", "", strings.Repeat("x", 32<<10)} {
		for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
			if err := conn.Write(t.Context(), kind, []byte(say)); err != nil {
				t.Fatal(err)
			}
			got, back, err := conn.Read(t.Context())
			if err != nil || got != kind || string(back) != say {
				t.Fatalf("said %d bytes of %v, heard %d of %v: %v", len(say), kind, len(back), got, err)
			}
		}
	}
	if err := conn.Write(t.Context(), websocket.MessageText, make([]byte, maxSocketMessage+1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("a message over the bound ended with %v", err)
	}
}

func TestOpenStreamsAreBoundedPerTenantAndGivenBack(t *testing.T) {
	t.Parallel()
	r := run(t, time.Hour)
	for range maxStreams {
		r.dial(&live)
	}
	ctx, hangUp := context.WithCancel(t.Context())
	if res := r.open(ctx, &play, "GET", "/v1/events", ""); res.StatusCode != 429 {
		t.Errorf("one more: %d", res.StatusCode)
	}
	if res := r.open(ctx, &wile, "GET", "/v1/events", ""); res.StatusCode != 200 {
		t.Errorf("another tenant: %d", res.StatusCode)
	}
	hangUp()
	for deadline := time.After(10 * time.Second); ; {
		r.acme.hub.mu.Lock()
		gone := r.acme.hub.streams[wile.Subject] == 0 && len(r.acme.hub.listeners) == 0
		r.acme.hub.mu.Unlock()
		if gone {
			return
		}
		select {
		case <-deadline:
			t.Fatal("a stream that was hung up is still counted")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAListenerThatFallsBehindIsLetGo(t *testing.T) {
	t.Parallel()
	h, s := newHub(), exampleapi.Scope{Tenant: "t"}
	events, stop := h.listen(s)
	for range backlog + 2 {
		h.tell(s, event{id: "x"})
	}
	n := 0
	for range events {
		n++
	}
	if n != backlog || len(h.listeners) != 0 {
		t.Errorf("heard %d, %d scopes are left", n, len(h.listeners))
	}
	stop() // once more is harmless
}

func TestTheExportIsAsLongAsAskedFor(t *testing.T) {
	t.Parallel()
	r := run(t, time.Hour)
	for _, text := range []string{"a", "b"} {
		r.open(t.Context(), &live, "POST", "/v1/messages", `{"text":"`+text+`"}`)
	}
	res := r.open(t.Context(), &live, "GET", "/v1/export?rows=5001", "")
	lines := json.NewDecoder(res.Body)
	for n := 1; n <= 5001; n++ {
		var got row
		if err := lines.Decode(&got); err != nil || got.Row != n || got.Text != []string{"a", "b"}[(n-1)%2] {
			t.Fatalf("line %d is %+v: %v", n, got, err)
		}
	}
	if _, err := lines.Token(); err != io.EOF {
		t.Errorf("after the last there is more: %v", err)
	}
}
