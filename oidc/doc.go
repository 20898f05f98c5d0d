// Package oidc speaks with OpenID Connect providers: it verifies their JWTs beside
// keys, from memory once a token has been seen, and it signs people in. It never
// trusts an algorithm, a key or an address that a token names.
//
// What it asks a provider for is bounded, whatever tokens come: the discovery
// document and the keys (JWKS) are fetched when they are first needed, when they
// are older than the provider's Cache-Control says (held to between one minute and
// one hour; ten minutes without it), and when a token names a key that is not held,
// but never sooner than ten seconds after the last attempt, and by one request at a
// time. A key that is gone from the fetched set is refused from then on, for tokens
// that were verified with it too. While the provider cannot be reached, the keys
// that are held serve for 24 hours after they were last fetched; then its tokens
// are refused as Failure.
//
// A verified token is remembered until its exp, and what it may do is decided anew
// for each request: with the tenant as it is now, and with a membership that is at
// most 30 seconds old.
package oidc
