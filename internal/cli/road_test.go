package cli_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/demo"
	"github.com/keywright/keywright/internal/realidp"
)

// realBrowser is the program that KEYWRIGHT_BROWSER names where the identity
// provider of $ISSUER is a real one.
func realBrowser() {
	p := &realidp.Provider{Issuer: os.Getenv("ISSUER")}
	back, err := p.Login(context.Background(), os.Args[1], os.Getenv("PERSON"))
	if err == nil {
		var answer *http.Response
		if answer, err = http.Get(back.String()); err == nil {
			err = answer.Body.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// road is a demo whose people sign in with a real identity provider.
type road struct {
	idp *realidp.Provider
	has demo.Credentials
	dir string
}

func openRoad(t *testing.T) *road {
	t.Helper()
	r := &road{dir: t.TempDir()}
	r.idp = realidp.Start(t, realidp.Options{Resource: "urn:keywright:demo", Users: []realidp.User{
		{Subject: "ada", Email: "ada@truestamp.example", Verified: true, Name: "Ada"},
		{Subject: "grace", Email: "grace@truestamp.example", Verified: true, Name: "Grace"},
		{Subject: "swift", Email: "ada@trustswiftly.example", Verified: true, Name: "Ada"},
	}})
	file := filepath.Join(r.dir, "credentials.json")
	d, err := demo.Start(t.Context(), demo.Options{Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "127.0.0.1:0",
		Credentials: file, IdentityProvider: r.idp.Issuer, Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	if err := d.Announce(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &r.has); err != nil {
		t.Fatal(err)
	}
	return r
}

// customer runs the command line as one person, with a configuration of their own.
type customer struct {
	t   *testing.T
	env []string
	dir string
}

func (r *road) customer(t *testing.T, person string) *customer {
	t.Helper()
	dir := t.TempDir()
	c := &customer{t: t, dir: dir}
	for _, one := range os.Environ() {
		if !strings.HasPrefix(one, "KEYWRIGHT_") && !strings.HasPrefix(one, "DISPLAY=") && !strings.HasPrefix(one, "WAYLAND_DISPLAY=") {
			c.env = append(c.env, one)
		}
	}
	c.env = append(c.env, "XDG_CONFIG_HOME="+dir, "HOME="+dir, "KEYWRIGHT_KEYRING=false", "KEYWRIGHT_CA="+r.has.CA, "ISSUER="+r.idp.Issuer, "PERSON="+person)
	return c
}

// run runs one command, which must end well, and returns what it said on both ways.
func (c *customer) run(args ...string) (stdout, stderr string) {
	c.t.Helper()
	var out, words bytes.Buffer
	cmd := exec.CommandContext(c.t.Context(), "keywright", args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &out, &words
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("keywright %v: %v\n%s", args, err, words.String())
	}
	for _, text := range []string{out.String(), words.String()} {
		if hasToken(text) {
			c.t.Errorf("keywright %v shows a token", args)
		}
	}
	return out.String(), words.String()
}

// watched is a stream that somebody reads while it is written.
type watched struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wants *regexp.Regexp
	found chan string
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.Write(p)
	if m := w.wants.FindSubmatch(w.b.Bytes()); m != nil {
		select {
		case w.found <- string(m[1]):
		default:
		}
	}
	return len(p), nil
}

// loginByCode logs in where there is no browser: somebody reads the words, and goes
// to the address with the code on another device.
func (c *customer) loginByCode(idp *realidp.Provider, site, person string) {
	c.t.Helper()
	words := &watched{wants: regexp.MustCompile(`Or open (\S+),`), found: make(chan string, 1)}
	cmd := exec.CommandContext(c.t.Context(), "keywright", "login", "--server", site)
	cmd.Env, cmd.Stderr = c.env, words
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	select {
	case address := <-words.found:
		if err := idp.Approve(c.t.Context(), address, person); err != nil {
			c.t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		c.t.Fatalf("no address: %s", words.b.String())
	}
	if err := cmd.Wait(); err != nil {
		c.t.Fatalf("%v: %s", err, words.b.String())
	}
	if hasToken(words.b.String()) {
		c.t.Error("the login shows a token")
	}
}

// curl calls an API as its documentation says, and returns the status.
func (r *road) curl(t *testing.T, key, method, address, body string, more ...string) int {
	t.Helper()
	pem, err := os.ReadFile(r.has.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	tr := client.Transport()
	tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	defer tr.CloseIdleConnections()
	q, _ := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	q.Header.Set("Authorization", "Bearer "+key)
	q.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(more); i += 2 {
		q.Header.Set(more[i], more[i+1])
	}
	answer, err := (&http.Client{Transport: tr}).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// TestTSP17_TSP18_TSP19_TSP23_TSP25_FromLoginToAGrantedRequest goes the whole road
// by both flows, against the demo and a real identity provider.
func TestTSP17_TSP18_TSP19_TSP23_TSP25_FromLoginToAGrantedRequest(t *testing.T) {
	t.Parallel()
	r := openRoad(t)
	site := r.has.Sites["truestamp"]
	for name, login := range map[string]func(c *customer, person string){
		"browser": func(c *customer, _ string) {
			c.env = append(c.env, "KEYWRIGHT_BROWSER=realbrowser")
			c.run("login", "--server", site)
		},
		"device": func(c *customer, person string) { c.loginByCode(r.idp, site, person) },
	} {
		t.Run(name, func(t *testing.T) {
			person := map[string]string{"browser": "ada@truestamp.example", "device": "grace@truestamp.example"}[name]
			c := r.customer(t, person)
			login(c, person)
			if out, _ := c.run("whoami"); !strings.Contains(out, person) || !strings.Contains(out, "renews itself") {
				t.Errorf("whoami says %s", out)
			}
			out, _ := c.run("keys", "create", "--description", "ci", "--ttl", "3600", "--output", "json")
			var made struct {
				ID         string    `json:"id"`
				Expires    time.Time `json:"expires_at"`
				Credential struct{ Key string }
			}
			if err := json.Unmarshal([]byte(out), &made); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(made.Expires); left < 58*time.Minute || left > 61*time.Minute {
				t.Errorf("it lives for %s", left)
			}
			const item = `{"hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","hashType":"sha-256"}`
			if status := r.curl(t, made.Credential.Key, "POST", r.has.Truestamp.Base+"/v1/items", item); status != http.StatusCreated {
				t.Errorf("the API answers %d", status)
			}
			c.run("keys", "revoke", made.ID, "--yes")
			if status := r.curl(t, made.Credential.Key, "POST", r.has.Truestamp.Base+"/v1/items", item); status != http.StatusUnauthorized {
				t.Errorf("after its revocation the API answers %d", status)
			}
			if _, said := c.run("logout"); !strings.Contains(said, "Logged out") || strings.Contains(said, "could not be told") {
				t.Errorf("logout says %s", said)
			}
		})
	}
}

// TestTSW23_TheKeyGoesIntoTheVariableOfTheExamples takes what --output env prints
// through a real shell.
func TestTSW23_TheKeyGoesIntoTheVariableOfTheExamples(t *testing.T) {
	t.Parallel()
	r := openRoad(t)
	c := r.customer(t, "ada@trustswiftly.example")
	c.env = append(c.env, "KEYWRIGHT_BROWSER=realbrowser")
	c.run("login", "--server", r.has.Sites["trustswiftly"])
	sh := exec.CommandContext(t.Context(), "sh", "-c", `eval "$(keywright keys create --name quickstart --output env 2>/dev/null)"; printf %s "$TRUST_SWIFTLY_API_KEY"`)
	sh.Env = c.env
	key, err := sh.Output()
	if err != nil || !strings.HasPrefix(string(key), "tsw_") {
		t.Fatalf("%d bytes, %v", len(key), err)
	}
	if status := r.curl(t, string(key), "GET", r.has.TrustSwiftly.Base+"/api/users", "", "User-Agent", "test"); status != http.StatusOK {
		t.Errorf("the API answers %d", status)
	}
}
