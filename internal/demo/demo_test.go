package demo_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/demo"
)

// running is a demo in this process.
type running struct {
	*demo.Demo
	t    *testing.T
	out  bytes.Buffer
	file string
	has  demo.Credentials
}

func start(t *testing.T, data string) *running {
	t.Helper()
	r := &running{t: t, file: filepath.Join(t.TempDir(), "credentials.json")}
	var err error
	r.Demo, err = demo.Start(t.Context(), demo.Options{
		Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "127.0.0.1:0", Data: data, Credentials: r.file, Out: &r.out, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop() })
	if err := r.Announce(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	// Strictly: a field that the documented shape does not have is a fault.
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r.has); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) stop() {
	if err := r.Close(context.Background()); err != nil {
		r.t.Error(err)
	}
}

// call makes a request and returns the status and the body. *.localhost is here.
func (r *running) call(method, url, body string, pairs ...string) (int, string) {
	r.t.Helper()
	text, err := os.ReadFile(r.has.CA)
	if err != nil {
		r.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(addr)
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}}
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

func (r *running) want(status int, method, url, body string, pairs ...string) string {
	r.t.Helper()
	got, text := r.call(method, url, body, pairs...)
	if got != status {
		r.t.Errorf("%s %s: %d, not %d: %s", method, url, got, status, text)
	}
	return text
}

func TestDemo_CredentialsFile(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	info, err := os.Stat(r.file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the credentials file: %v %v", info.Mode(), err)
	}
	c := r.has
	for name, ok := range map[string]bool{
		"http is an address":               strings.HasPrefix(c.HTTP, "http://127.0.0.1:") && !strings.HasSuffix(c.HTTP, ":0"),
		"tls is an address":                strings.HasPrefix(c.TLS, "https://127.0.0.1:") && !strings.HasSuffix(c.TLS, ":0"),
		"ca is absolute":                   filepath.IsAbs(c.CA),
		"the management API's base":        strings.HasPrefix(c.Management.Base, "http://console.localhost:") && strings.HasSuffix(c.Management.Base, "/v1"),
		"two Trustifi users with pairs":    len(c.Trustifi.Users) == 2 && c.Trustifi.Users[1].Key != "" && c.Trustifi.Users[1].Secret != "",
		"two Truestamp users":              len(c.Truestamp.Users) == 2 && strings.HasPrefix(c.Truestamp.Base, "https://truestamp.localhost:") && strings.HasPrefix(c.Truestamp.Direct, "https://127.0.0.1:"),
		"three Trusset instances":          len(c.Trusset.Instances) == 3 && !c.Trusset.Instances[0].Archived && c.Trusset.Instances[2].Archived && len(c.Trusset.Instances[2].Key) == 81,
		"an instance lacks a service":      len(c.Trusset.Instances[1].Services) < len(c.Trusset.Instances[0].Services),
		"a MiCA registrant":                strings.HasPrefix(c.Trusset.Mica.Key, "trusset_mica_") && strings.HasPrefix(c.Trusset.Mica.ManagementToken, "trusset_mgmt_"),
		"three organizations":              len(c.DomainTrust.Organizations) == 3 && c.DomainTrust.Organizations[1].ProductionKey != "",
		"the third lacks production":       !c.DomainTrust.Organizations[2].Production && c.DomainTrust.Organizations[2].ProductionKey == "" && c.DomainTrust.Organizations[2].SecondTestingKey != "",
		"a paying account and a free one":  len(c.TrustSwiftly.Accounts) == 2 && c.TrustSwiftly.Accounts[0].Plan == "growth" && c.TrustSwiftly.Accounts[1].Plan == "free" && c.TrustSwiftly.Accounts[1].Key != "",
		"acme has a tenant, a key, its id": c.Acme.Tenant != "" && strings.HasPrefix(c.Acme.Key, "kw_") && strings.HasPrefix(c.Acme.KeyID, "key_"),
	} {
		if !ok {
			t.Errorf("%s: not so in %+v", name, c)
		}
	}
}

func TestDemo_EveryPrintedCurlWorks(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	var lines []string
	for line := range strings.Lines(r.out.String()) {
		if strings.HasPrefix(line, "curl ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if len(lines) != 7 {
		t.Fatalf("%d curl lines, not one for each of six systems and the management API:\n%s", len(lines), r.out.String())
	}
	for i, key := range []string{
		r.has.Acme.Key, r.has.Trustifi.Users[0].Secret, r.has.Truestamp.Users[0].Key, r.has.Trusset.Instances[0].Key,
		r.has.DomainTrust.Organizations[0].TestingKey, r.has.TrustSwiftly.Accounts[0].Key, r.has.Management.Key,
	} {
		if !strings.Contains(lines[i], key) {
			t.Errorf("line %d does not carry its system's key: %s", i, lines[i])
		}
		out, err := exec.Command("sh", "-c", lines[i]+" --silent --show-error --output /dev/null --write-out '%{http_code}'").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "2") {
			t.Errorf("%s\nanswered %s (%v)", lines[i], out, err)
		}
	}
	for line := range strings.Lines(r.out.String()) {
		if pasted, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
			out, err := exec.Command("sh", "-c", pasted+" --silent --show-error --output /dev/null --write-out '%{http_code}'").CombinedOutput()
			if err != nil || string(out) != "200" {
				t.Errorf("%s\nanswered %s (%v)", pasted, out, err)
			}
		}
	}
}

