// Package schemes holds the contracts that ship, one YAML file each, with the
// test vectors beside it. It never decides anything.
package schemes

import "github.com/keywright/keywright/scheme"

// Shipped parses every scheme that ships, by name.
func Shipped() (map[string]*scheme.Scheme, error) { return map[string]*scheme.Scheme{}, nil }

// Source returns the YAML of a shipped scheme.
func Source(name string) ([]byte, bool) { return nil, false }

// Names lists the shipped schemes in order.
func Names() []string { return nil }

// Vector is one request and the answer that every front must give to it. The
// files <scheme>.vectors.yaml hold them.
type Vector struct {
	Name    string            `yaml:"name"` // carries the requirement's number: "TRS-20 no header"
	Sees    []string          `yaml:"sees"` // what a listener must see to run it: body, preflight, raw
	Key     string            `yaml:"key"`  // which fixture key is put in place of {{key}}, {{secret}}: "active", "expired", "revoked", "retired", "pending", "paused", "archived", "no_service", "no_plan", "ungranted", "unknown"
	Request Request           `yaml:"request"`
	Answer  Expected          `yaml:"answer"`
	Extra   map[string]string `yaml:"extra"`
}

// Request is what is sent.
type Request struct {
	Method string      `yaml:"method"` // GET unless told
	Path   string      `yaml:"path"`   // "/" unless told
	Plain  bool        `yaml:"plain"`  // plain HTTP, where the scheme wants TLS
	Header [][2]string `yaml:"header"` // in order, duplicates kept; values may hold {{key}} and {{secret}}
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
func Vectors(name string) ([]Vector, error) { return nil, nil }
