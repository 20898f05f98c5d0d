package daemon_test

import (
	"encoding/json"
	"net/http"
	"syscall"
	"testing"

	reports "github.com/keywright/keywright/api"
)

// use asks a node how much the API of the tests was used.
func (n *node) use(operator string) (out reports.UsageReport) {
	n.t.Helper()
	a := do(n.t, http.DefaultClient, "GET", "http://"+n.door("management")+"/v1/usage?api=orders&step=day", "", "Authorization", "Bearer "+operator)
	if a.status != 200 {
		n.t.Fatalf("%d %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		n.t.Fatal(err)
	}
	return out
}

// What was counted is kept when a node is stopped, without a report being read. One
// that is killed loses what it counted since the last flush, and nothing before it.
func TestServe_UseIsKeptWhenItStopsAndWhatWasFlushedWhenItIsKilled(t *testing.T) {
	t.Parallel()
	dir, yaml := t.TempDir(), base+api(upstream(t, "hello"))
	n := serve(t, dir, yaml)
	operator := n.operator()
	key := n.customer(operator, "shop0001")
	call := func(n *node, key string, want int) {
		t.Helper()
		if a := do(t, http.DefaultClient, "GET", "http://"+n.door("http")+"/v1/orders", "", "Host", "orders.localhost", "Authorization", "Bearer "+key); a.status != want {
			t.Errorf("%d %s, want %d", a.status, a.body, want)
		}
	}
	call(n, key, 200)
	call(n, key, 200)
	call(n, "nonsense", 401)
	n.signal(syscall.SIGTERM)
	if code := n.end(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	n = serve(t, dir, yaml)
	if r := n.use(operator); r.Granted != 2 || r.Refused != 1 {
		t.Errorf("after a stop: %d granted, %d refused; want 2 and 1", r.Granted, r.Refused)
	}
	call(n, key, 200)
	if r := n.use(operator); r.Granted != 3 { // which flushes
		t.Errorf("%d granted, want 3", r.Granted)
	}
	call(n, key, 200)
	n.signal(syscall.SIGKILL)
	n.end()
	n = serve(t, dir, yaml)
	if r := n.use(operator); r.Granted < 3 || r.Granted > 4 || r.Refused != 1 {
		t.Errorf("after a kill: %d granted, %d refused; want 3 or 4, and 1", r.Granted, r.Refused)
	}
}