func TestDemo_HostsOnBothListeners(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	_, plain, _ := net.SplitHostPort(strings.TrimPrefix(r.has.HTTP, "http://"))
	_, secure, _ := net.SplitHostPort(strings.TrimPrefix(r.has.TLS, "https://"))
	auth := []string{"Authorization", "Bearer " + r.has.Acme.Key}
	r.want(200, "GET", "http://acme.localhost:"+plain+"/v1/messages", "", auth...)
	r.want(200, "GET", "https://acme.localhost:"+secure+"/v1/messages", "", auth...)
	r.want(403, "GET", "http://truestamp.localhost:"+plain+"/v1/health", "")
	r.want(200, "GET", "https://truestamp.localhost:"+secure+"/v1/health", "")
	operator := []string{"Authorization", "Bearer " + r.has.Management.Key}
	r.want(200, "GET", "http://console.localhost:"+plain+"/v1/tenants", "", operator...)
	r.want(200, "GET", "https://console.localhost:"+secure+"/v1/tenants", "", operator...)
	r.want(401, "GET", "http://console.localhost:"+plain+"/v1/tenants", "", auth...)
}

func TestDemo_Refusals(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	instances := r.has.Trusset.Instances
	r.want(401, "GET", r.has.Trusset.Direct+"/lending/api/markets", "", "X-API-Key", instances[2].Key)
	r.want(403, "GET", r.has.Trusset.Direct+"/lending/api/markets", "", "X-API-Key", instances[1].Key)
	r.want(200, "GET", r.has.Trusset.Direct+"/lending/api/markets", "", "X-API-Key", instances[0].Key)
	r.want(403, "GET", r.has.TrustSwiftly.Direct+"/api/users", "", "Authorization", "Bearer "+r.has.TrustSwiftly.Accounts[1].Key, "User-Agent", "a test")
	r.want(200, "GET", r.has.Trusset.Direct+"/api/mica/v1/issuers", "", "X-API-Key", r.has.Trusset.Mica.Key)
}

func TestDemo_ASecondStartHasNewKeysOnly(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, data)
	// A key that somebody made meanwhile goes too: each tenant has exactly the file's.
	if !first.Travel(8 * 24 * time.Hour) {
		t.Fatal("the clock does not move")
	}
	then := first.Now()
	auth := []string{"Authorization", "Bearer " + first.has.Management.Key}
	first.want(201, "POST", first.has.Management.Base+"/keys", fmt.Sprintf(`{"tenant":%q,"scheme":"truestamp","name":"another"}`, first.has.Truestamp.Users[0].Tenant), auth...)
	first.stop()
	second := start(t, data)
	if first.has.Acme.Tenant != second.has.Acme.Tenant || first.has.Acme.Key == second.has.Acme.Key {
		t.Error("the second start keeps the tenants and makes new keys: not so")
	}
	second.want(401, "GET", second.has.Acme.Direct+"/v1/messages", "", "Authorization", "Bearer "+first.has.Acme.Key)
	second.want(401, "GET", second.has.Management.Base+"/keys", "", "Authorization", "Bearer "+first.has.Management.Key)
	second.want(200, "GET", second.has.Acme.Direct+"/v1/messages", "", "Authorization", "Bearer "+second.has.Acme.Key)
	text := second.want(200, "GET", second.has.Management.Base+"/keys?limit=200&state=ACTIVE&tenant="+second.has.Truestamp.Users[0].Tenant, "", "Authorization", "Bearer "+second.has.Management.Key)
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) != 1 || list.Items[0].ID != second.has.Truestamp.Users[0].KeyID {
		t.Errorf("the tenant's active keys are %v (%v)", list.Items, err)
	}
	// What was recorded must not lie in the future of whoever reads it.
	if second.Now().Before(then) {
		t.Errorf("the second start begins at %s, before what the first one saw at %s", second.Now(), then)
	}
}

