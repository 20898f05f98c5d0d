// Package client calls the management API and the self-service API from Go: typed
// operations, typed errors, retries that never make a second key, and lists that
// turn their own pages. It never logs, and it never sends a key or a token over
// plain HTTP to another machine.
package client
