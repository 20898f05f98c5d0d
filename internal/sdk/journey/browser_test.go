package journey

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/keywright/keywright/internal/demo"
	"github.com/keywright/keywright/internal/sdk"
	"github.com/keywright/keywright/internal/sdk/nodetest"
	"github.com/keywright/keywright/internal/webtest"
)

// TestTSP04AClientRunsInABrowser imports the compiled file into a page.
func TestTSP04AClientRunsInABrowser(t *testing.T) {
	t.Parallel()
	dir := nodetest.Compile(t, false, map[string][]byte{"acme.ts": read(t, filepath.Join("..", "..", "..", sdk.Folder, "acme.ts"))})
	credentials, _ := startDemo(t)
	var has demo.Credentials
	if err := json.Unmarshal(read(t, credentials), &has); err != nil {
		t.Fatal(err)
	}
	code := read(t, filepath.Join(dir, "acme.js"))
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src http://127.0.0.1:*; img-src data:")
		if r.URL.Path == "/acme.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(code)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><html lang=en><title>A page</title><link rel=icon href=data:,>"))
	}))
	t.Cleanup(page.Close)
	out := webtest.Run(t, "testdata/browser.mjs", map[string]string{"page": page.URL, "base": has.Acme.Direct, "key": has.Acme.Key}, webtest.Expect("401"))
	var got struct {
		Found   bool
		Status  int
		Printed string
	}
	if err := json.Unmarshal(out, &got); err != nil || !got.Found || got.Status != 401 || got.Printed != "AcmeClient("+has.Acme.Direct+")" {
		t.Errorf("%s %v", out, err)
	}
}
