// Package sqlite is the embedded store: one file, which this process owns
// alone, through SQLite without CGO. It never acknowledges a write before the
// disk has, and never opens a file that another process has open.
package sqlite
