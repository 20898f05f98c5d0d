// Package people knows who is there: persons, what they are members of, how they
// are invited, how they prove who they are, and the sessions that follow. It never
// decides about a key, and it never keeps a password, a token or a link as it was
// given.
package people
