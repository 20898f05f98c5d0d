//go:build !race

package daemon_test

func buildFlags() []string { return nil }
