// Package idp is a small OpenID Connect provider for demos: authorization code with
// PKCE, signed tokens, a page that asks which made-up person one wants to be. It
// never asks for a proof of who somebody is, so it is never for real identities:
// whoever reaches it is whomever they choose.
package idp
