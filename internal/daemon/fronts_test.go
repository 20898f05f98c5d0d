package daemon_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServe_ForwardAuth(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+"forward_auth: {listen: \"127.0.0.1:0\", path: /ask}\n"+api(upstream(t, "one")))
	key := n.customer(n.operator(), "shop0001")
	at := "http://" + n.door("forward-auth")
	asked := []string{"X-Forwarded-Method", "GET", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "orders.localhost", "X-Forwarded-Uri", "/v1/x", "X-Forwarded-For", "192.0.2.7"}
	if a := do(t, http.DefaultClient, "GET", at+"/ask", "", append(asked, "Authorization", "Bearer "+key)...); a.status/100 != 2 || a.header.Get("Keywright-Identity") == "" {
		t.Errorf("a good key: %d %v", a.status, a.header)
	}
	if a := do(t, http.DefaultClient, "GET", at+"/ask", "", asked...); a.status != 401 {
		t.Errorf("no key: %d %s", a.status, a.body)
	}
	if a := do(t, http.DefaultClient, "GET", at+"/verify", ""); a.status != 404 {
		t.Errorf("another path: %d", a.status)
	}
	// Who is no proxy of ours learns nothing.
	strict := serve(t, t.TempDir(), base+"forward_auth: {listen: \"127.0.0.1:0\", proxies: [192.0.2.0/24]}\n"+api(upstream(t, "one")))
	if a := do(t, http.DefaultClient, "GET", "http://"+strict.door("forward-auth")+"/verify", "", asked...); a.status != 403 {
		t.Errorf("a question from elsewhere: %d", a.status)
	}
}

func TestServe_CORSAndOpenAPIDocument(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	document := "openapi: 3.1.0\ninfo: {title: Orders, version: '1'}\n"
	if err := os.WriteFile(filepath.Join(dir, "orders.yaml"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	n := serve(t, dir, base+strings.Replace(api(upstream(t, "one")), "scheme: keywright", "scheme: keywright\n    openapi: orders.yaml\n    cors: {origins: [\"https://app.example.com\"], max_age: 1h}", 1))
	pre := do(t, http.DefaultClient, "OPTIONS", "http://"+n.door("http")+"/v1/x", "", "Host", "orders.localhost",
		"Origin", "https://app.example.com", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if pre.status/100 != 2 || pre.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("the preflight: %d %v", pre.status, pre.header)
	}
	other := do(t, http.DefaultClient, "GET", "http://"+n.door("http")+"/v1/x", "", "Host", "orders.localhost", "Origin", "https://evil.example.com")
	if other.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", other.header)
	}
	if a := do(t, http.DefaultClient, "GET", "http://"+n.door("management")+"/v1/keys", "", "Origin", "https://app.example.com"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the management API has a cross-origin policy")
	}
	if a := do(t, http.DefaultClient, "GET", "http://"+n.door("management")+"/.well-known/keywright/openapi/orders", ""); a.status != 200 || a.body != document {
		t.Errorf("the document: %d %s", a.status, a.body)
	}
	if a := do(t, http.DefaultClient, "GET", "http://"+n.door("management")+"/.well-known/keywright/openapi/other", ""); a.status == 200 {
		t.Errorf("a document that is not there: %d", a.status)
	}
}

func TestServe_WhatIsNoRequestIsAnsweredToo(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+api(upstream(t, "one")))
	for door, wanted := range map[string]int{"http": 421, "management": 404} {
		a := do(t, http.DefaultClient, "GET", "http://"+n.door(door)+"/nowhere", "", "Host", "nobody.localhost")
		if a.status != wanted || !strings.Contains(a.header.Get("Content-Type"), "json") {
			t.Errorf("%s: %d %s %s", door, a.status, a.header.Get("Content-Type"), a.body)
		}
	}
}
