package schemes

import (
	"embed"
	"fmt"
	"strings"

	"github.com/keywright/keywright/scheme"
)

//go:embed *.yaml
var files embed.FS

const (
	pageSuffix    = ".yaml"
	vectorsSuffix = ".vectors.yaml"
)

// Shipped parses every scheme that ships, by name.
func Shipped() (map[string]*scheme.Scheme, error) {
	all := map[string]*scheme.Scheme{}
	for _, name := range Names() {
		src, _ := Source(name)
		s, err := scheme.Parse(name+pageSuffix, src)
		if err != nil {
			return nil, err
		}
		if s.Name() != name {
			return nil, fmt.Errorf("%s%s: the scheme in it is called %q: file and scheme bear one name", name, pageSuffix, s.Name())
		}
		all[name] = s
	}
	return all, nil
}

// Source returns the YAML of a shipped scheme.
func Source(name string) ([]byte, bool) {
	src, err := files.ReadFile(name + pageSuffix)
	return src, err == nil && !strings.HasSuffix(name+pageSuffix, vectorsSuffix)
}

// Names lists the shipped schemes in order.
func Names() []string {
	entries, _ := files.ReadDir(".") // an embedded folder's listing cannot fail
	var names []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), vectorsSuffix) {
			names = append(names, strings.TrimSuffix(e.Name(), pageSuffix))
		}
	}
	return names
}
