package exampletest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keywright/keywright/seal"
)

// Bodies fuzzes the body of a request: whatever a stranger sends, the answer is
// JSON, and never a fault of ours.
func Bodies(f *testing.F, h http.Handler, id seal.Identity, method, target string, seeds ...string) {
	f.Helper()
	if closer, ok := h.(io.Closer); ok {
		f.Cleanup(func() { _ = closer.Close() })
	}
	who, err := json.Marshal(id)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range append(seeds, "", "{}", "[]", "null", `{"a":`, "{\"\xff\":1}") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(seal.IdentityHeader, string(who))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code >= http.StatusInternalServerError || !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%q answered %d\n%s", body, rec.Code, rec.Body)
		}
	})
}
