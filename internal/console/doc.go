// Package console is the pages that people see: signing in, invitations, their
// keys, members, sessions and passkeys, and the public registration. Every page
// but those of passkeys, which are a browser's own, works without JavaScript. It
// holds no rule of its own: it asks people and selfservice. It never shows a
// credential twice, and never puts one into an address.
package console
