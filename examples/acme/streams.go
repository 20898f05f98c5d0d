package acme

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/keywright/keywright/examples/exampleapi"
)

const (
	// patience is how long a client may take to read what is written to it.
	patience = 30 * time.Second
	// maxSocketMessage bounds one message of a socket.
	maxSocketMessage = 64 << 10
	maxRows          = 1_000_000
	chunkSize        = 16 << 10
	maxPause         = 1000 // milliseconds
)

// stream writes piece by piece, and gives up on a client that does not read.
type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func begin(w http.ResponseWriter, media string) stream {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	return stream{w, http.NewResponseController(w)}
}

// send writes and flushes; false says that the client is gone.
func (s stream) send(text string) bool {
	// A server without deadlines (a test's recorder) is written to as it is.
	_ = s.rc.SetWriteDeadline(time.Now().Add(patience))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.rc.Flush() == nil
}

// events streams what happens in the caller's scope, as server-sent events.
func (a *acme) events(c *exampleapi.Call, w http.ResponseWriter) error {
	leave, err := a.hub.enter(c.Identity.Subject)
	if err != nil {
		return err
	}
	defer leave()
	events, stop := a.hub.listen(c.Scope())
	defer stop()
	out := begin(w, "text/event-stream")
	if !out.send(": connected\n\n") {
		return nil
	}
	beat := time.NewTicker(a.beat)
	defer beat.Stop()
	for alive := true; alive; {
		select {
		case e, more := <-events:
			alive = more && out.send(fmt.Sprintf("event: %s\nid: %s\ndata: %s\n\n", e.name, e.id, e.data))
		case <-beat.C: // keeps proxies from taking the silence for the end
			alive = out.send(": alive\n\n")
		case <-c.Context().Done():
			alive = false
		case <-c.Done():
			alive = false
		}
	}
	return nil
}

// socket says back whatever a WebSocket says.
func (a *acme) socket(c *exampleapi.Call, w http.ResponseWriter) error {
	if !strings.EqualFold(c.Header.Get("Upgrade"), "websocket") || c.Header.Get("Sec-Websocket-Key") == "" || c.Header.Get("Sec-Websocket-Version") != "13" {
		w.Header().Set("Upgrade", "websocket")
		return exampleapi.Fault{Kind: exampleapi.UpgradeRequired, Text: "This endpoint speaks WebSocket (RFC 6455) only."}
	}
	leave, err := a.hub.enter(c.Identity.Subject)
	if err != nil {
		return err
	}
	defer leave()
	// The key travels in a header, which a web page of somebody else's cannot
	// send: there is no ambient credential whose origin would need a check.
	conn, err := websocket.Accept(w, c.Request, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil //nolint:nilerr // Accept has answered the client already
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxSocketMessage)
	go func() {
		select {
		case <-c.Done():
			_ = conn.Close(websocket.StatusGoingAway, "the service is closing")
		case <-c.Context().Done():
		}
	}()
	for {
		kind, said, err := conn.Read(c.Context())
		if err != nil {
			return nil //nolint:nilerr // the client went, which is how a socket ends
		}
		if err := conn.Write(c.Context(), kind, said); err != nil {
			return nil //nolint:nilerr // the client went, which is how a socket ends
		}
	}
}

// row is a line of the export.
type row struct {
	Row  int    `json:"row"`
	Text string `json:"text"`
}

// export is a long download: as many lines of JSON as are asked for, with a
// pause between them if one is asked for. It repeats the caller's messages.
func (a *acme) export(c *exampleapi.Call, w http.ResponseWriter) error {
	rows, err := c.Int("rows", 1000, 1, maxRows)
	if err != nil {
		return err
	}
	pause, err := c.Int("pause_ms", 0, 0, maxPause)
	if err != nil {
		return err
	}
	leave, err := a.hub.enter(c.Identity.Subject)
	if err != nil {
		return err
	}
	defer leave()
	texts, err := exportable(c)
	if err != nil {
		return err
	}
	out, wait := begin(w, "application/x-ndjson"), time.Duration(pause)*time.Millisecond
	var chunk strings.Builder
	for n := 1; n <= rows; n++ {
		line, err := json.Marshal(row{Row: n, Text: texts[(n-1)%len(texts)]})
		if err != nil {
			return err
		}
		chunk.Write(line)
		chunk.WriteByte('\n')
		if wait == 0 && chunk.Len() < chunkSize && n < rows {
			continue
		}
		if !out.send(chunk.String()) || !lasts(c, wait) {
			return nil
		}
		chunk.Reset()
	}
	return nil
}

// exportable are the texts that an export repeats.
func exportable(c *exampleapi.Call) ([]string, error) {
	texts := []string{}
	err := c.Records(func(tx exampleapi.Tx) error {
		all, err := exampleapi.List[message](tx, c.Scope(), messages, exampleapi.DefaultBound, 0)
		for _, m := range all {
			texts = append(texts, m.Text)
		}
		return err
	})
	if len(texts) == 0 {
		texts = append(texts, "nothing yet")
	}
	return texts, err
}

// lasts waits, and reports whether the stream goes on.
func lasts(c *exampleapi.Call, wait time.Duration) bool {
	if wait == 0 {
		return c.Context().Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.Context().Done():
		return false
	case <-c.Done():
		return false
	}
}
