package management_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
)

// old spells a key as Trust Swiftly's older ones are.
func old(n int) string { return fmt.Sprintf("%d|%040d", n, n) }

func (h *house) importing(t testing.TB, status int, kind, query, body string) *answer {
	t.Helper()
	return h.want(t, status, "POST", "/v1/keys/import"+query, body, "Content-Type", kind)
}

func TestImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234","plan":"growth","environments":["production"]}`)
	const csv, lines = "text/csv", "application/x-ndjson"
	query := "?tenant=abcd1234&scheme=trust-swiftly"
	t.Run("CSV, raw keys; the header names the columns", func(t *testing.T) {
		body := "key,name,metadata.team\n" + old(1) + ",one,a\n\"" + old(2) + "\",\"two, too\",\nbad key,three,\n"
		a := h.importing(t, 200, csv, query, body)
		if a.at(t, "imported") != 2.0 || a.at(t, "skipped") != 0.0 || a.at(t, "refused_count") != 1.0 || a.at(t, "complete") != true {
			t.Fatal(string(a.body))
		}
		if !strings.Contains(string(a.body), `"line":4,"field":"key"`) || strings.Contains(string(a.body), "bad key") {
			t.Error(string(a.body))
		}
		if v := h.verify(t, "trust-swiftly", "Authorization", "Bearer "+old(2)); v.at(t, "granted") != true && v.str(t, "reason") != "companion_missing" {
			t.Error(string(v.body))
		}
		again := h.importing(t, 200, csv, query, body)
		if again.at(t, "imported") != 0.0 || again.at(t, "skipped") != 2.0 {
			t.Errorf("an import is resumable: %s", again.body)
		}
	})
	t.Run("JSON lines, digests, hex", func(t *testing.T) {
		sum := sha256.Sum256([]byte(old(77)))
		row := `{"tenant":"abcd1234","scheme":"trust-swiftly","name":"digest","sha256":"` + hex.EncodeToString(sum[:]) + `","hint":"0077","created_at":"2024-01-02T03:04:05Z"}`
		a := h.importing(t, 200, lines, "", row+"\n\n"+row+"\nnot json\n{\"colour\":\"red\"}\n{\"name\":5}\n"+row+" {}\n")
		if a.at(t, "imported") != 1.0 || a.at(t, "refused_count") != 5.0 {
			t.Error(string(a.body))
		}
		for _, part := range []string{`"line":4,"field":""`, `"line":5,"field":"colour"`, `"line":6,"field":"name"`} {
			if !strings.Contains(string(a.body), part) {
				t.Errorf("%s is not said: %s", part, a.body)
			}
		}
		if v := h.want(t, 200, "POST", "/v1/keys/verify", `{"scheme":"trust-swiftly","headers":{"Authorization":"Bearer `+old(77)+`","User-Agent":"t"}}`); v.at(t, "granted") != true {
			t.Error(string(v.body))
		}
	})
	t.Run("a CSV that is broken in a row goes on", func(t *testing.T) {
		a := h.importing(t, 200, csv, query, "key,name\n"+old(5)+"\n"+old(6)+",six\n")
		if a.at(t, "imported") != 1.0 || a.at(t, "refused_count") != 1.0 {
			t.Error(string(a.body))
		}
	})
	for name, c := range map[string]struct {
		status            int
		kind, query, body string
	}{
		"another type":           {415, "application/json", query, "[]"},
		"an unknown column":      {422, csv, query, "key,colour\n"},
		"a column twice":         {422, csv, query, "key,KEY\n"},
		"an empty file":          {422, csv, query, ""},
		"an unknown parameter":   {422, csv, "?colour=red", "key\n"},
		"a row without an end":   {422, lines, query, strings.Repeat("x", 70<<10)},
		"a field without an end": {422, csv, query, "key\n\"" + strings.Repeat("x", 70<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			h.importing(t, c.status, c.kind, c.query, c.body)
		})
	}
}

// TestImportStreams sends rows over a real connection and reads each result
// before it sends the next batch: a server that waited for the end would hang.
func TestImportStreams(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234","plan":"growth"}`)
	srv := httptest.NewServer(h.handler)
	t.Cleanup(srv.Close)
	in, out := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/v1/keys/import?tenant=abcd1234&scheme=trust-swiftly", in)
	must(t, err)
	req.Header = http.Header{"Authorization": {"Bearer " + h.key}, "Content-Type": {"application/x-ndjson"}, "Accept": {"application/x-ndjson"}}
	const batch, batches = 500, 3
	seen := make(chan struct{}, batches*batch)
	go func() {
		for n := range batches {
			for i := range batch {
				_, _ = fmt.Fprintf(out, "{\"key\":%q,\"name\":\"n\"}\n", old(1+n*batch+i))
			}
			for range batch {
				<-seen
			}
		}
		_ = out.Close()
	}()
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	count := 0
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"result":"imported"`) {
			count++
			seen <- struct{}{}
			continue
		}
		var sum api.ImportSummary
		must(t, json.Unmarshal(lines.Bytes(), &sum))
		if sum.Imported != batch*batches || !sum.Complete {
			t.Errorf("%+v", sum)
		}
	}
	if count != batch*batches {
		t.Errorf("%d results", count)
	}
}

// cut is a body that breaks off.
type cut struct{ r io.Reader }

func (c *cut) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (c *cut) Close() error { return nil }

func TestAnImportThatBreaksOffSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"abcd1234","plan":"growth"}`)
	r := h.request("POST", "/v1/keys/import?tenant=abcd1234&scheme=trust-swiftly", "x", "Content-Type", "application/x-ndjson")
	r.Body = &cut{strings.NewReader("{\"key\":\"" + old(1) + "\",\"name\":\"n\"}\n{\"key\":\"" + old(2))}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	a := &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	conform(t, r, a)
	if a.status != 200 || a.at(t, "complete") != false || a.at(t, "imported") != 1.0 || strings.Contains(string(a.body), old(2)) {
		t.Errorf("%d %s", a.status, a.body)
	}
}
