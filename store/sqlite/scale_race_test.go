//go:build race

package sqlite_test

// See scale_test.go.
const kills, cuts = 6, 3
