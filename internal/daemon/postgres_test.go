package daemon_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// database makes a database of the test's own on the real server. Without a
// server it fails: what is skipped is not tested.
func database(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("KEYWRIGHT_TEST_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	name := "kw_daemon_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	admin := func(statement string) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close(ctx) }()
		_, err = c.Exec(ctx, statement)
		return err
	}
	if err := admin("CREATE DATABASE " + name); err != nil {
		t.Fatalf("the tests need a PostgreSQL server: %v", err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// wire is a TCP connection that can be cut, without either end being told.
type wire struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	conns    []net.Conn
	cut      bool
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to}
	t.Cleanup(func() { _ = l.Close(); w.set(true) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.join(c)
		}
	}()
	return w
}

func (w *wire) join(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	far, err := net.Dial("tcp", w.to)
	if w.cut || err != nil {
		_ = c.Close()
		return
	}
	w.conns = append(w.conns, c, far)
	go func() { _, _ = io.Copy(c, far); _ = c.Close() }()
	go func() { _, _ = io.Copy(far, c); _ = far.Close() }()
}

func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

func TestServe_TwoNodesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	at, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cable := newWire(t, at.Host)
	far := *at
	far.Host = cable.listener.Addr().String()
	secrets := filepath.Join(t.TempDir(), "secrets")
	yaml := base + fmt.Sprintf("secrets_dir: %q\nstore: {kind: postgres, dsn_env: KW_TEST_DSN, freshness: 600ms}\n", secrets) + api(upstream(t, "one"))
	a := serve(t, t.TempDir(), yaml, "KW_TEST_DSN="+dsn)
	operator := a.operator()
	key := a.customer(operator, "shop0001")
	b := serve(t, t.TempDir(), yaml, "KW_TEST_DSN="+far.String())

	call := func(n *node) int {
		got, err := try(http.DefaultClient, "GET", "http://"+n.door("http")+"/x", "", "Host", "orders.localhost", "Authorization", "Bearer "+key)
		if err != nil {
			t.Fatal(err)
		}
		return got.status
	}
	becomes := func(what string, want int, ask func() int) {
		t.Helper()
		got := 0
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
			if got = ask(); got == want {
				return
			}
		}
		t.Errorf("%s: %d, not %d", what, got, want)
	}
	becomes("the other node knows the key", 200, func() int { return call(b) })

	cable.set(true)
	becomes("a node that is cut off refuses", 503, func() int { return call(b) })
	ready := func() int { return do(t, http.DefaultClient, "GET", "http://"+b.door("metrics")+"/readyz", "").status }
	becomes("and is not ready", 503, ready)
	if got := do(t, http.DefaultClient, "GET", "http://"+b.door("metrics")+"/healthz", "").status; got != 200 {
		t.Errorf("/healthz while cut off: %d", got)
	}
	if text := do(t, http.DefaultClient, "GET", "http://"+b.door("metrics")+"/metrics", "").body; !strings.Contains(text, "keywright_fresh 0") {
		t.Error("/metrics says that the node is fresh")
	}
	if got := call(a); got != 200 {
		t.Errorf("the node that is not cut off: %d", got)
	}

	list := do(t, http.DefaultClient, "GET", "http://"+a.door("management")+"/v1/keys?state=ACTIVE&tenant=shop0001", "", "Authorization", "Bearer "+operator)
	var keys struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(list.body), &keys); err != nil || len(keys.Items) != 1 {
		t.Fatalf("%s %v", list.body, err)
	}
	if got := do(t, http.DefaultClient, "POST", "http://"+a.door("management")+"/v1/keys/"+keys.Items[0].ID+"/revoke", `{"reason":"abuse"}`, "Authorization", "Bearer "+operator); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := call(a); got != 401 {
		t.Errorf("the very next request on the same node: %d", got)
	}
	cable.set(false)
	becomes("the other node after the partition", 401, func() int {
		got := call(b)
		if got == 200 {
			t.Error("a key that was revoked during the partition passed after it")
		}
		return got
	})
	becomes("and is ready again", 200, ready)
	if strings.Contains(a.text()+b.text(), "postgres://") {
		t.Error("a log holds the database's address")
	}
}

func TestServe_DSNMustBeThere(t *testing.T) {
	t.Parallel()
	n := launch(t, t.TempDir(), base+"store: {kind: postgres, dsn_env: KW_NOT_SET}\n"+api("http://127.0.0.1:1"))
	if code := n.end(); code == 0 || !strings.Contains(n.text(), "KW_NOT_SET") {
		t.Errorf("exit code %d:\n%s", code, n.text())
	}
}
