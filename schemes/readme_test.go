package schemes

import (
	"os"
	"strings"
	"testing"

	"github.com/keywright/keywright/scheme"
)

// TestReadmeExampleParses: what the page shows is what the parser takes.
func TestReadmeExampleParses(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page shows no example")
	}
	s, err := scheme.Parse("README.md", []byte(example))
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	if len(s.Warnings()) != 0 {
		t.Errorf("the example warns: %v", s.Warnings())
	}
}

// TestReadmeNamesEveryPart of the grammar that an author must spell.
func TestReadmeNamesEveryPart(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{
		"{ref:", "{public:", "{secret:", "{checksum:crc32}", "{ulid}", "{int}", "hex", "base62", "alnum", "base32", "base64url", "digits",
		"x-ratelimit", "x-ratelimit-named", "ietf", "conflict", "beside", "companions", "wrapped", "part", "with", "challenge", "retry_after",
	} {
		if !strings.Contains(string(page), word) {
			t.Errorf("the page does not name %s", word)
		}
	}
}
