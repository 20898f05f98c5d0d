package config

import _ "embed" // for the example

//go:embed keywright.example.yaml
var example []byte

// Example returns a configuration that names and explains every setting.
func Example() []byte { return append([]byte(nil), example...) }
