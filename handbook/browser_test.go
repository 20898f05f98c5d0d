package handbook_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/keywright/keywright/handbook"
	"github.com/keywright/keywright/internal/webtest"
)

// TestTSP31_PagesAndTryItInABrowser looks at the pages and tries a call of each
// system in a real browser, and counts whom it asked.
func TestTSP31_PagesAndTryItInABrowser(t *testing.T) {
	c := running(t)
	for i, x := range examples(&c) {
		t.Run(x.name, func(t *testing.T) {
			// The API stands on the docs' own origin here: whether the gateway lets these
			// pages call it across origins is the daemon's to say.
			to, err := url.Parse(x.base)
			if err != nil {
				t.Fatal(err)
			}
			proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Header.Del("Origin") }, Transport: trusting(t, c.CA)}
			mux := http.NewServeMux()
			mux.Handle("/api-under-test/", http.StripPrefix("/api-under-test", proxy))
			srv := httptest.NewServer(mux)
			t.Cleanup(srv.Close)
			h, err := handbook.New(handbook.Options{
				API: x.name, Title: x.name + " example API", Base: srv.URL + "/api-under-test", Site: srv.URL, OpenAPI: x.doc, Variable: x.variable, Schemes: partsOf(t, x.scheme, x.table),
				Account: handbook.Account{Keys: "/account/keys", SignIn: "/account/sign-in", TestKey: "/v1/me/keys/test", Whoami: "/v1/me", CLI: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			mux.Handle("/", h)
			_, key, _ := strings.Cut(x.env[0], "=")
			secret := ""
			if x.name == "trustifi" {
				_, secret, _ = strings.Cut(x.env[1], "=")
			}
			operation := map[string]string{"acme": "list-messages", "trustifi": "me", "truestamp": "create-item", "trusset": "list-customers", "domaintrust": "list-domains", "trustswiftly": "list-users"}[x.name]
			webtest.Run(t, "testdata/pages.mjs", map[string]any{
				"site": srv.URL, "operation": "/reference/" + operation, "key": key, "secret": secret, "look": i == 0, "hosts": []string{strings.TrimPrefix(srv.URL, "http://")},
			})
		})
	}
}
