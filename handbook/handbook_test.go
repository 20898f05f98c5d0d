package handbook_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/keywright/keywright/handbook"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

type system struct{ name, scheme, variable string }

func systems() []system {
	return []system{
		{"acme", "keywright", "ACME_API_KEY"}, {"trustifi", "trustifi", "TRUSTIFI_API_KEY"}, {"truestamp", "truestamp", "TRUESTAMP_API_KEY"},
		{"trusset", "trusset-instance", "TRUSSET_API_KEY"}, {"domaintrust", "domain-trust", "DOMAIN_TRUST_API_KEY"}, {"trustswiftly", "trust-swiftly", "TRUST_SWIFTLY_API_KEY"},
	}
}

func shipped(t *testing.T, name string) *scheme.Scheme {
	t.Helper()
	all, err := schemes.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

func book(t *testing.T, s system) *handbook.Handbook {
	t.Helper()
	doc, err := os.ReadFile("../examples/" + s.name + "/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h, err := handbook.New(handbook.Options{
		API: s.name, Title: s.name + " example API", Base: "https://" + s.name + ".example", Site: "https://docs.example", OpenAPI: doc, Variable: s.variable,
		Schemes: []handbook.Part{{Scheme: shipped(t, s.scheme)}}, Account: handbook.Account{Keys: "/account/keys", SignIn: "/account/sign-in", TestKey: "/v1/me/keys/test", CLI: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code != 200 {
		t.Errorf("%s: %d", path, w.Code)
	}
	if w.Body.Len() > 100_000 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%s has %d bytes", path, w.Body.Len())
	}
	return w.Body.String()
}

func TestTFI01_TFI02_TFI03_IndexTwinsAndTurning(t *testing.T) {
	t.Parallel()
	for _, s := range systems() {
		h := book(t, s)
		index, pages := get(t, h, "/llms.txt"), h.Paths()
		for i, p := range pages {
			html := get(t, h, p)
			twin := p + ".md"
			if p == "/" {
				twin = "/index.md"
			}
			if !strings.Contains(index, "https://docs.example"+twin) {
				t.Errorf("%s: the index lacks %s", s.name, p)
			}
			if !strings.Contains(html, `href="/llms.txt"`) || !strings.Contains(html, `href="`+twin+`"`) {
				t.Errorf("%s: %s points to neither", s.name, p)
			}
			if i > 0 && !strings.Contains(html, `rel="prev" href="`+pages[i-1]+`"`) || i+1 < len(pages) && !strings.Contains(html, `rel="next" href="`+pages[i+1]+`"`) {
				t.Errorf("%s: %s does not turn", s.name, p)
			}
			if md := get(t, h, twin); !strings.Contains(md, "\ndescription: \"") || strings.Contains(md, "<no value>") {
				t.Errorf("TSW-27 %s: %s", s.name, twin)
			}
		}
	}
}

// trusting calls the demo's API with its own authority.
func trusting(t *testing.T, ca string) http.RoundTripper {
	t.Helper()
	raw, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}
