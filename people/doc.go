// Package people knows who is there: persons, what they are members of, how they
// are invited, how they prove who they are, and the sessions that follow. It never
// decides about a key, and it never keeps a password, a token or a link as it was
// given.
//
// # What an address is worth
//
// An e-mail address names a person, and nobody is let in for merely having one. A
// provider's subject is tied to a person by hand of an invitation, or by an address
// that the provider has verified and is trusted with. Whoever makes an invitation
// sees its link, so a person who was made by a tenant's invitation is not vouched
// for until an operator or a trusted provider says so; when the provider does,
// every way in that was there before is closed.
//
// # Throttles
//
// Attempts are counted in this process, by address and by account; a restart
// forgets them, and several nodes count each for itself.
package people
