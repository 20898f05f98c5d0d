package daemon

import (
	"strings"
	"testing"
)

// TestMaskPath: what a client put into a path by mistake does not get into the
// log, not even the part of it that stands before the log's own bound.
func TestMaskPath(t *testing.T) {
	t.Parallel()
	secret := "trusset_abcd1234_" + strings.Repeat("0a", 32)
	for path, want := range map[string]string{
		"/v1/keys":                    "/v1/keys",
		"/v1/" + secret:               "/v1/[long]",
		"/" + secret + "/x":           "/[long]/x",
		"/" + secret[len(secret)-32:]: "/[long]",
	} {
		if got := maskPath(path); got != want {
			t.Errorf("%q is logged for %q", got, path)
		}
	}
	for n := range 600 {
		if got := maskPath(strings.Repeat("/a", n/2) + "/" + secret); strings.Contains(got, secret[:8]) {
			t.Fatalf("behind %d characters a part of the secret is logged", n)
		}
	}
}
