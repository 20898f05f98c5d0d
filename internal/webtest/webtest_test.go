package webtest_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/webtest"
)

// site serves a few pages under a name of *.localhost.
func site(t *testing.T) string {
	page := func(csp, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", csp)
			if r.URL.Path == "/gone" {
				w.WriteHeader(http.StatusNotFound)
			}
			fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>Tour</title><link rel="icon" href="data:,"></head><body><main>%s</main></body></html>`, body)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", page("default-src 'none'; img-src data:", "<h1>Hello</h1>"))
	mux.HandleFunc("/away", page("img-src * data:", `<h1>Away</h1><img alt="" src="http://tracker.example/dot.gif">`))
	mux.HandleFunc("/inline", page("default-src 'none'; img-src data:", `<h1>Inline</h1><script>document.title = "ran"</script>`))
	mux.HandleFunc("/throws", page("img-src data:", `<h1>Throws</h1><script>throw new Error("oh")</script>`))
	mux.HandleFunc("/nolabel", page("img-src data:", `<h1>Form</h1><form><input name="a"></form>`))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	return "http://docs.example.localhost:" + port
}

func TestScriptsSeeThePages(t *testing.T) {
	t.Parallel()
	out := webtest.Run(t, "testdata/tour.mjs", map[string]string{"site": site(t)})
	var got struct {
		Title string
		Hosts []string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Title != "Tour" || !slices.Equal(got.Hosts, []string{"docs.example.localhost"}) {
		t.Errorf("the script returned %s", out)
	}
}

func TestVirtualAuthenticatorMakesPasskeys(t *testing.T) {
	t.Parallel()
	webtest.Run(t, "testdata/passkey.mjs", map[string]string{"site": site(t)})
}

// fake catches what Run says to a test that it fails.
type fake struct {
	testing.TB
	said string
}

func (f *fake) Helper()           {}
func (f *fake) Log(...any)        {}
func (f *fake) Fatal(args ...any) { f.said += fmt.Sprintln(args...); runtime.Goexit() }
func (f *fake) Fatalf(format string, args ...any) {
	f.said += fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failing runs what must fail, and returns what was said.
func failing(t *testing.T, script string, args any, settings ...webtest.Setting) string {
	f := &fake{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		webtest.Run(f, script, args, settings...)
	}()
	<-done
	return f.said
}

func TestWhatABrowserMustNotDoFailsTheTest(t *testing.T) {
	t.Parallel()
	at := site(t)
	for path, want := range map[string]string{
		"/away":   "a request left this machine: GET http://tracker.example/dot.gif",
		"/inline": "Content Security Policy",
		"/throws": "uncaught: Error: oh",
	} {
		t.Run(strings.Trim(path, "/"), func(t *testing.T) {
			t.Parallel()
			if said := failing(t, "testdata/bad.mjs", map[string]string{"site": at, "path": path}); !strings.Contains(said, want) {
				t.Errorf("the test was told %q, which lacks %q", said, want)
			}
		})
	}
	t.Run("inaccessible", func(t *testing.T) {
		t.Parallel()
		if said := failing(t, "testdata/inaccessible.mjs", map[string]string{"site": at}); !strings.Contains(said, "label (critical)") {
			t.Errorf("the test was told %q", said)
		}
	})
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		if said := failing(t, "testdata/slow.mjs", nil, webtest.Timeout(5*time.Second)); !strings.Contains(said, "not done within 5s") {
			t.Errorf("the test was told %q", said)
		}
	})
}

func TestExpectedErrorsAndHostsPass(t *testing.T) {
	t.Parallel()
	at := site(t)
	webtest.Run(t, "testdata/bad.mjs", map[string]string{"site": at, "path": "/inline"}, webtest.Expect("Content Security Policy"))
	webtest.Run(t, "testdata/bad.mjs", map[string]string{"site": at, "path": "/away"}, webtest.Hosts("tracker.example"), webtest.Expect("ERR_NAME_NOT_RESOLVED"))
}

func TestMissingToolsFailWithWhatToInstall(t *testing.T) {
	t.Setenv("KEYWRIGHT_TEST_CHROMIUM", "/nowhere/chromium")
	if said := failing(t, "testdata/tour.mjs", nil); !strings.Contains(said, "needs Chromium at /nowhere/chromium") {
		t.Errorf("without a browser the test was told %q", said)
	}
	t.Setenv("KEYWRIGHT_TEST_NODE", t.TempDir())
	if said := failing(t, "testdata/tour.mjs", nil); !strings.Contains(said, "npm package playwright-core") {
		t.Errorf("without the packages the test was told %q", said)
	}
}
