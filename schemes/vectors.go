package schemes

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Vector is one request and the answer that every front must give to it. The
// files <scheme>.vectors.yaml hold them.
type Vector struct {
	Name    string            `yaml:"name"` // carries the requirement's number: "TRS-20 no header"
	Sees    []string          `yaml:"sees"` // what a listener must see to run it: body, preflight, raw
	Key     string            `yaml:"key"`  // which fixture key is put in place of {{key}}, {{secret}}: "active", "expired", "revoked", "retired", "pending", "paused", "archived", "no_service", "no_plan", "ungranted", "unknown"
	Request Request           `yaml:"request"`
	Answer  Expected          `yaml:"answer"`
	Extra   map[string]string `yaml:"extra"` // environment: the fixture key's; service, permission, environments: what the route needs; permissions: what the key holds
}

// Request is what is sent.
type Request struct {
	Method string      `yaml:"method"` // GET unless told
	Path   string      `yaml:"path"`   // "/" unless told
	Plain  bool        `yaml:"plain"`  // plain HTTP, where the scheme wants TLS
	Header [][2]string `yaml:"header"` // in order, duplicates kept; values, and Path, may hold {{key}} and {{secret}}
	Body   string      `yaml:"body"`
}

// Expected is what comes back. Granted: status 200 from the test upstream.
type Expected struct {
	Granted bool              `yaml:"granted"`
	Reason  string            `yaml:"reason"`
	Status  int               `yaml:"status"`
	Header  map[string]string `yaml:"header"` // these, exactly; "" means absent
	Body    string            `yaml:"body"`   // exactly, if given
}

// Vectors returns a shipped scheme's vectors.
func Vectors(name string) ([]Vector, error) {
	file := name + vectorsSuffix
	src, err := files.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("no vectors for the scheme %q: %w", name, err)
	}
	var page struct {
		Answers []any    `yaml:"answers"` // anchors that the vectors repeat
		Vectors []Vector `yaml:"vectors"`
	}
	if err := yaml.UnmarshalWithOptions(src, &page, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
	}
	for i := range page.Vectors {
		header := page.Vectors[i].Request.Header
		for j := range header {
			header[j][1] = expand(header[j][1])
		}
	}
	return page.Vectors, nil
}

// expand fills in what a file cannot well hold: {{junk:10240}} is so many
// letters, and {{byte:ff}} is one byte.
func expand(value string) string {
	for _, known := range []struct {
		opening string
		fill    func(string) (string, error)
	}{
		{"{{junk:", func(s string) (string, error) {
			n, err := strconv.Atoi(s)
			return strings.Repeat("a", max(n, 0)), err
		}},
		{"{{byte:", func(s string) (string, error) {
			b, err := hex.DecodeString(s)
			return string(b), err
		}},
	} {
		for {
			before, rest, found := strings.Cut(value, known.opening)
			inside, after, closed := strings.Cut(rest, "}}")
			filled, err := known.fill(inside)
			if !found || !closed || err != nil {
				break
			}
			value = before + filled + after
		}
	}
	return value
}
