// Package keywright is the vocabulary of an API key's life and the rules that
// govern it: credentials, keys, tenants, needs, decisions and the pure policy
// that issues, rotates, amends, pauses, resumes and revokes.
//
// It never does I/O: it reads no clock, draws no randomness, opens nothing and
// logs nothing. Every instant and every identity is handed to it.
package keywright
