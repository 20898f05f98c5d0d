package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// maxFile bounds a configuration file.
const maxFile = 4 << 20

// Source is a configuration with the memory of where each field stands in its
// file, so that whoever checks further can point at the line.
type Source struct {
	Config Config
	shape  *shape
}

// Load reads a file, then the overrides on top, and checks the whole. The error
// is a *Problems unless the file could not be read.
func Load(file string, overrides ...Override) (*Source, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w; `keywright init` writes a starting one", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB: this is not a configuration", file, maxFile>>20)
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(file, src, overrides...)
}

// Parse does what Load does with a file's content.
func Parse(file string, src []byte, overrides ...Override) (*Source, error) {
	s := &Source{Config: Default()}
	var err error
	if s.shape, err = parse(file, src, reflect.TypeFor[Config]()); err != nil {
		return nil, err
	}
	// An empty document would be decoded as the zero configuration.
	if s.shape.said {
		if err := yaml.UnmarshalWithOptions(src, &s.Config, yaml.Strict()); err != nil {
			return nil, s.shape.syntax(err)
		}
	}
	s.Config.File = file
	s.Config.resolve(filepath.Dir(file))
	for _, o := range overrides {
		if err := o(&s.Config); err != nil {
			return nil, err
		}
	}
	s.check()
	return s, s.shape.problems.orNil()
}

// Fault records a problem with a field, for checks that this package cannot make.
func (s *Source) Fault(field, detail string) {
	p := Problem{Field: field, Detail: detail}
	if at, ok := s.shape.places[field]; ok {
		p.Line, p.Column = at.Line, at.Column
	} else if at := s.shape.nearest(field); at != nil {
		p.Line, p.Column = at.Line, at.Column
	}
	s.shape.problems.List = append(s.shape.problems.List, p)
}

// Err returns everything that was recorded, or nil.
func (s *Source) Err() error { return s.shape.problems.orNil() }

// resolve makes the file's paths relative to the file's folder: a configuration
// means the same wherever the program is started.
func (c *Config) resolve(dir string) {
	paths := []*string{&c.DataDir, &c.SecretsDir, &c.Store.Path, &c.Store.DSNFile}
	for i := range c.TLS.Certificates {
		paths = append(paths, &c.TLS.Certificates[i].Cert, &c.TLS.Certificates[i].Key)
	}
	if c.TLS.ACME != nil {
		paths = append(paths, &c.TLS.ACME.RootCA)
	}
	for i := range c.SchemeFiles {
		paths = append(paths, &c.SchemeFiles[i])
	}
	for i := range c.APIs {
		paths = append(paths, &c.APIs[i].OpenAPI)
	}
	paths = append(paths, c.resolvePeople()...)
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

// StorePath is SQLite's file.
func (c *Config) StorePath() string {
	if c.Store.Path != "" {
		return c.Store.Path
	}
	return filepath.Join(c.DataDir, "keywright.db")
}

// From checks a configuration that was made in code.
func From(c Config) (*Source, error) {
	s := &Source{Config: c, shape: &shape{problems: &Problems{File: c.File}, places: map[string]*token.Position{}}}
	s.check()
	return s, s.shape.problems.orNil()
}
