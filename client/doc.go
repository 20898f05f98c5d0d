// Package client calls the management API from Go: typed operations, typed
// errors, retries that never make a second key, and lists that turn their own
// pages. It never logs, and it never sends a key over plain HTTP to another
// machine.
package client
