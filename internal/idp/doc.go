// Package idp is a small OpenID Connect provider for demos: authorization code with
// PKCE, signed tokens, a page that asks which made-up person one wants to be. It is
// for a machine's own loopback, never for anybody's real identity.
package idp
