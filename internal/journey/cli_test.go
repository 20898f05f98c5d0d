package journey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keywright runs the command line against the demo's management API.
func (d *demo) keywright(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), "KEYWRIGHT_SERVER="+strings.TrimSuffix(d.Management.Base, "/v1"), "KEYWRIGHT_KEY="+d.Management.Key,
		"KEYWRIGHT_CLI_CONFIG="+filepath.Join(t.TempDir(), "cli.json"))
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if err != nil {
		t.Logf("%v: %s", args, said.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestTSP03_TheCommandLineIsAClient(t *testing.T) {
	tenant := shared.Truestamp.Users[0].Tenant
	t.Run("TSP-25 keys create issues one, and standard output holds it alone", func(t *testing.T) {
		out, code := shared.keywright(t, "keys", "create", "--tenant", tenant, "--scheme", "truestamp", "--name", "ci", "--ttl", "3600", "--output", "key")
		key := strings.TrimSpace(out)
		if code != 0 || strings.ContainsAny(key, " \n") {
			t.Fatalf("exit %d: %q", code, out)
		}
		wants(t, shared.get(t, shared.Truestamp.Base+"/v1/items/none", bearer(key)...), http.StatusNotFound)
	})
	t.Run("a refusal has its exit code", func(t *testing.T) {
		if _, code := shared.keywright(t, "keys", "create", "--tenant", tenant, "--scheme", "truestamp", "--ttl", "59"); code != 6 {
			t.Errorf("exit %d", code)
		}
		if _, code := shared.keywright(t, "keys", "show", "key_01M7Y3YWDJX8PAHA8E02XH7TA0"); code != 3 {
			t.Errorf("exit %d", code)
		}
	})
}

func TestImportedKeysGoOnWorking(t *testing.T) {
	d := own(t)
	account, url := d.TrustSwiftly.Accounts[0].Tenant, d.TrustSwiftly.Base+"/api/users"
	old := func(n string) string { return n + "|" + strings.Repeat("aB3", 13) + "z" }
	sum := sha256.Sum256([]byte(old("3")))
	rows := "key,sha256,name\n" +
		old("1") + ",,raw\n" +
		"," + hex.EncodeToString(digest(old("2"))) + ",hexadecimal\n" +
		"," + base64.StdEncoding.EncodeToString(sum[:]) + ",base64\n" +
		old("1") + ",,a duplicate\n"
	file := filepath.Join(t.TempDir(), "keys.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := d.keywright(t, "keys", "import", file, "--tenant", account, "--scheme", "trust-swiftly"); code != 10 {
		t.Errorf("with one duplicate the exit is %d: %s", code, out)
	}
	for _, n := range []string{"1", "2", "3"} {
		wants(t, d.get(t, url, bearer(old(n))...), http.StatusOK)
	}
	wants(t, d.get(t, url, bearer(old("4"))...), http.StatusUnauthorized)
}

func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
