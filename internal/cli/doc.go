// Package cli is the command line over the management API, with the same words.
// It never prints a secret but once, to standard output, and never takes one
// as an argument.
package cli
