package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

// start runs the program, and returns the first line that it prints.
func start(t *testing.T, data string) (line string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, write, "127.0.0.1:0", data)
		_ = write.CloseWithError(io.EOF)
		ended <- err
	}()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("nothing was printed: %v, %v", err, <-ended)
	}
	return strings.TrimSpace(line), func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	}
}

func call(t *testing.T, method, url, key, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func TestThePrintedLineWorks(t *testing.T) {
	t.Parallel()
	line, stop := start(t, "")
	defer stop()
	parts := regexp.MustCompile(`^curl -H 'Authorization: Bearer (kw_live_\w+)' (http://127\.0\.0\.1:\d+/v1/notes)$`).FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("printed %q", line)
	}
	if res := call(t, "GET", parts[2], parts[1], ""); res.StatusCode != 200 {
		t.Errorf("with the key: %d", res.StatusCode)
	}
	for name, key := range map[string]string{"none": "", "junk": "junk", "another": parts[1] + "x"} {
		res := call(t, "GET", parts[2], key, "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 401 || res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %v %s", name, res.StatusCode, res.Header, body)
		}
	}
}

func TestKeysInAFolderSurviveAndAreShownOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	line, stop := start(t, data)
	key := regexp.MustCompile(`kw_live_\w+`).FindString(line)
	stop()
	line, stop = start(t, data)
	defer stop()
	if strings.Contains(line, "kw_live_") {
		t.Errorf("a second start printed %q", line)
	}
	base := regexp.MustCompile(`http://[\d.:]+`).FindString(line)
	if res := call(t, "GET", base+"/v1/notes", key, ""); res.StatusCode != 200 {
		t.Errorf("after a restart the key answers %d", res.StatusCode)
	}
}

// house is the program without its listener.
func house(t *testing.T, next http.Handler) (*keys, http.Handler) {
	t.Helper()
	k, err := openKeys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.close() })
	return k, k.middleware(next)
}

func issue(t *testing.T, k *keys, ref string, permissions ...string) keeper.Issued {
	t.Helper()
	by := keywright.Actor{ID: "system"}
	if _, err := k.keeper.EnsureTenant(t.Context(), by, keeper.TenantDraft{Ref: ref, Name: ref}); err != nil {
		t.Fatal(err)
	}
	issued, err := k.keeper.Issue(t.Context(), by, keeper.IssueRequest{
		Tenant: ref, Scheme: schemeName, Draft: keywright.Draft{Environment: "live", Permissions: permissions},
	})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func ask(h http.Handler, i keeper.Issued, method, target, body string) *httptest.ResponseRecorder {
	_, secret := i.Credential.Reveal()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

func TestARevocationIsSeenByTheVeryNextRequest(t *testing.T) {
	t.Parallel()
	k, h := house(t, notes())
	key := issue(t, k, "a", "notes:*")
	if got := ask(h, key, "GET", "/v1/notes", ""); got.Code != 200 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if _, err := k.keeper.Revoke(t.Context(), keywright.Actor{ID: "system"}, key.Key.ID, keywright.Compromised); err != nil {
		t.Fatal(err)
	}
	if got := ask(h, key, "GET", "/v1/notes", ""); got.Code != 401 {
		t.Errorf("after the revocation: %d", got.Code)
	}
}

func TestTenantsAndPermissionsAreKept(t *testing.T) {
	t.Parallel()
	k, h := house(t, notes())
	a, b, reader := issue(t, k, "a", "notes:*"), issue(t, k, "b", "notes:*"), issue(t, k, "a", "notes:read")
	if got := ask(h, a, "POST", "/v1/notes", "milk"); got.Code != 201 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if got := ask(h, reader, "POST", "/v1/notes", "eggs"); got.Code != 403 {
		t.Errorf("without the permission: %d", got.Code)
	}
	if got := ask(h, reader, "GET", "/v1/notes", "").Body.String(); got != "{\"notes\":[\"milk\"],\"tenant\":\"a\"}\n" {
		t.Errorf("a reads %s", got)
	}
	if got := ask(h, b, "GET", "/v1/notes", "").Body.String(); got != "{\"notes\":[],\"tenant\":\"b\"}\n" {
		t.Errorf("b reads %s", got)
	}
	for path, status := range map[string]int{"/v1/other": 404, "/v1/../v1/notes": 400} {
		if got := ask(h, a, "GET", path, ""); got.Code != status {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	if got := ask(h, a, "POST", "/v1/notes", strings.Repeat("x", maxNote+1)); got.Code != 400 {
		t.Errorf("a huge note: %d", got.Code)
	}
}

func TestAHandlerNeverSeesTheKey(t *testing.T) {
	t.Parallel()
	var seen http.Header
	k, h := house(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.Header
		if caller(r).Tenant.Ref != "a" {
			t.Errorf("the caller is %v", caller(r).Tenant)
		}
	}))
	if got := ask(h, issue(t, k, "a", "*"), "GET", "/v1/notes", ""); got.Code != 200 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if seen == nil || seen.Get("Authorization") != "" {
		t.Errorf("the handler sees %v", seen)
	}
}
