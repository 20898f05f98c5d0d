package daemon_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestServe_SetUpIssueCallRevoke(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+api(upstream(t, "hello")))
	operator := n.operator()
	key := n.customer(operator, "shop0001")
	at := "http://" + n.door("http") + "/v1/orders?token=query-secret"
	if a := do(t, http.DefaultClient, "GET", at, "", "Host", "orders.localhost", "Authorization", "Bearer "+key); a.status != 200 || a.body != "hello" {
		t.Errorf("a good key: %d %s", a.status, a.body)
	}
	if a := do(t, http.DefaultClient, "GET", at, "", "Host", "orders.localhost"); a.status != 401 || !strings.Contains(a.body, "credentials") && !strings.Contains(a.body, "API key") {
		t.Errorf("no key: %d %s", a.status, a.body)
	}
	jwks := do(t, http.DefaultClient, "GET", "http://"+n.door("management")+"/.well-known/keywright/jwks.json", "")
	if jwks.status != 200 || !strings.Contains(jwks.body, `"Ed25519"`) {
		t.Errorf("the JWKS: %d %s", jwks.status, jwks.body)
	}
	n.signal(syscall.SIGTERM)
	if code := n.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, secret := range []string{operator, key, "query-secret"} {
		if strings.Contains(n.text(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(n.text(), `"key":"key_`) || !strings.Contains(n.text(), `"reason":"missing"`) {
		t.Errorf("the access log names neither key id nor reason:\n%s", n.text())
	}
}

func TestServe_SIGTERMDrains(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-release
		}
		_, _ = io.WriteString(w, "done")
	}))
	t.Cleanup(slow.Close)
	n := serve(t, t.TempDir(), base+api(slow.URL))
	key := n.customer(n.operator(), "shop0001")
	answers := make(chan answer, 1)
	go func() {
		a, err := try(http.DefaultClient, "GET", "http://"+n.door("http")+"/slow", "", "Host", "orders.localhost", "Authorization", "Bearer "+key)
		if err != nil {
			a.body = err.Error()
		}
		answers <- a
	}()
	<-arrived
	n.signal(syscall.SIGTERM)
	n.wait("stopping")
	refused(t, n.door("http"))
	close(release)
	if a := <-answers; a.status != 200 || a.body != "done" {
		t.Errorf("the request that ran at SIGTERM: %d %s", a.status, a.body)
	}
	if code := n.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// refused waits until nobody accepts connections any more.
func refused(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			t.Fatal("connections are still accepted")
		}
	}
}

func TestServe_SIGTERMEndsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	stream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(stream.Close)
	n := serve(t, t.TempDir(), base+"limits: {drain_timeout: 1h}\n"+api(stream.URL))
	key := n.customer(n.operator(), "shop0001")
	req, err := http.NewRequest("GET", "http://"+n.door("http")+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "orders.localhost"
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != "data: 1\n" {
		t.Fatalf("the stream did not begin: %q %v", line, err)
	}
	n.signal(syscall.SIGTERM)
	if code := n.end(); code != 0 { // long before the hour
		t.Errorf("exit code %d", code)
	}
}

func TestServe_SIGHUPUnderLoadDropsNothing(t *testing.T) {
	t.Parallel()
	one, two := upstream(t, "one"), upstream(t, "two")
	dir := t.TempDir()
	n := serve(t, dir, base+api(one))
	key := n.customer(n.operator(), "shop0001")
	var stop atomic.Bool
	var count, seen atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		client := &http.Client{Transport: &http.Transport{}}
		group.Go(func() {
			for !stop.Load() {
				a, err := try(client, "GET", "http://"+n.door("http")+"/x", "", "Host", "orders.localhost", "Authorization", "Bearer "+key)
				if err != nil || a.status != 200 {
					t.Errorf("a request during a reload: %d %s %v", a.status, a.body, err)
					return
				}
				count.Add(1)
				if a.body == "two" {
					seen.Add(1)
				}
			}
		})
	}
	for i := range 10 {
		n.rewrite(base + api([]string{two, one}[i%2]))
		n.wait("reloaded")
	}
	n.rewrite(base + api(two))
	n.wait("reloaded")
	a := do(t, http.DefaultClient, "GET", "http://"+n.door("http")+"/x", "", "Host", "orders.localhost", "Authorization", "Bearer "+key)
	stop.Store(true)
	group.Wait()
	if a.body != "two" {
		t.Errorf("after the reload the upstream is %q", a.body)
	}
	if count.Load() == 0 || seen.Load() == 0 {
		t.Errorf("%d requests, %d of them to the new upstream: the load proves nothing", count.Load(), seen.Load())
	}
	n.signal(syscall.SIGTERM)
	if code := n.end(); code != 0 { // not 0 too if the race detector had something to say
		t.Errorf("exit code %d", code)
	}
}