func TestDemo_TimeTravelEndsAnOverlapAndAnExpiry(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	auth := []string{"Authorization", "Bearer " + r.has.Management.Key}
	clock := strings.TrimSuffix(r.has.Management.Base, "/v1") + "/demo/clock"
	var made struct {
		ID         string
		Credential struct{ Key string }
	}
	old := r.has.Trusset.Instances[0]
	text := r.want(201, "POST", r.has.Management.Base+"/keys/"+old.KeyID+"/rotate", `{"overlap":"168h"}`, auth...)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	rotated := made.Credential.Key
	text = r.want(201, "POST", r.has.Management.Base+"/keys", fmt.Sprintf(`{"tenant":%q,"scheme":"truestamp","name":"short","ttl":3600}`, r.has.Truestamp.Users[0].Tenant), auth...)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	short := []string{"Authorization", "Bearer " + made.Credential.Key}
	customers, items := r.has.Trusset.Direct+"/customers/api/manage", r.has.Truestamp.Direct+"/v1/items"
	item := `{"hash":"` + strings.Repeat("ab", 32) + `","hashType":"sha-256"}`
	r.want(200, "GET", customers, "", "X-API-Key", old.Key)
	r.want(201, "POST", items, item, short...)
	r.want(200, "POST", clock, `{"advance":"1h"}`, auth...)
	r.want(401, "POST", items, item, short...)
	r.want(200, "GET", customers, "", "X-API-Key", old.Key)
	r.want(200, "POST", clock, `{"advance":"167h"}`, auth...)
	r.want(401, "GET", customers, "", "X-API-Key", old.Key)
	r.want(200, "GET", customers, "", "X-API-Key", rotated)

	var at struct{ Now time.Time }
	if err := json.Unmarshal([]byte(r.want(200, "GET", clock, "", auth...)), &at); err != nil || time.Until(at.Now) < 167*time.Hour {
		t.Errorf("the clock says %s (%v)", at.Now, err)
	}
	for _, body := range []string{`{"advance":"-1h"}`, `{"advance":"0s"}`, `{"advance":"100000h"}`, `{"advance":7}`, `{}`, `[]`, `{"advance":"1h"}{}`, `{"back":"1h"}`, strings.Repeat(" ", 2000)} {
		r.want(422, "POST", clock, body, auth...)
	}
	r.want(401, "POST", clock, `{"advance":"1h"}`)
	r.want(401, "POST", clock, `{"advance":"1h"}`, "Authorization", "Bearer "+r.has.Acme.Key)
	r.want(405, "DELETE", clock, "", auth...)
}

func TestDemo_RefusesAnythingButLoopback(t *testing.T) {
	t.Parallel()
	for _, o := range []demo.Options{
		{Listen: "0.0.0.0:0", ListenTLS: "127.0.0.1:0"}, {Listen: "127.0.0.1:0", ListenTLS: ":8443"}, {Listen: "192.0.2.1:0", ListenTLS: "127.0.0.1:0"},
		{Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "[::]:0"}, {Listen: "example.com:80", ListenTLS: "127.0.0.1:0"}, {Listen: "8080", ListenTLS: "127.0.0.1:0"},
	} {
		o.Out, o.Log = io.Discard, slog.New(slog.DiscardHandler)
		if d, err := demo.Start(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
			_ = d.Close(t.Context())
		}
	}
}

func TestClock_OnlyForwardAndBounded(t *testing.T) {
	t.Parallel()
	var c demo.Clock
	if c.Advance(0) || c.Advance(-time.Hour) || c.Advance(11*365*24*time.Hour) || !c.Advance(time.Hour) {
		t.Error("the clock moves otherwise than forward and within its bound")
	}
	if ahead := time.Until(c.Now()); ahead < 59*time.Minute || ahead > 61*time.Minute {
		t.Errorf("the clock is %s ahead", ahead)
	}
	c.AtLeast(time.Now())
	if ahead := time.Until(c.Now()); ahead < 59*time.Minute {
		t.Error("AtLeast moved it back")
	}
	c.AtLeast(time.Now().Add(2 * time.Hour))
	if ahead := time.Until(c.Now()); ahead < 119*time.Minute {
		t.Error("AtLeast did not move it")
	}
}

func TestDemo_ATakenPortIsExplained(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = demo.Start(t.Context(), demo.Options{
		Listen: taken.Addr().String(), ListenTLS: "127.0.0.1:0", Data: data, Credentials: file, Out: io.Discard, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "picks free ports") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the credentials of an earlier run are still there")
	}
	start(t, data) // what the failed start held is free again
}

func TestDemo_EachSystemHasAPortOfItsOwn(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	seen := map[string]bool{}
	for _, at := range []string{r.has.Acme.Direct, r.has.Trustifi.Direct, r.has.Truestamp.Direct, r.has.Trusset.Direct, r.has.DomainTrust.Direct, r.has.TrustSwiftly.Direct} {
		if seen[at] || !strings.Contains(at, "://127.0.0.1:") {
			t.Errorf("%s is not a port of its own on 127.0.0.1", at)
		}
		seen[at] = true
	}
}
