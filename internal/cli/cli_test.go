package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/cli"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/internal/management/managementtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"keywright": func() {
		root := cli.New()
		if err := root.ExecuteContext(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "keywright:", err)
			os.Exit(cli.ExitCode(err))
		}
	}, "idof": firstID, "accessid": firstAccess, "mode": mode, "browser": browser, "realbrowser": realBrowser})
}

// firstID prints the id of the oldest key that is no operator's.
func firstID() {
	out, err := exec.Command("keywright", "keys", "list", "--output", "json").Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var keys []api.KeyBody
	if err := json.Unmarshal(out, &keys); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, k := range keys {
		if k.Tenant != "ten_operators" {
			fmt.Println(k.ID)
			return
		}
	}
	os.Exit(1)
}

// firstAccess prints the id of the newest request for access that is open.
func firstAccess() {
	out, err := exec.Command("keywright", "access", "list", "--state", "open", "--output", "json").Output()
	var all []api.AccessRequest
	if err != nil || json.Unmarshal(out, &all) != nil || len(all) == 0 {
		fmt.Fprintln(os.Stderr, "no request is open:", err)
		os.Exit(1)
	}
	fmt.Println(all[0].ID)
}

// mode prints a file's mode.
func mode() {
	info, err := os.Stat(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(info.Mode())
}

// running is the server of one script, and what the scripts may do to it.
type running struct {
	*managementtest.House
	server *httptest.Server
}

type runningKey struct{}

// TestScripts runs testdata/*.txtar, each against a management API of its own
// over loopback, with the built command line as a process.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error { return start(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"advance":  advance,
			"capture":  capture,
			"nosecret": noSecret,
			"notoken":  noToken,
			"later":    later,
		},
	})
}

func start(t *testing.T, env *testscript.Env) error {
	secrets := filepath.Join(env.WorkDir, "secrets")
	if err := os.Mkdir(secrets, 0o700); err != nil {
		return err
	}
	var setup *management.Setup
	h := managementtest.New(t, func(o *management.Options) {
		o.Setup = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { setup.ServeHTTP(w, r) })
	})
	setup, err := management.NewSetup(t.Context(), management.SetupOptions{Folder: secrets, Keeper: h.Keeper, Store: h.Store, Clock: h.Clock.Now})
	if err != nil {
		return err
	}
	h.Operator(t)
	r := &running{House: h, server: httptest.NewServer(h.Handler)}
	env.Defer(r.server.Close)
	env.Values[runningKey{}] = r
	env.Setenv("KEYWRIGHT_SERVER", r.server.URL)
	env.Setenv("KEYWRIGHT_KEY", h.Key)
	env.Setenv("OPERATOR", h.Key)
	env.Setenv("OPERATOR_ID", h.KeyID)
	env.Setenv("SETUP_TOKEN", setup.Path())
	if strings.HasPrefix(filepath.Base(env.WorkDir), "script-login") {
		startSite(t, env)
	}
	env.Setenv("KEYWRIGHT_KEYRING", "false")
	if err := os.WriteFile(filepath.Join(env.WorkDir, "operator"), []byte(h.Key+"\n"), 0o600); err != nil {
		return err
	}
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
	return nil
}

// exits runs keywright and expects an exit code: exits 3 keys show x.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	err := ts.Exec("keywright", args[1:]...)
	got := 0
	if err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("keywright %v exited with %d, want %s", args[1:], got, args[0])
	}
}

// advance moves the server's clock: advance 168h.
func advance(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	r, _ := ts.Value(runningKey{}).(*running)
	r.Clock.Advance(d)
}

// capture keeps the last command's standard output, without its line end: capture NAME.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	for len(text) > 0 && text[len(text)-1] == '\n' {
		text = text[:len(text)-1]
	}
	ts.Setenv(args[0], text)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// noSecret looks for a captured secret on the last command's standard error and
// in the server's log: nosecret NAME.
func noSecret(ts *testscript.TestScript, _ bool, args []string) {
	secret := ts.Getenv(args[0])
	r, _ := ts.Value(runningKey{}).(*running)
	for name, text := range map[string]string{"standard error": ts.ReadFile("stderr"), "the server's log": r.Log.String()} {
		if secret == "" || strings.Contains(text, secret) {
			ts.Fatalf("%s holds the secret", name)
		}
	}
}
