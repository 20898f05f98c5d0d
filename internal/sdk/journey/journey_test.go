package journey

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/demo"
	"github.com/keywright/keywright/internal/sdk"
	"github.com/keywright/keywright/internal/sdk/nodetest"
)

// TestTSP04TheClientsCallEverySystem reads and writes with each generated client,
// and is refused in the typed way.
func TestTSP04TheClientsCallEverySystem(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	root := filepath.Join("..", "..", "..")
	for _, c := range sdk.AllCommitted() {
		files[c.File] = read(t, filepath.Join(root, sdk.Folder, c.File))
	}
	for _, name := range []string{"journey.ts", "guide.ts"} {
		files[name] = read(t, filepath.Join("testdata", name))
	}
	dir := nodetest.Compile(t, true, files)
	credentials, ca := startDemo(t)
	t.Run("TSP-06 the guide's code", func(t *testing.T) { guide(t, dir, credentials) })
	out := nodetest.Run(t, dir, "journey.js", []string{"NODE_EXTRA_CA_CERTS=" + ca}, credentials)
	lines := strings.Split(out, "\n")
	for _, want := range []string{
		"acme write and read", "acme refusal", "self-service read", "self-service refusal", "trustifi write and read", "trustifi refusal", "truestamp write and read", "truestamp refusal",
		"trusset write and read", "trusset refusal", "trusset-mica read", "domain-trust write and read", "domain-trust refusal",
		"trust-swiftly write and read", "trust-swiftly refusal", "trust-swiftly plan", "management write and read", "management refusal", "management shows no key",
	} {
		t.Run("TSP-04 "+want, func(t *testing.T) {
			if !slices.Contains(lines, want) {
				t.Errorf("not among\n%s", out)
			}
		})
	}
}

// guide runs the code of docs/guide/typescript-sdk.md.
func guide(t *testing.T, dir, credentials string) {
	t.Helper()
	var has demo.Credentials
	if err := json.Unmarshal(read(t, credentials), &has); err != nil {
		t.Fatal(err)
	}
	out := nodetest.Run(t, dir, "guide.js", []string{
		"TRUST_SWIFTLY_URL=" + has.TrustSwiftly.Direct, "TRUST_SWIFTLY_API_KEY=" + has.TrustSwiftly.Accounts[0].Key,
		"TRUSTIFI_URL=" + has.Trustifi.Direct, "TRUSTIFI_KEY=" + has.Trustifi.Users[0].Key, "TRUSTIFI_SECRET=" + has.Trustifi.Users[0].Secret,
		"KEYWRIGHT_SERVER=" + strings.TrimSuffix(has.Management.Base, "/v1"), "KEYWRIGHT_KEY=" + has.Management.Key,
	})
	if want := "ada@example.com\n" + has.Trustifi.Users[0].Email + "\n422 api_validation_error\nCI"; out != want {
		t.Errorf("%s", out)
	}
}

func startDemo(t *testing.T) (credentials, ca string) {
	t.Helper()
	credentials = filepath.Join(t.TempDir(), "credentials.json")
	d, err := demo.Start(t.Context(), demo.Options{Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Credentials: credentials, Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(t.Context()); err != nil {
			t.Log(err)
		}
	})
	if err := d.Announce(); err != nil {
		t.Fatal(err)
	}
	var has demo.Credentials
	if err := json.Unmarshal(read(t, credentials), &has); err != nil {
		t.Fatal(err)
	}
	return credentials, has.CA
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