func TestServe_AnInvalidReloadIsRefused(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+api(upstream(t, "one")))
	key := n.customer(n.operator(), "shop0001")
	for name, c := range map[string]struct{ yaml, says string }{
		"unknown field":     {base + "lisen: {}\n", `did you mean \"listen\"`},
		"unknown scheme":    {base + strings.Replace(api("http://127.0.0.1:1"), "scheme: keywright", "scheme: keywrong", 1), "there is no scheme"},
		"fixed at a start":  {base + "store: {kind: memory}\n", "store can only change at a start"},
		"not YAML":          {base + "apis: [", "not YAML"},
		"no upstream":       {base + strings.Replace(api("x"), "upstream: x", "", 1), "upstream"},
		"a hiding pattern":  {base + strings.Replace(api("http://127.0.0.1:1"), "/{rest...}", "/{rest...}/x", 1), "rest"},
		"a changed log":     {base + "log: {format: text}\n", "log can only change at a start"},
		"a scheme file off": {base + "scheme_files: [nowhere.yaml]\n", "scheme_files[0]"},
	} {
		n.rewrite(c.yaml)
		if text := fmt.Sprintf("%q", n.wait("reload")["error"]); !strings.Contains(text, strings.ReplaceAll(c.says, `\"`, `\"`)) {
			t.Errorf("%s: the refusal says %s, not %q", name, text, c.says)
		}
		a := do(t, http.DefaultClient, "GET", "http://"+n.door("http")+"/x", "", "Host", "orders.localhost", "Authorization", "Bearer "+key)
		if a.body != "one" {
			t.Errorf("%s: the old configuration does not stand: %d %s", name, a.status, a.body)
		}
	}
}

func TestServe_AWrongPepperIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, folder string){
		"another pepper": func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, "pepper.1"), []byte(strings.Repeat("ab", 32)+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a lost folder": func(t *testing.T, folder string) {
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
		},
		"a lost pepper": func(t *testing.T, folder string) {
			if err := os.Remove(filepath.Join(folder, "pepper.1")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			yaml := base + "secrets_dir: kept\n" + api(upstream(t, "one"))
			n := serve(t, dir, yaml)
			n.customer(n.operator(), "shop0001")
			n.signal(syscall.SIGTERM)
			n.end()
			spoil(t, filepath.Join(dir, "kept"))
			again := launch(t, dir, yaml)
			if code := again.end(); code == 0 {
				t.Error("the start went well")
			}
			if text := again.text(); !strings.Contains(text, "pepper") && !strings.Contains(text, "bring it back") {
				t.Errorf("the error does not say what to do:\n%s", text)
			}
			if _, err := os.Stat(filepath.Join(dir, "kept", "pepper.1")); name != "another pepper" && err == nil {
				t.Error("a new pepper was made beside keys of another")
			}
		})
	}
}

func TestPepperRotate_KeysGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	yaml := base + api(upstream(t, "one"))
	n := serve(t, dir, yaml)
	key := n.customer(n.operator(), "shop0001")
	rotate := func() ([]byte, error) {
		return exec.Command(program, "pepper", "rotate", "--config", filepath.Join(dir, "keywright.yaml")).CombinedOutput()
	}
	if out, err := rotate(); err == nil {
		t.Errorf("the pepper was rotated under a process that runs: %s", out)
	}
	n.signal(syscall.SIGTERM)
	n.end()
	if out, err := rotate(); err != nil || !strings.Contains(string(out), "2 keys") {
		t.Fatalf("%v: %s", err, out)
	}
	again := serve(t, dir, yaml)
	if a := do(t, http.DefaultClient, "GET", "http://"+again.door("http")+"/x", "", "Host", "orders.localhost", "Authorization", "Bearer "+key); a.status != http.StatusOK {
		t.Errorf("after the rotation the key gets %d", a.status)
	}
}

