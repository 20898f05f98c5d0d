package demo_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/demo"
)

// TestDemo_SIGTERM runs the program as a newcomer does, with a temporary folder.
func TestDemo_SIGTERM(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program, temp, file := filepath.Join(dir, "keywright"), filepath.Join(dir, "tmp"), filepath.Join(dir, "credentials.json")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/keywright/keywright/cmd/keywright").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		_ = os.Remove(file)
		cmd := exec.Command(program, "demo", "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0", "--credentials", file)
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c := await(t, file, &said)
		if !strings.HasPrefix(c.CA, temp) {
			t.Errorf("without --data the CA is at %s", c.CA)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", sig, err, said.String())
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
			t.Errorf("%s left %v behind (%v)", sig, left, err)
		}
		if said.Len() > 0 {
			t.Errorf("%s: the demo complained:\n%s", sig, said.String())
		}
	}
}

// await waits for the credentials file, which is there whole or not at all.
func await(t *testing.T, file string, said *strings.Builder) (c demo.Credentials) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		if text, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatalf("half a file was seen: %v", err)
			}
			return c
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no credentials file: %s", said.String())
		}
	}
}
