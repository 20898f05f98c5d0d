// Package console is the pages that people see: signing in, invitations, their
// keys, sessions and passkeys. Every page works without JavaScript. It holds no
// rule of its own: it asks people and selfservice.
package console