func TestServe_ASecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := serve(t, dir, base+api(upstream(t, "one")))
	second := launch(t, dir, base+api(upstream(t, "two")))
	if code := second.end(); code == 0 {
		t.Error("a second process on the same data went well")
	}
	if text := second.text(); !strings.Contains(text, "open") && !strings.Contains(text, "another") {
		t.Errorf("the error does not say why:\n%s", text)
	}
	if a := do(t, http.DefaultClient, "GET", "http://"+n.door("metrics")+"/readyz", ""); a.status != 200 {
		t.Errorf("the first process suffers: %d %s", a.status, a.body)
	}
}

func TestServe_HealthReadinessAndMetrics(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+api(upstream(t, "one")))
	operator := n.operator()
	key := n.customer(operator, "shop0001")
	for range 3 {
		do(t, http.DefaultClient, "GET", "http://"+n.door("http")+"/x", "", "Host", "orders.localhost", "Authorization", "Bearer "+key)
	}
	do(t, http.DefaultClient, "GET", "http://"+n.door("http")+"/x", "", "Host", "orders.localhost")
	at := "http://" + n.door("metrics")
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := do(t, http.DefaultClient, "GET", at+path, ""); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	text := do(t, http.DefaultClient, "GET", at+"/metrics", "").body
	for _, want := range []string{
		`keywright_requests_total{api="orders",reason="granted",status="200"} 3`, `keywright_requests_total{api="orders",reason="missing",status="401"} 1`,
		`keywright_index_keys 2`, `keywright_fresh 1`, `keywright_freshness_age_seconds 0`, `keywright_feed_cursor`, `keywright_limiter_subjects`,
		`keywright_build_info{go="go`, `keywright_verification_duration_seconds_count`, `keywright_request_duration_seconds_count{api="orders"} 4`, `keywright_connections`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	for _, secret := range []string{operator, key, "key_", "ten_", "shop0001", "127.0.0.1"} {
		if strings.Contains(text, secret) {
			t.Errorf("/metrics holds %q", secret)
		}
	}
	if a := do(t, http.DefaultClient, "GET", at+"/debug/pprof/", ""); a.status != 404 || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("an unknown path: %d %s", a.status, a.header.Get("Content-Type"))
	}
}

func TestServe_ConnectionCap(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+"limits: {connections: 2}\n"+api(upstream(t, "one")))
	var held []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", n.door("http"))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: orders.localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	third, err := net.Dial("tcp", n.door("http"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = third.Close() }()
	_, _ = io.WriteString(third, "GET / HTTP/1.1\r\nHost: orders.localhost\r\n\r\n")
	_ = third.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was answered at a cap of 2")
	}
	// The operators' doors are not behind that cap.
	if a := do(t, http.DefaultClient, "GET", "http://"+n.door("metrics")+"/healthz", ""); a.status != 200 {
		t.Errorf("/healthz at the cap: %d", a.status)
	}
	_ = held[0].Close()
	_ = third.SetReadDeadline(time.Now().Add(patience))
	if _, err := http.ReadResponse(bufio.NewReader(third), nil); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	_ = held[1].Close()
}

func TestServe_SlowHeadersAreHungUpOn(t *testing.T) {
	t.Parallel()
	n := serve(t, t.TempDir(), base+"limits: {header_timeout: 1s, body_timeout: 1s}\n"+api(upstream(t, "one")))
	key := n.customer(n.operator(), "shop0001")
	for name, sent := range map[string]string{
		"headers": "GET / HTTP/1.1\r\nHost: orders.localhost\r\nX-Slow: ",
		"body":    "POST / HTTP/1.1\r\nHost: orders.localhost\r\nAuthorization: Bearer " + key + "\r\nContent-Length: 100\r\n\r\nx",
	} {
		c, err := net.Dial("tcp", n.door("http"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, sent)
		// A byte now and then must not help.
		done := make(chan struct{})
		go dribble(c, done)
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err = io.ReadAll(c)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Errorf("slow %s: the connection was held: %v", name, err)
		}
		close(done)
		_ = c.Close()
	}
}

// dribble sends a byte every tenth of a second.
func dribble(c net.Conn, done <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
		case <-done:
			return
		}
	}
}
