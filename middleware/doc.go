// Package middleware lets through a Go server's requests whose key is good, and
// answers the others in their scheme's own words: by a gate in the same process,
// by asking a Keywright elsewhere, or by the assertion of the gateway in front.
// It never hands a credential on to a handler, and it never remembers a grant.
package middleware
