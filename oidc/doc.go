// Package oidc speaks with OpenID Connect providers: it verifies their JWTs beside
// keys, from memory once a token has been seen, and it signs people in. It never
// trusts an algorithm, a key or an address that a token names.
package oidc
