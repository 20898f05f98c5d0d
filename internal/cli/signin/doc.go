// Package signin logs a person in with an identity provider from a command line: in
// a browser with PKCE on a loopback port, or with a code that is typed elsewhere. It
// never shows a token, and never puts one into an error.
package signin
