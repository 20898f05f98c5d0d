//go:build race

package daemon_test

// buildFlags has the child process watched as closely as the test is.
func buildFlags() []string { return []string{"-race"} }
