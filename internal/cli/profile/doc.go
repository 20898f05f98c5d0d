// Package profile keeps what the command line knows from one run to the next: where
// its servers are, and the secrets that open them, in the operating system's keyring
// or in files that only their owner may read. It never prints a secret, and never
// reads one from a file that others may read.
package profile
